// A plan for people and as JSON; shared by `plan`, `explain` and `run`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/text_table.h"
#include "lateness/plan.h"

namespace latecomer::cli {

Cell DecisionCell(const lateness::PlanEntry& entry);
// "9 h 12 min", "-" when it has none.
std::string LatenessText(const lateness::PlanEntry& entry);
// "devices@3"
std::string VectorText(const VersionVector& vector);

nlohmann::ordered_json ChangeJson(const lateness::Change& change, const std::optional<Interval>& interval);
// One object per output partition; the shape is in docs/formats/cli-json.md.
nlohmann::ordered_json EntryJson(const lateness::PlanEntry& entry);

}  // namespace latecomer::cli
