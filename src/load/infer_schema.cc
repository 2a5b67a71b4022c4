#include "load/infer_schema.h"

#include <charconv>
#include <utility>

#include "base/text.h"

namespace latecomer::load {

SchemaSink::Seen SchemaSink::OfNumber(std::string_view text) {
  std::int64_t whole = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), whole);
  return code == std::errc() && end == text.data() + text.size() ? Seen::kLong : Seen::kDouble;
}

SchemaSink::Seen SchemaSink::OfField(std::string_view text) {
  if (text == "true" || text == "false") return Seen::kBoolean;
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return Seen::kText;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') return Seen::kText;
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return Seen::kText;
  return OfNumber(text);
}

Status SchemaSink::OnValue(std::size_t position, std::string_view name, ValueKind kind, std::string_view text) {
  Seen seen = Seen::kNothing;
  switch (kind) {
    case ValueKind::kText: seen = Seen::kText; break;
    case ValueKind::kField: seen = OfField(text); break;
    case ValueKind::kNumber: seen = OfNumber(text); break;
    case ValueKind::kTrue:
    case ValueKind::kFalse: seen = Seen::kBoolean; break;
    case ValueKind::kNull: break;
    case ValueKind::kNested:
      return Fail(Error(ErrorKind::kInvalidFile,
                        "column '" + Printable(name) + "' holds an object or a list; only plain values can be loaded")
                      .Hint("flatten the rows first, or load them as Parquet"));
  }
  std::size_t at = position;
  if (at >= columns_.size() || columns_[at].name != name) {
    const auto [found, is_new] = index_.try_emplace(std::string(name), columns_.size());
    if (is_new) columns_.push_back({std::string(name), Seen::kNothing});
    at = found->second;
  }
  Seen& so_far = columns_[at].seen;
  if (seen == Seen::kNothing || so_far == seen) return {};
  const bool numbers =
      (so_far == Seen::kLong && seen == Seen::kDouble) || (so_far == Seen::kDouble && seen == Seen::kLong);
  so_far = so_far == Seen::kNothing ? seen : numbers ? Seen::kDouble : Seen::kText;
  return {};
}

Status SchemaSink::OnRowEnd(std::int64_t) {
  ++rows_;
  return {};
}

std::vector<LoadColumn> SchemaSink::Columns() const {
  std::vector<LoadColumn> columns;
  for (const Column& column : columns_) {
    table::TypeKind kind = table::TypeKind::kString;
    if (column.seen == Seen::kBoolean) kind = table::TypeKind::kBoolean;
    if (column.seen == Seen::kLong) kind = table::TypeKind::kLong;
    if (column.seen == Seen::kDouble) kind = table::TypeKind::kDouble;
    columns.push_back({column.name, table::DataType{kind}});
  }
  return columns;
}

}  // namespace latecomer::load
