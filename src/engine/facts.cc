#include "engine/facts.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "engine/output_groups.h"
#include "lateness/decide.h"

namespace latecomer::engine {
namespace {

using lateness::Change;
using lateness::OutputFacts;
using lateness::RunFact;

// An output partition with what it is made from, in the making.
struct Group {
  OutputFacts facts;
  std::vector<MappedPartition> partitions;
};

using Groups = std::map<std::string, Group>;  // by canonical output key

RunFact::Kind ToKind(ledger::RunKind kind) {
  switch (kind) {
    case ledger::RunKind::kScheduled: return RunFact::Kind::kScheduled;
    case ledger::RunKind::kBackfill: return RunFact::Kind::kBackfill;
    case ledger::RunKind::kManual: return RunFact::Kind::kManual;
  }
  return RunFact::Kind::kManual;
}

RunFact::State ToState(ledger::RunState state) {
  switch (state) {
    case ledger::RunState::kQueued:
    case ledger::RunState::kRunning: return RunFact::State::kOpen;
    case ledger::RunState::kSuccess: return RunFact::State::kSucceeded;
    case ledger::RunState::kFailed: return RunFact::State::kFailed;
    case ledger::RunState::kSkipped: return RunFact::State::kSkipped;
    case ledger::RunState::kCancelled: return RunFact::State::kCancelled;
  }
  return RunFact::State::kOpen;
}

// What the source partitions alone tell.
Group Place(OutputGroup&& from, const Calendar& calendar) {
  Group group;
  group.facts.key = std::move(from.key);
  group.facts.start = from.start;
  if (from.start) group.facts.interval = calendar.IntervalAt(*from.start);
  group.facts.has_rows = false;
  for (const MappedPartition& mapped : from.partitions) {
    group.facts.has_rows = group.facts.has_rows || mapped.record->files > 0;
    const std::optional<Instant>& seen = mapped.record->first_seen;
    if (!mapped.own || !seen) continue;
    group.facts.first_seen = std::min(group.facts.first_seen.value_or(*seen), *seen);
  }
  group.partitions = std::move(from.partitions);
  return group;
}

Result<Groups> PlaceGroups(const pipeline::Pipeline& pipeline, const ObservedSources& sources) {
  LATECOMER_ASSIGN_OR_RETURN(OutputGroups found, GroupByOutput(pipeline, sources));
  Groups groups;
  for (auto& [canonical, group] : found) {
    groups.emplace_hint(groups.end(), canonical, Place(std::move(group), pipeline.rules.calendar));
  }
  return groups;
}

Status AddRuns(ledger::Reader& reader, const pipeline::Pipeline& pipeline, Groups& groups) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::RunRecord> runs, reader.Runs({.pipeline = pipeline.id}));
  for (const ledger::RunRecord& run : runs) {
    const auto it = groups.find(run.partition);
    if (it == groups.end()) continue;
    it->second.facts.runs.push_back({.run_id = run.run_id,
                                     .kind = ToKind(run.kind),
                                     .state = ToState(run.state),
                                     .cause = run.cause,
                                     .started = run.tries > 0,
                                     .running = run.state == ledger::RunState::kRunning,
                                     .with = run.state == ledger::RunState::kRunning ? run.waiting_for : ""});
  }
  return {};
}

Status AddProcessed(ledger::Reader& reader, const pipeline::Pipeline& pipeline, Groups& groups) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::ProcessedRecord> processed, reader.Processed(pipeline.id));
  for (const ledger::ProcessedRecord& record : processed) {
    const auto it = groups.find(record.partition);
    if (it == groups.end()) continue;
    it->second.facts.processed = lateness::ProcessedFact{record.vector, record.run_id, record.at};
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::ReleaseRecord> releases, reader.Releases(pipeline.id));
  for (const ledger::ReleaseRecord& record : releases) {
    const auto it = groups.find(record.partition);
    if (it != groups.end()) it->second.facts.released = record.up_to;
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::HoldRecord> holds, reader.Holds(pipeline.id));
  for (const ledger::HoldRecord& record : holds) {
    const auto it = groups.find(record.partition);
    if (it != groups.end()) it->second.facts.hold = lateness::HoldFact{record.reason, record.by};
  }
  return {};
}

