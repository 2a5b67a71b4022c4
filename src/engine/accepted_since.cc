#include "engine/accepted_since.h"

#include <nlohmann/json.hpp>
#include <vector>

namespace latecomer::engine {

using ledger::EventRecord;

Result<LastAccepted> FindLastAccepted(ledger::Reader& reader, const std::string& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> events, reader.Events(pipeline, "", ""));
  LastAccepted last;
  for (const EventRecord& event : events) {
    if (event.what == "definition.accepted") {
      last.definition = event.sequence;
      const auto detail = nlohmann::json::parse(event.detail, nullptr, false);
      if (!detail.is_object() || detail.value(kOtherTables, nlohmann::json()).empty()) continue;
      last.table = event.sequence;
    }
    if (event.what == "table.accepted") last.table = event.sequence;
  }
  return last;
}

Status ForgetKept(ledger::Writer& writer, ledger::RunRecord& run) {
  if (!run.keep_vector) return {};
  run.keep_vector.reset();
  run.keep_steps.clear();
  return writer.UpdateRun(run);
}

Result<bool> BeganBefore(ledger::Reader& reader, const ledger::RunRecord& run, std::int64_t event) {
  if (event == 0) return false;
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> events,
                             reader.Events(run.pipeline, run.run_id, std::nullopt));
  std::int64_t began = 0;
  for (const EventRecord& one : events) {
    if (one.what == "claim.granted") began = one.sequence;
  }
  return began < event;
}

Result<bool> MadeSomethingElse(ledger::Reader& reader, const ledger::RunRecord& run, const LastAccepted& accepted) {
  LATECOMER_ASSIGN_OR_RETURN(const bool before, BeganBefore(reader, run, accepted.definition));
  if (!before) return false;
  LATECOMER_ASSIGN_OR_RETURN(const auto processed, reader.FindProcessed(run.pipeline, run.partition));
  return !processed || processed->run_id != run.run_id || processed->vector.empty();
}

Result<bool> ReadOlderTable(ledger::Reader& reader, const ledger::RunRecord& run, const LastAccepted& accepted) {
  return BeganBefore(reader, run, accepted.table);
}

}  // namespace latecomer::engine
