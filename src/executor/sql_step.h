// One SQL step: what it needs on disk, the program that runs it, and the commit of what it gave.
#pragma once

#include <string>

#include "base/result.h"
#include "executor/executor.h"
#include "table/catalog.h"

namespace latecomer::executor {

// The `duckdb` program: LATECOMER_DUCKDB from the environment, else ../libexec/latecomer/duckdb beside
// `executable` (the running latecomer), else the build tree's, else the one in PATH. kNotFound
// otherwise.
Result<std::string> FindDuckDb(const std::string& executable);

struct SqlPrograms {
  std::string duckdb;
  std::string latecomer;  // fetches what lies in an object store (sql_inputs.h)
};

// Reads the sources' metadata and writes the script into `folder`, which exists. Returns the command
// that runs it.
Result<CommandWork> PrepareSql(const SqlWork& work, const std::string& folder, const SqlPrograms& programs,
                               table::Catalog& catalog);

// After the command ended well: replaces the output's partition with what it wrote.
Result<table::WriteReport> CommitSql(const SqlWork& work, const std::string& folder, table::Catalog& catalog);

// Removes the large files in `folder`; the script stays, for whoever wants to know what ran.
void RemoveSqlScratch(const std::string& folder);

// After it ended badly. `output` is what the program wrote; empty when that tells nothing.
std::string ExplainSqlFailure(const SqlWork& work, const std::string& folder, const std::string& output);

// "wrote 3 rows to dataset/devices_by_type as version 1"
std::string DescribeWrite(const SqlWork& work, const table::WriteReport& report);

}  // namespace latecomer::executor
