#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace latecomer {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string Reformat(std::string_view text) {
  const auto at = ParseInstant(text);
  return at ? FormatInstant(*at) : "refused";
}

TEST(Instant, TakesRfc3339) {
  EXPECT_EQ(Reformat("2024-01-04T10:00:00Z"), "2024-01-04T10:00:00.000Z");
  EXPECT_EQ(Reformat("2024-01-04t10:00:00z"), "2024-01-04T10:00:00.000Z");
  EXPECT_EQ(Reformat("2024-01-04 10:00:00Z"), "2024-01-04T10:00:00.000Z");
  EXPECT_EQ(Reformat("2024-01-04T10:00:00.5Z"), "2024-01-04T10:00:00.500Z");
  EXPECT_EQ(Reformat("2024-01-04T10:00:00.123999999Z"), "2024-01-04T10:00:00.123Z");
  EXPECT_EQ(Reformat("2024-01-04T10:00:00+05:30"), "2024-01-04T04:30:00.000Z");
  EXPECT_EQ(Reformat("2024-01-01T00:00:00-08:00"), "2024-01-01T08:00:00.000Z");
  EXPECT_EQ(Reformat("2024-12-31T20:00:00-08:00"), "2025-01-01T04:00:00.000Z");
  EXPECT_EQ(Reformat("2024-01-04"), "2024-01-04T00:00:00.000Z");
  EXPECT_EQ(Reformat("0001-01-01"), "0001-01-01T00:00:00.000Z");
  EXPECT_EQ(Reformat("9999-12-31T23:59:59.999Z"), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(Reformat("1969-12-31T23:59:59.999Z"), "1969-12-31T23:59:59.999Z");
}

TEST(Instant, RefusesWhatNeverWas) {
  for (const char* text :
       {"2024-02-30", "2023-02-29", "1900-02-29", "2024-04-31", "2024-13-01", "2024-00-01", "2024-01-00", "2024-01-32",
        "2024-01-04T24:00:00Z", "2024-01-04T10:60:00Z", "2024-01-04T10:00:61Z", "2024-01-04T10:00:60Z",
        "2024-01-04T10:00:00+24:00", "2024-01-04T10:00:00+05:60"}) {
    EXPECT_EQ(Reformat(text), "refused") << text;
  }
}

TEST(Instant, RefusesHalfATime) {
  for (const char* text : {"",
                           " ",
                           "2024",
                           "2024-01",
                           "2024-1-4",
                           "24-01-04",
                           "12024-01-04",
                           "2024/01/04",
                           "2024-01-04T",
                           "2024-01-04T10",
                           "2024-01-04T10:00Z",
                           "2024-01-04T10:00:00",
                           "2024-01-04T10:00:00.Z",
                           "2024-01-04T10:00:00.1234567890Z",
                           "2024-01-04T10:00:00+0530",
                           "2024-01-04T10:00:00+05",
                           "2024-01-04T10:00:00ZZ",
                           "2024-01-04Z",
                           " 2024-01-04",
                           "2024-01-04 ",
                           "-2024-01-04",
                           "today",
                           "2024-01-04T-1:00:00Z",
                           "\xff\xfe"}) {
    EXPECT_EQ(Reformat(text), "refused") << text;
  }
  EXPECT_EQ(ParseInstant("2024-02-30").error().kind, ErrorKind::kInvalidArgument);
  EXPECT_FALSE(ParseInstant("2024-02-30").error().hint.empty());
}

TEST(Instant, ALeapSecondIsTheSecondAfterIt) {
  EXPECT_EQ(Reformat("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000Z");
  EXPECT_EQ(Reformat("2017-01-01T00:59:60.5+01:00"), "2017-01-01T00:00:00.500Z");
  EXPECT_EQ(Reformat("2016-12-31T23:59:60+01:00"), "refused") << "leap seconds end a day in UTC";
}

TEST(Instant, FormatsAnyInstant) {
  EXPECT_EQ(FormatInstant(Instant::max()), "292278994-08-17T07:12:55.807Z");
  EXPECT_EQ(FormatInstant(Instant::min()), "-292275055-05-16T16:47:04.192Z");
}

RC_GTEST_PROP(Instant, ThereAndBack, ()) {
  const auto ms = *rc::gen::inRange<std::int64_t>(-62'135'596'800'000, 253'402'300'800'000);
  const Instant at{Duration(ms)};
  RC_ASSERT(ParseInstant(FormatInstant(at)).value() == at);
}

RC_GTEST_PROP(Instant, AnyTextIsTakenOrRefused, (const std::string& text)) {
  const auto at = ParseInstant(text);
  if (at) RC_ASSERT(ParseInstant(FormatInstant(*at)).has_value());
}

TEST(Interval, IsHalfOpen) {
  const Interval day{*ParseInstant("2024-01-01"), *ParseInstant("2024-01-02")};
  EXPECT_TRUE(day.Contains(day.start));
  EXPECT_TRUE(day.Contains(day.end - Duration(1)));
  EXPECT_FALSE(day.Contains(day.end));
  EXPECT_FALSE(day.Contains(day.start - Duration(1)));
}

TEST(DurationText, TakesUnitsAndSumsOfThem) {
  EXPECT_EQ(ParseDuration("90d").value(), days(90));
  EXPECT_EQ(ParseDuration("2h").value(), hours(2));
  EXPECT_EQ(ParseDuration("26h").value(), hours(26));
  EXPECT_EQ(ParseDuration("1h30m").value(), minutes(90));
  EXPECT_EQ(ParseDuration("1h 30m").value(), minutes(90));
  EXPECT_EQ(ParseDuration("10m").value(), minutes(10));
  EXPECT_EQ(ParseDuration("250ms").value(), Duration(250));
  EXPECT_EQ(ParseDuration("1m1ms").value(), minutes(1) + Duration(1));
  EXPECT_EQ(ParseDuration("2w").value(), days(14));
  EXPECT_EQ(ParseDuration("0").value(), Duration(0));
  EXPECT_EQ(ParseDuration("0s").value(), Duration(0));
  EXPECT_EQ(ParseDuration(" 5s ").value(), seconds(5));
}

TEST(DurationText, RefusesTheRest) {
  for (const char* text : {"", " ", "5", "5x", "h", "-1h", "1.5h", "1h-30m", "1 h", "1d2", "10 minutes", "1H", "1mo",
                           "1y", "99999999999999999999d", "999999999999w", "0x10s", "1h,30m"}) {
    const auto duration = ParseDuration(text);
    EXPECT_FALSE(duration) << text;
    if (!duration) EXPECT_EQ(duration.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST(DurationText, ShortestExactForm) {
  EXPECT_EQ(FormatDuration(Duration(0)), "0");
  EXPECT_EQ(FormatDuration(minutes(90)), "1h30m");
  EXPECT_EQ(FormatDuration(days(90)), "90d");
  EXPECT_EQ(FormatDuration(hours(26)), "1d2h");
  EXPECT_EQ(FormatDuration(Duration(1)), "1ms");
  EXPECT_EQ(FormatDuration(-minutes(90)), "-1h30m");
  EXPECT_EQ(FormatDuration(Duration::min()), "-106751991167d7h12m55s808ms");
}

RC_GTEST_PROP(DurationText, ThereAndBack, ()) {
  const Duration duration(*rc::gen::inRange<std::int64_t>(0, 1LL << 60));
  RC_ASSERT(ParseDuration(FormatDuration(duration)).value() == duration);
}

TEST(DurationText, ForPeople) {
  EXPECT_EQ(HumanDuration(Duration(0)), "0 ms");
  EXPECT_EQ(HumanDuration(Duration(240)), "240 ms");
  EXPECT_EQ(HumanDuration(Duration(3140)), "3.1 s");
  EXPECT_EQ(HumanDuration(Duration(59'999)), "59.9 s") << "never 60.0 s";
  EXPECT_EQ(HumanDuration(minutes(1)), "1 min");
  EXPECT_EQ(HumanDuration(minutes(10) + seconds(1)), "10 min 1 s");
  EXPECT_EQ(HumanDuration(hours(1) - Duration(1)), "59 min 59 s");
  EXPECT_EQ(HumanDuration(hours(1) + seconds(59)), "1 h");
  EXPECT_EQ(HumanDuration(days(2) + hours(4)), "2 d 4 h");
  EXPECT_EQ(HumanDuration(days(2)), "2 d");
  EXPECT_EQ(HumanDuration(days(10) + hours(20)), "10 d 20 h");
  EXPECT_EQ(HumanDuration(-(days(2) + hours(4))), "-2 d 4 h");
  EXPECT_EQ(HumanDuration(Duration::min()), "-106751991167 d 7 h");
  EXPECT_EQ(HumanDuration(Duration::max()), "106751991167 d 7 h");
}

}  // namespace
}  // namespace latecomer
