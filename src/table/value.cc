#include "table/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <tuple>

#include "base/text.h"

namespace latecomer::table {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::microseconds;
using std::chrono::seconds;

struct TypeName {
  TypeKind kind;
  std::string_view name;
};
constexpr std::array<TypeName, 13> kTypeNames{{{TypeKind::kString, "string"},
                                               {TypeKind::kByte, "byte"},
                                               {TypeKind::kShort, "short"},
                                               {TypeKind::kInteger, "integer"},
                                               {TypeKind::kLong, "long"},
                                               {TypeKind::kFloat, "float"},
                                               {TypeKind::kDouble, "double"},
                                               {TypeKind::kDecimal, "decimal"},
                                               {TypeKind::kBoolean, "boolean"},
                                               {TypeKind::kBinary, "binary"},
                                               {TypeKind::kDate, "date"},
                                               {TypeKind::kTimestamp, "timestamp"},
                                               {TypeKind::kTimestampNtz, "timestamp_ntz"}}};

tl::unexpected<Error> NoValue(const DataType& type, std::string_view text) {
  return Fail(ErrorKind::kDamaged, "'" + Printable(text) + "' is no value of the partition column's type, " +
                                       FormatDataType(type));
}

bool TakeNumber(std::string_view& text, std::size_t least, std::size_t most, std::int64_t& value) {
  std::size_t digits = 0;
  value = 0;
  while (digits < text.size() && digits < most && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + (text[digits] - '0');
    ++digits;
  }
  text.remove_prefix(digits);
  return digits >= least;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// "2024-01-01", also years of more digits and before year 0 as java.time writes them.
bool TakeDate(std::string_view& text, local_days& day) {
  const bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t dom = 0;
  if (!TakeNumber(text, 4, 6, year) || !TakeChar(text, '-') || !TakeNumber(text, 1, 2, month) ||
      !TakeChar(text, '-') || !TakeNumber(text, 1, 2, dom)) {
    return false;
  }
  if (negative) year = -year;
  if (year > 32767 || year < -32767) return false;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(dom))};
  if (!date.ok()) return false;
  day = local_days(date);
  return true;
}

bool TakeTimeOfDay(std::string_view& text, microseconds& time) {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  if (!TakeNumber(text, 1, 2, hour) || !TakeChar(text, ':') || !TakeNumber(text, 1, 2, minute)) return false;
  if (TakeChar(text, ':') && !TakeNumber(text, 1, 2, second)) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  time = std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second);
  if (!TakeChar(text, '.')) return true;
  std::int64_t scale = 100'000;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits, scale /= 10) {
    time += microseconds((text[digits] - '0') * scale);
  }
  text.remove_prefix(digits);
  return digits > 0;
}

bool TakeOffset(std::string_view& text, seconds& offset) {
  offset = seconds(0);
  if (text.empty() || TakeChar(text, 'Z')) return true;
  const bool negative = text.front() == '-';
  if (!TakeChar(text, '-') && !TakeChar(text, '+')) return false;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  if (!TakeNumber(text, 2, 2, hour)) return false;
  TakeChar(text, ':');
  if (!text.empty() && !TakeNumber(text, 2, 2, minute)) return false;
  if (hour > 18 || minute > 59) return false;
  offset = std::chrono::hours(hour) + std::chrono::minutes(minute);
  if (negative) offset = -offset;
  return true;
}

std::optional<std::int64_t> ParseMicros(std::string_view text, bool zone_allowed) {
  local_days day;
  if (!TakeDate(text, day)) return std::nullopt;
  microseconds at = local_days(day).time_since_epoch();
  if (text.empty()) return at.count();
  if (!TakeChar(text, ' ') && !TakeChar(text, 'T')) return std::nullopt;
  microseconds time{0};
  if (!TakeTimeOfDay(text, time)) return std::nullopt;
  at += time;
  if (!text.empty()) {
    seconds offset{0};
    if (!zone_allowed || !TakeOffset(text, offset) || !text.empty()) return std::nullopt;
    at -= offset;
  }
  return at.count();
}

std::optional<std::int64_t> ParseInteger(TypeKind kind, std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const std::int64_t most = kind == TypeKind::kByte      ? std::numeric_limits<std::int8_t>::max()
                            : kind == TypeKind::kShort   ? std::numeric_limits<std::int16_t>::max()
                            : kind == TypeKind::kInteger ? std::numeric_limits<std::int32_t>::max()
                                                         : std::numeric_limits<std::int64_t>::max();
  if (value > most || value < -most - 1) return std::nullopt;
  return value;
}

