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

// Milliseconds since 1970 of the day's midnight in UTC, and the day that holds such a moment.
std::int64_t StartOfDayMs(Day day);
Day DayAtMs(std::int64_t ms);

// "2024-01-31"
std::string DayText(Day day);

}  // namespace latecomer::simulation
