// Going on with a pipeline that makes other outputs than before, makes them of other partitions, or writes them
// elsewhere (design, section 5: changing a pipeline). Until a person accepts that, the pipeline stops.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/accept.h"
#include "engine/observed_sources.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

struct AcceptedDefinition {
  std::vector<std::string> what;       // changed, as in DefinitionChange
  std::size_t late = 0;                // outputs that are processed again, by the rules for late data
  std::size_t kept = 0;                // outputs that count as processed
  std::size_t gone = 0;                // processed partitions that are no outputs any more; their records are removed
  std::vector<std::string> cancelled;  // queued runs of such
};

// In one transaction; afterwards the ledger knows the pipeline as it is now. What happens to its outputs:
//   kCompare    those made of the same source partitions and written to the same place stay; others are late
//   kProcessed  all that is processed, late or due counts as built from the newest versions
//   kChanged    all that is processed is late
// Nullopt, with nothing changed, when nothing has to be accepted. kConflict when a run holds a claim.
Result<std::optional<AcceptedDefinition>> AcceptDefinition(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                                           const ObservedSources& sources, AcceptAs as, Instant now);

// The definition that partitions were processed by, when another one has to be accepted; nullopt else. A table is
// accepted for that one first.
Result<std::optional<pipeline::Pipeline>> DefinitionBefore(ledger::Reader& reader, const pipeline::Pipeline& pipeline);

}  // namespace latecomer::engine
