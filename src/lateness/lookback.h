// What look-backs of each length would have missed and done for nothing.
#pragma once

#include <vector>

#include "lateness/lateness_report.h"

namespace latecomer::lateness {

std::vector<LookbackRow> TryLookbacks(const Arrivals& arrivals, const Calendar& calendar);

}  // namespace latecomer::lateness
