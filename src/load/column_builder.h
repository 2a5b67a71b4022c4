// One column of a batch: takes values as they stand in JSON or CSV and makes them values of its type, or says
// why one isn't.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "table/value.h"

namespace latecomer::load {

struct LoadColumn {
  std::string name;
  table::DataType type;
  bool nullable = true;
  bool is_partition = false;  // its values choose the partition and are kept as text
};

class ColumnBuilder {
 public:
  // The Arrow type is that of the column's type, or text for a partition column.
  ColumnBuilder(const LoadColumn& column, std::shared_ptr<arrow::DataType> arrow_type);
  ~ColumnBuilder();
  ColumnBuilder(ColumnBuilder&&) noexcept;

  // kInvalidFile without a place when the value is none of the column's type.
  Status AppendText(std::string_view text);    // a JSON string, or a CSV field
  Status AppendNumber(std::string_view text);  // a JSON number, as it is written
  Status AppendBoolean(bool value);
  Status AppendNull();

  std::int64_t length() const;
  Result<std::shared_ptr<arrow::Array>> Finish();

 private:
  Status Wrong(std::string_view given) const;
  Status Check(const arrow::Status& status) const;
  Status AppendInteger(std::string_view text);
  Status AppendDouble(std::string_view text);
  Status AppendDecimal(std::string_view text);
  Status AppendTime(std::string_view text);

  std::string name_;
  table::DataType type_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
};

}  // namespace latecomer::load
