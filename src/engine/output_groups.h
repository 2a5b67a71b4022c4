// Which source partitions each output partition is made from, by the pipeline's mappings; and the reverse.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/observed_sources.h"
#include "engine/source_partitions.h"
#include "pipeline/pipeline.h"
#include "table/partition_key.h"

namespace latecomer::engine {

// A source partition that an output partition is made from.
struct MappedPartition {
  std::size_t source = 0;  // its place in the pipeline's sources
  const ledger::SourcePartitionRecord* record = nullptr;
  table::PartitionKey key;
  bool own = true;  // of the output's own interval, not one that a window reaches back to
};

// An output partition. It exists where a source that goes by time has, or had, data of its own interval; with
// `empty_partitions: run` also in the gaps between those of one series, from the schedule's start on.
struct OutputGroup {
  table::PartitionKey key;
  bool gap = false;
  std::optional<LocalTime> start;           // nullopt: no interval
  std::vector<MappedPartition> partitions;  // of sources that go by time
};

using OutputGroups = std::map<std::string, OutputGroup>;  // by canonical output key

// Partitions by place in the pipeline's sources; of those that go by time.
using PlacedSources = std::vector<std::vector<PlacedSource>>;

// Partitions of sources that don't go by time are in no group. The records must outlive what is returned. Of a part of
// the partitions: the groups are whole whose every source interval is there.
Result<OutputGroups> GroupByOutput(const pipeline::Pipeline& pipeline, const table::PartitionSchema& schema,
                                   const PlacedSources& sources);
// Of tables that are there as a whole.
Result<OutputGroups> GroupByOutput(const pipeline::Pipeline& pipeline, const ObservedSources& sources);

// Does a change of this source make outputs late? Not of `latest` ones and of tables without partitions.
bool MakesLate(const pipeline::Source& source, const ObservedSources& sources);

// Canonical keys of the outputs that partitions of one table (by canonical key) are mapped to and make late.
Result<std::set<std::string>> OutputsTouchedBy(const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                                               const std::string& location, const std::set<std::string>& keys);

// Which partitions of a source an output partition is made from; agrees with GroupByOutput. Of `latest` and `all` every
// one.
std::function<bool(const table::PartitionKey&)> MappedTo(const pipeline::Pipeline& pipeline, std::size_t source,
                                                         const table::PartitionKey& output);

}  // namespace latecomer::engine
