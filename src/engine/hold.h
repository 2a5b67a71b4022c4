// Holding partitions back and letting them go. A person holds a partition with a reason: nothing of it starts, also
// what is queued already. Rules hold changes; a release covers those up to what was seen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/act.h"
#include "engine/observed_sources.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/partition_key.h"

namespace latecomer::engine {

struct Held {
  ledger::HoldRecord hold;
  std::int64_t event = 0;  // Undo takes it
};
// What is running goes on to its end. A second hold replaces the first one's reason. kInvalidArgument without a reason,
// with one over 1,000 bytes, and for a partition that CheckNamedPartition refuses.
Result<Held> HoldPartition(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                           const table::PartitionKey& key, const std::string& reason, const Act& act);

struct Released {
  table::PartitionKey key;
  std::optional<ledger::HoldRecord> hold;  // a person's, which is gone now
  std::string rule;                        // else the rule whose held changes are let go …
  VersionVector up_to;                     // … up to these versions
  std::int64_t event = 0;                  // Undo takes it
};
// A person's hold when there is one, else what a rule holds. kNotFound when nothing is held.
Result<Released> ReleasePartition(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                  const ObservedSources& sources, const table::PartitionKey& key, const Act& act);

struct RuleRelease {
  std::vector<Released> affected;  // in the plan's order; without events in a preview
  std::string fingerprint;         // of the partitions, and of the versions up to which they are let go
};
// Everything that one rule holds; `rule` as `plan --held` names it. What persons hold stays. kNotFound when the rule
// holds nothing. The preview writes nothing.
Result<RuleRelease> PreviewReleaseOfRule(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                         const ObservedSources& sources, const std::string& rule, Instant now);
// In one transaction. With a preview's fingerprint in `confirmed`, kConflict when it would let go something else by
// now.
Result<RuleRelease> ReleaseAllOfRule(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                     const ObservedSources& sources, const std::string& rule,
                                     const std::string& confirmed, const Act& act);

}  // namespace latecomer::engine