Version ProcessedVersion(const std::optional<lateness::ProcessedFact>& processed, const std::string& source) {
  if (!processed) return kBeforeFirst;
  const auto it = processed->vector.find(source);
  return it == processed->vector.end() ? kBeforeFirst : it->second;
}

Change ToChange(const ledger::ChangeRecord& record, const std::string& source, const table::PartitionKey& key) {
  return Change{.source = source,
                .version = record.version,
                .timestamp = record.timestamp,
                .operation = record.operation,
                .source_partition = key,
                .counts = record.counts,
                .assumed = record.assumed,
                .note = record.note};
}

// A partition whose state says "changed after what was processed" although no single change is on record
// (first contact through a checkpoint, then adopted at an older version).
Change UnrecordedChange(const ledger::SourcePartitionRecord& partition, const table::PartitionKey& key,
                        const std::string& source, Instant seen_at) {
  Change change;
  change.source = source;
  change.version = partition.last_changed;
  change.timestamp = partition.first_seen.value_or(seen_at);
  change.source_partition = key;
  change.counts.rows_added = std::nullopt;
  change.counts.rows_removed = std::nullopt;
  change.assumed = true;
  change.note = "its commits are older than the first look at this table";
  return change;
}

using ChangesByKey = std::map<std::string, std::vector<ledger::ChangeRecord>>;

// Few candidates are looked up one by one, many with one pass over the changes.
Result<ChangesByKey> LoadChanges(ledger::Reader& reader, const std::string& location, Version after,
                                 const std::vector<std::string>& keys) {
  constexpr std::size_t kOneByOne = 64;
  ChangesByKey changes;
  if (keys.empty()) return changes;
  if (keys.size() <= kOneByOne) {
    for (const std::string& key : keys) {
      LATECOMER_ASSIGN_OR_RETURN(changes[key], reader.Changes(location, after, key));
    }
    return changes;
  }
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::ChangeRecord> all, reader.Changes(location, after, std::nullopt));
  for (ledger::ChangeRecord& record : all) changes[record.key].push_back(std::move(record));
  return changes;
}

// One source of the pipeline, with those of its changes that some output may not have seen.
struct SourceChanges {
  std::size_t index;
  const pipeline::Source& source;
  const ObservedTable& table;
  ChangesByKey by_key;
};

void CollectUnseen(const SourceChanges& changes, const ledger::SourcePartitionRecord& partition,
                   const table::PartitionKey& key, OutputFacts& facts) {
  const std::string& source = changes.source.name;
  const Version processed = ProcessedVersion(facts.processed, source);
  if (partition.last_changed <= processed) return;
  bool newest_recorded = false;
  if (const auto it = changes.by_key.find(partition.key); it != changes.by_key.end()) {
    for (const ledger::ChangeRecord& record : it->second) {
      if (record.version <= processed) continue;
      facts.unseen.push_back(ToChange(record, source, key));
      newest_recorded = newest_recorded || record.version == partition.last_changed;
    }
  }
  if (newest_recorded || !facts.processed) return;
  facts.unseen.push_back(UnrecordedChange(partition, key, source, changes.table.record.observed_at));
}

// What Advance found and nobody stored yet.
void AddUnstored(const ObservedTable& table, ChangesByKey& changes) {
  if (!table.Changed()) return;
  for (const ledger::ChangeRecord& record : table.new_changes) {
    auto& list = changes[record.key];
    const bool known =
        std::any_of(list.begin(), list.end(), [&](const auto& c) { return c.version == record.version; });
    if (!known) list.push_back(record);
  }
}

