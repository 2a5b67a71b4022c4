#include "engine/accept.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "engine/accepted_since.h"
#include "engine/compare_states.h"
#include "engine/definition.h"
#include "engine/facts.h"
#include "engine/output_groups.h"

namespace latecomer::engine {
namespace {

using ledger::SourcePartitionRecord;

// Source partition → why it counts as changed.
using Changed = std::map<std::string, std::string>;

Status CheckNoClaims(ledger::Reader& reader, const pipeline::Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::ClaimRecord> claims, reader.ClaimsHeld(pipeline.id));
  if (claims.empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<ledger::RunRecord> run, reader.FindRun(claims.front().run));
  const std::string name = run ? run->run_id : claims.front().partition;
  return Fail(Error(ErrorKind::kConflict, "run " + name + " of pipeline " + pipeline.id +
                                              " is going on, with versions of the table as it was before")
                  .Hint("let it end, or `latecomer cancel " + pipeline.file + " " + name + "`"));
}

// The sources of a pipeline, `table` in its place; nullopt when another of them was never read.
Result<std::optional<ObservedSources>> SourcesWith(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                                   const ObservedTable& table) {
  ObservedSources sources;
  for (const pipeline::Source& source : pipeline.sources) {
    if (sources.tables.contains(source.location)) continue;
    std::optional<ObservedTable> found = table;
    if (source.location != table.record.location) {
      LATECOMER_ASSIGN_OR_RETURN(found, LoadObserved(reader, source.location));
    }
    if (!found) return std::optional<ObservedSources>{};
    sources.tables.emplace(source.location, std::move(*found));
  }
  return std::optional<ObservedSources>(std::move(sources));
}

// Never recorded, but perhaps written, now or soon: it has a run that has not ended well.
bool MayHoldSomething(const lateness::OutputFacts& output) {
  return std::any_of(output.runs.begin(), output.runs.end(), [](const lateness::RunFact& run) {
    return run.state != lateness::RunFact::State::kSucceeded && run.state != lateness::RunFact::State::kSkipped;
  });
}

// What of the old table waited to be processed by a pipeline, and has no single commits any more. What was never
// processed and has rows in the new one is due in any case.
Status AddWaiting(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedTable& before,
                  const table::Snapshot& snapshot, Instant now, Changed& changed) {
  LATECOMER_ASSIGN_OR_RETURN(const auto sources, SourcesWith(reader, pipeline, before));
  if (!sources) return {};
  auto facts = GatherFacts(reader, pipeline, *sources, now);
  if (!facts) return {};  // its outputs have other columns by now: no partition of theirs was processed
  std::set<std::string> mine;
  for (const pipeline::Source& source : pipeline.sources) {
    if (source.location == before.record.location) mine.insert(source.name);
  }
  std::set<std::string> live;
  for (const table::PartitionState& state : snapshot.partitions) live.insert(state.key.Canonical());
  for (const lateness::OutputFacts& output : facts->outputs) {
    if (!output.processed && !MayHoldSomething(output)) continue;
    for (const lateness::Change& change : output.unseen) {
      const std::string key = change.source_partition.Canonical();
      if (!mine.contains(change.source) || (!output.processed && live.contains(key))) continue;
      changed.try_emplace(key, "version " + std::to_string(change.version.value) +
                                   " of the table before changed it, and pipeline " + pipeline.id +
                                   " had not processed that");
    }
  }
  return {};
}

Result<Changed> FindChanged(ledger::Reader& reader, const std::vector<pipeline::Pipeline>& readers,
                            const ObservedTable& before, const table::Snapshot& snapshot, const std::string& why,
                            AcceptAs as, Instant now) {
  Changed changed;
  if (as == AcceptAs::kProcessed) return changed;
  if (as == AcceptAs::kChanged) {
    for (const auto& [key, partition] : before.partitions) changed[key] = "accepted as changed: " + why;
    for (const table::PartitionState& state : snapshot.partitions) {
      changed[state.key.Canonical()] = "accepted as changed: " + why;
    }
    return changed;
  }
  ObservedTable compared = before;
  CompareStates(snapshot, why, compared);
  for (ledger::ChangeRecord& change : compared.new_changes) changed[change.key] = std::move(change.note);
  for (const pipeline::Pipeline& pipeline : readers) {
    LATECOMER_RETURN_IF_ERROR(AddWaiting(reader, pipeline, before, snapshot, now, changed));
  }
  return changed;
}

// The table as the ledger will know it. Old partitions stay, emptied, so that their outputs are found.
ObservedTable TakeOver(const ObservedTable& before, const table::Snapshot& snapshot, table::CommitIdentity identity,
                       const Changed& changed, Instant now) {
  const Version newest = snapshot.info.version;
  ObservedTable table;
  table.record = {.location = before.record.location,
                  .table_id = snapshot.info.id,
                  .partition_columns = snapshot.info.partition_columns,
                  .seen = std::move(identity),
                  .first_contact = newest,
                  .observed_at = now};
  const bool same_columns = snapshot.info.partition_columns == before.record.partition_columns;
  for (const auto& [key, partition] : before.partitions) {
    if (!same_columns) break;  // keys of other columns are no partitions of this table
    SourcePartitionRecord emptied{.key = key,
                                  .log_json = partition.log_json,
                                  .files = 0,
                                  .rows = 0,
                                  .bytes = 0,
                                  .fingerprint = 0,
                                  .last_changed = newest,
                                  .first_seen = partition.first_seen};
    table.partitions.emplace(key, std::move(emptied));
  }
  for (const table::PartitionState& state : snapshot.partitions) {
    SourcePartitionRecord record = ToSourcePartition(state, newest);
    record.last_changed = newest;
    const auto known = table.partitions.find(record.key);
    record.first_seen = known == table.partitions.end() ? snapshot.timestamp : known->second.first_seen;
    table.partitions.insert_or_assign(record.key, std::move(record));
  }
  for (const auto& [key, partition] : table.partitions) {
    table.touched.insert(key);
    if (const auto it = changed.find(key); it != changed.end()) {
      table.new_changes.push_back(AssumedChange(key, snapshot, it->second));
    }
  }
  return table;
}

// Canonical keys of the outputs that the changed partitions are mapped to.
Result<std::set<std::string>> AffectedOutputs(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                              const ObservedTable& table) {
  std::set<std::string> changed;
  for (const ledger::ChangeRecord& change : table.new_changes) changed.insert(change.key);
  LATECOMER_ASSIGN_OR_RETURN(const auto sources, SourcesWith(reader, pipeline, table));
  if (!sources) return std::set<std::string>{};
  auto affected = OutputsTouchedBy(pipeline, *sources, table.record.location, changed);
  // Its outputs have other columns than the table has by now: no partition of theirs is in it.
  if (!affected && affected.error().kind == ErrorKind::kInvalidFile) return std::set<std::string>{};
  return affected;
}

// Versions of the old table mean nothing in the new one: neither what outputs were built from, nor what was released,
// nor the versions a queued run wants to keep.
Result<AcceptedTable::Effect> Rebase(ledger::Writer& writer, const pipeline::Pipeline& pipeline,
                                     const ObservedTable& table) {
  AcceptedTable::Effect effect{pipeline.id};
  LATECOMER_ASSIGN_OR_RETURN(const std::set<std::string> affected, AffectedOutputs(writer, pipeline, table));
  std::vector<std::string> names;
  for (const pipeline::Source& source : pipeline.sources) {
    if (source.location == table.record.location) names.push_back(source.name);
  }
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::ProcessedRecord> processed, writer.Processed(pipeline.id));
  for (ledger::ProcessedRecord& record : processed) {
    const bool late = affected.contains(record.partition);
    ++(late ? effect.late : effect.kept);
    for (const std::string& name : names) {
      if (late) {
        record.vector.erase(name);
      } else {
        record.vector[name] = table.record.seen.version;
      }
    }
    LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(record));
  }
  DefinitionChange other;
  other.other_tables.insert(names.begin(), names.end());
  LATECOMER_RETURN_IF_ERROR(CarryOverReleases(writer, pipeline.id, other));
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::RunRecord> runs,
                             writer.Runs({.pipeline = pipeline.id, .open_only = true}));
  for (ledger::RunRecord& run : runs) LATECOMER_RETURN_IF_ERROR(ForgetKept(writer, run));
  return effect;
}

