// A pipeline file that says something else than it did when its partitions were processed (design, section 5: changing
// a pipeline).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/catalog.h"

namespace latecomer::engine {

struct DefinitionChange {
  // What makes other outputs than before, makes them of other partitions or writes them elsewhere, for people:
  // "output.cadence (day, now month)". Not empty: nothing goes on until AcceptDefinition.
  std::vector<std::string> needs_accept;
  std::vector<std::string> new_sources;        // names that the definition before has not
  std::map<std::string, std::string> renamed;  // the same source by another name: name now → name before
  std::set<std::string> other_tables;          // sources of the same name that are read from another table now

  bool AddsSources() const { return !new_sources.empty() || !renamed.empty(); }
};

DefinitionChange CompareDefinitions(const pipeline::Pipeline& before, const pipeline::Pipeline& now);

// What became another one since the pipeline was last registered; nullopt when the ledger doesn't know it, when it is
// the same, and when what the ledger has can't be read any more.
Result<std::optional<DefinitionChange>> ChangeSinceRegistered(ledger::Reader& reader,
                                                              const pipeline::Pipeline& pipeline);

// kConflict when the change needs somebody's word and something was processed or is queued under the old definition.
Status CheckDefinition(ledger::Reader& reader, const pipeline::Pipeline& pipeline);

// What a processed partition counts as built from under the changed definition: a new source counts as seen at its
// version in `seen`, a renamed one keeps what it had.
VersionVector CarryOver(const DefinitionChange& change, const VersionVector& seen, VersionVector vector);

// Up to where changes were released: by the sources' names now, and nothing of versions of another table.
Status CarryOverReleases(ledger::Writer& writer, const std::string& pipeline, const DefinitionChange& change);

// Makes the pipeline, or its changed definition, known to the ledger. New sources count as seen at the version they
// have now. kConflict as CheckDefinition.
Status RegisterPipeline(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                        Instant now);

// Ids of the runs that built what is processed by another definition; those that were adopted or marked tell nothing.
Result<std::vector<std::int64_t>> RunsOfOlderDefinitions(ledger::Reader& reader, const pipeline::Pipeline& pipeline);

// The record and its event, within a transaction that did the rest.
Status PutDefinition(ledger::Writer& writer, const pipeline::Pipeline& pipeline, Instant now);

}  // namespace latecomer::engine
