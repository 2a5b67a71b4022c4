#include "delta/parquet_stats.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "base/text.h"
#include "base/time.h"

namespace latecomer::delta {
namespace {

constexpr int kMostColumns = 32;
constexpr std::size_t kMostCharacters = 32;

struct Date {
  std::int64_t days;
  auto operator<=>(const Date&) const = default;
};
struct Micros {
  std::int64_t micros;
  bool is_instant;
  auto operator<=>(const Micros&) const = default;
};
struct Decimal {
  arrow::Decimal128 value;
  int scale = 0;
  bool operator<(const Decimal& other) const { return value < other.value; }
};
// monostate: a type without bounds.
using Bound = std::variant<std::monostate, std::int64_t, double, std::string, Date, Micros, Decimal>;

Bound BoundOf(const arrow::Scalar& scalar) {
  switch (scalar.type->id()) {
    case arrow::Type::INT8: return std::int64_t{static_cast<const arrow::Int8Scalar&>(scalar).value};
    case arrow::Type::INT16: return std::int64_t{static_cast<const arrow::Int16Scalar&>(scalar).value};
    case arrow::Type::INT32: return std::int64_t{static_cast<const arrow::Int32Scalar&>(scalar).value};
    case arrow::Type::INT64: return std::int64_t{static_cast<const arrow::Int64Scalar&>(scalar).value};
    case arrow::Type::FLOAT: return double{static_cast<const arrow::FloatScalar&>(scalar).value};
    case arrow::Type::DOUBLE: return static_cast<const arrow::DoubleScalar&>(scalar).value;
    case arrow::Type::DATE32: return Date{static_cast<const arrow::Date32Scalar&>(scalar).value};
    case arrow::Type::STRING: {
      std::string text = static_cast<const arrow::BaseBinaryScalar&>(scalar).value->ToString();
      if (!IsValidUtf8(text)) return {};
      return text;
    }
    case arrow::Type::TIMESTAMP: {
      const auto& type = static_cast<const arrow::TimestampType&>(*scalar.type);
      const std::int64_t value = static_cast<const arrow::TimestampScalar&>(scalar).value;
      if (type.unit() == arrow::TimeUnit::MICRO) return Micros{value, !type.timezone().empty()};
      constexpr std::int64_t kMost = INT64_MAX / 1000;
      if (type.unit() != arrow::TimeUnit::MILLI || value > kMost || value < -kMost) return {};
      return Micros{value * 1000, !type.timezone().empty()};
    }
    case arrow::Type::DECIMAL128: {
      const auto& type = static_cast<const arrow::Decimal128Type&>(*scalar.type);
      return Decimal{static_cast<const arrow::Decimal128Scalar&>(scalar).value, type.scale()};
    }
    default: return {};
  }
}

bool Before(const Bound& a, const Bound& b) {
  return std::visit(
      [](const auto& x, const auto& y) {
        if constexpr (std::is_same_v<decltype(x), decltype(y)> && !std::is_same_v<decltype(x), const std::monostate&>) {
          return x < y;
        } else {
          return false;
        }
      },
      a, b);
}

enum class Side { kLower, kUpper };

std::string JsonText(const std::string& text) {
  return nlohmann::json(text).dump();
}

std::int64_t FloorTo(std::int64_t value, std::int64_t unit) {
  return value / unit - (value % unit < 0 ? 1 : 0);
}

// Years that every reader can take.
bool InRange(std::int64_t seconds) {
  return seconds >= -62135596800 && seconds < 253402300800;
}

// Milliseconds is what readers expect; an upper bound is raised to the next.
std::optional<std::string> TimeText(const Micros& time, Side side) {
  std::int64_t millis = FloorTo(time.micros, 1000);
  if (side == Side::kUpper && millis * 1000 != time.micros) ++millis;
  if (!InRange(FloorTo(millis, 1000))) return std::nullopt;
  std::string text = FormatInstant(Instant(Duration(millis)));
  if (!time.is_instant) text.pop_back();  // the Z
  return "\"" + text + "\"";
}

// The bound as JSON; nullopt when it can't be said.
std::optional<std::string> BoundJson(const Bound& bound, Side side) {
  if (const auto* number = std::get_if<std::int64_t>(&bound)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&bound)) {
    if (!std::isfinite(*number)) return std::nullopt;
    return nlohmann::json(*number).dump();
  }
  if (const auto* text = std::get_if<std::string>(&bound)) {
    const std::string cut = side == Side::kLower ? LowerBound(*text) : UpperBound(*text);
    if (cut.empty() && !text->empty()) return std::nullopt;
    return JsonText(cut);
  }
  if (const auto* date = std::get_if<Date>(&bound)) {
    if (!InRange(date->days * 86400)) return std::nullopt;
    return "\"" + FormatInstant(Instant(std::chrono::days(date->days))).substr(0, 10) + "\"";
  }
  if (const auto* time = std::get_if<Micros>(&bound)) return TimeText(*time, side);
  if (const auto* decimal = std::get_if<Decimal>(&bound)) return decimal->value.ToString(decimal->scale);
  return std::nullopt;
}

struct ColumnStats {
  std::optional<std::int64_t> nulls = 0;
  bool bounded = true;  // every row group with values said its bounds
  std::optional<Bound> least;
  std::optional<Bound> most;
};

void AddRowGroup(const parquet::RowGroupMetaData& group, int column, ColumnStats& stats) {
  if (group.num_rows() == 0) return;
  const auto chunk = group.ColumnChunk(column);
  const std::shared_ptr<parquet::Statistics> given = chunk->is_stats_set() ? chunk->statistics() : nullptr;
  if (given == nullptr || !given->HasNullCount()) {
    stats.nulls.reset();
    stats.bounded = false;
    return;
  }
  if (stats.nulls) *stats.nulls += given->null_count();
  if (given->null_count() == group.num_rows()) return;
  std::shared_ptr<arrow::Scalar> least;
  std::shared_ptr<arrow::Scalar> most;
  if (!given->HasMinMax() || !parquet::arrow::StatisticsAsScalars(*given, &least, &most).ok() || !least || !most) {
    stats.bounded = false;
    return;
  }
  const Bound low = BoundOf(*least);
  const Bound high = BoundOf(*most);
  if (low.index() == 0 || high.index() == 0) {
    stats.bounded = false;
    return;
  }
  if (!stats.least || Before(low, *stats.least)) stats.least = low;
  if (!stats.most || Before(*stats.most, high)) stats.most = high;
}

void AppendMember(std::string& object, const std::string& name, const std::string& json) {
  if (!object.empty()) object += ',';
  object += JsonText(name) + ":" + json;
}

// The position after `count` characters.
std::size_t CharactersEnd(const std::string& text, std::size_t count) {
  std::size_t at = 0;
  while (at < text.size()) {
    if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && count-- == 0) break;
    ++at;
  }
  return at;
}

}  // namespace