std::optional<double> ParseDouble(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity" || text == "+Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) value = std::strtod(std::string(text).c_str(), nullptr);
  if ((error != std::errc() && error != std::errc::result_out_of_range) || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

struct ParsedDecimal {
  Int128 unscaled = 0;
  int scale = 0;
};

// Digits with at most one point and an exponent. A known writer puts the sign after the point ("0.-1").
std::optional<ParsedDecimal> ParseDecimal(std::string_view text) {
  ParsedDecimal value;
  bool negative = false;
  bool point = false;
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '-' && digits == 0 && !negative) {
      negative = true;
    } else if (c == '-' && point && !negative && text[i - 1] == '.') {
      negative = true;
    } else if (c == '+' && i == 0) {
      continue;
    } else if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      if (digits > 0 || c != '0') ++digits;
      if (digits > 38) return std::nullopt;
      value.unscaled = value.unscaled * 10 + (c - '0');
      if (point) ++value.scale;
    } else if ((c == 'e' || c == 'E') && i > 0) {
      std::string_view exponent_text = text.substr(i + 1);
      if (!exponent_text.empty() && exponent_text.front() == '+') exponent_text.remove_prefix(1);
      int exponent = 0;
      const auto [end, error] =
          std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
      if (error != std::errc() || end != exponent_text.data() + exponent_text.size()) return std::nullopt;
      if (exponent > 76 || exponent < -76) return std::nullopt;
      value.scale -= exponent;
      break;
    } else {
      return std::nullopt;
    }
  }
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  if (negative) value.unscaled = -value.unscaled;
  // One form per value: no trailing zeros after the point, no negative scale.
  while (value.scale > 0 && value.unscaled % 10 == 0) {
    value.unscaled /= 10;
    --value.scale;
  }
  while (value.scale < 0) {
    if (value.unscaled > static_cast<Int128>(1) << 120 || value.unscaled < -(static_cast<Int128>(1) << 120)) {
      return std::nullopt;
    }
    value.unscaled *= 10;
    ++value.scale;
  }
  return value;
}

std::string DecimalText(Int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  std::string digits;
  for (Int128 rest = negative ? -unscaled : unscaled; rest != 0; rest /= 10) {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  while (static_cast<int>(digits.size()) <= scale) digits += '0';
  std::reverse(digits.begin(), digits.end());
  if (scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale), 1, '.');
  return (negative ? "-" : "") + digits;
}

std::string MicrosText(std::int64_t micros, bool instant) {
  const std::chrono::local_time<microseconds> at{microseconds(micros)};
  const auto whole = std::chrono::floor<seconds>(at);
  std::string text = FormatLocal(whole);
  if (text.find('T') == std::string::npos) text += "T00:00:00";
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06d", static_cast<int>((at - whole).count()));
  return text + fraction + (instant ? "Z" : "");
}

}  // namespace

Result<DataType> ParseDataType(std::string_view name) {
  for (const TypeName& known : kTypeNames) {
    if (name == known.name) {
      return DataType{known.kind, known.kind == TypeKind::kDecimal ? 10 : 0, 0};
    }
  }
  int precision = 0;
  int scale = 0;
  int used = 0;
  const std::string text(name);
  if (std::sscanf(text.c_str(), "decimal(%d,%d)%n", &precision, &scale, &used) == 2 &&
      used == static_cast<int>(text.size()) && precision > 0 && precision <= 38 && scale >= 0 && scale <= precision) {
    return DataType{TypeKind::kDecimal, precision, scale};
  }
  return Fail(ErrorKind::kUnsupported, "a column of type '" + Printable(name) + "' can't be a partition column");
}

std::string FormatDataType(const DataType& type) {
  for (const TypeName& known : kTypeNames) {
    if (type.kind != known.kind) continue;
    if (type.kind != TypeKind::kDecimal) return std::string(known.name);
    return "decimal(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
  }
  return "string";
}

PartitionValue PartitionValue::Null() { return {}; }

PartitionValue PartitionValue::Absent() {
  PartitionValue value;
  value.is_absent_ = true;
  return value;
}

