#include "engine/clear.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/accepted_since.h"
#include "engine/transitions.h"

namespace latecomer::engine {
namespace {

using ledger::RunRecord;
using ledger::RunState;
using ledger::StepRecord;
using ledger::StepState;

// What a run did last.
struct LastTry {
  std::optional<ledger::TryRecord> attempt;
  std::map<std::string, StepRecord> steps;  // the user's that it had
  std::string later;                        // a run that claimed the partition since; may be empty
  bool other_table = false;                 // a source is another table since: its versions are gone
  bool other_definition = false;            // its outputs are none of the definition that was accepted since
};

Result<LastTry> LookAtLastTry(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const LastAccepted& accepted,
                              const RunRecord& run) {
  LastTry last;
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::TryRecord> tries, reader.Tries(run.id));
  if (tries.empty()) return last;
  last.attempt = std::move(tries.back());
  LATECOMER_ASSIGN_OR_RETURN(std::vector<StepRecord> steps, reader.Steps(run.id, last.attempt->number));
  for (StepRecord& step : steps) {
    const bool users = std::any_of(pipeline.steps.begin(), pipeline.steps.end(),
                                   [&](const pipeline::Step& one) { return one.id == step.step; });
    if (users && step.map_index < 0) last.steps.emplace(step.step, std::move(step));
  }
  LATECOMER_ASSIGN_OR_RETURN(last.other_table, ReadOlderTable(reader, run, accepted));
  LATECOMER_ASSIGN_OR_RETURN(last.other_definition, MadeSomethingElse(reader, run, accepted));
  LATECOMER_ASSIGN_OR_RETURN(const auto claim, reader.FindClaim(run.pipeline, run.partition));
  if (!claim || claim->run == run.id || claim->run == 0) return last;
  LATECOMER_ASSIGN_OR_RETURN(const auto other, reader.FindRun(claim->run));
  if (other) last.later = other->run_id;
  return last;
}

bool Succeeded(const LastTry& last, const std::string& step) {
  const auto found = last.steps.find(step);
  return found != last.steps.end() && found->second.state == StepState::kSuccess;
}

// The steps to do again; all when whole runs are meant.
std::set<std::string> StepsAgain(const pipeline::Pipeline& pipeline, const ClearSelection& selection,
                                 const std::set<std::string>& named, const LastTry& last) {
  std::set<std::string> again;
  for (const pipeline::Step& step : pipeline.steps) {
    bool meant = selection.which.steps.empty() || named.contains(step.id);
    if (selection.which.only_failed) meant = meant && !Succeeded(last, step.id);
    if (selection.new_steps) meant = meant && !last.steps.contains(step.id);
    if (meant) again.insert(step.id);
  }
  return again;
}

// Empty when the run is affected; else why it isn't.
std::string PlanOne(const pipeline::Pipeline& pipeline, const ClearSelection& selection,
                    const std::set<std::string>& named, const LastTry& last, ClearedRun& cleared) {
  if (cleared.run.state == RunState::kQueued) return "is queued already";
  const bool single = !named.empty();
  std::set<std::string> again = StepsAgain(pipeline, selection, named, last);
  if (again.empty()) {
    if (selection.new_steps) return "has no step that is new";
    if (selection.which.only_failed) return "has no step that failed";
  }
  const bool whole = again.size() == pipeline.steps.size() || !last.attempt;
  if (last.other_table && selection.same_versions) {
    return "read a table that another one was accepted for since; its versions are gone";
  }
  const std::string outdated = last.other_table        ? "a source is another table since"
                               : last.other_definition ? "another definition was accepted since"
                               : !last.later.empty()   ? last.later + " has processed the partition since"
                                                       : "";
  if ((!whole || single) && !outdated.empty()) {
    cleared.note =
        outdated + ", so all steps run again at the " + (selection.same_versions ? "same" : "newest") + " versions";
    for (const pipeline::Step& step : pipeline.steps) cleared.again.push_back(step.id);
    if (selection.same_versions && last.attempt) cleared.versions = last.attempt->vector;
    return "";
  }
  for (const pipeline::Step& step : pipeline.steps) {
    const bool keep = !whole && !again.contains(step.id) && Succeeded(last, step.id);
    (keep ? cleared.kept : cleared.again).push_back(step.id);
  }
  const bool keep_pin = selection.same_versions || single || !cleared.kept.empty();
  if (keep_pin && last.attempt) cleared.versions = last.attempt->vector;
  if (cleared.run.state == RunState::kRunning) cleared.note = "is running; it is ended first";
  return "";
}

std::string LineOf(const ClearedRun& cleared) {
  std::string line = std::to_string(cleared.run.id) + " " + std::string(Name(cleared.run.state)) + " " +
                     std::to_string(cleared.run.tries);
  for (const std::string& step : cleared.again) line += " " + step;
  if (cleared.versions) {
    for (const auto& [source, version] : *cleared.versions) line += " " + source + "@" + std::to_string(version.value);
  }
  return line;
}

Result<ClearPlan> Plan(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ClearSelection& selection) {
  LATECOMER_ASSIGN_OR_RETURN(const std::set<std::string> named, SelectSteps(pipeline, selection.which));
  LATECOMER_ASSIGN_OR_RETURN(SelectedRuns selected, SelectRuns(reader, pipeline, selection.which, RangePick::kNewest));
  LATECOMER_ASSIGN_OR_RETURN(const LastAccepted accepted, FindLastAccepted(reader, pipeline.id));
  ClearPlan plan;
  plan.untouched = std::move(selected.untouched);
  std::vector<std::string> lines;
  for (PlacedRun& placed : selected.runs) {
    if (placed.key.Empty()) {  // the definition was changed since
      plan.untouched.push_back({placed.run.run_id, kNoOutputAnyMore});
      continue;
    }
    LATECOMER_ASSIGN_OR_RETURN(const LastTry last, LookAtLastTry(reader, pipeline, accepted, placed.run));
    ClearedRun cleared{.run = std::move(placed.run), .again = {}, .kept = {}, .versions = {}, .note = {}};
    const std::string why_not = PlanOne(pipeline, selection, named, last, cleared);
    if (!why_not.empty()) {
      plan.untouched.push_back({cleared.run.run_id, why_not});
      continue;
    }
    lines.push_back(LineOf(cleared));
    plan.affected.push_back(std::move(cleared));
  }
  plan.fingerprint = FingerprintOf(lines);
  return plan;
}

// In which try a kept step was really done.
Result<std::map<std::string, int>> KeptFrom(ledger::Reader& reader, const ClearedRun& cleared) {
  std::map<std::string, int> kept;
  if (cleared.kept.empty()) return kept;
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<StepRecord> steps, reader.Steps(cleared.run.id, cleared.run.tries));
  for (const StepRecord& step : steps) {
    const bool keep = std::find(cleared.kept.begin(), cleared.kept.end(), step.step) != cleared.kept.end();
    if (keep && step.map_index < 0) kept[step.step] = step.kept_from.value_or(step.try_number);
  }
  return kept;
}

