// What is known of output partitions: of all of them, or of those of chosen intervals.
#include "engine/facts_reader.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/load_runs.h"
#include "lateness/decide.h"

namespace latecomer::engine {
namespace {

using lateness::Change;
using lateness::OutputFacts;
using lateness::RunFact;

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

// What Advance found and nobody stored yet.
void AddUnstored(const ObservedTable& table, std::map<std::string, std::vector<ledger::ChangeRecord>>& changes) {
  if (!table.Changed()) return;
  for (const ledger::ChangeRecord& record : table.new_changes) {
    auto& list = changes[record.key];
    const bool known =
        std::any_of(list.begin(), list.end(), [&](const auto& c) { return c.version == record.version; });
    if (!known) list.push_back(record);
  }
}

// Up to so many are looked up by key, more with one pass over all.
constexpr std::size_t kByKey = 500;

}  // namespace

std::optional<std::optional<LocalTime>> StartOfOutput(const pipeline::Pipeline& pipeline,
                                                      const table::PartitionSchema& schema,
                                                      const std::string& canonical) {
  const auto key = table::ParseCanonicalKey(schema, canonical);
  if (!key) return std::nullopt;
  return lateness::StartOfKey(*key, pipeline.output.partition, pipeline.rules.calendar);
}

FactsReader::FactsReader(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                         Instant now)
    : reader_(reader), pipeline_(pipeline), sources_(sources), now_(now) {}

Result<bool> FactsReader::Open() {
  LATECOMER_ASSIGN_OR_RETURN(schema_, OutputSchema(pipeline_, sources_));
  LATECOMER_ASSIGN_OR_RETURN(change_, ChangeSinceRegistered(reader_, pipeline_));
  if (change_ && !change_->AddsSources()) change_.reset();
  bool by_index = true;
  for (std::size_t i = 0; i < pipeline_.sources.size(); ++i) {
    const pipeline::Source& source = pipeline_.sources[i];
    if (!MakesLate(source, sources_)) continue;
    LATECOMER_RETURN_IF_ERROR(CheckUnmoved(reader_, sources_.Of(source)));
    SourcePartitions& partitions = partitions_.try_emplace(i, reader_, source, sources_.Of(source)).first->second;
    LATECOMER_ASSIGN_OR_RETURN(const bool kept, partitions.Open());
    if (lateness::GoesByTime(source.mapping)) by_index = by_index && kept;
  }
  return by_index;
}

// ----- which output partitions there are

Result<FactsReader::Groups> FactsReader::GroupAll(const pipeline::Pipeline& by) {
  PlacedSources placed(pipeline_.sources.size());
  for (auto& [index, partitions] : partitions_) {
    if (!lateness::GoesByTime(partitions.source().mapping)) continue;
    LATECOMER_ASSIGN_OR_RETURN(placed[index], partitions.All());
  }
  return Place(by, placed, nullptr);
}

namespace {

using Range = std::pair<LocalTime, LocalTime>;  // both ends included

// The source intervals that the outputs of these starts are made from; those that touch are one range.
std::vector<Range> RangesOf(const pipeline::Source& source, const Calendar& output, const Starts& starts) {
  std::vector<Range> ranges;
  const Calendar calendar = source.calendar();
  for (const std::optional<LocalTime>& start : starts) {
    if (!start) continue;
    const auto mapped = lateness::SourceStarts(source.mapping, calendar, output, *start);
    if (mapped.empty()) continue;
    if (!ranges.empty() && mapped.front() <= calendar.Step(ranges.back().second, 1)) {
      ranges.back().second = std::max(ranges.back().second, mapped.back());
    } else {
      ranges.emplace_back(mapped.front(), mapped.back());
    }
  }
  return ranges;
}

}  // namespace

Result<FactsReader::Groups> FactsReader::GroupOf(const Starts& starts) {
  PlacedSources placed(pipeline_.sources.size());
  for (auto& [index, partitions] : partitions_) {
    if (!lateness::GoesByTime(partitions.source().mapping)) continue;
    std::vector<PlacedSource>& found = placed[index];
    if (starts.contains(std::nullopt)) {
      LATECOMER_ASSIGN_OR_RETURN(found, partitions.WithoutInterval());
    }
    for (const auto& [first, last] : RangesOf(partitions.source(), pipeline_.rules.calendar, starts)) {
      LATECOMER_ASSIGN_OR_RETURN(std::vector<PlacedSource> some, partitions.Between(first, last));
      std::move(some.begin(), some.end(), std::back_inserter(found));
    }
    // In the order in which all of them are read.
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.record->key < b.record->key; });
  }
  return Place(pipeline_, placed, &starts);
}

