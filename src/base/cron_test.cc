// What cron lines name, and what is none.
#include "base/cron.h"

#include <gtest/gtest.h>

namespace latecomer {
namespace {

LocalTime At(const std::string& text) {
  return LocalTime(std::chrono::floor<std::chrono::seconds>(ParseInstant(text).value()).time_since_epoch());
}

std::string Next(const std::string& line, const std::string& from) {
  const auto parsed = CronLine::Parse(line);
  if (!parsed) return parsed.error().message;
  return FormatLocal(parsed->NextFrom(At(from)));
}

TEST(CronLine, TheFirstTimeAtOrAfter) {
  EXPECT_EQ(Next("0 3 * * *", "2024-01-02T00:00:00Z"), "2024-01-02T03:00:00");
  EXPECT_EQ(Next("0 3 * * *", "2024-01-02T03:00:00Z"), "2024-01-02T03:00:00");
  EXPECT_EQ(Next("0 3 * * *", "2024-01-02T03:00:01Z"), "2024-01-03T03:00:00");
  EXPECT_EQ(Next("*/15 * * * *", "2024-01-02T03:46:00Z"), "2024-01-02T04:00:00");
  EXPECT_EQ(Next("5/20 8-9 * * *", "2024-01-02T09:46:00Z"), "2024-01-03T08:05:00");
  EXPECT_EQ(Next("59 23 31 12 *", "2024-01-01T00:00:00Z"), "2024-12-31T23:59:00");
  EXPECT_EQ(Next("@monthly", "2024-01-02T00:00:00Z"), "2024-02-01");
  EXPECT_EQ(Next("@hourly", "2024-01-02T00:00:01Z"), "2024-01-02T01:00:00");
  EXPECT_EQ(Next("  0  6 1,15 * * ", "2024-01-02T00:00:00Z"), "2024-01-15T06:00:00");
}

TEST(CronLine, NamesAndTheTwoSundays) {
  EXPECT_EQ(Next("0 0 * * MON", "2024-01-02T00:00:00Z"), "2024-01-08");
  for (const char* sunday : {"0 0 * * 0", "0 0 * * 7", "0 0 * * sun", "@weekly"}) {
    EXPECT_EQ(Next(sunday, "2024-01-02T00:00:00Z"), "2024-01-07");
  }
  EXPECT_EQ(Next("0 0 * * fri-7", "2024-01-01T00:00:00Z"), "2024-01-05");
  EXPECT_EQ(Next("0 0 1 feb-mar *", "2024-01-02T00:00:00Z"), "2024-02-01");
}

TEST(CronLine, OfTwoRestrictedDaysEitherIsEnough) {
  EXPECT_EQ(Next("0 0 13 * 5", "2024-01-02T00:00:00Z"), "2024-01-05");
  EXPECT_EQ(Next("0 0 13 * 5", "2024-01-06T00:00:00Z"), "2024-01-12");
  EXPECT_EQ(Next("0 0 13 * 5", "2024-01-12T01:00:00Z"), "2024-01-13");
  // With a star in front both have to fit.
  EXPECT_EQ(Next("0 0 */2 * 5", "2024-01-06T00:00:00Z"), "2024-01-19");
}

TEST(CronLine, ALeapDayMayBeEightYearsAway) {
  EXPECT_EQ(Next("0 0 29 2 *", "2024-03-01T00:00:00Z"), "2028-02-29");
  EXPECT_EQ(Next("0 0 29 2 *", "2096-03-01T00:00:00Z"), "2104-02-29");
  EXPECT_EQ(Next("0 0 * * *", "1969-12-31T12:00:00Z"), "1970-01-01");
}

TEST(CronLine, WhatIsNone) {
  for (const char* line : {"", "* * * *", "0 0 * * * *", "@often", "60 * * * *", "* 24 * * *", "* * 0 * *",
                           "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *", "-1 * * * *",
                           "a * * * *", "0 0 30 2 *", "0 0 31 4,6 *", "* * * foo *", "1-2-3 * * * *", "*/99 * * * *"}) {
    const auto parsed = CronLine::Parse(line);
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace latecomer