Status AddUnseenByTime(ledger::Reader& reader, SourceChanges changes, Groups& groups) {
  std::set<std::string> keys;
  Version oldest = changes.table.record.seen.version;
  for (const auto& [canonical, group] : groups) {
    const Version processed = ProcessedVersion(group.facts.processed, changes.source.name);
    for (const MappedPartition& mapped : group.partitions) {
      if (mapped.source != changes.index || mapped.record->last_changed <= processed) continue;
      keys.insert(mapped.record->key);
      oldest = std::min(oldest, processed);
    }
  }
  LATECOMER_ASSIGN_OR_RETURN(changes.by_key, LoadChanges(reader, changes.table.record.location, oldest,
                                                         std::vector<std::string>(keys.begin(), keys.end())));
  AddUnstored(changes.table, changes.by_key);
  for (auto& [canonical, group] : groups) {
    for (const MappedPartition& mapped : group.partitions) {
      if (mapped.source == changes.index) CollectUnseen(changes, *mapped.record, mapped.key, group.facts);
    }
  }
  return {};
}

// Of a source that is mapped as a whole: each change touches every output that was processed before it. One that was
// never processed will read the newest version anyway.
Status AddUnseenOfAll(ledger::Reader& reader, SourceChanges changes, Groups& groups) {
  std::vector<std::pair<const ledger::SourcePartitionRecord*, table::PartitionKey>> partitions;
  Version newest = kBeforeFirst;
  for (const auto& [canonical, record] : changes.table.partitions) {
    LATECOMER_ASSIGN_OR_RETURN(table::PartitionKey key,
                               table::ParseCanonicalKey(changes.table.record.partition_columns, canonical));
    partitions.emplace_back(&record, std::move(key));
    newest = std::max(newest, record.last_changed);
  }
  Version oldest = newest;
  for (const auto& [canonical, group] : groups) {
    if (group.facts.processed) oldest = std::min(oldest, ProcessedVersion(group.facts.processed, changes.source.name));
  }
  if (oldest == newest) return {};
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::ChangeRecord> all,
                             reader.Changes(changes.table.record.location, oldest, std::nullopt));
  for (ledger::ChangeRecord& record : all) changes.by_key[record.key].push_back(std::move(record));
  AddUnstored(changes.table, changes.by_key);
  for (auto& [canonical, group] : groups) {
    if (!group.facts.processed) continue;
    for (const auto& [record, key] : partitions) CollectUnseen(changes, *record, key, group.facts);
  }
  return {};
}

Status AddUnseen(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                 Groups& groups) {
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    const pipeline::Source& source = pipeline.sources[i];
    if (!MakesLate(source, sources)) continue;
    SourceChanges changes{i, source, sources.Of(source), {}};
    const bool by_time = lateness::GoesByTime(source.mapping);
    LATECOMER_RETURN_IF_ERROR(by_time ? AddUnseenByTime(reader, std::move(changes), groups)
                                      : AddUnseenOfAll(reader, std::move(changes), groups));
  }
  const bool one = pipeline.sources.size() == 1;
  for (auto& [canonical, group] : groups) {
    std::stable_sort(group.facts.unseen.begin(), group.facts.unseen.end(), [&](const Change& a, const Change& b) {
      return one ? a.version < b.version : std::tie(a.timestamp, a.source) < std::tie(b.timestamp, b.source);
    });
  }
  return {};
}

// Commit time of a partition's newest data, where it has to be looked up.
Result<std::optional<Instant>> LastSeen(ledger::Reader& reader, const std::string& location,
                                        const ledger::SourcePartitionRecord& partition) {
  std::optional<Instant> last;
  const Version before{partition.last_changed.value - 1};
  LATECOMER_ASSIGN_OR_RETURN(const auto changes, reader.Changes(location, before, partition.key));
  for (const ledger::ChangeRecord& change : changes) last = std::max(last.value_or(change.timestamp), change.timestamp);
  return last;
}

// Once written by a bad clock, a partition isn't too early for ever: what counts is its newest data, and what was
// processed of it is in no list of unseen changes.
Status AddLastSeen(ledger::Reader& reader, const pipeline::Pipeline& pipeline, Instant now, Group& group) {
  if (!lateness::CameTooEarly(group.facts, now)) return {};
  for (const MappedPartition& mapped : group.partitions) {
    if (!mapped.own) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto last,
                               LastSeen(reader, pipeline.sources[mapped.source].location, *mapped.record));
    if (last) group.facts.last_seen = std::max(group.facts.last_seen.value_or(*last), *last);
  }
  return {};
}

