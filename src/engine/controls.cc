#include "engine/controls.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/compare_states.h"
#include "engine/facts.h"
#include "engine/output_groups.h"
#include "engine/step_machine.h"
#include "engine/transitions.h"

namespace latecomer::engine {
namespace {

using ledger::RunKind;
using ledger::RunRecord;
using ledger::RunState;
using ledger::StepRecord;
using ledger::StepState;

Result<std::optional<ledger::TryRecord>> LastTry(ledger::Reader& reader, const RunRecord& run) {
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::TryRecord> tries, reader.Tries(run.id));
  if (tries.empty()) return std::optional<ledger::TryRecord>{};
  return std::optional<ledger::TryRecord>(std::move(tries.back()));
}

// The named steps and everything that needs one of them.
Result<std::set<std::string>> WithDependents(const pipeline::Pipeline& pipeline, const std::vector<std::string>& ids) {
  std::set<std::string> chosen;
  std::vector<std::string> known;
  for (const pipeline::Step& step : pipeline.steps) known.push_back(step.id);
  for (const std::string& id : ids) {
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      const auto nearest = NearestWord(id, known);
      return Fail(
          Error(ErrorKind::kNotFound, "no step `" + Printable(id) + "` in pipeline " + pipeline.id)
              .Hint(nearest ? "did you mean `" + *nearest + "`?" : "only the pipeline's own steps can be cleared"));
    }
    chosen.insert(id);
  }
  for (std::size_t pass = 0; pass < pipeline.steps.size(); ++pass) {
    for (const pipeline::Step& step : pipeline.steps) {
      const bool needs =
          std::any_of(step.needs.begin(), step.needs.end(), [&](const std::string& id) { return chosen.contains(id); });
      if (needs) chosen.insert(step.id);
    }
  }
  return chosen;
}

// Lays out the next try: steps that are not cleared keep their success.
Status LayOutNextTry(ledger::Writer& writer, const pipeline::Pipeline& pipeline, const RunRecord& run,
                     const std::set<std::string>& cleared, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<StepRecord> before, writer.Steps(run.id, run.tries));
  for (StepRecord& step : NewSteps(pipeline, run, run.tries + 1, now)) {
    const auto old = std::find_if(before.begin(), before.end(), [&](const StepRecord& other) {
      return other.step == step.step && other.map_index < 0;
    });
    const bool keep = old != before.end() && old->state == StepState::kSuccess && !cleared.contains(step.step) &&
                      step.step != kRecordStep && step.step != kReadyStep;
    if (keep) {
      step.state = old->state;
      step.attempts = old->attempts;
      step.started = old->started;
      step.ended = old->ended;
      step.message = "kept from try " + std::to_string(run.tries);
    }
    LATECOMER_RETURN_IF_ERROR(writer.InsertStep(step));
  }
  return {};
}

Status EndRunning(ledger::Writer& writer, RunRecord& run, const std::string& why, Instant now) {
  LATECOMER_RETURN_IF_ERROR(EndTry(writer, run, ledger::TryState::kCancelled, why, now));
  return ReleaseClaim(writer, run);
}

}  // namespace

Result<RunRecord> FindRunByWord(ledger::Reader& reader, const std::string& pipeline, const std::string& word) {
  if (word != "latest") {
    LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> run, reader.FindRunByName(pipeline, word));
    if (run) return std::move(*run);
  }
  LATECOMER_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, reader.Runs({.pipeline = pipeline}));
  if (word == "latest") {
    // The newest by interval, as a person reads the grid; the ids of scheduled runs sort by it.
    const RunRecord* latest = nullptr;
    for (const RunRecord& run : runs) {
      if (run.kind == RunKind::kBackfill) continue;
      if (latest == nullptr || run.id > latest->id) latest = &run;
    }
    if (latest != nullptr) return *latest;
    return Fail(Error(ErrorKind::kNotFound, "pipeline " + pipeline + " has no scheduled run yet")
                    .Hint("`latecomer run` makes the first ones"));
  }
  std::vector<std::string> ids;
  for (const RunRecord& run : runs) ids.push_back(run.run_id);
  const auto nearest = NearestWord(word, ids);
  return Fail(Error(ErrorKind::kNotFound, "no run `" + Printable(word) + "` in pipeline " + pipeline)
                  .Hint(nearest ? "did you mean `" + *nearest + "`?" : "`latecomer runs` lists them"));
}

