// Outputs that are built on the one before them (`propagate: following`): which of two was built later.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/partition_key.h"

namespace latecomer::engine {

// When an output counts as built that is recorded at `now`, or a try as begun: after all that is recorded, and after
// what is at work began, though a clock went back. Without `propagate: following` the order tells nothing, and it is
// `now`.
Result<Instant> BuiltAt(ledger::Reader& reader, const pipeline::Pipeline& pipeline, Instant now);

// Of the outputs before the partition in its series, one that was built after `since`; nullopt when none was, when the
// partition has no interval, and without `propagate: following`.
Result<std::optional<ledger::ProcessedRecord>> FollowedSince(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                                             const table::PartitionSchema& schema,
                                                             const std::string& partition, Instant since);

}  // namespace latecomer::engine
