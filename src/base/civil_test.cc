#include "base/civil.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>

namespace latecomer {
namespace {

std::string Text(const CivilDate& date) {
  std::string text;
  AppendDate(date, text);
  return text;
}

TEST(Civil, KnownDays) {
  EXPECT_EQ(DaysFromCivil({1970, 1, 1}), 0);
  EXPECT_EQ(DaysFromCivil({2024, 2, 29}), 19'782);
  EXPECT_EQ(DaysFromCivil({1, 1, 1}), -719'162);
  EXPECT_EQ(DaysFromCivil({5'881'580, 7, 11}), 2'147'483'647);  // the last date of Spark
  EXPECT_EQ(Text(CivilFromDays(-719'163)), "0000-12-31");
  EXPECT_EQ(Text(CivilFromDays(2'147'483'647)), "5881580-07-11");
}

TEST(Civil, WhatIsADate) {
  EXPECT_TRUE(IsDate({2024, 2, 29}));
  EXPECT_FALSE(IsDate({2023, 2, 29}));
  EXPECT_FALSE(IsDate({1900, 2, 29}));
  EXPECT_TRUE(IsDate({2000, 2, 29}));
  EXPECT_FALSE(IsDate({2024, 4, 31}));
  EXPECT_FALSE(IsDate({2024, 0, 1}));
  EXPECT_FALSE(IsDate({2024, 13, 1}));
  EXPECT_FALSE(IsDate({2024, 1, 0}));
  EXPECT_FALSE(IsDate({2024, 1, 32}));
}

TEST(Civil, YearsOfAnyLength) {
  EXPECT_EQ(Text({1, 2, 3}), "0001-02-03");
  EXPECT_EQ(Text({12'345, 1, 1}), "12345-01-01");
  EXPECT_EQ(Text({-44, 3, 15}), "-0044-03-15");
}

TEST(Civil, Padding) {
  const auto padded = [](std::uint64_t value, int width) {
    std::string text;
    AppendPadded(value, width, text);
    return text;
  };
  EXPECT_EQ(padded(0, 1), "0");
  EXPECT_EQ(padded(7, 3), "007");
  EXPECT_EQ(padded(1234, 3), "1234");
  EXPECT_EQ(padded(18'446'744'073'709'551'615ULL, 4), "18446744073709551615");
}

RC_GTEST_PROP(Civil, AgreesWithChrono, ()) {
  const int days = *rc::gen::inRange(-10'000'000, 10'000'000);
  const std::chrono::year_month_day expected{std::chrono::sys_days(std::chrono::days(days))};
  const CivilDate date = CivilFromDays(days);
  RC_ASSERT(date.year == static_cast<int>(expected.year()));
  RC_ASSERT(date.month == static_cast<unsigned>(expected.month()));
  RC_ASSERT(date.day == static_cast<unsigned>(expected.day()));
}

RC_GTEST_PROP(Civil, ThereAndBack, ()) {
  const auto days = *rc::gen::inRange<std::int64_t>(-100'000'000'000, 100'000'000'000);
  RC_ASSERT(IsDate(CivilFromDays(days)));
  RC_ASSERT(DaysFromCivil(CivilFromDays(days)) == days);
}

}  // namespace
}  // namespace latecomer