// Groups of other intervals than those asked for are there in part only: a window reaches back to them.
Result<FactsReader::Groups> FactsReader::Place(const pipeline::Pipeline& by, const PlacedSources& placed,
                                               const Starts* starts) {
  LATECOMER_ASSIGN_OR_RETURN(OutputGroups found, GroupByOutput(by, schema_, placed));
  Groups groups;
  for (auto& [canonical, from] : found) {
    if (starts != nullptr && !starts->contains(from.start)) continue;
    Group group;
    group.facts.key = std::move(from.key);
    group.facts.start = from.start;
    if (from.start) group.facts.interval = pipeline_.rules.calendar.IntervalAt(*from.start);
    group.facts.gap = from.gap;
    group.facts.has_rows = false;
    for (const MappedPartition& mapped : from.partitions) {
      group.facts.has_rows = group.facts.has_rows || mapped.record->files > 0;
      const std::optional<Instant>& seen = mapped.record->first_seen;
      if (!mapped.own || !seen) continue;
      group.facts.first_seen = std::min(group.facts.first_seen.value_or(*seen), *seen);
    }
    group.partitions = std::move(from.partitions);
    groups.emplace_hint(groups.end(), canonical, std::move(group));
  }
  return groups;
}

// ----- what became of them

namespace {

// Of one that was just given back nobody noted yet what it waits for.
std::string WaitOf(const pipeline::Pipeline& pipeline, const ledger::RunRecord& run) {
  const bool outside = pipeline.workers == pipeline::Workers::kOutside;
  const bool untold = run.state == ledger::RunState::kQueued && run.waiting_for.empty();
  return untold && outside ? std::string(kOutsideWait) : run.waiting_for;
}

template <typename Groups>
std::vector<std::string> KeysOf(const Groups& groups) {
  std::vector<std::string> keys;
  keys.reserve(groups.size());
  for (const auto& [canonical, group] : groups) keys.push_back(canonical);
  return keys;
}

}  // namespace

Status FactsReader::AddRuns(Groups& groups, Which which) {
  std::vector<ledger::RunRecord> runs;
  if (which == Which::kAll || groups.size() > kByKey) {
    LATECOMER_ASSIGN_OR_RETURN(runs, reader_.Runs({.pipeline = pipeline_.id}));
  } else {
    LATECOMER_ASSIGN_OR_RETURN(runs, reader_.RunsOf(pipeline_.id, KeysOf(groups)));
  }
  for (const ledger::RunRecord& run : runs) {
    const auto it = groups.find(run.partition);
    if (it == groups.end()) continue;
    it->second.facts.runs.push_back({.run_id = run.run_id,
                                     .kind = ToKind(run.kind),
                                     .state = ToState(run.state),
                                     .cause = run.cause,
                                     .started = run.tries > 0,
                                     .running = run.state == ledger::RunState::kRunning,
                                     .with = WaitOf(pipeline_, run),
                                     .ended = run.ended});
  }
  return {};
}

// Processed, though no source is known to have had data for it: on request, as a gap that was filled, or before the
// history was lost. It follows those before it as any other does. Of another definition there may be outputs whose keys
// mean nothing any more.
void FactsReader::AddWithoutSource(Groups& groups, const std::string& canonical, lateness::ProcessedFact processed) {
  if (pipeline_.rules.propagate != lateness::Propagate::kFollowing) return;
  const auto key = table::ParseCanonicalKey(schema_, canonical);
  if (!key) return;
  lateness::OutputFacts& facts = groups[canonical].facts;
  facts.key = *key;
  facts.start = lateness::StartOfKey(*key, pipeline_.output.partition, pipeline_.rules.calendar);
  if (facts.start) facts.interval = pipeline_.rules.calendar.IntervalAt(*facts.start);
  facts.has_rows = false;
  facts.processed = std::move(processed);
}

