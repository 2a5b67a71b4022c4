#include "lateness/key_interval.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace latecomer::lateness {
namespace {

using table::DataType;
using table::PartitionKey;
using table::PartitionValue;
using table::TypeKind;

PartitionValue Value(TypeKind kind, const std::string& text) {
  return PartitionValue::Parse(DataType{kind}, text).value();
}

PartitionKey Key(TypeKind kind, const std::string& text) {
  return PartitionKey({"p"}, {Value(kind, text)});
}

Calendar Of(const std::string& cadence, const std::string& zone = "UTC") {
  return Calendar(ParseCadence(cadence).value(), TimeZone::Load(zone).value());
}

// The start as text, "none" when the key has no interval.
std::string Start(const PartitionKey& key, const std::vector<std::string>& columns, const Calendar& calendar,
                  const std::string& format = "") {
  const auto start = StartOfKey(key, {columns, format}, calendar);
  return start ? FormatLocal(*start) : "none";
}

std::string StartOf(TypeKind kind, const std::string& text, const std::string& cadence, const std::string& zone = "UTC",
                    const std::string& format = "") {
  return Start(Key(kind, text), {"p"}, Of(cadence, zone), format);
}

TEST(KeyInterval, DatesAndTimestamps) {
  EXPECT_EQ(StartOf(TypeKind::kDate, "2024-01-31", "day"), "2024-01-31");
  EXPECT_EQ(StartOf(TypeKind::kDate, "2024-01-31", "month"), "2024-01-01");
  EXPECT_EQ(StartOf(TypeKind::kDate, "2024-01-03", "week"), "2024-01-01");
  EXPECT_EQ(StartOf(TypeKind::kTimestampNtz, "2024-01-31 17:20:00", "hour", "Asia/Tokyo"), "2024-01-31T17:00:00");
  // An instant is moved into the zone, a civil time isn't.
  EXPECT_EQ(StartOf(TypeKind::kTimestamp, "2024-01-31 17:20:00", "hour", "Asia/Tokyo"), "2024-02-01T02:00:00");
  EXPECT_EQ(StartOf(TypeKind::kTimestamp, "2024-01-31 17:20:00", "day", "Asia/Tokyo"), "2024-02-01");
}

TEST(KeyInterval, StringsByCadence) {
  const auto text = [](const std::string& value, const std::string& cadence) {
    return StartOf(TypeKind::kString, value, cadence);
  };
  EXPECT_EQ(text("2024-01-31", "day"), "2024-01-31");
  EXPECT_EQ(text("20240131", "day"), "2024-01-31");
  EXPECT_EQ(text("2024-1-9", "day"), "2024-01-09");
  EXPECT_EQ(text("2024/01/31", "day"), "2024-01-31");
  EXPECT_EQ(text("2024-02", "month"), "2024-02-01");
  EXPECT_EQ(text("202402", "month"), "2024-02-01");
  EXPECT_EQ(text("202402", "week"), "2024-01-08");
  EXPECT_EQ(text("2024-W05", "week"), "2024-01-29");
  EXPECT_EQ(text("2020-W53", "week"), "2020-12-28");
  EXPECT_EQ(text("2021-W53", "week"), "none");
  EXPECT_EQ(text("2024-01-01T05", "hour"), "2024-01-01T05:00:00");
  EXPECT_EQ(text("2024-01-01-05", "hour"), "2024-01-01T05:00:00");
  EXPECT_EQ(text("2024010105", "hour"), "2024-01-01T05:00:00");
  EXPECT_EQ(text("2024-01-01 05:00:00", "hour"), "2024-01-01T05:00:00");
  EXPECT_EQ(text("2024-01-01T05:30:00.123+02:00", "hour"), "2024-01-01T03:00:00");
}

TEST(KeyInterval, Integers) {
  EXPECT_EQ(StartOf(TypeKind::kInteger, "20240131", "day"), "2024-01-31");
  EXPECT_EQ(StartOf(TypeKind::kLong, "2024013123", "hour"), "2024-01-31T23:00:00");
  EXPECT_EQ(StartOf(TypeKind::kInteger, "202402", "month"), "2024-02-01");
}

TEST(KeyInterval, UnreadableIsNone) {
  for (const char* text : {"2024-02-30", "2023-02-29", "2024-13-01", "20240230", "2024111", "yesterday", "2024-01-01x",
                           "2024-01-01T25", "-1", "24", "2024-01-01T05:00:00+99:99", "99999999999999999999"}) {
    EXPECT_EQ(StartOf(TypeKind::kString, text, "day"), "none") << text;
  }
  EXPECT_EQ(Start(PartitionKey({"p"}, {PartitionValue::Null()}), {"p"}, Of("day")), "none");
  EXPECT_EQ(Start(Key(TypeKind::kDate, "2024-01-01"), {"other"}, Of("day")), "none");
  EXPECT_EQ(StartOf(TypeKind::kBoolean, "true", "day"), "none");
}

PartitionKey Parts(TypeKind kind, const std::vector<std::string>& texts) {
  const std::vector<std::string> all = {"year", "month", "day", "hour"};
  std::vector<PartitionValue> values;
  for (const std::string& text : texts) values.push_back(Value(kind, text));
  return PartitionKey({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(texts.size())}, std::move(values));
}

TEST(KeyInterval, SeveralColumns) {
  for (const TypeKind kind : {TypeKind::kInteger, TypeKind::kString}) {
    EXPECT_EQ(Start(Parts(kind, {"2024", "9"}), {"year", "month"}, Of("month")), "2024-09-01");
    EXPECT_EQ(Start(Parts(kind, {"2024", "9", "3"}), {"year", "month", "day"}, Of("day")), "2024-09-03");
    EXPECT_EQ(Start(Parts(kind, {"2024", "10", "3", "7"}), {"year", "month", "day", "hour"}, Of("hour")),
              "2024-10-03T07:00:00");
    EXPECT_EQ(Start(Parts(kind, {"2024", "13"}), {"year", "month"}, Of("month")), "none");
    EXPECT_EQ(Start(Parts(kind, {"2024", "5"}), {"year", "month"}, Of("week")), "2024-01-29");
  }
  EXPECT_EQ(Start(Parts(TypeKind::kString, {"2024", "09", "03"}), {"year", "month", "day"}, Of("day")), "2024-09-03");
  const PartitionKey date_hour({"date", "hour"},
                               {Value(TypeKind::kDate, "2024-01-01"), Value(TypeKind::kInteger, "7")});
  EXPECT_EQ(Start(date_hour, {"date", "hour"}, Of("hour")), "2024-01-01T07:00:00");
}

TEST(KeyInterval, MonthNineComesBeforeMonthTen) {
  std::vector<LocalTime> starts;
  for (const char* month : {"10", "9", "11", "1", "2"}) {
    starts.push_back(*StartOfKey(Parts(TypeKind::kInteger, {"2024", month}), {{"year", "month"}, ""}, Of("month")));
  }
  std::sort(starts.begin(), starts.end());
  EXPECT_EQ(FormatLocal(starts[2]), "2024-09-01");
  EXPECT_EQ(FormatLocal(starts[3]), "2024-10-01");
}

TEST(KeyInterval, OwnFormat) {
  EXPECT_EQ(StartOf(TypeKind::kString, "31.01.2024", "day", "UTC", "%d.%m.%Y"), "2024-01-31");
  EXPECT_EQ(StartOf(TypeKind::kString, "wk05-2024", "week", "UTC", "wk%V-%G"), "2024-01-29");
  EXPECT_EQ(StartOf(TypeKind::kString, "2024-01-31", "day", "UTC", "%d.%m.%Y"), "none");
  EXPECT_EQ(Start(Parts(TypeKind::kString, {"2024", "9"}), {"month", "year"}, Of("month"), "%m %Y"), "2024-09-01");
}

TEST(KeyInterval, DaysThatAreShorterAndLonger) {
  const auto length = [](const std::string& date, const std::string& zone) {
    const Interval interval = *IntervalOfKey(Key(TypeKind::kDate, date), {{"p"}, ""}, Of("day", zone));
    return std::chrono::duration_cast<std::chrono::minutes>(interval.end - interval.start).count();
  };
  EXPECT_EQ(length("2024-03-31", "Europe/Berlin"), 23 * 60);
  EXPECT_EQ(length("2024-10-27", "Europe/Berlin"), 25 * 60);
  EXPECT_EQ(length("2024-03-10", "America/New_York"), 23 * 60);
  EXPECT_EQ(length("2024-11-03", "America/New_York"), 25 * 60);
  EXPECT_EQ(length("2024-10-06", "Australia/Lord_Howe"), 23 * 60 + 30);
  EXPECT_EQ(length("2045-07-01", "Europe/Berlin"), 24 * 60);
  const Interval summer = *IntervalOfKey(Key(TypeKind::kDate, "2045-07-01"), {{"p"}, ""}, Of("day", "Europe/Berlin"));
  EXPECT_EQ(FormatInstant(summer.start), "2045-06-30T22:00:00.000Z");
}

TEST(Project, TakesTheNamedColumnsInOrder) {
  const PartitionKey key({"country", "p"}, {Value(TypeKind::kString, "de"), Value(TypeKind::kDate, "2024-01-01")});
  EXPECT_EQ(Project(key, {"p", "country"}).value().Display(), "p=2024-01-01/country=de");
  const auto missing = Project(key, {"q"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(missing.error().message.find("`q`"), std::string::npos);
}

}  // namespace
}  // namespace latecomer::lateness
