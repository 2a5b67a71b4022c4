#include "lateness/key_interval.h"

#include <array>
#include <charconv>
#include <chrono>

#include "base/text.h"

namespace latecomer::lateness {
namespace {

using table::PartitionKey;
using table::PartitionValue;

// Calendar fields as they are read; what a format leaves out keeps the first possible value.
struct Fields {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::optional<int> iso_year{};
  std::optional<int> iso_week{};
};

std::optional<LocalTime> FromIsoWeek(int year, int week) {
  using namespace std::chrono;
  if (week < 1 || week > 53) return std::nullopt;
  // 4 January is always in ISO week 1.
  const local_days fourth{std::chrono::year{year} / January / 4};
  const local_days first_monday = fourth - (weekday{fourth} - Monday);
  const local_days monday = first_monday + weeks{week - 1};
  const year_month_day thursday{monday + days{3}};
  if (thursday.year() != std::chrono::year{year}) return std::nullopt;  // this year has no week 53
  return LocalTime{monday};
}

std::optional<LocalTime> ToLocalTime(const Fields& fields) {
  using namespace std::chrono;
  const hours hour{fields.hour};
  const seconds time = hour + minutes{fields.minute} + seconds{fields.second};
  if (fields.hour < 0 || fields.hour > 23 || fields.minute < 0 || fields.minute > 59 || fields.second < 0 ||
      fields.second > 59) {
    return std::nullopt;
  }
  if (fields.iso_week) {
    const auto monday = FromIsoWeek(fields.iso_year.value_or(fields.year), *fields.iso_week);
    if (!monday) return std::nullopt;
    return *monday + time;
  }
  if (fields.month < 1 || fields.day < 1) return std::nullopt;
  const year_month_day date{year{fields.year}, month{static_cast<unsigned>(fields.month)},
                            day{static_cast<unsigned>(fields.day)}};
  if (!date.ok()) return std::nullopt;
  return LocalTime{local_days{date}} + time;
}

// Digits at the front of `text`, at least one and at most `most`; takes them off.
std::optional<int> TakeDigits(std::string_view& text, std::size_t most) {
  std::size_t count = 0;
  while (count < most && count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  if (count == 0) return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  return value;
}

// Years have four digits: "24" is more likely an hour or a mistake than the year 24.
std::optional<int> TakeYear(std::string_view& text) {
  const std::size_t before = text.size();
  const std::optional<int> year = TakeDigits(text, 4);
  if (!year || before - text.size() != 4) return std::nullopt;
  return year;
}

bool TakeField(char letter, std::string_view& text, Fields& fields) {
  const auto take = [&](int& field) {
    const std::optional<int> value = TakeDigits(text, 2);
    if (value) field = *value;
    return value.has_value();
  };
  const auto take_year = [&](auto& field) {
    const std::optional<int> value = TakeYear(text);
    if (value) field = *value;
    return value.has_value();
  };
  switch (letter) {
    case 'Y': return take_year(fields.year);
    case 'G': return take_year(fields.iso_year);
    case 'm': return take(fields.month);
    case 'd': return take(fields.day);
    case 'H': return take(fields.hour);
    case 'M': return take(fields.minute);
    case 'S': return take(fields.second);
    case 'V': fields.iso_week = TakeDigits(text, 2); return fields.iso_week.has_value();
    case '%':
      if (!text.starts_with('%')) return false;
      text.remove_prefix(1);
      return true;
    default: return false;
  }
}

// The whole text has to match.
std::optional<LocalTime> ParseByFormat(std::string_view text, std::string_view format) {
  Fields fields;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      if (!TakeField(format[++i], text, fields)) return std::nullopt;
    } else {
      if (text.empty() || text.front() != format[i]) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  if (!text.empty()) return std::nullopt;
  return ToLocalTime(fields);
}

// "2024-01-01T00:00:00.000" without zone, or with one ("Z", "+02:00"), which makes it an instant.
std::optional<LocalTime> ParseTimestampText(std::string_view text, const TimeZone& zone) {
  if (text.size() < 19) return std::nullopt;
  const std::string_view civil = text.substr(0, 19);
  std::optional<LocalTime> local = ParseByFormat(civil, "%Y-%m-%dT%H:%M:%S");
  if (!local) local = ParseByFormat(civil, "%Y-%m-%d %H:%M:%S");
  if (!local) return std::nullopt;
  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (!TakeDigits(rest, 9)) return std::nullopt;
  }
  if (rest.empty()) return local;
  std::string rfc(text);
  rfc[10] = 'T';
  const Result<Instant> at = ParseInstant(rfc);
  if (!at) return std::nullopt;
  return zone.ToLocal(*at);
}

// Digits alone mean what their number says, so that "2024111" is no date at all.
std::optional<LocalTime> ParseDigits(std::string_view text, CadenceUnit unit) {
  switch (text.size()) {
    case 4: return ParseByFormat(text, "%Y");
    case 6: return ParseByFormat(text, unit == CadenceUnit::kWeek ? "%G%V" : "%Y%m");
    case 8: return ParseByFormat(text, "%Y%m%d");
    case 10: return ParseByFormat(text, "%Y%m%d%H");
    case 12: return ParseByFormat(text, "%Y%m%d%H%M");
    default: return std::nullopt;
  }
}

std::optional<LocalTime> ParseText(std::string_view text, const Calendar& calendar) {
  static constexpr std::array kFormats = {"%Y-%m-%d",       "%Y-%m",          "%Y-%m-%dT%H", "%Y-%m-%d-%H",
                                          "%Y-%m-%d %H",    "%Y%m%dT%H",      "%Y%m%d-%H",   "%Y-%m-%dT%H:%M",
                                          "%Y-%m-%d %H:%M", "%Y-%m-%d-%H-%M", "%Y/%m/%d",    "%Y/%m/%d/%H",
                                          "%Y/%m",          "%G-W%V",         "%GW%V"};
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    return ParseDigits(text, calendar.cadence().unit);
  }
  for (const char* format : kFormats) {
    if (const auto local = ParseByFormat(text, format)) return local;
  }
  return ParseTimestampText(text, calendar.zone());
}

std::optional<LocalTime> ParseValue(const PartitionValue& value, const Calendar& calendar) {
  if (value.IsNull()) return std::nullopt;
  if (const std::optional<LocalTime> civil = value.AsCivil()) {
    if (!value.IsInstant()) return civil;
    return calendar.zone().ToLocal(Instant(civil->time_since_epoch()));
  }
  return ParseText(value.Canonical(), calendar);
}

// A column that is one part of a date: an integer, or a string of digits.
std::optional<int> PartOf(const PartitionValue& value, std::size_t most_digits) {
  const std::string canonical = value.Canonical();
  std::string_view text = canonical;
  const std::optional<int> part = TakeDigits(text, most_digits);
  if (!part || !text.empty()) return std::nullopt;
  return part;
}

std::optional<LocalTime> ParseParts(const std::vector<const PartitionValue*>& values, const Calendar& calendar) {
  Fields fields;
  const std::optional<int> year = PartOf(*values[0], 4);
  if (!year) {
    // A date column followed by the hour and perhaps the minute.
    const std::optional<LocalTime> date = ParseValue(*values[0], calendar);
    if (!date || values.size() > 3) return std::nullopt;
    const std::optional<int> hour = PartOf(*values[1], 2);
    const std::optional<int> minute = values.size() > 2 ? PartOf(*values[2], 2) : 0;
    if (!hour || *hour > 23 || !minute || *minute > 59) return std::nullopt;
    return std::chrono::floor<std::chrono::days>(*date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  }
  fields.year = *year;
  if (values.size() == 2 && calendar.cadence().unit == CadenceUnit::kWeek) {
    fields.iso_year = year;
    fields.iso_week = PartOf(*values[1], 2);
    if (!fields.iso_week) return std::nullopt;
    return ToLocalTime(fields);
  }
  const std::array<int*, 4> parts = {&fields.month, &fields.day, &fields.hour, &fields.minute};
  if (values.size() > parts.size() + 1) return std::nullopt;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::optional<int> part = PartOf(*values[i], 2);
    if (!part) return std::nullopt;
    *parts[i - 1] = *part;
  }
  return ToLocalTime(fields);
}

std::optional<LocalTime> ReadTime(const std::vector<const PartitionValue*>& values, const std::string& format,
                                  const Calendar& calendar) {
  if (format.empty()) return values.size() == 1 ? ParseValue(*values[0], calendar) : ParseParts(values, calendar);
  std::string joined;
  for (const PartitionValue* value : values) {
    if (value != values.front()) joined += ' ';
    joined += value->text();
  }
  return ParseByFormat(joined, format);
}

}  // namespace