Status FactsReader::AddProcessed(Groups& groups, Which which) {
  std::vector<ledger::ProcessedRecord> processed;
  if (which == Which::kAll || groups.size() > kByKey) {
    LATECOMER_ASSIGN_OR_RETURN(processed, reader_.Processed(pipeline_.id));
  } else {
    LATECOMER_ASSIGN_OR_RETURN(processed, reader_.ProcessedOf(pipeline_.id, KeysOf(groups)));
  }
  for (ledger::ProcessedRecord& record : processed) {
    const auto it = groups.find(record.partition);
    if (it == groups.end() && which == Which::kSome) continue;
    if (change_) record.vector = CarryOver(*change_, NewestOf(pipeline_, sources_), std::move(record.vector));
    lateness::ProcessedFact fact{std::move(record.vector), record.run_id, record.at};
    if (it == groups.end()) {
      AddWithoutSource(groups, record.partition, std::move(fact));
    } else {
      it->second.facts.processed = std::move(fact);
    }
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::ReleaseRecord>* releases, Releases());
  for (const ledger::ReleaseRecord& record : *releases) {
    const auto it = groups.find(record.partition);
    if (it != groups.end()) it->second.facts.released = record.up_to;
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::HoldRecord>* holds, Holds());
  for (const ledger::HoldRecord& record : *holds) {
    const auto it = groups.find(record.partition);
    if (it != groups.end()) it->second.facts.hold = lateness::HoldFact{record.reason, record.by};
  }
  return {};
}

Result<const std::vector<ledger::HoldRecord>*> FactsReader::Holds() {
  if (!holds_) {
    LATECOMER_ASSIGN_OR_RETURN(holds_, reader_.Holds(pipeline_.id));
  }
  return &*holds_;
}

Result<const std::vector<ledger::ReleaseRecord>*> FactsReader::Releases() {
  if (!releases_) {
    LATECOMER_ASSIGN_OR_RETURN(releases_, reader_.Releases(pipeline_.id));
  }
  return &*releases_;
}

// Held by a person before anything is known of them: what waits there would be in no plan else.
Status FactsReader::AddHeld(Facts& facts) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::HoldRecord>* holds, Holds());
  Groups missing;
  for (const ledger::HoldRecord& record : *holds) {
    const auto key = table::ParseCanonicalKey(schema_, record.partition);
    if (!key || facts.contains(record.partition)) continue;
    OutputFacts& held = missing[record.partition].facts;
    held.key = *key;
    held.start = lateness::StartOfKey(*key, pipeline_.output.partition, pipeline_.rules.calendar);
    if (held.start) held.interval = pipeline_.rules.calendar.IntervalAt(*held.start);
    held.has_rows = false;
    held.hold = lateness::HoldFact{record.reason, record.by};
  }
  if (missing.empty()) return {};
  LATECOMER_RETURN_IF_ERROR(AddRuns(missing, Which::kSome));
  for (auto& [canonical, group] : missing) facts.emplace(canonical, std::move(group.facts));
  return {};
}

// ----- what of the sources they haven't seen

namespace {

void CollectUnseen(const pipeline::Source& source, const ObservedTable& table,
                   const std::map<std::string, std::vector<ledger::ChangeRecord>>& by_key,
                   const ledger::SourcePartitionRecord& partition, const table::PartitionKey& key, OutputFacts& facts) {
  const Version processed = ProcessedVersion(facts.processed, source.name);
  if (partition.last_changed <= processed) return;
  bool newest_recorded = false;
  if (const auto it = by_key.find(partition.key); it != by_key.end()) {
    for (const ledger::ChangeRecord& record : it->second) {
      if (record.version <= processed) continue;
      facts.unseen.push_back(ToChange(record, source.name, key));
      newest_recorded = newest_recorded || record.version == partition.last_changed;
    }
  }
  if (newest_recorded || !facts.processed) return;
  facts.unseen.push_back(UnrecordedChange(partition, key, source.name, table.record.observed_at));
}

}  // namespace

