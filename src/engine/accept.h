// Going on with a table that is another one than before: its id or its partition columns changed, it went backwards,
// or it was written anew. Until a person accepts it, the pipelines on it stop (design, section 4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/observed_table.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/table.h"

namespace latecomer::engine {

enum class AcceptAs {
  kCompare,    // partitions with other files than before changed; what waited to be processed still does
  kProcessed,  // nothing changed: outputs count as built from the table as it is now
  kChanged,    // everything changed
};

struct AcceptedTable {
  std::string why;  // it wasn't the table seen before
  Version before;   // what was seen of that one
  Version now;
  std::vector<table::PartitionKey> changed;  // source partitions that count as changed
  std::size_t same = 0;                      // source partitions that don't
  struct Effect {
    std::string pipeline;
    std::size_t late = 0;  // outputs that were processed and have something new to process
    std::size_t kept = 0;  // outputs that stay as processed
  };
  std::vector<Effect> pipelines;
};

// In one transaction: what the ledger knows of the table is replaced by the table's newest state; changes of the old
// one are forgotten; what each of `readers` (all pipelines that read this table) processed is noted as built from the
// new one, or, where it changed, from nothing of it. `processed` stays.
// Nullopt, with nothing changed, when it is the table that was seen or one that was never read. kConflict when a run of
// a reader holds a claim.
Result<std::optional<AcceptedTable>> AcceptTable(ledger::Ledger& ledger, const std::vector<pipeline::Pipeline>& readers,
                                                 const table::TableHistory& history, AcceptAs as, Instant now);

}  // namespace latecomer::engine
