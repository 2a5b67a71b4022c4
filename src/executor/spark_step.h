// One Spark step: the spark-submit that starts it, what its job is told, and the look for what it wrote.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "executor/executor.h"
#include "table/catalog.h"

namespace latecomer::executor {

// Files in the attempt's folder.
inline constexpr char kSparkJobFile[] = "job.json";
inline constexpr char kSparkQueryFile[] = "query.sql";
inline constexpr char kSparkPythonFolder[] = "python";

// bin/spark-submit of `home`, else of SPARK_HOME, else the one in PATH; variables of `environment` come before this
// process's own. kNotFound otherwise.
Result<std::string> FindSparkSubmit(const std::string& home, const std::map<std::string, std::string>& environment);

// The same attempt as a command. Writes what the job is told into the attempt's folder, which exists. kConflict when
// the output was written under a newer claim, or for another ledger: Spark would leave the job's write out, or
// overwrite what isn't ours.
Result<AttemptSpec> PrepareSpark(const AttemptSpec& spec, const SparkWork& work, table::Catalog& catalog);

// After it ended badly: the line of its log that names the error; empty when none does.
std::string ExplainSparkFailure(std::string_view log);

}  // namespace latecomer::executor
