// Runs that a person asks for, of partitions whatever the plan says about them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cadence.h"
#include "engine/act.h"
#include "engine/observed_sources.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/partition_key.h"

namespace latecomer::engine {

struct TriggerSelection {
  std::vector<table::PartitionKey> partitions;  // these, if CheckNamedPartition takes them
  // And the output partitions that exist and begin in [from, to]; a missing end is open. Nothing when both are missing.
  std::optional<LocalTime> from{};
  std::optional<LocalTime> to{};
};

struct TriggeredRun {
  table::PartitionKey key;
  std::optional<ledger::ProcessedRecord> processed;  // what it was last built from
  std::string open_run;                              // a run of it that is queued or running already; may be empty
  ledger::RunRecord run;                             // once done
};

struct TriggerPlan {
  std::vector<TriggeredRun> affected;  // by interval
  std::string fingerprint;
};

Result<TriggerPlan> PreviewTrigger(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                   const ObservedSources& sources, const TriggerSelection& selection);
// One transaction: a queued manual run of each.
Result<TriggerPlan> ApplyTrigger(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                 const ObservedSources& sources, const TriggerSelection& selection,
                                 const std::string& confirmed, const Act& act);

}  // namespace latecomer::engine
