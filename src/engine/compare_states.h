// What changed where no commits tell: what each partition held, by fingerprint, against what it holds now.
#pragma once

#include <string>

#include "engine/observed_table.h"
#include "table/table.h"

namespace latecomer::engine {

// A state as the ledger keeps it; `fallback` where the log doesn't say when it last changed.
ledger::SourcePartitionRecord ToSourcePartition(const table::PartitionState& state, Version fallback);

// A change that no commit told of: by the newest version, of unknown rows, marked `assumed`.
ledger::ChangeRecord AssumedChange(const std::string& key, const table::Snapshot& now_there, std::string note);

// Brings the partitions of `table` to what `now_there` holds. Each that holds other files than before gets an assumed
// change, with `why` and what differs as its note.
void CompareStates(const table::Snapshot& now_there, const std::string& why, ObservedTable& table);

}  // namespace latecomer::engine
