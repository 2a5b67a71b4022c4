// Data files of object stores, brought to the disk where the `duckdb` program reads them.
//
// The program has no access to any network, and a query that could use the store's credentials could read more than
// its sources. So the attempt's process is first latecomer itself, which fetches the files and then becomes `duckdb`:
// a timeout or a cancellation ends it either way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "executor/sql_script.h"
#include "storage/object_store.h"

namespace latecomer::executor {

// The sub-command that does this: latecomer fetch-inputs LIST
inline constexpr char kFetchCommand[] = "fetch-inputs";
// Files in the attempt's folder.
inline constexpr char kSqlInputList[] = "inputs.json";
inline constexpr char kSqlInputFolder[] = "inputs";
// Stands in every error of it.
inline constexpr char kSqlInputError[] = "an input of the step can't be fetched: ";

// Whether an environment variable ("NAME=value" or its name) may hold what signs in to a cloud or a database: `duckdb`
// has no business with these.
bool HoldsSecrets(std::string_view variable);

struct RemoteInput {
  std::string from;  // URI
  std::string to;    // absolute path
  std::int64_t size_bytes = 0;
};

// Gives every file that is no local one a place in `folder`, and the sources that path instead of its URI. A file that
// several sources read has one place.
std::vector<RemoteInput> PlaceRemoteInputs(const std::string& folder, std::vector<SqlSource>& sources);

// The list as a file: what to fetch, and the program to run then.
std::string InputListText(const std::vector<RemoteInput>& inputs, const std::vector<std::string>& then_run);
struct InputList {
  std::vector<RemoteInput> inputs;
  std::vector<std::string> then_run;
};
Result<InputList> ParseInputList(const std::string& text);

// Fetches all, several parts at once. kHistoryGone when a file is gone or of another size than the log says.
Status FetchInputs(const std::vector<RemoteInput>& inputs, const storage::StoreOpener& open_store);

}  // namespace latecomer::executor