Status AppendAccepted(ledger::Writer& writer, const AcceptedTable& accepted, const AcceptedTable::Effect& effect,
                      const std::string& location, Instant now) {
  ledger::EventRecord event;
  event.at = now;
  event.pipeline = effect.pipeline;
  event.what = "table.accepted";
  event.detail = nlohmann::ordered_json{
      {"table", location},
      {"why", accepted.why},
      {"before", accepted.before.value},
      {"now", accepted.now.value},
      {"changed", accepted.changed.size()},
      {"late", effect.late},
      {"kept",
       effect.kept}}.dump();
  return writer.AppendEvent(event);
}

// What pipelines on the table are stopped by; empty when nothing stops them.
Result<std::string> WhyStopped(const table::TableHistory& history, const ObservedTable& before, Instant now) {
  const Result<ObservedTable> advanced = Advance(history, before, now);
  if (advanced) return std::string();
  if (advanced.error().kind != ErrorKind::kHistoryGone) return Fail(advanced.error());
  return advanced.error().message;
}

Status Replace(ledger::Writer& writer, const ObservedTable& table) {
  const std::string& location = table.record.location;
  LATECOMER_RETURN_IF_ERROR(writer.ForgetTable(location));
  LATECOMER_RETURN_IF_ERROR(writer.PutTable(table.record));
  LATECOMER_RETURN_IF_ERROR(writer.PutChanges(location, table.new_changes));
  std::vector<SourcePartitionRecord> partitions;
  for (const auto& [key, partition] : table.partitions) partitions.push_back(partition);
  return writer.PutSourcePartitions(location, partitions);
}

}  // namespace

