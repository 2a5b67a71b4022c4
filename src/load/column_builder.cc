#include "load/column_builder.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"

namespace latecomer::load {
namespace {

using table::TypeKind;

constexpr std::size_t kMostShown = 60;

std::string Shown(std::string_view text) {
  const bool cut = text.size() > kMostShown;
  return "'" + Printable(text.substr(0, kMostShown)) + (cut ? "…'" : "'");
}

// Instants and local times with the microseconds that civil seconds leave out.
std::int64_t MicrosOf(const table::PartitionValue& value) {
  const std::int64_t seconds = value.AsCivil()->time_since_epoch().count();
  const std::string canonical = value.Canonical();  // "….123456" or "….123456Z"
  const std::size_t point = canonical.rfind('.');
  if (point == std::string::npos) return seconds * 1'000'000;
  std::int64_t micros = 0;
  std::from_chars(canonical.data() + point + 1, canonical.data() + canonical.size(), micros);
  return seconds * 1'000'000 + micros;
}

}  // namespace

ColumnBuilder::ColumnBuilder(const LoadColumn& column, std::shared_ptr<arrow::DataType> arrow_type)
    : name_(column.name), type_(column.is_partition ? table::DataType{} : column.type) {
  auto made = arrow::MakeBuilder(std::move(arrow_type));
  if (made.ok()) builder_ = std::move(*made);
}

ColumnBuilder::~ColumnBuilder() = default;
ColumnBuilder::ColumnBuilder(ColumnBuilder&&) noexcept = default;

std::int64_t ColumnBuilder::length() const {
  return builder_->length();
}

Status ColumnBuilder::Wrong(std::string_view given) const {
  return Fail(ErrorKind::kInvalidFile, "column '" + Printable(name_) + "' is of type " + FormatDataType(type_) +
                                           ", and " + Shown(given) + " is no such value");
}

Status ColumnBuilder::Check(const arrow::Status& status) const {
  if (status.ok()) return {};
  return Fail(ErrorKind::kUnexpected, "column '" + Printable(name_) + "': " + status.message());
}

Status ColumnBuilder::AppendNull() {
  return Check(builder_->AppendNull());
}

Status ColumnBuilder::AppendInteger(std::string_view text) {
  std::int64_t value = 0;
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code != std::errc() || end != digits.data() + digits.size()) return Wrong(text);
  const auto fits = [&]<typename T>(T) {
    return value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max();
  };
  switch (type_.kind) {
    case TypeKind::kByte:
      if (!fits(std::int8_t{})) return Wrong(text);
      return Check(static_cast<arrow::Int8Builder&>(*builder_).Append(static_cast<std::int8_t>(value)));
    case TypeKind::kShort:
      if (!fits(std::int16_t{})) return Wrong(text);
      return Check(static_cast<arrow::Int16Builder&>(*builder_).Append(static_cast<std::int16_t>(value)));
    case TypeKind::kInteger:
      if (!fits(std::int32_t{})) return Wrong(text);
      return Check(static_cast<arrow::Int32Builder&>(*builder_).Append(static_cast<std::int32_t>(value)));
    default: return Check(static_cast<arrow::Int64Builder&>(*builder_).Append(value));
  }
}

Status ColumnBuilder::AppendDouble(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return Wrong(text);
  if (type_.kind == TypeKind::kDouble) return Check(static_cast<arrow::DoubleBuilder&>(*builder_).Append(value));
  if (std::isfinite(value) && std::abs(value) > std::numeric_limits<float>::max()) return Wrong(text);
  return Check(static_cast<arrow::FloatBuilder&>(*builder_).Append(static_cast<float>(value)));
}

Status ColumnBuilder::AppendDecimal(std::string_view text) {
  std::int32_t precision = 0;
  std::int32_t scale = 0;
  arrow::Decimal128 parsed;
  if (!arrow::Decimal128::FromString(text, &parsed, &precision, &scale).ok()) return Wrong(text);
  const auto scaled = parsed.Rescale(scale, type_.scale);  // refuses to lose digits
  if (!scaled.ok() || !scaled->FitsInPrecision(type_.precision)) return Wrong(text);
  return Check(static_cast<arrow::Decimal128Builder&>(*builder_).Append(*scaled));
}

Status ColumnBuilder::AppendTime(std::string_view text) {
  const auto value = table::PartitionValue::Parse(type_, text);
  if (!value || value->IsNull() || !value->AsCivil()) return Wrong(text);
  if (type_.kind == TypeKind::kDate) {
    const auto days = std::chrono::floor<std::chrono::days>(*value->AsCivil()).time_since_epoch().count();
    return Check(static_cast<arrow::Date32Builder&>(*builder_).Append(static_cast<std::int32_t>(days)));
  }
  return Check(static_cast<arrow::TimestampBuilder&>(*builder_).Append(MicrosOf(*value)));
}

Status ColumnBuilder::AppendText(std::string_view text) {
  switch (type_.kind) {
    case TypeKind::kString: return Check(static_cast<arrow::StringBuilder&>(*builder_).Append(text));
    case TypeKind::kBinary: return Check(static_cast<arrow::BinaryBuilder&>(*builder_).Append(text));
    case TypeKind::kBoolean:
      if (text == "true") return AppendBoolean(true);
      return text == "false" ? AppendBoolean(false) : Wrong(text);
    case TypeKind::kFloat:
    case TypeKind::kDouble: return AppendDouble(text);
    case TypeKind::kDecimal: return AppendDecimal(text);
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNtz: return AppendTime(text);
    default: return AppendInteger(text);
  }
}

Status ColumnBuilder::AppendNumber(std::string_view text) {
  switch (type_.kind) {
    case TypeKind::kString: return Check(static_cast<arrow::StringBuilder&>(*builder_).Append(text));
    case TypeKind::kByte:
    case TypeKind::kShort:
    case TypeKind::kInteger:
    case TypeKind::kLong: return AppendInteger(text);
    case TypeKind::kFloat:
    case TypeKind::kDouble: return AppendDouble(text);
    case TypeKind::kDecimal: return AppendDecimal(text);
    default: return Wrong(text);
  }
}

Status ColumnBuilder::AppendBoolean(bool value) {
  if (type_.kind == TypeKind::kBoolean) return Check(static_cast<arrow::BooleanBuilder&>(*builder_).Append(value));
  const std::string_view text = value ? "true" : "false";
  return type_.kind == TypeKind::kString ? AppendText(text) : Wrong(text);
}

Result<std::shared_ptr<arrow::Array>> ColumnBuilder::Finish() {
  auto array = builder_->Finish();
  LATECOMER_RETURN_IF_ERROR(Check(array.status()));
  return *array;
}

}  // namespace latecomer::load
