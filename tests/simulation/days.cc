#include "days.h"

namespace latecomer::simulation {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kEpochDays = 19'723;  // 1970-01-01 to 2024-01-01

bool IsLeap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int DaysIn(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

std::string TwoDigits(int number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

CivilDay ToCivil(Day day) {
  CivilDay civil;
  while (day < 0) {
    --civil.year;
    day += IsLeap(civil.year) ? 366 : 365;
  }
  while (day >= DaysIn(civil.year, civil.month)) {
    day -= DaysIn(civil.year, civil.month);
    if (++civil.month > 12) {
      civil.month = 1;
      ++civil.year;
    }
  }
  civil.day = day + 1;
  return civil;
}

Day FromCivil(const CivilDay& civil) {
  Day day = civil.day - 1;
  for (int year = 2024; year < civil.year; ++year) day += IsLeap(year) ? 366 : 365;
  for (int year = civil.year; year < 2024; ++year) day -= IsLeap(year) ? 366 : 365;
  for (int month = 1; month < civil.month; ++month) day += DaysIn(civil.year, month);
  return day;
}

// 2024 began on a Monday.
int WeekdayOf(Day day) {
  return (day % 7 + 7) % 7;
}

std::int64_t StartOfDayMs(Day day) {
  return (kEpochDays + day) * kDayMs;
}

Day DayAtMs(std::int64_t ms) {
  return static_cast<Day>(ms / kDayMs - kEpochDays);
}

std::string DayText(Day day) {
  if (!HasInterval(day)) return day == kNullDay ? "null" : "unreadable";
  const CivilDay civil = ToCivil(day);
  return std::to_string(civil.year) + "-" + TwoDigits(civil.month) + "-" + TwoDigits(civil.day);
}

}  // namespace latecomer::simulation
