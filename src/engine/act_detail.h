// Private to the engine's controls: what was before an action, as it is kept in the event's detail for Undo.
#pragma once

#include <nlohmann/json.hpp>

#include "ledger/records.h"

namespace latecomer::engine {

nlohmann::ordered_json VectorJson(const VersionVector& vector);
VersionVector VectorOf(const nlohmann::ordered_json& json);

nlohmann::ordered_json ProcessedJson(const ledger::ProcessedRecord& record);
ledger::ProcessedRecord ProcessedOf(const nlohmann::ordered_json& json);

nlohmann::ordered_json HoldJson(const ledger::HoldRecord& record);
ledger::HoldRecord HoldOf(const nlohmann::ordered_json& json);

// State, message, when it ended, what was asked of its next try, and its note.
nlohmann::ordered_json RunStateJson(const ledger::RunRecord& run);
// Kind kDamaged for a state there isn't; puts the rest into `run`.
Result<ledger::RunState> RunStateOf(const nlohmann::ordered_json& json, ledger::RunRecord& run);

}  // namespace latecomer::engine
