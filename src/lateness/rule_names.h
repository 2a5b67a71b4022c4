// What PlanEntry::rule may be.
#pragma once

#include <string_view>

namespace latecomer::lateness {

inline constexpr std::string_view kRuleNames[] = {
    "after_end",     "allowed_lateness", "before_start", "catch_up",    "detect",           "emptied",
    "frozen_before", "future",           "hold",         "mass_change", "max_backfills",    "min_rows",
    "no_interval",   "propagate",        "ready",        "settle",      "wait_for_upstream"};

}  // namespace latecomer::lateness
