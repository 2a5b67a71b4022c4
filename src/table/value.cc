#include "table/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include "base/civil.h"
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
  return Fail(ErrorKind::kDamaged,
              "'" + Printable(text) + "' is no value of the partition column's type, " + FormatDataType(type));
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

// "2024-01-01", also years of more digits and before year 0 as java.time writes them. Days since 1970.
bool TakeDate(std::string_view& text, std::int64_t& day) {
  const bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t dom = 0;
  if (!TakeNumber(text, 4, 7, year) || !TakeChar(text, '-') || !TakeNumber(text, 1, 2, month) || !TakeChar(text, '-') ||
      !TakeNumber(text, 1, 2, dom)) {
    return false;
  }
  const CivilDate date{negative ? -year : year, static_cast<unsigned>(month), static_cast<unsigned>(dom)};
  if (!IsDate(date)) return false;
  day = DaysFromCivil(date);
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

// "Z", "+02", "+0200", "+02:00"; nothing is UTC.
bool TakeOffset(std::string_view& text, seconds& offset) {
  offset = seconds(0);
  if (text.empty() || TakeChar(text, 'Z')) return true;
  const bool negative = text.front() == '-';
  if (!TakeChar(text, '-') && !TakeChar(text, '+')) return false;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  if (!TakeNumber(text, 2, 2, hour)) return false;
  const bool colon = TakeChar(text, ':');
  if ((colon || !text.empty()) && !TakeNumber(text, 2, 2, minute)) return false;
  if (hour > 18 || minute > 59) return false;
  offset = std::chrono::hours(hour) + std::chrono::minutes(minute);
  if (negative) offset = -offset;
  return true;
}

// A date, or date and time.
struct ParsedTime {
  std::int64_t day = 0;
  microseconds time{0};
  seconds offset{0};
};

std::optional<ParsedTime> ParseTime(std::string_view text) {
  ParsedTime parsed;
  if (!TakeDate(text, parsed.day)) return std::nullopt;
  if (text.empty()) return parsed;
  if (!TakeChar(text, ' ') && !TakeChar(text, 'T')) return std::nullopt;
  if (!TakeTimeOfDay(text, parsed.time) || !TakeOffset(text, parsed.offset) || !text.empty()) return std::nullopt;
  return parsed;
}

std::optional<std::int32_t> ParseDays(std::string_view text) {
  // Some writers put a time behind the date.
  const auto parsed = ParseTime(text);
  if (!parsed || parsed->day != static_cast<std::int32_t>(parsed->day)) return std::nullopt;
  return static_cast<std::int32_t>(parsed->day);
}

enum class Offset {
  kApply,
  kIgnore,  // a timestamp without zone is what the wall clock showed
};

std::optional<std::int64_t> ParseMicros(std::string_view text, Offset offset) {
  const auto parsed = ParseTime(text);
  if (!parsed) return std::nullopt;
  microseconds time = parsed->time;
  if (offset == Offset::kApply) time -= parsed->offset;
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(parsed->day, std::int64_t{86'400'000'000}, &micros)) return std::nullopt;
  if (__builtin_add_overflow(micros, static_cast<std::int64_t>(time.count()), &micros)) return std::nullopt;
  return micros;
}

std::optional<std::int64_t> ParseInteger(TypeKind kind, std::string_view text) {
  if (TakeChar(text, '+') && text.starts_with('-')) return std::nullopt;
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

// As Java writes them ("1.0E300", "NaN", "-Infinity") and as others do ("inf", "1e300").
template <typename Float>
std::optional<Float> ParseFloating(std::string_view text) {
  if (TakeChar(text, '+') && text.starts_with('-')) return std::nullopt;
  Float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Infinity or a number too small to tell from 0, as Java reads it.
    const std::string copy(text);
    if constexpr (std::is_same_v<Float, float>) {
      value = std::strtof(copy.c_str(), nullptr);
    } else {
      value = std::strtod(copy.c_str(), nullptr);
    }
  }
  return value == 0 ? Float{0} : value;  // -0.0 is 0.0
}

struct ParsedDecimal {
  Int128 unscaled = 0;
  int scale = 0;
};

constexpr int kMostDigits = 38;

constexpr Int128 PowerOfTen(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// One form per value: no trailing zeros after the point, no negative scale. False when that needs more than 38 digits.
bool Normalize(ParsedDecimal& value) {
  if (value.unscaled == 0) value.scale = 0;
  while (value.scale > 0 && value.unscaled % 10 == 0) {
    value.unscaled /= 10;
    --value.scale;
  }
  constexpr Int128 kMost = PowerOfTen(kMostDigits - 1);
  while (value.scale < 0) {
    if (value.unscaled >= kMost || value.unscaled <= -kMost) return false;
    value.unscaled *= 10;
    ++value.scale;
  }
  return value.scale <= kMostDigits;
}

// Digits with at most one point and an exponent. A known writer puts the sign after the point ("0.-1" is -0.1).
std::optional<ParsedDecimal> ParseDecimal(std::string_view text) {
  ParsedDecimal value;
  bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  bool any = false;
  bool point = false;
  int digits = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !point) {
      point = true;
      if (negative || text.size() < 2 || text[1] != '-') continue;
      negative = true;
      text.remove_prefix(1);
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (digits > 0 || c != '0') ++digits;
      if (digits > kMostDigits) return std::nullopt;
      value.unscaled = value.unscaled * 10 + (c - '0');
      if (point) ++value.scale;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  if (TakeChar(text, 'e') || TakeChar(text, 'E')) {
    if (TakeChar(text, '+') && text.starts_with('-')) return std::nullopt;
    int exponent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (exponent > 1'000 || exponent < -1'000) return std::nullopt;
    value.scale -= exponent;
  } else if (!text.empty()) {
    return std::nullopt;
  }
  if (negative) value.unscaled = -value.unscaled;
  if (!Normalize(value)) return std::nullopt;
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

// The shortest text that reads back as the same number of its type.
template <typename Float>
std::string FloatingText(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::array<char, 32> text{};
  return std::string(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

std::string MicrosText(std::int64_t micros, bool instant) {
  const std::chrono::local_time<microseconds> at{microseconds(micros)};
  const auto whole = std::chrono::floor<seconds>(at);
  std::string text = FormatLocal(whole);
  if (text.find('T') == std::string::npos) text += "T00:00:00";
  text += '.';
  AppendPadded(static_cast<std::uint64_t>((at - whole).count()), 6, text);
  if (instant) text += 'Z';
  return text;
}

}  // namespace

Result<DataType> ParseDataType(std::string_view name) {
  for (const TypeName& known : kTypeNames) {
    if (name == known.name) {
      return DataType{known.kind, known.kind == TypeKind::kDecimal ? 10 : 0, 0};
    }
  }
  constexpr std::string_view kDecimalStart = "decimal(";
  if (name.starts_with(kDecimalStart) && name.ends_with(')')) {
    const auto parts = Split(name.substr(kDecimalStart.size(), name.size() - kDecimalStart.size() - 1), ',');
    const auto number = [&](std::size_t i) {
      std::string_view digits = i < parts.size() ? Trim(parts[i]) : std::string_view();
      std::int64_t value = -1;
      return TakeNumber(digits, 1, 2, value) && digits.empty() ? static_cast<int>(value) : -1;
    };
    const int precision = number(0);
    const int scale = number(1);
    if (parts.size() == 2 && precision > 0 && precision <= kMostDigits && scale >= 0 && scale <= precision) {
      return DataType{TypeKind::kDecimal, precision, scale};
    }
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

PartitionValue PartitionValue::Null() {
  return {};
}

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
      if (const auto parsed = ParseFloating<float>(*text)) {
        value.value_ = *parsed;
        return value;
      }
      break;
    case TypeKind::kDouble:
      if (const auto parsed = ParseFloating<double>(*text)) {
        value.value_ = *parsed;
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
      if (const auto parsed = ParseDays(*text)) {
        value.value_ = Days{*parsed};
        return value;
      }
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNtz:
      value.is_instant_ = type.kind == TypeKind::kTimestamp;
      if (const auto parsed = ParseMicros(*text, value.is_instant_ ? Offset::kApply : Offset::kIgnore)) {
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
    std::string operator()(float value) const { return FloatingText(value); }
    std::string operator()(double value) const { return FloatingText(value); }
    std::string operator()(const Decimal& value) const { return DecimalText(value.unscaled, value.scale); }
    std::string operator()(const Days& value) const {
      return FormatLocal(LocalTime(local_days(days(value.since_epoch))));
    }
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

bool operator==(const PartitionValue& a, const PartitionValue& b) {
  return (a <=> b) == 0;
}

namespace {

std::strong_ordering Order(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) <=> std::isnan(b);
  return a < b ? std::strong_ordering::less : a > b ? std::strong_ordering::greater : std::strong_ordering::equal;
}

std::strong_ordering Order(Int128 a, Int128 b) {
  return a < b ? std::strong_ordering::less : a > b ? std::strong_ordering::greater : std::strong_ordering::equal;
}

// Whole parts first, then fractions at one scale: 38 digits at different scales don't fit one integer.
std::strong_ordering OrderDecimals(Int128 a, int a_scale, Int128 b, int b_scale) {
  if (a_scale == b_scale) return Order(a, b);
  const Int128 a_unit = PowerOfTen(a_scale);
  const Int128 b_unit = PowerOfTen(b_scale);
  if (const auto whole = Order(a / a_unit, b / b_unit); whole != 0) return whole;
  return Order(a % a_unit * PowerOfTen(kMostDigits - a_scale), b % b_unit * PowerOfTen(kMostDigits - b_scale));
}

}  // namespace

std::strong_ordering operator<=>(const PartitionValue& a, const PartitionValue& b) {
  if (a.value_.index() != b.value_.index()) return a.value_.index() <=> b.value_.index();
  return std::visit(
      [&b](const auto& left) -> std::strong_ordering {
        using T = std::decay_t<decltype(left)>;
        const T& right = std::get<T>(b.value_);
        if constexpr (std::is_floating_point_v<T>) {
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
