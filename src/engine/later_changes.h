// What came after the versions that outputs were built from, where those are older than the first look at the sources:
// an adopted or rebuilt output. That look only knows what each partition holds by then.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/observed_sources.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/catalog.h"

namespace latecomer::engine {

// Of one table.
struct LaterChanges {
  Version since;  // what changed after it is here, by the partition columns that the table has now
  std::vector<ledger::ChangeRecord> changes;
  // What is left of each partition that was changed, should it be there no more: nothing, since its newest change.
  std::map<std::string, ledger::SourcePartitionRecord> emptied;  // by canonical key
};
using LaterChangesByTable = std::map<std::string, LaterChanges>;  // by location

// The commits after `after`, a version for each source by name (none: no look at that source), up to those that
// `sources` were seen at. kHistoryGone when one of them is gone; with `what_is_left` they are read from the oldest on
// that is still there, and of a long log no more than the last 20,000.
Result<LaterChangesByTable> ReadLaterChanges(const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                                             const ObservedSources& sources, const VersionVector& after,
                                             bool what_is_left);

using IsWanted = std::function<bool(const std::string& location, const std::string& key)>;

// Stores them, after what was observed: a partition that the ledger knows changed no earlier than they tell; of emptied
// ones that it doesn't know those that are wanted.
Status StoreLaterChanges(ledger::Writer& writer, const LaterChangesByTable& later, const IsWanted& is_wanted);

// A first look at a log that isn't whole dates by itself whatever it knows no change of, so that all of it seems newer
// than any output. Where the later changes tell better, the ledger's partitions are dated by them.
Status DatePartitions(ledger::Writer& writer, const ObservedSources& sources, const LaterChangesByTable& later);

}  // namespace latecomer::engine