std::optional<LocalTime> StartOfKey(const PartitionKey& key, const TimeColumns& columns, const Calendar& calendar) {
  if (columns.columns.empty()) return std::nullopt;
  std::vector<const PartitionValue*> values;
  for (const std::string& name : columns.columns) {
    const PartitionValue* value = key.Find(name);
    if (value == nullptr || value->IsNull()) return std::nullopt;
    values.push_back(value);
  }
  const std::optional<LocalTime> local = ReadTime(values, columns.format, calendar);
  if (!local) return std::nullopt;
  return calendar.Floor(*local);
}

std::optional<Interval> IntervalOfKey(const PartitionKey& key, const TimeColumns& columns, const Calendar& calendar) {
  const std::optional<LocalTime> start = StartOfKey(key, columns, calendar);
  if (!start) return std::nullopt;
  return calendar.IntervalAt(*start);
}

Result<PartitionKey> Project(const PartitionKey& source_key, const std::vector<std::string>& columns) {
  std::vector<PartitionValue> values;
  values.reserve(columns.size());
  for (const std::string& name : columns) {
    const PartitionValue* value = source_key.Find(name);
    if (value == nullptr) {
      return Fail(ErrorKind::kInvalidArgument,
                  "the source's partition " + source_key.Display() + " has no column `" + name + "`");
    }
    values.push_back(*value);
  }
  return PartitionKey(columns, std::move(values));
}

}  // namespace latecomer::lateness
