#include "lateness/mapping.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lateness/plan_builder.h"

namespace latecomer::lateness {
namespace {

using Kind = Mapping::Kind;

Calendar Of(const std::string& cadence, const std::string& zone = "UTC") {
  return Calendar(ParseCadence(cadence).value(), TimeZone::Load(zone).value());
}

std::string Problem(const Mapping& mapping, const Calendar& source, const Calendar& output) {
  const Status checked = CheckMapping(mapping, source, output);
  return checked ? "" : checked.error().message + " | " + checked.error().hint;
}

TEST(Mapping, AWindowIsTheIntervalAndThoseBeforeIt) {
  const Calendar days = Of("day");
  const Mapping window{Kind::kWindow, 2};
  EXPECT_EQ(SourceStarts(window, days, days, Day("2024-03-01")),
            (std::vector{Day("2024-02-28"), Day("2024-02-29"), Day("2024-03-01")}));
  EXPECT_EQ(OutputStarts(window, days, days, Day("2024-02-28")),
            (std::vector{Day("2024-02-28"), Day("2024-02-29"), Day("2024-03-01")}));
  EXPECT_EQ(OwnOutput(window, days, days, Day("2024-02-28")), Day("2024-02-28"));
}

TEST(Mapping, AMonthIsRolledUpFromItsDays) {
  const std::vector<LocalTime> days = SourceStarts({Kind::kRollup}, Of("day"), Of("month"), Day("2024-02-01"));
  ASSERT_EQ(days.size(), 29u);
  EXPECT_EQ(days.front(), Day("2024-02-01"));
  EXPECT_EQ(days.back(), Day("2024-02-29"));
  EXPECT_EQ(OutputStarts({Kind::kRollup}, Of("day"), Of("month"), Day("2024-02-29")), (std::vector{Day("2024-02-01")}));
}

// 31 March 2024 has 23 hours in Berlin and 27 October 25; partitions that count in UTC show it.
TEST(Mapping, HoursOfAnotherZoneAreRolledUpIntoLocalDays) {
  const Calendar hours = Of("hour");
  const Calendar days = Of("day", "Europe/Berlin");
  const auto spring = SourceStarts({Kind::kRollup}, hours, days, Day("2024-03-31"));
  ASSERT_EQ(spring.size(), 23u);
  EXPECT_EQ(spring.front(), Day("2024-03-30T23:00:00Z"));
  EXPECT_EQ(spring.back(), Day("2024-03-31T21:00:00Z"));
  EXPECT_EQ(SourceStarts({Kind::kRollup}, hours, days, Day("2024-10-27")).size(), 25u);
}

TEST(Mapping, WhatDoesNotFitSaysWhatToWriteInstead) {
  EXPECT_EQ(Problem({Kind::kIdentity}, Of("day"), Of("month")),
            "identity needs source and output of one cadence; the source is by day, the output by month | write "
            "`mapping: {rollup: month}`");
  EXPECT_EQ(Problem({Kind::kWindow, 3}, Of("month"), Of("day")),
            "a window needs source and output of one cadence; the source is by month, the output by day | give the "
            "output `cadence: month`, or read the source as `mapping: all` or `latest`");
  EXPECT_EQ(Problem({Kind::kRollup}, Of("day"), Of("hour")),
            "a roll-up makes a longer interval; the source is by day, the output by hour | give `rollup` a cadence "
            "longer than day");
  EXPECT_EQ(Problem({Kind::kRollup}, Of("day"), Of("day")),
            "a roll-up makes a longer interval; source and output are both by day | write `mapping: identity`");
  EXPECT_EQ(Problem({Kind::kRollup}, Of("week"), Of("month")),
            "intervals of week don't lie within those of month: some belong to two | roll up from hour or day");
  EXPECT_EQ(Problem({Kind::kIdentity}, Of("day"), Of("day", "Europe/Berlin")),
            "identity needs source and output in one time zone; the source counts in UTC, the output in Europe/Berlin "
            "| give both the same `time_zone`");
  EXPECT_EQ(Problem({Kind::kRollup}, Of("day"), Of("month", "Europe/Berlin")),
            "intervals of day in UTC don't lie within those of month in Europe/Berlin | give both the same "
            "`time_zone`; only hours can be rolled up into another zone");
  EXPECT_EQ(Problem({Kind::kRollup}, Of("hour"), Of("day", "Europe/Berlin")), "");
  EXPECT_EQ(Problem({Kind::kRollup}, Of("day"), Of("week")), "");
  EXPECT_EQ(Problem({Kind::kAll}, Of("hour"), Of("month", "Europe/Berlin")), "");
  EXPECT_EQ(Problem({Kind::kLatest}, Of("month"), Of("day")), "");
}

}  // namespace
}  // namespace latecomer::lateness
