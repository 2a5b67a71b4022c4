// From what the ledger and the tables say to the planner's input.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/observed_sources.h"
#include "lateness/plan.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// Everything the planner wants to know about all of the pipeline's output partitions.
Result<lateness::PlanInput> GatherFacts(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                        const ObservedSources& sources, Instant now);

// The data-changing commits on the source partitions of one output partition that its processed vector
// doesn't cover; all known ones when it was never processed.
Result<std::vector<lateness::Change>> UnseenChanges(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                                    const ObservedSources& sources, const std::string& output_key,
                                                    const std::optional<ledger::ProcessedRecord>& processed);

}  // namespace latecomer::engine
