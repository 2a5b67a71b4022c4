// The text of a commit, and putting it into the log under a version.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/version.h"
#include "delta/actions.h"
#include "storage/object_store.h"
#include "table/partition_key.h"
#include "table/table_writer.h"

namespace latecomer::delta {

// A data file that lies in the table's folder and waits for a commit.
struct NewFile {
  std::string key;  // in the store, not encoded
  table::PartitionKey partition;
  std::int64_t size_bytes = 0;
  std::int64_t rows = 0;
  std::string stats_json;
  std::map<std::string, std::string> tags;
};

struct RemovedFile {
  std::string path;  // as in the log
  std::string partition_values_json;
  std::int64_t size_bytes = 0;
  std::optional<DeletionVector> vector;
};

// Metadata of a table that the commit creates.
struct NewTable {
  std::string id;
  std::string schema_json;
  std::vector<std::string> partition_columns;
  bool local_times = false;  // holds timestamp_ntz, which is a feature of its own
};

enum class WriteMode { kAppend, kOverwrite };

struct CommitContent {
  Instant now{};
  std::string transaction_id;  // commitInfo.txnId: tells our commit from another's
  WriteMode mode = WriteMode::kAppend;
  std::vector<std::string> partition_by;        // for operationParameters
  std::optional<table::PartitionKey> replaced;  // with kOverwrite
  std::optional<Version> read_version;
  std::optional<std::int64_t> in_commit_timestamp_ms;  // where the table has them
  std::optional<NewTable> create;
  std::optional<table::WriteTransaction> transaction;
  std::vector<RemovedFile> removed;
  std::vector<NewFile> added;
};

// One action per line, commitInfo first.
std::string CommitText(const CommitContent& content);

enum class PutCommitOutcome { kCommitted, kTaken };

// Puts the text under the version, or finds that another commit has it. A put whose outcome isn't known is
// settled by reading what lies there. kUnknownOutcome only when that can't be read either.
Result<PutCommitOutcome> PutCommit(storage::ObjectStore& store, Version version, const std::string& text,
                                   const std::string& transaction_id);

}  // namespace latecomer::delta