Status ClearOne(ledger::Writer& writer, ClearedRun& cleared, const Act& act) {
  RunRecord run = cleared.run;
  if (run.state == RunState::kRunning) LATECOMER_RETURN_IF_ERROR(EndRunning(writer, run, "cleared", act.now));
  LATECOMER_ASSIGN_OR_RETURN(auto kept, KeptFrom(writer, cleared));
  if (!act.note.empty()) run.note = act.note;
  // Moving to the queue keeps what was asked of the next try, so it is asked before.
  run.keep_vector = cleared.versions;
  run.keep_steps = std::move(kept);
  LATECOMER_RETURN_IF_ERROR(MoveRun(writer, run, RunState::kQueued, "cleared", act.now));
  nlohmann::ordered_json detail{{"from", Name(cleared.run.state)}, {"again", cleared.again}, {"kept", cleared.kept}};
  LATECOMER_ASSIGN_OR_RETURN(cleared.event, AppendActEvent(writer, act, EventOf(run, "run.cleared"), detail));
  return {};
}

}  // namespace

Result<ClearPlan> PreviewClear(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                               const ClearSelection& selection) {
  ClearPlan plan;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(plan, Plan(reader, pipeline, selection));
    return {};
  }));
  return plan;
}

Result<ClearPlan> ApplyClear(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                             const ClearSelection& selection, const std::string& confirmed, const Act& act) {
  ClearPlan plan;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(plan, Plan(writer, pipeline, selection));
    LATECOMER_RETURN_IF_ERROR(SameAsShown(confirmed, plan.fingerprint));
    for (ClearedRun& cleared : plan.affected) LATECOMER_RETURN_IF_ERROR(ClearOne(writer, cleared, act));
    return {};
  }));
  return plan;
}

}  // namespace latecomer::engine
