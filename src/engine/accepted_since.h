// What people accepted since something happened. Versions of a table are none of the one that took its place, and what
// was built by a definition is not what another one builds.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "ledger/ledger.h"

namespace latecomer::engine {

// Was another definition of the pipeline, or another table in a source's place, accepted after the event `sequence`?
Result<bool> AcceptedSince(ledger::Reader& reader, const std::string& pipeline, std::int64_t sequence);

// Was another table accepted in a source's place after the run's last try began?
Result<bool> TableAcceptedSince(ledger::Reader& reader, const ledger::RunRecord& run);

}  // namespace latecomer::engine
