// Rows gathered into Arrow batches, and batches split by partition.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "load/column_builder.h"
#include "load/rows.h"
#include "load/target.h"

namespace latecomer::load {

// Columns in the order of Target::columns; those that choose the partition as text.
struct RowBatch {
  std::shared_ptr<arrow::RecordBatch> batch;
  std::vector<std::int64_t> lines;  // of each row, for errors; empty when the format has no lines
};

class BatchSink final : public RowSink {
 public:
  explicit BatchSink(const Target& target);
  Status OnValue(std::size_t position, std::string_view name, ValueKind kind, std::string_view text) override;
  Status OnRowEnd(std::int64_t line) override;
  // The rows so far; the sink is empty after it.
  Result<RowBatch> Take();

 private:
  Error UnknownColumn(std::string_view name) const;
  Status Append(std::size_t column, ValueKind kind, std::string_view text);

  const Target& target_;
  std::vector<ColumnBuilder> builders_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::int64_t> lines_;
};

struct PartitionBatch {
  table::PartitionKey key;
  std::shared_ptr<arrow::RecordBatch> batch;  // of Target::file_schema
};

// One batch for each partition that has rows. kInvalidFile, with the row's line, for an impossible value.
Result<std::vector<PartitionBatch>> SplitByPartition(const Target& target, const RowBatch& rows);

}  // namespace latecomer::load
