// What a load writes to: the columns of the rows, which of them choose the partition, and the table's schema.
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/column_types.h"
#include "delta/table_writer.h"
#include "load/column_builder.h"
#include "table/partition_key.h"

namespace latecomer::load {

// How the person wants the rows partitioned.
struct Partitioning {
  std::string fixed;                         // "event_time=2024-01-01"; empty: nothing fixed
  std::vector<std::string> by;               // columns of the rows
  std::map<std::string, std::string> types;  // of partition columns of a table to create; default string
};

struct Target {
  delta::WriteSchema schema;  // columns of the files and partition columns
  table::PartitionSchema partition_columns;
  std::vector<LoadColumn> columns;  // that rows may have: the files' and those that choose the partition
  std::vector<std::string> by;      // partition columns whose values come from the rows
  std::map<std::string, std::optional<std::string>> fixed;  // the others' values
  std::map<std::string, std::string> unloadable;            // columns of the table of types rows can't give
  std::shared_ptr<arrow::Schema> file_schema;

  // The partition of a row; `values` in the order of `by`. kInvalidFile for an impossible value.
  Result<table::PartitionKey> KeyOf(const std::vector<std::optional<std::string>>& values) const;
};

// For a table that exists.
Result<Target> TargetOf(const delta::DeltaWriter::Shape& shape, const Partitioning& partitioning);
// For one to create from rows with these columns.
Result<Target> TargetOf(const std::vector<delta::WriteColumn>& columns, const Partitioning& partitioning);

std::vector<delta::WriteColumn> AsWriteColumns(const std::vector<LoadColumn>& columns);

}  // namespace latecomer::load