std::string LowerBound(const std::string& text) {
  return text.substr(0, CharactersEnd(text, kMostCharacters));
}

std::string UpperBound(const std::string& text) {
  const std::size_t end = CharactersEnd(text, kMostCharacters);
  if (end == text.size()) return text;
  constexpr std::string_view kLastCharacter = "\xF4\x8F\xBF\xBF";  // U+10FFFF
  // Larger than the first character that is cut off.
  const auto next = static_cast<unsigned char>(text[end]);
  if (next < 0x7f) return text.substr(0, end) + '\x7f';
  if (text.compare(end, kLastCharacter.size(), kLastCharacter) == 0) return "";
  return text.substr(0, end) + std::string(kLastCharacter);
}

std::string StatsJson(const parquet::FileMetaData& metadata, const std::set<std::string>& with_nan) {
  std::string least;
  std::string most;
  std::string nulls;
  const parquet::SchemaDescriptor& schema = *metadata.schema();
  for (int column = 0; column < schema.num_columns() && column < kMostColumns; ++column) {
    const parquet::ColumnDescriptor& descriptor = *schema.Column(column);
    if (descriptor.path()->ToDotVector().size() != 1 || descriptor.max_repetition_level() > 0) continue;
    ColumnStats stats;
    for (int group = 0; group < metadata.num_row_groups(); ++group)
      AddRowGroup(*metadata.RowGroup(group), column, stats);
    const std::string& name = descriptor.name();
    if (stats.nulls) AppendMember(nulls, name, std::to_string(*stats.nulls));
    if (!stats.bounded || !stats.least || with_nan.contains(name)) continue;
    if (const auto json = BoundJson(*stats.least, Side::kLower)) AppendMember(least, name, *json);
    if (const auto json = BoundJson(*stats.most, Side::kUpper)) AppendMember(most, name, *json);
  }
  return "{\"numRecords\":" + std::to_string(metadata.num_rows()) + ",\"minValues\":{" + least + "},\"maxValues\":{" +
         most + "},\"nullCount\":{" + nulls + "}}";
}

}  // namespace latecomer::delta
