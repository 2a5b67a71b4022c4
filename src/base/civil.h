// Dates of the proleptic Gregorian calendar in any year.
//
// std::chrono's years end at 32767, and tables hold later ones: Unix milliseconds taken for seconds land
// beyond the year 50000.
#pragma once

#include <cstdint>
#include <string>

namespace latecomer {

struct CivilDate {
  std::int64_t year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  friend bool operator==(const CivilDate&, const CivilDate&) = default;
};

// False for 2023-02-29, 2024-13-01, …
bool IsDate(const CivilDate& date);
// Days since 1970-01-01; `date` must be a date.
std::int64_t DaysFromCivil(const CivilDate& date);
CivilDate CivilFromDays(std::int64_t days);

// Decimal digits, filled up with zeros on the left.
void AppendPadded(std::uint64_t value, int width, std::string& out);
// "2024-01-01"; years of more digits in full, years before 0 with a minus.
void AppendDate(const CivilDate& date, std::string& out);

}  // namespace latecomer
