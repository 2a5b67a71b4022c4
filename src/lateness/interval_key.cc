#include "lateness/interval_key.h"

#include <chrono>
#include <cstdio>
#include <string_view>

namespace latecomer::lateness {
namespace {

using table::PartitionValue;
using table::TypeKind;

struct IsoWeek {
  int year = 0;
  int week = 0;
};

IsoWeek IsoWeekOf(LocalTime at) {
  using namespace std::chrono;
  const local_days day = floor<days>(at);
  // The week belongs to the year its Thursday lies in.
  const local_days thursday = day - (weekday{day} - Monday) + days{3};
  const year_month_day date{thursday};
  const int nth = static_cast<int>((thursday - local_days{date.year() / January / 1}).count()) / 7 + 1;
  return {static_cast<int>(date.year()), nth};
}

std::string Padded(int value, int digits) {
  char text[16];
  std::snprintf(text, sizeof text, "%0*d", digits, value);
  return text;
}

std::string Field(char letter, LocalTime at) {
  using namespace std::chrono;
  const local_days day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  switch (letter) {
    case 'Y': return Padded(static_cast<int>(date.year()), 4);
    case 'G': return Padded(IsoWeekOf(at).year, 4);
    case 'V': return Padded(IsoWeekOf(at).week, 2);
    case 'm': return Padded(static_cast<int>(static_cast<unsigned>(date.month())), 2);
    case 'd': return Padded(static_cast<int>(static_cast<unsigned>(date.day())), 2);
    case 'H': return Padded(static_cast<int>(time.hours().count()), 2);
    case 'M': return Padded(static_cast<int>(time.minutes().count()), 2);
    case 'S': return Padded(static_cast<int>(time.seconds().count()), 2);
    default: return "%";
  }
}

std::string Formatted(std::string_view format, LocalTime at) {
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      text += Field(format[++i], at);
    } else {
      text += format[i];
    }
  }
  return text;
}

bool HoldsDate(TypeKind kind) {
  return kind == TypeKind::kDate || kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampNtz;
}

bool HoldsInteger(TypeKind kind) {
  return kind == TypeKind::kByte || kind == TypeKind::kShort || kind == TypeKind::kInteger || kind == TypeKind::kLong;
}

std::string TextOfWhole(LocalTime start, TypeKind kind, const Calendar& calendar) {
  const CadenceUnit unit = calendar.cadence().unit;
  if (kind == TypeKind::kDate) return Formatted("%Y-%m-%d", start);
  if (kind == TypeKind::kTimestampNtz) return Formatted("%Y-%m-%d %H:%M:%S", start);
  if (kind == TypeKind::kTimestamp) {
    const auto utc = std::chrono::floor<std::chrono::seconds>(calendar.zone().ToInstant(start)).time_since_epoch();
    return Formatted("%Y-%m-%d %H:%M:%S", LocalTime(utc));
  }
  const bool digits = HoldsInteger(kind);
  switch (unit) {
    case CadenceUnit::kHour: return Formatted(digits ? "%Y%m%d%H" : "%Y-%m-%dT%H", start);
    case CadenceUnit::kDay: return Formatted(digits ? "%Y%m%d" : "%Y-%m-%d", start);
    case CadenceUnit::kWeek: return Formatted(digits ? "%G%V" : "%Y-%m-%d", start);
    case CadenceUnit::kMonth: return Formatted(digits ? "%Y%m" : "%Y-%m", start);
  }
  return "";
}

// The formats of several columns; fewer than columns when they can't hold a time.
std::vector<std::string> PartFormats(const table::PartitionSchema& schema, const Calendar& calendar) {
  const CadenceUnit unit = calendar.cadence().unit;
  const std::size_t count = schema.size();
  const bool whole_date_first = HoldsDate(schema.front().type.kind) || (unit == CadenceUnit::kHour && count < 4);
  std::vector<std::string> parts;
  if (whole_date_first) {
    parts = {"%Y-%m-%d", "%H", "%M"};
  } else if (unit == CadenceUnit::kWeek && count == 2) {
    parts = {"%G", "%V"};
  } else {
    parts = {"%Y", "%m", "%d", "%H", "%M"};
  }
  if (parts.size() > count) parts.resize(count);
  return parts;
}

// What joins the columns' texts in a format is one space.
std::vector<std::string> SplitFormat(const std::string& format, std::size_t columns) {
  if (columns == 1) return {format};
  std::vector<std::string> parts{""};
  for (const char c : format) {
    if (c == ' ') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::vector<std::string> TextsOfStart(LocalTime start, const TimeColumns& columns, const table::PartitionSchema& schema,
                                      const Calendar& calendar) {
  if (columns.format.empty() && schema.size() == 1) {
    return {TextOfWhole(start, schema.front().type.kind, calendar)};
  }
  const std::vector<std::string> formats =
      columns.format.empty() ? PartFormats(schema, calendar) : SplitFormat(columns.format, schema.size());
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    std::string text = Formatted(formats[i], start);
    // Numbers are written without zeros in front, as writers do.
    const bool number = i < schema.size() && HoldsInteger(schema[i].type.kind) && columns.format.empty();
    if (number && text.size() == 2 && text.front() == '0') text.erase(0, 1);
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

Result<std::vector<PartitionValue>> ValuesOfStart(LocalTime start, const TimeColumns& columns,
                                                  const table::PartitionSchema& schema, const Calendar& calendar) {
  const auto cannot = [&] {
    std::string names;
    for (const std::string& name : columns.columns) names += (names.empty() ? "`" : ", `") + name + "`";
    return Fail(Error(ErrorKind::kInvalidArgument, "the interval of " + FormatCadence(calendar.cadence()) +
                                                       " that begins at " + FormatLocal(start) +
                                                       " can't be written into " + names)
                    .Hint("give `output.partition` columns of a type that can hold it, or a `format`"));
  };
  if (schema.empty() || schema.size() != columns.columns.size()) return cannot();
  const std::vector<std::string> texts = TextsOfStart(start, columns, schema, calendar);
  if (texts.size() != schema.size()) return cannot();
  std::vector<PartitionValue> values;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    Result<PartitionValue> value = PartitionValue::Parse(schema[i].type, texts[i]);
    if (!value) return cannot();
    values.push_back(std::move(*value));
  }
  if (StartOfKey(table::PartitionKey(columns.columns, values), columns, calendar) != start) return cannot();
  return values;
}

}  // namespace latecomer::lateness