// The output interval that the newest partition of a source lies in, which proves those before it complete; one that
// came too early for its own interval proves nothing.
Result<std::optional<LocalTime>> ProofOf(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                         const pipeline::Source& source, const ObservedTable& table, Instant now) {
  std::optional<LocalTime> newest;
  const Calendar calendar = source.calendar();
  for (const auto& [canonical, record] : table.partitions) {
    OutputFacts facts;
    LATECOMER_ASSIGN_OR_RETURN(facts.key, table::ParseCanonicalKey(table.record.partition_columns, canonical));
    facts.start = lateness::StartOfKey(facts.key, source.partition, calendar);
    if (!facts.start || (newest && *facts.start <= *newest)) continue;
    facts.interval = calendar.IntervalAt(*facts.start);
    facts.first_seen = record.first_seen;
    if (lateness::CameTooEarly(facts, now)) {
      LATECOMER_ASSIGN_OR_RETURN(facts.last_seen, LastSeen(reader, table.record.location, record));
      for (const ledger::ChangeRecord& change : table.new_changes) {
        if (change.key == record.key)
          facts.last_seen = std::max(facts.last_seen.value_or(change.timestamp), change.timestamp);
      }
      if (lateness::CameTooEarly(facts, now)) continue;
    }
    newest = facts.start;
  }
  if (!newest) return newest;
  return std::optional(lateness::OwnOutput(source.mapping, calendar, pipeline.rules.calendar, *newest));
}

// With one source and equal intervals the outputs themselves tell.
Status AddProofs(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                 Instant now, lateness::PlanInput& input) {
  const auto by_time = [](const pipeline::Source& one) { return lateness::GoesByTime(one.mapping); };
  const auto count = std::count_if(pipeline.sources.begin(), pipeline.sources.end(), by_time);
  if (count == 1 && pipeline::ShapeOf(pipeline).mapping.kind == lateness::Mapping::Kind::kIdentity) return {};
  for (const pipeline::Source& source : pipeline.sources) {
    if (!by_time(source)) continue;
    LATECOMER_ASSIGN_OR_RETURN(input.proofs[source.name], ProofOf(reader, pipeline, source, sources.Of(source), now));
  }
  return {};
}

}  // namespace

Result<lateness::PlanInput> GatherFacts(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                        const ObservedSources& sources, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(Groups groups, PlaceGroups(pipeline, sources));
  LATECOMER_RETURN_IF_ERROR(AddRuns(reader, pipeline, groups));
  LATECOMER_RETURN_IF_ERROR(AddProcessed(reader, pipeline, groups));
  LATECOMER_RETURN_IF_ERROR(AddUnseen(reader, pipeline, sources, groups));
  lateness::PlanInput input;
  input.now = now;
  input.newest = NewestOf(pipeline, sources);
  LATECOMER_RETURN_IF_ERROR(AddProofs(reader, pipeline, sources, now, input));
  for (auto& [canonical, group] : groups) {
    LATECOMER_RETURN_IF_ERROR(AddLastSeen(reader, pipeline, now, group));
    input.outputs.push_back(std::move(group.facts));
  }
  return input;
}

Result<std::vector<Change>> UnseenChanges(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                          const ObservedSources& sources, const std::string& output_key,
                                          const std::optional<ledger::ProcessedRecord>& processed) {
  LATECOMER_ASSIGN_OR_RETURN(Groups groups, PlaceGroups(pipeline, sources));
  const auto it = groups.find(output_key);
  if (it == groups.end()) return std::vector<Change>{};
  Groups one;
  Group& group = one.emplace(output_key, std::move(it->second)).first->second;
  if (processed) group.facts.processed = lateness::ProcessedFact{processed->vector, processed->run_id, processed->at};
  LATECOMER_RETURN_IF_ERROR(AddUnseen(reader, pipeline, sources, one));
  return std::move(group.facts.unseen);
}

}  // namespace latecomer::engine
