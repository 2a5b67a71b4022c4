// The runs of a pipeline that say whether queued ones may start.
#pragma once

#include <string_view>
#include <vector>

#include "engine/admission.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// Of a run that could start, where steps are done by workers outside.
inline constexpr std::string_view kOutsideWait = "a worker outside that claims it";

// Those that are open, and with depends_on_past the newest one of the partition before each that is queued; all of them
// while the ledger doesn't know where they lie in time. Oldest first.
Result<std::vector<PlacedRun>> LoadRuns(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                        const table::PartitionSchema& schema);

}  // namespace latecomer::engine
