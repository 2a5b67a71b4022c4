#include "lateness/plan_names.h"

namespace latecomer::lateness {

std::string_view Name(Decision decision) {
  switch (decision) {
    case Decision::kUpToDate: return "up_to_date";
    case Decision::kProcess: return "process";
    case Decision::kOpen: return "open";
    case Decision::kWaiting: return "waiting";
    case Decision::kHeld: return "held";
    case Decision::kFailed: return "failed";
    case Decision::kIgnored: return "ignored";
  }
  return "ignored";
}

std::string_view Name(RunFact::Kind kind) {
  switch (kind) {
    case RunFact::Kind::kScheduled: return "scheduled";
    case RunFact::Kind::kBackfill: return "backfill";
    case RunFact::Kind::kManual: return "manual";
  }
  return "manual";
}

}  // namespace latecomer::lateness
