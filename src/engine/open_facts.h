// The planner's input without what is settled, so that a plan costs what there is to plan.
//
// An output partition is settled when it was processed and nothing newer is on its sources. The ledger keeps up to
// where that is known (`ledger/plan_index.h`); docs/architecture.md tells how.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/observed_sources.h"
#include "lateness/plan.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// What the plan index of the ledger may be told after a look at it.
struct IndexUpdate {
  std::optional<ledger::SettledRecord> before;   // what the look rested on
  std::optional<ledger::SettledRecord> settled;  // what is known now; nullopt: nothing else than before
  std::vector<std::string> mark;
  std::vector<ledger::MarkRecord> unmark;
  std::map<std::string, table::CommitIdentity> seen;  // of the tables, by location
  bool place = false;                                 // something in the ledger has no place in time yet

  bool Empty() const { return !settled && mark.empty() && unmark.empty() && !place; }
};

struct OpenFacts {
  lateness::PlanInput input;
  // Of the outputs that begin later only some were looked at; nullopt: none was left out for being too far ahead.
  std::optional<LocalTime> horizon;
  IndexUpdate update;
};

struct OpenScope {
  // How many intervals to look at, of those after the newest one that was processed or started; nullopt: all of them.
  std::optional<int> ahead{};
  // An output partition that has to be looked at however settled it is, with the neighbours that a look-back needs.
  std::optional<table::PartitionKey> around{};
};

// A plan made of it has the entries of one made of all output partitions, but for some that are up to date, and those
// too far ahead. When the sources come from the ledger as they are, ApplyIndexUpdate keeps what was found, and the next
// look costs less.
Result<OpenFacts> GatherOpenFacts(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                  const ObservedSources& sources, Instant now, const OpenScope& scope = {});

// Keeps what a look at the stored tables found; does nothing where somebody else was faster. Also gives new source
// partitions, runs and processed partitions their places in time.
Status ApplyIndexUpdate(ledger::Writer& writer, const pipeline::Pipeline& pipeline, const IndexUpdate& update);

// New runs and processed partitions get their places; best in the transaction that made them.
Status PlaceOutputs(ledger::Writer& writer, const pipeline::Pipeline& pipeline);

// The ledger knows what of the pipeline is settled; then the runs in it have their places, too, but for new ones.
Result<bool> HasPlanIndex(ledger::Reader& reader, const pipeline::Pipeline& pipeline);

}  // namespace latecomer::engine