Result<PartitionValue> PartitionValue::Parse(const DataType& type, std::optional<std::string_view> text) {
  PartitionValue value;
  if (!text || text->empty()) return value;
  value.text_ = std::string(*text);
  switch (type.kind) {
    case TypeKind::kString:
    case TypeKind::kBinary: value.value_ = Text{value.text_}; return value;
    case TypeKind::kByte:
    case TypeKind::kShort:
    case TypeKind::kInteger:
    case TypeKind::kLong:
      if (const auto parsed = ParseInteger(type.kind, *text)) {
        value.value_ = *parsed;
        return value;
      }
      break;
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      if (const auto parsed = ParseDouble(*text)) {
        value.value_ = *parsed == 0 ? 0.0 : *parsed;  // -0.0 is 0.0
        return value;
      }
      break;
    case TypeKind::kDecimal:
      if (const auto parsed = ParseDecimal(*text)) {
        value.value_ = Decimal{parsed->unscaled, parsed->scale};
        return value;
      }
      break;
    case TypeKind::kBoolean:
      if (*text == "true" || *text == "True" || *text == "TRUE") value.value_ = true;
      if (*text == "false" || *text == "False" || *text == "FALSE") value.value_ = false;
      if (!value.IsNull()) return value;
      break;
    case TypeKind::kDate:
      // Some writers put a midnight behind the date.
      if (const auto parsed = ParseMicros(*text, false)) {
        value.value_ = Days{static_cast<std::int32_t>(std::chrono::floor<days>(microseconds(*parsed)).count())};
        return value;
      }
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNtz:
      value.is_instant_ = type.kind == TypeKind::kTimestamp;
      if (const auto parsed = ParseMicros(*text, value.is_instant_)) {
        value.value_ = Micros{*parsed};
        return value;
      }
      break;
  }
  return NoValue(type, *text);
}

std::string PartitionValue::Canonical() const {
  struct Writer {
    bool instant;
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const {
      if (std::isnan(value)) return "NaN";
      if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
      std::array<char, 32> text{};
      const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
      return std::string(text.data(), end);
    }
    std::string operator()(const Decimal& value) const { return DecimalText(value.unscaled, value.scale); }
    std::string operator()(const Days& value) const { return FormatLocal(LocalTime(local_days(days(value.since_epoch)))); }
    std::string operator()(const Micros& value) const { return MicrosText(value.since_epoch, instant); }
    std::string operator()(const Text& value) const { return value.bytes; }
  };
  return std::visit(Writer{is_instant_}, value_);
}

std::optional<LocalTime> PartitionValue::AsCivil() const {
  if (const Days* day = std::get_if<Days>(&value_)) return LocalTime(local_days(days(day->since_epoch)));
  if (const Micros* micros = std::get_if<Micros>(&value_)) {
    return LocalTime(std::chrono::floor<seconds>(microseconds(micros->since_epoch)));
  }
  return std::nullopt;
}

std::optional<std::int64_t> PartitionValue::AsInteger() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  return std::nullopt;
}

bool operator==(const PartitionValue& a, const PartitionValue& b) { return (a <=> b) == 0; }

namespace {

std::strong_ordering Order(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) <=> std::isnan(b);
  return a < b ? std::strong_ordering::less : a > b ? std::strong_ordering::greater : std::strong_ordering::equal;
}

std::strong_ordering Order(Int128 a, Int128 b) {
  return a < b ? std::strong_ordering::less : a > b ? std::strong_ordering::greater : std::strong_ordering::equal;
}

// 38 digits at different scales don't fit one integer; long double orders them, the scale breaks ties.
std::strong_ordering OrderDecimals(Int128 a, int a_scale, Int128 b, int b_scale) {
  if (a_scale == b_scale) return Order(a, b);
  const long double x = static_cast<long double>(a) / std::pow(10.0L, a_scale);
  const long double y = static_cast<long double>(b) / std::pow(10.0L, b_scale);
  if (x < y) return std::strong_ordering::less;
  if (x > y) return std::strong_ordering::greater;
  return a_scale <=> b_scale;
}

}  // namespace

std::strong_ordering operator<=>(const PartitionValue& a, const PartitionValue& b) {
  if (a.value_.index() != b.value_.index()) return a.value_.index() <=> b.value_.index();
  return std::visit(
      [&b](const auto& left) -> std::strong_ordering {
        using T = std::decay_t<decltype(left)>;
        const T& right = std::get<T>(b.value_);
        if constexpr (std::is_same_v<T, double>) {
          return Order(left, right);
        } else if constexpr (std::is_same_v<T, PartitionValue::Decimal>) {
          return OrderDecimals(left.unscaled, left.scale, right.unscaled, right.scale);
        } else {
          return left <=> right;
        }
      },
      a.value_);
}

}  // namespace latecomer::table
