// The simulation's own arithmetic of days, so that what it takes for true owes nothing to the code under test.
#pragma once

#include <cstdint>
#include <string>

namespace latecomer::simulation {

// Days since 2024-01-01; negative before.
using Day = int;

struct CivilDay {
  int year = 2024;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31
};

CivilDay ToCivil(Day day);
Day FromCivil(const CivilDay& civil);

// What stands for a partition that belongs to no day: its columns are null, or hold what is no date.
inline constexpr Day kNullDay = -1'000'000;
inline constexpr Day kUnreadableDay = kNullDay + 1;
inline bool HasInterval(Day day) {
  return day > kUnreadableDay;
}

// 0: Monday.
int WeekdayOf(Day day);

// Milliseconds since 1970 of the day's midnight in UTC, and the day that holds such a moment.
std::int64_t StartOfDayMs(Day day);
Day DayAtMs(std::int64_t ms);

// "2024-01-31"; "null" and "unreadable" for those that are none.
std::string DayText(Day day);

}  // namespace latecomer::simulation
