#include "engine/facts.h"

#include <algorithm>
#include <utility>

#include "lateness/decide.h"

namespace latecomer::engine {
namespace {

using lateness::Change;
using lateness::OutputFacts;
using lateness::RunFact;

// One source partition and the output partition it is folded into.
struct Mapped {
  const ledger::SourcePartitionRecord* record;
  table::PartitionKey key;
};

struct Group {
  OutputFacts facts;
  std::vector<Mapped> sources;
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

Result<Groups> GroupByOutput(const pipeline::Pipeline& pipeline, const ObservedTable& table) {
  Groups groups;
  for (const auto& [canonical, record] : table.partitions) {
    LATECOMER_ASSIGN_OR_RETURN(table::PartitionKey key,
                               table::ParseCanonicalKey(table.record.partition_columns, canonical));
    LATECOMER_ASSIGN_OR_RETURN(table::PartitionKey output, lateness::Project(key, pipeline.output.columns));
    Group& group = groups[output.Canonical()];
    group.facts.has_rows = record.files > 0 || (!group.sources.empty() && group.facts.has_rows);
    if (record.first_seen && (!group.facts.first_seen || *record.first_seen < *group.facts.first_seen)) {
      group.facts.first_seen = record.first_seen;
    }
    group.facts.key = std::move(output);
    group.sources.push_back({&record, std::move(key)});
  }
  const Calendar& calendar = pipeline.rules.calendar;
  for (auto& [canonical, group] : groups) {
    group.facts.start = lateness::StartOfKey(group.facts.key, pipeline.output.partition, calendar);
    if (group.facts.start) group.facts.interval = calendar.IntervalAt(*group.facts.start);
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
  return {};
}

Version ProcessedVersion(const std::optional<lateness::ProcessedFact>& processed, const std::string& source) {
  if (!processed) return kBeforeFirst;
  const auto it = processed->vector.find(source);
  return it == processed->vector.end() ? kBeforeFirst : it->second;
}

Change ToChange(const ledger::ChangeRecord& record, const std::string& source, table::PartitionKey key) {
  return Change{.source = source,
                .version = record.version,
                .timestamp = record.timestamp,
                .operation = record.operation,
                .source_partition = std::move(key),
                .counts = record.counts,
                .assumed = record.assumed,
                .note = record.note};
}

// A partition whose state says "changed after what was processed" although no single change is on record
// (first contact through a checkpoint, then adopted at an older version).
Change UnrecordedChange(const Mapped& mapped, const std::string& source, Instant seen_at) {
  Change change;
  change.source = source;
  change.version = mapped.record->last_changed;
  change.timestamp = mapped.record->first_seen.value_or(seen_at);
  change.source_partition = mapped.key;
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

void CollectUnseen(const Group& group, const std::string& source, const ChangesByKey& changes, Instant seen_at,
                   std::vector<Change>& unseen) {
  const Version processed = ProcessedVersion(group.facts.processed, source);
  for (const Mapped& mapped : group.sources) {
    if (mapped.record->last_changed <= processed) continue;
    bool newest_recorded = false;
    if (const auto it = changes.find(mapped.record->key); it != changes.end()) {
      for (const ledger::ChangeRecord& record : it->second) {
        if (record.version <= processed) continue;
        unseen.push_back(ToChange(record, source, mapped.key));
        newest_recorded = newest_recorded || record.version == mapped.record->last_changed;
      }
    }
    if (!newest_recorded && group.facts.processed) unseen.push_back(UnrecordedChange(mapped, source, seen_at));
  }
  std::stable_sort(unseen.begin(), unseen.end(),
                   [](const Change& a, const Change& b) { return a.version < b.version; });
}

Status AddUnseen(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedTable& table,
                 Groups& groups) {
  const std::string& source = pipeline.sources.front().name;
  std::vector<std::string> keys;
  Version oldest = table.record.seen.version;
  for (const auto& [canonical, group] : groups) {
    const Version processed = ProcessedVersion(group.facts.processed, source);
    for (const Mapped& mapped : group.sources) {
      if (mapped.record->last_changed <= processed) continue;
      keys.push_back(mapped.record->key);
      oldest = std::min(oldest, processed);
    }
  }
  LATECOMER_ASSIGN_OR_RETURN(ChangesByKey changes, LoadChanges(reader, table.record.location, oldest, keys));
  // What Advance found and nobody stored yet.
  if (table.Changed()) {
    for (const ledger::ChangeRecord& record : table.new_changes) {
      auto& list = changes[record.key];
      const bool known =
          std::any_of(list.begin(), list.end(), [&](const auto& c) { return c.version == record.version; });
      if (!known) list.push_back(record);
    }
  }
  for (auto& [canonical, group] : groups) {
    CollectUnseen(group, source, changes, table.record.observed_at, group.facts.unseen);
  }
  return {};
}

// Once written by a bad clock, a partition isn't too early for ever: what counts is its newest data, and what was
// processed of it is in no list of unseen changes.
Status AddLastSeen(ledger::Reader& reader, const std::string& location, Instant now, Group& group) {
  if (!lateness::CameTooEarly(group.facts, now)) return {};
  for (const Mapped& mapped : group.sources) {
    const Version before{mapped.record->last_changed.value - 1};
    LATECOMER_ASSIGN_OR_RETURN(const auto changes, reader.Changes(location, before, mapped.record->key));
    for (const ledger::ChangeRecord& change : changes) {
      group.facts.last_seen = std::max(group.facts.last_seen.value_or(change.timestamp), change.timestamp);
    }
  }
  return {};
}

}  // namespace

Result<table::PartitionSchema> OutputSchema(const pipeline::Pipeline& pipeline, const ObservedTable& table) {
  table::PartitionSchema schema;
  for (const std::string& name : pipeline.output.columns) {
    const auto& columns = table.record.partition_columns;
    const auto it = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
    if (it == columns.end()) {
      return Fail(
          Error(ErrorKind::kInvalidFile,
                "the output's partition column `" + name + "` is no partition column of " + table.record.location)
              .In(pipeline.file)
              .Hint("`latecomer partitions " + table.record.location + "` shows the table's partition columns"));
    }
    schema.push_back(*it);
  }
  return schema;
}

Result<lateness::PlanInput> GatherFacts(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                        const ObservedTable& table, Instant now) {
  LATECOMER_RETURN_IF_ERROR(OutputSchema(pipeline, table));
  LATECOMER_ASSIGN_OR_RETURN(Groups groups, GroupByOutput(pipeline, table));
  LATECOMER_RETURN_IF_ERROR(AddRuns(reader, pipeline, groups));
  LATECOMER_RETURN_IF_ERROR(AddProcessed(reader, pipeline, groups));
  LATECOMER_RETURN_IF_ERROR(AddUnseen(reader, pipeline, table, groups));
  lateness::PlanInput input;
  input.now = now;
  input.newest[pipeline.sources.front().name] = table.record.seen.version;
  for (auto& [canonical, group] : groups) {
    LATECOMER_RETURN_IF_ERROR(AddLastSeen(reader, table.record.location, now, group));
    input.outputs.push_back(std::move(group.facts));
  }
  return input;
}

Result<std::vector<Change>> UnseenChanges(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                          const ObservedTable& table, const std::string& output_key,
                                          const std::optional<ledger::ProcessedRecord>& processed) {
  LATECOMER_ASSIGN_OR_RETURN(Groups groups, GroupByOutput(pipeline, table));
  const auto it = groups.find(output_key);
  if (it == groups.end()) return std::vector<Change>{};
  Groups one;
  Group& group = one.emplace(output_key, std::move(it->second)).first->second;
  if (processed) group.facts.processed = lateness::ProcessedFact{processed->vector, processed->run_id, processed->at};
  LATECOMER_RETURN_IF_ERROR(AddUnseen(reader, pipeline, table, one));
  return std::move(group.facts.unseen);
}

}  // namespace latecomer::engine
