// Finds the columns of rows and their types: string, long, double or boolean.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "load/column_builder.h"
#include "load/rows.h"

namespace latecomer::load {

// Columns in the order they were first seen. Whole and other numbers together are double, any other mixture is
// string; only nulls: string. A CSV number with a leading zero is text.
class SchemaSink final : public RowSink {
 public:
  Status OnValue(std::size_t position, std::string_view name, ValueKind kind, std::string_view text) override;
  Status OnRowEnd(std::int64_t line) override;

  std::vector<LoadColumn> Columns() const;
  std::int64_t rows() const { return rows_; }

 private:
  enum class Seen { kNothing, kBoolean, kLong, kDouble, kText };
  static Seen OfNumber(std::string_view text);
  static Seen OfField(std::string_view text);

  struct Column {
    std::string name;
    Seen seen = Seen::kNothing;
  };
  std::vector<Column> columns_;
  std::unordered_map<std::string, std::size_t> index_;
  std::int64_t rows_ = 0;
};

}  // namespace latecomer::load