Result<std::optional<AcceptedTable>> AcceptTable(ledger::Ledger& ledger, const std::vector<pipeline::Pipeline>& readers,
                                                 const table::TableHistory& history, AcceptAs as, Instant now) {
  std::optional<ObservedTable> seen;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(seen, LoadObserved(reader, history.location()));
    return {};
  }));
  if (!seen) return std::optional<AcceptedTable>{};
  LATECOMER_ASSIGN_OR_RETURN(const std::string why, WhyStopped(history, *seen, now));
  if (why.empty()) return std::optional<AcceptedTable>{};
  LATECOMER_ASSIGN_OR_RETURN(const table::Snapshot snapshot, history.ReadSnapshot(std::nullopt));
  LATECOMER_ASSIGN_OR_RETURN(const table::CommitIdentity identity, history.IdentityOf(snapshot.info.version));
  AcceptedTable accepted;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto known, LoadObserved(writer, history.location()));
    if (!known || !(known->record.seen == seen->record.seen)) {
      return Fail(Error(ErrorKind::kConflict, "the table was read or accepted by another process just now")
                      .In(history.location())
                      .Hint("try again"));
    }
    const ObservedTable& before = *known;
    for (const pipeline::Pipeline& reader : readers) LATECOMER_RETURN_IF_ERROR(CheckNoClaims(writer, reader));
    LATECOMER_ASSIGN_OR_RETURN(const Changed changed, FindChanged(writer, readers, before, snapshot, why, as, now));
    const ObservedTable table = TakeOver(before, snapshot, identity, changed, now);
    LATECOMER_RETURN_IF_ERROR(Replace(writer, table));
    accepted = {.why = why, .before = before.record.seen.version, .now = table.record.seen.version};
    for (const ledger::ChangeRecord& change : table.new_changes) {
      LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key,
                                 table::ParseCanonicalKey(table.record.partition_columns, change.key));
      accepted.changed.push_back(key);
    }
    accepted.same = table.partitions.size() - accepted.changed.size();
    for (const pipeline::Pipeline& reader : readers) {
      LATECOMER_ASSIGN_OR_RETURN(AcceptedTable::Effect effect, Rebase(writer, reader, table));
      LATECOMER_RETURN_IF_ERROR(AppendAccepted(writer, accepted, effect, table.record.location, now));
      accepted.pipelines.push_back(std::move(effect));
    }
    return {};
  }));
  return std::optional<AcceptedTable>(std::move(accepted));
}

}  // namespace latecomer::engine
