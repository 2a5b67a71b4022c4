// What a job that writes its output itself is told, and the look for what it wrote: as Spark's and Delta's names for
// it, which any writer of Delta tables has.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "executor/executor.h"
#include "table/catalog.h"

namespace latecomer::executor {

// The content of job.json (docs/formats/spark-job.md).
Result<nlohmann::ordered_json> JobFactsOf(const JobWork& work, table::Catalog& catalog);
// On one line; what is no UTF-8 is replaced.
std::string JobText(const nlohmann::ordered_json& json);

// As settings of Spark: the commit's metadata, then the application's `own`, then spark.latecomer.*, which nobody else
// sets.
void AddJobSettings(const JobWork& work, const nlohmann::ordered_json& job,
                    const std::map<std::string, std::string>& own, std::map<std::string, std::string>& settings);
// What goes into the environment beside the templates' values: LATECOMER_INTO and how to write there.
std::map<std::string, std::string> OutputEnvironment(const nlohmann::ordered_json& job);

// kConflict when the output was written under a newer claim, or for another ledger: the job's write would be left out,
// or overwrite what isn't ours.
Status CheckMayWrite(const JobWork& work, table::Catalog& catalog);

// After the job ended well: the write that its output has under the job's transaction. kRunFailed when it isn't there,
// for Spark leaves out a write with an old version and says nothing. Without a declared output, nothing.
Result<std::optional<table::WriteReport>> FindJobWrite(const JobWork& work, table::Catalog& catalog);

}  // namespace latecomer::executor
