// The tables that a pipeline's sources name, as they are known at one moment.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/observed_table.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/catalog.h"

namespace latecomer::engine {

struct ObservedSources {
  std::map<std::string, ObservedTable> tables;  // by location; two sources may name one table

  // The table of a source of the pipeline that this was observed for.
  const ObservedTable& Of(const pipeline::Source& source) const { return tables.at(source.location); }
  // What was unusual, for people; empty otherwise.
  std::string Note() const;
};

// What the ledger knows, without the tables' partitions; nullopt when it doesn't know one of the tables yet.
Result<std::optional<ObservedSources>> LoadSources(ledger::Reader& reader, const pipeline::Pipeline& pipeline);
// Looks at each source as a command does: brings what the ledger knows of it up to the newest version, and stores
// nothing. Errors as Advance.
Result<ObservedSources> ObserveSources(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                       table::Catalog& catalog, Instant now);
// Fetches the partitions that the tables lack.
Status LoadPartitions(ledger::Reader& reader, ObservedSources& sources);

// The newest seen version of each source, by its name.
VersionVector NewestOf(const pipeline::Pipeline& pipeline, const ObservedSources& sources);

// The output's partition columns, with the types that the source which shapes it gives them; columns that only a
// roll-up makes are texts when they have a format or hold hours, integers when they are several, dates else.
// kInvalidFile when the table has no such partition column. `shape` has the partition columns of that source's table.
Result<table::PartitionSchema> OutputSchema(const pipeline::Pipeline& pipeline, const table::PartitionSchema& shape);
Result<table::PartitionSchema> OutputSchema(const pipeline::Pipeline& pipeline, const ObservedSources& sources);

}  // namespace latecomer::engine
