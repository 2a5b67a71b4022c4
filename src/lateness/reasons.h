// The sentences a plan gives as reasons.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lateness/plan.h"

namespace latecomer::lateness {

// "devices version 3: 1 file, 100 rows, 9 h 12 min after the interval's end"
std::string DescribeChanges(const std::vector<Change>& changes, const std::optional<Interval>& interval);

// "devices version 2, users version 7"
std::string DescribeVector(const VersionVector& vector);

// "9 h 12 min after the interval's end", "2 h before the interval's end"
std::string DescribeLateness(Duration lateness);

// "1 file", "100 rows"
std::string Count(std::int64_t number, std::string_view noun);

}  // namespace latecomer::lateness