// Few candidates are looked up by key, many with one pass over the changes.
Status FactsReader::LoadChanges(const std::string& location, Version after, const std::set<std::string>& keys,
                                ChangesByKey& changes) {
  if (keys.empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(
      std::vector<ledger::ChangeRecord> found,
      keys.size() <= kByKey ? reader_.ChangesOf(location, after, std::vector<std::string>(keys.begin(), keys.end()))
                            : reader_.Changes(location, after, std::nullopt));
  for (ledger::ChangeRecord& record : found) {
    if (keys.contains(record.key)) changes[record.key].push_back(std::move(record));
  }
  return {};
}

Status FactsReader::AddUnseenByTime(SourceChanges changes, Groups& groups) {
  // What was never processed wants the whole history of its partitions; that of the others needn't be read for it.
  std::set<std::string> whole;
  std::set<std::string> newer;
  Version oldest = changes.table.record.seen.version;
  for (const auto& [canonical, group] : groups) {
    const Version processed = ProcessedVersion(group.facts.processed, changes.source.name);
    for (const MappedPartition& mapped : group.partitions) {
      if (mapped.source != changes.index || mapped.record->last_changed <= processed) continue;
      (processed == kBeforeFirst ? whole : newer).insert(mapped.record->key);
      if (processed != kBeforeFirst) oldest = std::min(oldest, processed);
    }
  }
  for (const std::string& key : whole) newer.erase(key);
  const std::string& location = changes.table.record.location;
  LATECOMER_RETURN_IF_ERROR(LoadChanges(location, kBeforeFirst, whole, changes.by_key));
  LATECOMER_RETURN_IF_ERROR(LoadChanges(location, oldest, newer, changes.by_key));
  AddUnstored(changes.table, changes.by_key);
  for (auto& [canonical, group] : groups) {
    for (const MappedPartition& mapped : group.partitions) {
      if (mapped.source != changes.index) continue;
      CollectUnseen(changes.source, changes.table, changes.by_key, *mapped.record, mapped.key, group.facts);
    }
  }
  return {};
}

// Of a source that is mapped as a whole: each change touches every output that was processed before it. One that was
// never processed will read the newest version anyway.
Status FactsReader::AddUnseenOfAll(SourceChanges changes, Groups& groups) {
  std::optional<Version> oldest;
  for (const auto& [canonical, group] : groups) {
    if (!group.facts.processed) continue;
    const Version processed = ProcessedVersion(group.facts.processed, changes.source.name);
    oldest = std::min(oldest.value_or(processed), processed);
  }
  if (!oldest) return {};
  LATECOMER_ASSIGN_OR_RETURN(std::vector<PlacedSource> partitions, partitions_.at(changes.index).ChangedAfter(*oldest));
  if (partitions.empty()) return {};
  std::sort(partitions.begin(), partitions.end(),
            [](const auto& a, const auto& b) { return a.record->key < b.record->key; });
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::ChangeRecord> all,
                             reader_.Changes(changes.table.record.location, *oldest, std::nullopt));
  for (ledger::ChangeRecord& record : all) changes.by_key[record.key].push_back(std::move(record));
  AddUnstored(changes.table, changes.by_key);
  for (auto& [canonical, group] : groups) {
    if (!group.facts.processed) continue;
    for (const PlacedSource& placed : partitions) {
      CollectUnseen(changes.source, changes.table, changes.by_key, *placed.record, placed.key, group.facts);
    }
  }
  return {};
}

Status FactsReader::AddUnseen(Groups& groups) {
  for (auto& [index, partitions] : partitions_) {
    SourceChanges changes{index, partitions.source(), partitions.table(), {}};
    const bool by_time = lateness::GoesByTime(partitions.source().mapping);
    LATECOMER_RETURN_IF_ERROR(by_time ? AddUnseenByTime(std::move(changes), groups)
                                      : AddUnseenOfAll(std::move(changes), groups));
  }
  const bool one = pipeline_.sources.size() == 1;
  for (auto& [canonical, group] : groups) {
    std::stable_sort(group.facts.unseen.begin(), group.facts.unseen.end(), [&](const Change& a, const Change& b) {
      return one ? a.version < b.version : std::tie(a.timestamp, a.source) < std::tie(b.timestamp, b.source);
    });
  }
  return {};
}

