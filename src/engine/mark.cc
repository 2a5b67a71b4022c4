#include "engine/mark.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/accepted_since.h"
#include "engine/act_detail.h"
#include "engine/following.h"
#include "engine/transitions.h"

namespace latecomer::engine {
namespace {

using ledger::ProcessedRecord;
using ledger::RunRecord;
using ledger::RunState;
using ledger::StepRecord;
using ledger::StepState;

struct Before {
  std::optional<ledger::TryRecord> last;
  std::vector<StepRecord> steps;  // of the last try
  std::optional<ProcessedRecord> processed;
  std::string later;              // a run that claimed the partition since; may be empty
  bool other_table = false;       // a source is another table since: the last try's versions are gone
  bool other_definition = false;  // what the last try made is nothing of the definition that was accepted since
};

Result<Before> Look(ledger::Reader& reader, const LastAccepted& accepted, const RunRecord& run) {
  Before before;
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::TryRecord> tries, reader.Tries(run.id));
  if (!tries.empty()) {
    before.last = std::move(tries.back());
    LATECOMER_ASSIGN_OR_RETURN(before.steps, reader.Steps(run.id, before.last->number));
    LATECOMER_ASSIGN_OR_RETURN(before.other_table, ReadOlderTable(reader, run, accepted));
    LATECOMER_ASSIGN_OR_RETURN(before.other_definition, MadeSomethingElse(reader, run, accepted));
  }
  LATECOMER_ASSIGN_OR_RETURN(before.processed, reader.FindProcessed(run.pipeline, run.partition));
  LATECOMER_ASSIGN_OR_RETURN(const auto claim, reader.FindClaim(run.pipeline, run.partition));
  if (!claim || claim->run == run.id || claim->run == 0) return before;
  LATECOMER_ASSIGN_OR_RETURN(const auto other, reader.FindRun(claim->run));
  if (other) before.later = other->run_id;
  return before;
}

std::string VersionsText(const VersionVector& vector) {
  std::string text;
  for (const auto& [source, version] : vector) {
    text += (text.empty() ? "" : ", ") + source + " version " + std::to_string(version.value);
  }
  return text;
}

// At least as new in every source, and newer in one.
bool IsNewer(const VersionVector& a, const VersionVector& b) {
  bool newer = false;
  for (const auto& [source, version] : b) {
    const auto found = a.find(source);
    if (found == a.end() || found->second < version) return false;
    newer = newer || found->second > version;
  }
  return newer;
}

Result<ProcessedRecord> RecordOf(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const RunRecord& run,
                                 const Before& before, Instant now) {
  ProcessedRecord record;
  record.pipeline = run.pipeline;
  record.partition = run.partition;
  record.run_id = run.run_id;
  LATECOMER_ASSIGN_OR_RETURN(record.at, BuiltAt(reader, pipeline, now));
  if (before.last) {
    record.vector = before.last->vector;
    record.try_number = before.last->number;
    record.token = before.last->token;
    return record;
  }
  for (const pipeline::Source& source : pipeline.sources) {
    LATECOMER_ASSIGN_OR_RETURN(const auto table, reader.FindTable(source.location));
    if (table) record.vector[source.name] = table->seen.version;
  }
  return record;
}

void Withdraw(const Before& before, MarkedRun& marked) {
  marked.withdraw = before.processed && before.processed->run_id == marked.run.run_id;
  marked.note = marked.withdraw     ? "the partition counts as not processed"
                : !before.processed ? "the partition was not processed before either"
                                    : "the partition's record is of " + before.processed->run_id + " and stays";
}

// Nothing that isn't so already.
bool ChangesNothing(const MarkedRun& marked, const Before& before) {
  if (marked.run.state != marked.to || marked.withdraw) return false;
  return !marked.record || (before.processed && before.processed->vector == marked.record->vector);
}

Status PlanWhole(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const Before& before, Mark mark,
                 Instant now, MarkedRun& marked) {
  marked.to = mark == Mark::kSuccess ? RunState::kSuccess : RunState::kFailed;
  if (mark == Mark::kFailed) {
    Withdraw(before, marked);
    return {};
  }
  LATECOMER_ASSIGN_OR_RETURN(ProcessedRecord record, RecordOf(reader, pipeline, marked.run, before, now));
  if (before.processed && IsNewer(before.processed->vector, record.vector)) {
    marked.note = "the partition was built from newer versions by " + before.processed->run_id + ", whose record stays";
    return {};
  }
  marked.note = "recorded as built from " + VersionsText(record.vector);
  marked.record = std::move(record);
  return {};
}

bool IsUsers(const pipeline::Pipeline& pipeline, const std::string& step) {
  return std::any_of(pipeline.steps.begin(), pipeline.steps.end(), [&](const auto& one) { return one.id == step; });
}

// Empty when there is something to do; else why there isn't.
std::string PlanSteps(const pipeline::Pipeline& pipeline, const std::set<std::string>& named, const Before& before,
                      Mark mark, MarkedRun& marked) {
  if (!before.last) return "has not been tried yet";
  if (marked.run.state == RunState::kQueued) return "is queued; cancel it first, or wait until it ends";
  if (!before.later.empty()) return "is past: " + before.later + " has processed the partition since";
  if (mark == Mark::kSuccess && before.other_definition) {
    return "was made by the definition before the one that was accepted since; clear it";
  }
  std::vector<std::string> again;
  for (const StepRecord& step : before.steps) {
    if (step.map_index >= 0 || !IsUsers(pipeline, step.step)) continue;
    const bool success = step.state == StepState::kSuccess;
    const bool meant = named.contains(step.step);
    if (meant && success == (mark == Mark::kFailed)) marked.steps.push_back(step.step);
    if (meant) {
      marked.keep_steps[step.step] = success ? step.kept_from.value_or(step.try_number) : 0;
    } else if (success) {
      marked.keep_steps[step.step] = step.kept_from.value_or(step.try_number);
    } else {
      again.push_back(step.step);
    }
  }
  if (marked.steps.empty())
    return mark == Mark::kSuccess ? "has no such step without success" : "has no such step with success";
  if (mark == Mark::kFailed) {
    marked.to = RunState::kFailed;
    marked.keep_steps.clear();
    Withdraw(before, marked);
    return "";
  }
  marked.to = RunState::kQueued;
  marked.keep_vector = before.last->vector;
  std::string rest;
  for (const std::string& step : again) rest += (rest.empty() ? "" : ", ") + step;
  marked.note = "the run goes on at the same versions" + (rest.empty() ? std::string() : " with " + rest);
  return "";
}

Result<MarkPlan> Plan(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const MarkSelection& selection,
                      Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const std::set<std::string> named, SelectSteps(pipeline, selection.which));
  LATECOMER_ASSIGN_OR_RETURN(SelectedRuns selected, SelectRuns(reader, pipeline, selection.which, RangePick::kNewest));
  LATECOMER_ASSIGN_OR_RETURN(const LastAccepted accepted, FindLastAccepted(reader, pipeline.id));
  MarkPlan plan;
  plan.untouched = std::move(selected.untouched);
  std::vector<std::string> lines;
  for (PlacedRun& placed : selected.runs) {
    MarkedRun marked;
    marked.run = std::move(placed.run);
    if (marked.run.state == RunState::kRunning) {
      plan.untouched.push_back({marked.run.run_id, "is running; cancel it first, or wait until it ends"});
      continue;
    }
    if (placed.key.Empty()) {
      plan.untouched.push_back({marked.run.run_id, kNoOutputAnyMore});
      continue;
    }
    LATECOMER_ASSIGN_OR_RETURN(const Before before, Look(reader, accepted, marked.run));
    if (selection.mark == Mark::kSuccess && before.other_table) {
      plan.untouched.push_back({marked.run.run_id, "read a table that another one was accepted for since; clear it"});
      continue;
    }
    if (named.empty()) {
      LATECOMER_RETURN_IF_ERROR(PlanWhole(reader, pipeline, before, selection.mark, now, marked));
      if (ChangesNothing(marked, before)) {
        plan.untouched.push_back({marked.run.run_id, "is " + std::string(Name(marked.to)) + " already"});
        continue;
      }
    } else if (const std::string why = PlanSteps(pipeline, named, before, selection.mark, marked); !why.empty()) {
      plan.untouched.push_back({marked.run.run_id, why});
      continue;
    }
    lines.push_back(std::to_string(marked.run.id) + " " + std::string(Name(marked.run.state)) + " " +
                    std::to_string(marked.run.tries) + " " + marked.note);
    plan.affected.push_back(std::move(marked));
  }
  plan.fingerprint = FingerprintOf(lines);
  return plan;
}

