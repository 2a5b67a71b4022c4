// What was processed, concluded from the outputs alone: each commit of a SQL step says from which versions it was
// made. For a ledger that was lost, or put back from an old copy.
#pragma once

#include <string>
#include <vector>

#include "engine/observed_sources.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/catalog.h"

namespace latecomer::engine {

struct Rebuilt {
  std::vector<std::string> recorded;        // partitions that are processed now, as the outputs say; for people
  std::vector<std::string> unknown;         // their newest commit is gone from the log or was not made by latecomer
  std::vector<std::string> ahead;           // built from versions that a source doesn't have: it isn't the table it was
  std::vector<std::string> incomplete;      // some outputs have them and some don't
  std::vector<std::string> without_source;  // an output has them and the sources don't; they stay as they are
  int kept = 0;                             // the ledger knew as much already, or a run of them is at work
  std::vector<std::string> took_over;  // ids of the ledgers for which the outputs were written, as far as they are new
};

// Records each output partition of `sources` as processed at the versions its outputs were built from, where the ledger
// doesn't know of that write; with several outputs at the older ones. With `take_over`, outputs that were written for
// other ledgers count too, and this ledger may write to them from now on.
// kInvalidArgument when the pipeline has no SQL step, kConflict for outputs of another ledger without `take_over`,
// kNotFound when there is no output yet.
Result<Rebuilt> RebuildProcessed(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                                 const ObservedSources& sources, bool take_over, Instant now);

}  // namespace latecomer::engine