// ----- when they came

// Commit time of a partition's newest data, where it has to be looked up.
Result<std::optional<Instant>> FactsReader::LastSeen(const ObservedTable& table,
                                                     const ledger::SourcePartitionRecord& partition) {
  std::optional<Instant> last;
  const Version before{partition.last_changed.value - 1};
  LATECOMER_ASSIGN_OR_RETURN(const auto changes, reader_.Changes(table.record.location, before, partition.key));
  for (const ledger::ChangeRecord& change : changes) last = std::max(last.value_or(change.timestamp), change.timestamp);
  return last;
}

// Once written by a bad clock, a partition isn't too early for ever: what counts is its newest data, and what was
// processed of it is in no list of unseen changes.
Status FactsReader::AddLastSeen(Group& group) {
  if (!lateness::CameTooEarly(group.facts, now_)) return {};
  for (const MappedPartition& mapped : group.partitions) {
    if (!mapped.own) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto last,
                               LastSeen(sources_.Of(pipeline_.sources[mapped.source]), *mapped.record));
    if (last) group.facts.last_seen = std::max(group.facts.last_seen.value_or(*last), *last);
  }
  return {};
}

Result<FactsReader::Facts> FactsReader::Complete(Groups groups, Which which) {
  LATECOMER_RETURN_IF_ERROR(AddProcessed(groups, which));
  LATECOMER_RETURN_IF_ERROR(AddRuns(groups, which));
  LATECOMER_RETURN_IF_ERROR(AddUnseen(groups));
  Facts facts;
  for (auto& [canonical, group] : groups) {
    LATECOMER_RETURN_IF_ERROR(AddLastSeen(group));
    facts.emplace_hint(facts.end(), canonical, std::move(group.facts));
  }
  return facts;
}

Result<FactsReader::Facts> FactsReader::All() {
  LATECOMER_ASSIGN_OR_RETURN(Groups groups, GroupAll(pipeline_));
  return Complete(std::move(groups), Which::kAll);
}

Result<FactsReader::Facts> FactsReader::Of(const Starts& starts) {
  if (starts.empty()) return Facts{};
  LATECOMER_ASSIGN_OR_RETURN(Groups groups, GroupOf(starts));
  return Complete(std::move(groups), Which::kSome);
}

Result<std::vector<Change>> FactsReader::UnseenOf(const std::string& output,
                                                  const std::optional<ledger::ProcessedRecord>& processed) {
  const auto start = StartOfOutput(pipeline_, schema_, output);
  if (!start) return std::vector<Change>{};
  LATECOMER_ASSIGN_OR_RETURN(Groups groups, GroupOf({*start}));
  auto it = groups.find(output);
  const bool fills = pipeline_.rules.empty_partitions == lateness::EmptyPartitions::kRun;
  if (it == groups.end() && (fills || processed)) {
    // It may be a gap, which only the partitions around it tell; one that was built, of another definition than this.
    pipeline::Pipeline filling = pipeline_;
    filling.rules.empty_partitions = lateness::EmptyPartitions::kRun;
    LATECOMER_ASSIGN_OR_RETURN(groups, GroupAll(filling));
    it = groups.find(output);
  }
  if (it == groups.end()) return std::vector<Change>{};
  Groups one;
  Group& group = one.emplace(output, std::move(it->second)).first->second;
  if (processed) group.facts.processed = lateness::ProcessedFact{processed->vector, processed->run_id, processed->at};
  LATECOMER_RETURN_IF_ERROR(AddUnseen(one));
  return std::move(group.facts.unseen);
}

// ----- what all of them together say

