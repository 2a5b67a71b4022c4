// The words of a plan, as the command line, the API and the ledger's notes have them.
#pragma once

#include <string_view>

#include "lateness/plan.h"

namespace latecomer::lateness {

std::string_view Name(Decision decision);   // "process", "up_to_date", "waiting", "held", …
std::string_view Name(RunFact::Kind kind);  // "scheduled", "backfill", "manual"

// What PlanEntry::rule may be.
inline constexpr std::string_view kRuleNames[] = {
    "after_end",     "allowed_lateness", "before_start", "catch_up",    "detect",           "emptied",
    "frozen_before", "future",           "hold",         "mass_change", "max_backfills",    "min_rows",
    "no_interval",   "propagate",        "ready",        "settle",      "wait_for_upstream"};

}  // namespace latecomer::lateness
