// The script that runs one SQL step in the `duckdb` program.
//
// The query comes from a user and must not reach further than its sources. DuckDB is locked down
// before the query is looked at, and the query is only ever text inside query('…'), which takes
// exactly one SELECT: as a statement of the script it could use dot commands, which no setting stops.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "table/partition_key.h"
#include "table/table.h"

namespace latecomer::executor {

struct SqlSource {
  std::string name;  // of the view
  table::TableInfo info;
  std::vector<table::DataFile> files;
};

struct SqlScript {
  std::string folder;  // absolute; the only place the script may write to
  std::vector<SqlSource> sources;
  std::string query;
  std::string time_zone;
  table::PartitionKey partition;  // of the output
  table::PartitionSchema partition_columns;
  std::vector<table::Column> output_columns;  // of the output table; empty when there is none yet
};

// Files in `folder`, besides the script.
inline constexpr char kSqlResultFile[] = "result.parquet";
inline constexpr char kSqlParseFile[] = "parsed.json";    // where a syntax error is
inline constexpr char kSqlDeletedFile[] = "deleted.csv";  // rows that deletion vectors hide
inline constexpr char kSqlSpillFolder[] = "spill";        // what doesn't fit in memory

// Messages that the script itself raises start with this.
inline constexpr char kSqlErrorMark[] = "latecomer: ";

// kUnsupported for a column or file that can't be read.
Result<std::string> MakeSqlScript(const SqlScript& script);
// Content of kSqlDeletedFile.
std::string DeletedRows(const SqlScript& script);

}  // namespace latecomer::executor
