#include "engine/accepted_since.h"

#include <algorithm>
#include <vector>

namespace latecomer::engine {
namespace {

using ledger::EventRecord;

// Those that are about no run.
Result<std::vector<EventRecord>> LaterOnes(ledger::Reader& reader, const std::string& pipeline, std::int64_t sequence) {
  LATECOMER_ASSIGN_OR_RETURN(std::vector<EventRecord> events, reader.Events(pipeline, "", std::nullopt));
  std::erase_if(events, [&](const EventRecord& event) { return event.sequence <= sequence; });
  return events;
}

}  // namespace

Result<bool> AcceptedSince(ledger::Reader& reader, const std::string& pipeline, std::int64_t sequence) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> later, LaterOnes(reader, pipeline, sequence));
  return std::ranges::any_of(later, [](const EventRecord& event) {
    return event.what == "definition.accepted" || event.what == "table.accepted";
  });
}

Result<bool> TableAcceptedSince(ledger::Reader& reader, const ledger::RunRecord& run) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> of_run,
                             reader.Events(run.pipeline, run.run_id, std::nullopt));
  std::int64_t began = 0;
  for (const EventRecord& event : of_run) {
    if (event.what == "claim.granted") began = event.sequence;
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> later, LaterOnes(reader, run.pipeline, began));
  return std::ranges::any_of(later, [](const EventRecord& event) { return event.what == "table.accepted"; });
}

}  // namespace latecomer::engine