// Steps marked failed are so in the try that ended; one that goes on has them in its next.
Status FailSteps(ledger::Writer& writer, const MarkedRun& marked, const Act& act) {
  LATECOMER_ASSIGN_OR_RETURN(std::vector<StepRecord> steps, writer.Steps(marked.run.id, marked.run.tries));
  for (StepRecord& step : steps) {
    const bool meant = std::find(marked.steps.begin(), marked.steps.end(), step.step) != marked.steps.end();
    if (!meant || step.map_index >= 0) continue;
    LATECOMER_RETURN_IF_ERROR(MoveStep(writer, marked.run, step, StepState::kFailed, "marked failed", act.now));
  }
  return {};
}

Status MarkOne(ledger::Writer& writer, MarkedRun& marked, Mark mark, const Act& act) {
  RunRecord run = marked.run;
  LATECOMER_ASSIGN_OR_RETURN(const auto processed, writer.FindProcessed(run.pipeline, run.partition));
  nlohmann::ordered_json detail{{"mark", mark == Mark::kSuccess ? "success" : "failed"}, {"steps", marked.steps}};
  detail["before"] = RunStateJson(run);
  if (marked.record) LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(*marked.record));
  if (marked.withdraw) LATECOMER_RETURN_IF_ERROR(writer.RemoveProcessed(run.pipeline, run.partition));
  if (marked.record || marked.withdraw) {
    detail["processed_before"] = processed ? ProcessedJson(*processed) : nlohmann::ordered_json();
    detail["processed_after"] = marked.record ? ProcessedJson(*marked.record) : nlohmann::ordered_json();
  }
  if (mark == Mark::kFailed) LATECOMER_RETURN_IF_ERROR(FailSteps(writer, marked, act));
  if (!act.note.empty()) run.note = act.note;
  run.keep_vector = marked.keep_vector;
  run.keep_steps = marked.keep_steps;
  std::string message = std::string("marked ") + (mark == Mark::kSuccess ? "success" : "failed");
  for (std::size_t i = 0; i < marked.steps.size(); ++i) message += (i == 0 ? ": " : ", ") + marked.steps[i];
  LATECOMER_RETURN_IF_ERROR(MoveRun(writer, run, marked.to, message, act.now));
  LATECOMER_ASSIGN_OR_RETURN(marked.event, AppendActEvent(writer, act, EventOf(run, "run.marked"), detail));
  marked.run = std::move(run);
  return {};
}

}  // namespace

Result<MarkPlan> PreviewMark(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                             const MarkSelection& selection) {
  MarkPlan plan;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(plan, Plan(reader, pipeline, selection, Instant{}));
    return {};
  }));
  return plan;
}

Result<MarkPlan> ApplyMark(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const MarkSelection& selection,
                           const std::string& confirmed, const Act& act) {
  MarkPlan plan;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(plan, Plan(writer, pipeline, selection, act.now));
    LATECOMER_RETURN_IF_ERROR(SameAsShown(confirmed, plan.fingerprint));
    for (MarkedRun& marked : plan.affected) {
      LATECOMER_RETURN_IF_ERROR(MarkOne(writer, marked, selection.mark, act));
    }
    return {};
  }));
  return plan;
}

}  // namespace latecomer::engine
