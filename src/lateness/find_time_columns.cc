#include "lateness/find_time_columns.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

namespace latecomer::lateness {
namespace {

using table::PartitionColumn;
using table::PartitionKey;
using table::PartitionSchema;
using table::TypeKind;

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// The column with one of these names, whatever its case.
const PartitionColumn* Named(const PartitionSchema& schema, std::initializer_list<const char*> names) {
  for (const PartitionColumn& column : schema) {
    const std::string name = Lower(column.name);
    if (std::any_of(names.begin(), names.end(), [&](const char* one) { return name == one; })) return &column;
  }
  return nullptr;
}

const PartitionColumn* HourColumn(const PartitionSchema& schema) {
  return Named(schema, {"hour", "hh", "hr"});
}

// year, month, day and hour, as far as they follow each other.
std::optional<TimeColumns> ByParts(const PartitionSchema& schema) {
  const PartitionColumn* year = Named(schema, {"year", "yyyy", "yr", "y"});
  if (year == nullptr) return std::nullopt;
  TimeColumns columns{{year->name}, ""};
  if (const PartitionColumn* week = Named(schema, {"week", "iso_week", "isoweek"})) {
    columns.columns.push_back(week->name);
    return columns;
  }
  for (const PartitionColumn* part :
       {Named(schema, {"month", "mm", "mon"}), Named(schema, {"day", "dd"}), HourColumn(schema)}) {
    if (part == nullptr) break;
    columns.columns.push_back(part->name);
  }
  return columns;
}

bool IsTimeType(const PartitionColumn& column) {
  const TypeKind kind = column.type.kind;
  return kind == TypeKind::kDate || kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampNtz;
}

// Nearly all values read as a time.
bool ReadsAsTime(const PartitionColumn& column, const std::vector<PartitionKey>& keys) {
  const Calendar hourly({CadenceUnit::kHour, 1}, TimeZone::Utc());
  std::int64_t read = 0;
  std::int64_t unread = 0;
  for (const PartitionKey& key : keys) {
    const table::PartitionValue* value = key.Find(column.name);
    if (value == nullptr || value->IsNull()) continue;
    // A bare number of four digits is more often something else.
    const bool reads = value->Canonical().size() > 4 && StartOfKey(key, {{column.name}, ""}, hourly);
    ++(reads ? read : unread);
  }
  return read > 0 && read >= unread * 9;
}

TimeColumns WithHour(const PartitionColumn& date, const PartitionSchema& schema) {
  TimeColumns columns{{date.name}, ""};
  const PartitionColumn* hour = HourColumn(schema);
  const bool whole_days = date.type.kind == TypeKind::kDate || date.type.kind == TypeKind::kString;
  if (hour != nullptr && hour != &date && whole_days) columns.columns.push_back(hour->name);
  return columns;
}

}  // namespace

std::optional<TimeColumns> FindTimeColumns(const PartitionSchema& schema, const std::vector<PartitionKey>& keys) {
  for (const PartitionColumn& column : schema) {
    if (IsTimeType(column)) return WithHour(column, schema);
  }
  if (const auto parts = ByParts(schema)) return parts;
  for (const PartitionColumn& column : schema) {
    if (ReadsAsTime(column, keys)) return WithHour(column, schema);
  }
  return std::nullopt;
}

Cadence GuessCadence(const TimeColumns& columns, const std::vector<PartitionKey>& keys, const TimeZone& zone) {
  using namespace std::chrono;
  // The names of the parts say it, whatever values there are.
  if (columns.columns.size() == 2 && Lower(columns.columns[1]).find("week") != std::string::npos) {
    return {CadenceUnit::kWeek, 1};
  }
  const Calendar hourly({CadenceUnit::kHour, 1}, zone);
  std::set<LocalTime> starts;
  bool week_text = false;
  std::size_t longest = 0;
  for (const PartitionKey& key : keys) {
    const table::PartitionValue* value = key.Find(columns.columns.front());
    const std::string text = value == nullptr ? "" : value->Canonical();
    week_text = week_text || text.find('W') != std::string::npos;
    longest = std::max(longest, text.size());
    if (const auto start = StartOfKey(key, columns, hourly)) starts.insert(*start);
  }
  if (week_text) return {CadenceUnit::kWeek, 1};
  // "2024" and "2024-01" or "202401" can't be days.
  if (columns.columns.size() == 1 && longest == 4) return {CadenceUnit::kMonth, 12};
  if (columns.columns.size() == 1 && longest >= 6 && longest <= 7) return {CadenceUnit::kMonth, 1};
  const auto all = [&](auto&& condition) { return std::all_of(starts.begin(), starts.end(), condition); };
  const auto first_of_month = [](LocalTime t) { return year_month_day{floor<days>(t)}.day() == day{1}; };
  if (!all([](LocalTime t) { return floor<days>(t) == t; })) return {CadenceUnit::kHour, 1};
  if (columns.columns.size() == 2 && HourColumn({{columns.columns[1], {}}}) == nullptr) return {CadenceUnit::kMonth, 1};
  if (columns.columns.size() > 2) return {columns.columns.size() == 3 ? CadenceUnit::kDay : CadenceUnit::kHour, 1};
  constexpr std::size_t kEnough = 3;  // fewer say nothing
  if (starts.size() >= kEnough && all(first_of_month)) return {CadenceUnit::kMonth, 1};
  if (starts.size() >= kEnough && all([](LocalTime t) { return weekday{floor<days>(t)} == Monday; })) {
    return {CadenceUnit::kWeek, 1};
  }
  return {CadenceUnit::kDay, 1};
}

}  // namespace latecomer::lateness