Result<RunRecord> ClearRun(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const std::string& word,
                           const ClearOptions& options, Instant now) {
  RunRecord cleared;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(RunRecord run, FindRunByWord(writer, pipeline.id, word));
    if (run.state == RunState::kQueued) {
      return Fail(Error(ErrorKind::kConflict, run.run_id + " is queued already").Hint("`latecomer run` starts it"));
    }
    LATECOMER_ASSIGN_OR_RETURN(const auto last, LastTry(writer, run));
    if (run.state == RunState::kRunning) LATECOMER_RETURN_IF_ERROR(EndRunning(writer, run, "cleared", now));
    if (!options.steps.empty()) {
      LATECOMER_ASSIGN_OR_RETURN(const std::set<std::string> steps, WithDependents(pipeline, options.steps));
      LATECOMER_RETURN_IF_ERROR(LayOutNextTry(writer, pipeline, run, steps, now));
    }
    const bool keep_pin = options.same_versions || !options.steps.empty();
    run.keep_vector.reset();
    if (keep_pin && last) run.keep_vector = last->vector;
    LATECOMER_RETURN_IF_ERROR(MoveRun(writer, run, RunState::kQueued, "cleared", now));
    cleared = std::move(run);
    return {};
  }));
  return cleared;
}

Result<Marked> MarkRun(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const std::string& word, Mark mark,
                       const std::string& note, Instant now) {
  Marked marked;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(RunRecord run, FindRunByWord(writer, pipeline.id, word));
    if (run.state == RunState::kRunning) {
      return Fail(Error(ErrorKind::kConflict, run.run_id + " is running")
                      .Hint("`latecomer cancel " + run.run_id + "` it first, or wait until it ends"));
    }
    LATECOMER_ASSIGN_OR_RETURN(const auto last, LastTry(writer, run));
    run.note = note.empty() ? run.note : note;
    if (mark == Mark::kFailed) {
      LATECOMER_ASSIGN_OR_RETURN(const auto processed, writer.FindProcessed(run.pipeline, run.partition));
      const bool withdraw = processed && processed->run_id == run.run_id;
      if (withdraw) LATECOMER_RETURN_IF_ERROR(writer.RemoveProcessed(run.pipeline, run.partition));
      marked.note =
          withdraw ? "the partition counts as not processed" : "the partition's record is of another run and stays";
      LATECOMER_RETURN_IF_ERROR(MoveRun(writer, run, RunState::kFailed, "marked failed", now));
    } else {
      ledger::ProcessedRecord processed;
      processed.pipeline = run.pipeline;
      processed.partition = run.partition;
      processed.run_id = run.run_id;
      processed.at = now;
      if (last) {
        processed.vector = last->vector;
        processed.try_number = last->number;
        processed.token = last->token;
      } else {
        for (const pipeline::Source& source : pipeline.sources) {
          LATECOMER_ASSIGN_OR_RETURN(const auto table, writer.FindTable(source.location));
          if (table) processed.vector[source.name] = table->seen.version;
        }
      }
      for (const auto& [source, version] : processed.vector) {
        marked.note += (marked.note.empty() ? "recorded as built from " : ", ") + source + " version " +
                       std::to_string(version.value);
      }
      LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(processed));
      LATECOMER_RETURN_IF_ERROR(MoveRun(writer, run, RunState::kSuccess, "marked success", now));
    }
    marked.run = std::move(run);
    return {};
  }));
  return marked;
}

Result<RunRecord> CancelRun(ledger::Ledger& ledger, const std::string& pipeline, const std::string& word, Instant now) {
  RunRecord cancelled;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(RunRecord run, FindRunByWord(writer, pipeline, word));
    if (!ledger::IsOpen(run.state)) {
      return Fail(ErrorKind::kConflict, run.run_id + " has ended already (" + std::string(Name(run.state)) + ")");
    }
    LATECOMER_RETURN_IF_ERROR(EndRunning(writer, run, "cancelled", now));
    LATECOMER_RETURN_IF_ERROR(MoveRun(writer, run, RunState::kCancelled, "cancelled by a person", now));
    cancelled = std::move(run);
    return {};
  }));
  return cancelled;
}

Result<bool> SetPaused(ledger::Ledger& ledger, const std::string& pipeline, bool paused, Instant now) {
  bool changed = false;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(std::optional<ledger::PipelineRecord> record, writer.FindPipeline(pipeline));
    if (!record) return Fail(ErrorKind::kNotFound, "the ledger knows no pipeline " + pipeline);
    changed = record->paused != paused;
    if (!changed) return {};
    record->paused = paused;
    LATECOMER_RETURN_IF_ERROR(writer.PutPipeline(*record));
    ledger::EventRecord event;
    event.at = now;
    event.pipeline = pipeline;
    event.what = paused ? "pipeline.paused" : "pipeline.resumed";
    event.detail = "{}";
    return writer.AppendEvent(event);
  }));
  return changed;
}