// A source partition that came too early for its own interval proves nothing.
Result<bool> FactsReader::Proves(SourcePartitions& partitions, LocalTime start) {
  const ObservedTable& table = partitions.table();
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<PlacedSource> there, partitions.Between(start, start));
  for (const PlacedSource& placed : there) {
    OutputFacts facts;
    facts.key = placed.key;
    facts.start = placed.start;
    facts.interval = partitions.source().calendar().IntervalAt(start);
    facts.first_seen = placed.record->first_seen;
    if (lateness::CameTooEarly(facts, now_)) {
      LATECOMER_ASSIGN_OR_RETURN(facts.last_seen, LastSeen(table, *placed.record));
      for (const ledger::ChangeRecord& change : table.new_changes) {
        if (change.key != placed.record->key) continue;
        facts.last_seen = std::max(facts.last_seen.value_or(change.timestamp), change.timestamp);
      }
    }
    if (!lateness::CameTooEarly(facts, now_)) return true;
  }
  return false;
}

// The output interval that the newest partition of a source lies in, which proves those before it complete.
Result<std::optional<LocalTime>> FactsReader::ProofOf(SourcePartitions& partitions) {
  const pipeline::Source& source = partitions.source();
  std::optional<LocalTime> before;
  while (true) {
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<LocalTime> start, partitions.NewestStart(before));
    if (!start) return start;
    LATECOMER_ASSIGN_OR_RETURN(const bool proves, Proves(partitions, *start));
    if (proves) {
      return std::optional(lateness::OwnOutput(source.mapping, source.calendar(), pipeline_.rules.calendar, *start));
    }
    before = start;
  }
}

// With one source and equal intervals the outputs themselves tell.
Result<std::map<std::string, std::optional<LocalTime>>> FactsReader::Proofs() {
  std::map<std::string, std::optional<LocalTime>> proofs;
  const auto by_time = [](const pipeline::Source& one) { return lateness::GoesByTime(one.mapping); };
  const auto count = std::count_if(pipeline_.sources.begin(), pipeline_.sources.end(), by_time);
  if (count == 1 && pipeline::ShapeOf(pipeline_).mapping.kind == lateness::Mapping::Kind::kIdentity) return proofs;
  for (auto& [index, partitions] : partitions_) {
    if (!by_time(partitions.source())) continue;
    LATECOMER_ASSIGN_OR_RETURN(proofs[partitions.source().name], ProofOf(partitions));
  }
  return proofs;
}

Result<std::optional<LocalTime>> FactsReader::NewestOutput(std::optional<LocalTime> before) {
  std::optional<LocalTime> newest;
  const Calendar& output = pipeline_.rules.calendar;
  for (auto& [index, partitions] : partitions_) {
    const pipeline::Source& source = partitions.source();
    if (!lateness::GoesByTime(source.mapping)) continue;
    std::optional<LocalTime> bound = before;
    if (before && source.mapping.kind == lateness::Mapping::Kind::kRollup) {
      const auto inside = lateness::SourceStarts(source.mapping, source.calendar(), output, *before);
      if (!inside.empty()) bound = inside.front();
    }
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<LocalTime> start, partitions.NewestStart(bound));
    if (!start) continue;
    const LocalTime own = lateness::OwnOutput(source.mapping, source.calendar(), output, *start);
    newest = std::max(newest.value_or(own), own);
  }
  return newest;
}

Result<std::optional<LocalTime>> FactsReader::OldestOutput(std::optional<LocalTime> after) {
  std::optional<LocalTime> oldest;
  const Calendar& output = pipeline_.rules.calendar;
  for (auto& [index, partitions] : partitions_) {
    const pipeline::Source& source = partitions.source();
    if (!lateness::GoesByTime(source.mapping)) continue;
    std::optional<LocalTime> bound = after;
    if (after && source.mapping.kind == lateness::Mapping::Kind::kRollup) {
      const auto inside = lateness::SourceStarts(source.mapping, source.calendar(), output, *after);
      if (!inside.empty()) bound = inside.back();
    }
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<LocalTime> start, partitions.OldestStart(bound));
    if (!start) continue;
    const LocalTime own = lateness::OwnOutput(source.mapping, source.calendar(), output, *start);
    oldest = std::min(oldest.value_or(own), own);
  }
  return oldest;
}

}  // namespace latecomer::engine
