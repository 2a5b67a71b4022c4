#include "base/cadence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

namespace latecomer {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TimeZone Zone(std::string_view name) {
  const auto zone = TimeZone::Load(name);
  if (!zone) ADD_FAILURE() << zone.error().ToString();
  return zone.value_or(TimeZone::Utc());
}

LocalTime Local(std::string_view text) {
  // Read as UTC: the same digits on the wall clock.
  return LocalTime(std::chrono::floor<seconds>(ParseInstant(std::string(text)).value().time_since_epoch()));
}

std::string Floor(std::string_view cadence, std::string_view local) {
  return FormatLocal(Calendar(*ParseCadence(cadence), TimeZone::Utc()).Floor(Local(local)));
}

std::string Step(std::string_view cadence, std::string_view start, int steps) {
  return FormatLocal(Calendar(*ParseCadence(cadence), TimeZone::Utc()).Step(Local(start), steps));
}

TEST(TimeZoneNames, AreThoseOfTheDatabase) {
  for (const char* name : {"UTC", "Etc/UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
                           "America/Argentina/Buenos_Aires", "Etc/GMT+12"}) {
    const auto zone = TimeZone::Load(name);
    ASSERT_TRUE(zone) << name;
    EXPECT_EQ(zone->name(), name);
  }
}

TEST(TimeZoneNames, AreNoPathsAndNoGuesses) {
  for (const char* name :
       {"", "Europe/Nowhere", "Berlin", "europe/berlin", "/usr/share/zoneinfo/UTC", "../zoneinfo/UTC", "Europe",
        "Europe/Berlin ", ":UTC", "UTC+1", "+01:00", "Fixed/UTC+01:00:00", "libc:localtime", "localtime",
        "right/Europe/Berlin", "zone.tab", "tzdata.zi"}) {
    const auto zone = TimeZone::Load(name);
    EXPECT_FALSE(zone) << name;
    if (!zone) EXPECT_EQ(zone.error().kind, ErrorKind::kInvalidArgument);
  }
  EXPECT_FALSE(TimeZone::Load(std::string_view("UTC\0x", 5)));
}

struct DayCase {
  const char* zone;
  const char* day;
  const char* start;  // the instant; from Python's zoneinfo and the database's rules
  Duration length;
};

void PrintTo(const DayCase& day, std::ostream* out) {
  *out << day.zone << " " << day.day;
}

class DayLengths : public ::testing::TestWithParam<DayCase> {};

TEST_P(DayLengths, FollowTheZone) {
  const DayCase& param = GetParam();
  const Calendar calendar(Cadence{CadenceUnit::kDay, 1}, Zone(param.zone));
  const Interval interval = calendar.IntervalAt(Local(param.day));
  EXPECT_EQ(FormatInstant(interval.start), param.start) << param.zone << " " << param.day;
  EXPECT_EQ(FormatDuration(interval.end - interval.start), FormatDuration(param.length))
      << param.zone << " " << param.day;
  EXPECT_EQ(calendar.Containing(interval.start), interval);
  EXPECT_EQ(calendar.Containing(interval.end - Duration(1)), interval);
}

INSTANTIATE_TEST_SUITE_P(
    BothChangesOfTheYear, DayLengths,
    ::testing::Values(DayCase{"Europe/Berlin", "2026-01-15", "2026-01-14T23:00:00.000Z", hours(24)},
                      DayCase{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z", hours(23)},
                      DayCase{"Europe/Berlin", "2026-07-15", "2026-07-14T22:00:00.000Z", hours(24)},
                      DayCase{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00.000Z", hours(25)},
                      DayCase{"Europe/Berlin", "2045-03-26", "2045-03-25T23:00:00.000Z", hours(23)},
                      DayCase{"Europe/Berlin", "2045-07-15", "2045-07-14T22:00:00.000Z", hours(24)},
                      DayCase{"Europe/Berlin", "2045-10-29", "2045-10-28T22:00:00.000Z", hours(25)},
                      DayCase{"America/New_York", "2026-03-08", "2026-03-08T05:00:00.000Z", hours(23)},
                      DayCase{"America/New_York", "2026-11-01", "2026-11-01T04:00:00.000Z", hours(25)},
                      DayCase{"America/New_York", "2045-03-12", "2045-03-12T05:00:00.000Z", hours(23)},
                      DayCase{"America/New_York", "2045-11-05", "2045-11-05T04:00:00.000Z", hours(25)},
                      DayCase{"Asia/Kolkata", "2026-03-29", "2026-03-28T18:30:00.000Z", hours(24)},
                      DayCase{"Asia/Kolkata", "2045-10-29", "2045-10-28T18:30:00.000Z", hours(24)},
                      // Half an hour.
                      DayCase{"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00.000Z", hours(24) + minutes(30)},
                      DayCase{"Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00.000Z", hours(23) + minutes(30)},
                      DayCase{"Australia/Lord_Howe", "2045-04-02", "2045-04-01T13:00:00.000Z", hours(24) + minutes(30)},
                      DayCase{"Australia/Lord_Howe", "2045-10-01", "2045-09-30T13:30:00.000Z", hours(23) + minutes(30)},
                      // Midnight is skipped in September; in April the hour before it comes twice.
                      DayCase{"America/Santiago", "2026-04-04", "2026-04-04T03:00:00.000Z", hours(25)},
                      DayCase{"America/Santiago", "2026-04-05", "2026-04-05T04:00:00.000Z", hours(24)},
                      DayCase{"America/Santiago", "2026-09-05", "2026-09-05T04:00:00.000Z", hours(24)},
                      DayCase{"America/Santiago", "2026-09-06", "2026-09-06T04:00:00.000Z", hours(23)},
                      DayCase{"America/Santiago", "2045-04-01", "2045-04-01T03:00:00.000Z", hours(25)},
                      DayCase{"America/Santiago", "2045-09-03", "2045-09-03T04:00:00.000Z", hours(23)},
                      // The hour after midnight comes twice.
                      DayCase{"America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z", hours(25)},
                      DayCase{"America/Havana", "2026-03-08", "2026-03-08T05:00:00.000Z", hours(23)},
                      DayCase{"Africa/Cairo", "2045-04-28", "2045-04-27T22:00:00.000Z", hours(23)},
                      // Two hours, and a day that never was.
                      DayCase{"Antarctica/Troll", "2026-03-29", "2026-03-29T00:00:00.000Z", hours(22)},
                      DayCase{"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00.000Z", hours(24)},
                      DayCase{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00.000Z", hours(24)}),
    [](const auto& info) {
      std::string name = std::string(info.param.zone) + "_" + info.param.day;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return c == '/' || c == '-'; }, '_');
      return name;
    });

TEST(Calendar, ADayThatNeverWasIsEmpty) {
  const Calendar calendar(Cadence{CadenceUnit::kDay, 1}, Zone("Pacific/Apia"));
  const Interval skipped = calendar.IntervalAt(Local("2011-12-30"));
  EXPECT_EQ(skipped.start, skipped.end);
  EXPECT_EQ(calendar.IntervalAt(Local("2011-12-31")).start, skipped.end);
  EXPECT_EQ(calendar.Containing(skipped.start), calendar.IntervalAt(Local("2011-12-31")));
}

TEST(Calendar, HoursAroundAChange) {
  const Calendar berlin(Cadence{CadenceUnit::kHour, 1}, Zone("Europe/Berlin"));
  // 02:00 to 03:00 is skipped: an hour without time in it.
  const Interval skipped = berlin.IntervalAt(Local("2026-03-29T02:00:00Z"));
  EXPECT_EQ(FormatInstant(skipped.start), "2026-03-29T01:00:00.000Z");
  EXPECT_EQ(skipped.end, skipped.start);
  EXPECT_EQ(FormatLocal(berlin.zone().ToLocal(skipped.start)), "2026-03-29T03:00:00");
  // 02:00 to 03:00 comes twice: both belong to one interval.
  const Interval twice = berlin.IntervalAt(Local("2026-10-25T02:00:00Z"));
  EXPECT_EQ(FormatInstant(twice.start), "2026-10-25T00:00:00.000Z");
  EXPECT_EQ(twice.end - twice.start, hours(2));
  EXPECT_EQ(berlin.Containing(twice.start + minutes(90)), twice);
  EXPECT_EQ(FormatLocal(berlin.zone().ToLocal(twice.start + minutes(30))), "2026-10-25T02:30:00");
  EXPECT_EQ(FormatLocal(berlin.zone().ToLocal(twice.start + minutes(90))), "2026-10-25T02:30:00");
}

TEST(Calendar, HoursInAGapOfTwoHoursDontOverlap) {
  const Calendar troll(Cadence{CadenceUnit::kHour, 1}, Zone("Antarctica/Troll"));
  const Interval first = troll.IntervalAt(Local("2026-03-29T01:00:00Z"));
  const Interval second = troll.IntervalAt(Local("2026-03-29T02:00:00Z"));
  const Interval after = troll.IntervalAt(Local("2026-03-29T03:00:00Z"));
  EXPECT_EQ(first.start, first.end);
  EXPECT_EQ(second.start, second.end);
  EXPECT_EQ(after.start, second.end);
  EXPECT_EQ(after.end - after.start, hours(1));
}

TEST(Calendar, ASkippedTimeMeansTheInstantOfTheChange) {
  EXPECT_EQ(FormatInstant(Zone("Europe/Berlin").ToInstant(Local("2026-03-29T02:30:00Z"))), "2026-03-29T01:00:00.000Z");
  EXPECT_EQ(FormatInstant(Zone("Europe/Berlin").ToInstant(Local("2026-10-25T02:30:00Z"))), "2026-10-25T00:30:00.000Z");
}

TEST(Calendar, FloorsToTheOrigin) {
  EXPECT_EQ(Floor("hour", "2024-01-01T05:59:59Z"), "2024-01-01T05:00:00");
  EXPECT_EQ(Floor("3 hours", "2024-01-01T05:59:59Z"), "2024-01-01T03:00:00");
  EXPECT_EQ(Floor("day", "2024-02-29T23:59:59Z"), "2024-02-29");
  EXPECT_EQ(Floor("2 days", "1970-01-02"), "1970-01-01");
  EXPECT_EQ(Floor("2 days", "1969-12-31"), "1969-12-30");
  EXPECT_EQ(Floor("day", "1969-12-31T23:00:00Z"), "1969-12-31");
  EXPECT_EQ(Floor("week", "2024-01-07T23:00:00Z"), "2024-01-01") << "a Sunday";
  EXPECT_EQ(Floor("week", "2024-01-08"), "2024-01-08") << "a Monday";
  EXPECT_EQ(Floor("week", "2023-01-01"), "2022-12-26") << "over the change of the year";
  EXPECT_EQ(Floor("week", "1969-12-28"), "1969-12-22");
  EXPECT_EQ(Floor("2 weeks", "1970-01-12"), "1970-01-12");
  EXPECT_EQ(Floor("2 weeks", "1970-01-11"), "1969-12-29");
  EXPECT_EQ(Floor("month", "2024-02-29"), "2024-02-01");
  EXPECT_EQ(Floor("3 months", "2024-12-31"), "2024-10-01");
  EXPECT_EQ(Floor("12 months", "2024-12-31"), "2024-01-01");
  EXPECT_EQ(Floor("5 months", "2024-06-15"), Floor("5 months", "2024-07-15"));
  EXPECT_EQ(Floor("month", "0000-01-31"), "0000-01-01");
}

TEST(Calendar, StepsOverYears) {
  EXPECT_EQ(Step("day", "2023-12-31", 1), "2024-01-01");
  EXPECT_EQ(Step("day", "2024-03-01", -1), "2024-02-29");
  EXPECT_EQ(Step("hour", "2023-12-31T23:00:00Z", 1), "2024-01-01");
  EXPECT_EQ(Step("week", "2024-12-30", 1), "2025-01-06");
  EXPECT_EQ(Step("month", "2023-11-01", 3), "2024-02-01");
  EXPECT_EQ(Step("month", "2024-01-01", -1), "2023-12-01");
  EXPECT_EQ(Step("3 months", "2024-10-01", 1), "2025-01-01");
  EXPECT_EQ(Step("12 months", "2024-01-01", -2024), "0000-01-01");
  EXPECT_EQ(Step("month", "2024-01-01", 0), "2024-01-01");
}

TEST(Calendar, MonthsOverAChangeOfOffset) {
  const Calendar berlin(Cadence{CadenceUnit::kMonth, 1}, Zone("Europe/Berlin"));
  const Interval march = berlin.IntervalAt(Local("2026-03-01"));
  EXPECT_EQ(march.end - march.start, days(31) - hours(1));
  const Calendar weeks(Cadence{CadenceUnit::kWeek, 1}, Zone("America/New_York"));
  const Interval week = weeks.Containing(*ParseInstant("2026-11-01T12:00:00Z"));
  EXPECT_EQ(FormatInstant(week.start), "2026-10-26T04:00:00.000Z");
  EXPECT_EQ(week.end - week.start, days(7) + hours(1));
}

// A commit may carry any number as its time; looking for its interval must end.
TEST(Calendar, InstantsAtTheEndOfTime) {
  for (const char* cadence : {"hour", "day", "week", "month", "10000 months"}) {
    for (const char* zone : {"UTC", "Europe/Berlin", "America/Santiago"}) {
      const Calendar calendar(*ParseCadence(cadence), Zone(zone));
      for (const Instant at :
           {Instant::max(), Instant::min(), Instant(Duration(1LL << 60)), Instant(Duration(-(1LL << 60)))}) {
        const Interval interval = calendar.Containing(at);
        EXPECT_LT(interval.start, interval.end) << cadence << zone;
      }
    }
  }
}

TEST(Calendar, YearsThatChronoDoesntHave) {
  const Calendar months(Cadence{CadenceUnit::kMonth, 1}, TimeZone::Utc());
  const LocalTime far(days(19'724'000));  // in the year 55972
  const LocalTime start = months.Floor(far);
  EXPECT_LE(start, far);
  EXPECT_EQ(FormatLocal(start).substr(0, 5), "55972");
  EXPECT_EQ(FormatLocal(start).substr(9), "01");
  EXPECT_GT(months.Step(start, 1), far);
}

TEST(Cadence, TextOfIt) {
  EXPECT_EQ(ParseCadence("day").value(), (Cadence{CadenceUnit::kDay, 1}));
  EXPECT_EQ(ParseCadence(" hourly ").value(), (Cadence{CadenceUnit::kHour, 1}));
  EXPECT_EQ(ParseCadence("3 hours").value(), (Cadence{CadenceUnit::kHour, 3}));
  EXPECT_EQ(ParseCadence("2weeks").value(), (Cadence{CadenceUnit::kWeek, 2}));
  EXPECT_EQ(ParseCadence("1 month").value(), (Cadence{CadenceUnit::kMonth, 1}));
  for (const char* text : {"", " ", "0 days", "-1 days", "3", "year", "quarter", "days days", "3 daily", "1.5 days",
                           "99999999999 days", "10001 days", "Day"}) {
    EXPECT_FALSE(ParseCadence(text)) << text;
  }
  for (const char* text : {"hour", "day", "week", "month", "3 hours", "2 days", "4 weeks", "12 months"}) {
    EXPECT_EQ(FormatCadence(ParseCadence(text).value()), text);
  }
}

TEST(FormatLocal, ShowsTheTimeOnlyWhereThereIsOne) {
  EXPECT_EQ(FormatLocal(Local("2024-01-01")), "2024-01-01");
  EXPECT_EQ(FormatLocal(Local("2024-01-01T05:00:00Z")), "2024-01-01T05:00:00");
  EXPECT_EQ(FormatLocal(Local("1969-12-31T23:59:59Z")), "1969-12-31T23:59:59");
  EXPECT_EQ(FormatLocal(Local("0001-01-01")), "0001-01-01");
}

}  // namespace
}  // namespace latecomer