Result<VersionVector> ReleasePartition(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                       const ObservedSources& sources, const table::PartitionKey& key, Instant now) {
  const VersionVector up_to = NewestOf(pipeline, sources);
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const lateness::PlanInput facts, GatherFacts(writer, pipeline, sources, now));
    const lateness::Plan plan = lateness::MakePlan(pipeline.rules, facts);
    const auto entry = std::find_if(plan.entries.begin(), plan.entries.end(),
                                    [&](const lateness::PlanEntry& candidate) { return candidate.key == key; });
    if (entry == plan.entries.end() || entry->decision != lateness::Decision::kHeld) {
      return Fail(Error(ErrorKind::kNotFound, "nothing of " + key.Display() + " is held")
                      .Hint("`latecomer plan --held` lists what is held, and by which rule"));
    }
    LATECOMER_RETURN_IF_ERROR(writer.PutRelease({pipeline.id, key.Canonical(), up_to, now}));
    ledger::EventRecord event;
    event.at = now;
    event.pipeline = pipeline.id;
    event.partition = key.Canonical();
    event.what = "partition.released";
    event.detail = "{\"rule\":\"" + entry->rule + "\"}";
    return writer.AppendEvent(event);
  }));
  return up_to;
}

namespace {

using Commits = std::map<std::string, std::vector<ledger::ChangeRecord>>;  // by location

// The sources as they were at the versions that outputs were built from.
Result<ObservedSources> SourcesAt(const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                                  const VersionVector& at) {
  ObservedSources sources;
  for (const pipeline::Source& source : pipeline.sources) {
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(source.location));
    LATECOMER_ASSIGN_OR_RETURN(const table::Snapshot snapshot, history->ReadSnapshot(at.at(source.name)));
    ObservedTable& table = sources.tables[source.location];
    table.record.location = source.location;
    table.record.partition_columns = snapshot.info.partition_columns;
    for (const table::PartitionState& state : snapshot.partitions) {
      ledger::SourcePartitionRecord record = ToSourcePartition(state, snapshot.info.version);
      std::string key = record.key;
      table.partitions.emplace(std::move(key), std::move(record));
    }
  }
  return sources;
}

// Changes after `at` that the first look at the tables did not record one by one.
Result<Commits> ChangesAfter(const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                             const ObservedSources& sources, const VersionVector& at) {
  Commits changes;
  for (const pipeline::Source& source : pipeline.sources) {
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(source.location));
    std::vector<ledger::ChangeRecord>& list = changes[source.location];
    const VersionRange range{at.at(source.name), sources.Of(source).record.seen.version};
    LATECOMER_RETURN_IF_ERROR(history->ReadCommits(range, [&](table::Commit&& commit) -> Status {
      for (const table::PartitionChange& change : commit.partitions) {
        if (!change.data_change) continue;
        list.push_back({.version = commit.version,
                        .key = change.key.Canonical(),
                        .timestamp = commit.timestamp,
                        .operation = commit.operation,
                        .counts = change.counts,
                        .assumed = false,
                        .note = {}});
      }
      return {};
    }));
  }
  return changes;
}

Status AppendAdopted(ledger::Writer& writer, const std::string& pipeline, const VersionVector& at,
                     std::size_t partitions, Instant now) {
  std::string versions;
  for (const auto& [source, version] : at) {
    versions += (versions.empty() ? "\"" : ",\"") + source + "\":" + std::to_string(version.value);
  }
  ledger::EventRecord event;
  event.at = now;
  event.pipeline = pipeline;
  event.what = "pipeline.adopted";
  event.detail = "{\"versions\":{" + versions + "},\"partitions\":" + std::to_string(partitions) + "}";
  return writer.AppendEvent(event);
}

}  // namespace

Result<Adopted> Adopt(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                      const ObservedSources& sources, const VersionVector& at, std::optional<LocalTime> last,
                      Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const ObservedSources then, SourcesAt(pipeline, catalog, at));
  LATECOMER_ASSIGN_OR_RETURN(OutputGroups outputs, GroupByOutput(pipeline, then));
  std::erase_if(outputs,
                [&](const auto& output) { return last && (!output.second.start || *output.second.start > *last); });
  LATECOMER_ASSIGN_OR_RETURN(const Commits changes, ChangesAfter(pipeline, catalog, sources, at));
  Adopted adopted;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    adopted = Adopted{};
    for (const auto& [location, list] : changes) LATECOMER_RETURN_IF_ERROR(writer.PutChanges(location, list));
    for (const auto& [canonical, output] : outputs) {
      LATECOMER_ASSIGN_OR_RETURN(const auto there, writer.FindProcessed(pipeline.id, canonical));
      if (there) {
        ++adopted.already;
        continue;
      }
      ledger::ProcessedRecord record;
      record.pipeline = pipeline.id;
      record.partition = canonical;
      record.vector = at;
      record.run_id = "adopt";
      record.at = now;
      LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(record));
      adopted.partitions.push_back(output.key.Display());
    }
    return AppendAdopted(writer, pipeline.id, at, adopted.partitions.size(), now);
  }));
  return adopted;
}

}  // namespace latecomer::engine
