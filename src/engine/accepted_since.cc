#include "engine/accepted_since.h"

#include <vector>

namespace latecomer::engine {

using ledger::EventRecord;

Result<LastAccepted> FindLastAccepted(ledger::Reader& reader, const std::string& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> events, reader.Events(pipeline, "", ""));
  LastAccepted last;
  for (const EventRecord& event : events) {
    if (event.what == "definition.accepted") last.definition = event.sequence;
    if (event.what == "table.accepted") last.table = event.sequence;
  }
  return last;
}

Result<bool> ReadOlderTable(ledger::Reader& reader, const ledger::RunRecord& run, const LastAccepted& accepted) {
  if (accepted.table == 0) return false;
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> events,
                             reader.Events(run.pipeline, run.run_id, std::nullopt));
  std::int64_t began = 0;
  for (const EventRecord& event : events) {
    if (event.what == "claim.granted") began = event.sequence;
  }
  return began < accepted.table;
}

}  // namespace latecomer::engine
