#include "engine/controls.h"

#include <nlohmann/json.hpp>

#include "engine/transitions.h"

namespace latecomer::engine {
namespace {

using ledger::RunRecord;
using ledger::RunState;

Result<CancelPlan> Plan(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const RunSelection& selection) {
  RunSelection runs = selection;
  runs.steps.clear();
  runs.only_failed = false;
  LATECOMER_ASSIGN_OR_RETURN(SelectedRuns selected, SelectRuns(reader, pipeline, runs, RangePick::kOpen));
  CancelPlan plan;
  std::vector<std::string> lines;
  for (PlacedRun& placed : selected.runs) {
    const std::string state(Name(placed.run.state));
    if (!ledger::IsOpen(placed.run.state)) {
      plan.untouched.push_back({placed.run.run_id, "has ended already (" + state + ")"});
      continue;
    }
    lines.push_back(std::to_string(placed.run.id) + " " + state + " " + std::to_string(placed.run.tries));
    if (placed.run.state == RunState::kRunning) plan.interrupted.insert(placed.run.id);
    plan.affected.push_back(std::move(placed.run));
  }
  plan.fingerprint = FingerprintOf(lines);
  return plan;
}

Status CancelOne(ledger::Writer& writer, RunRecord& run, const Act& act) {
  const RunState from = run.state;
  LATECOMER_RETURN_IF_ERROR(EndRunning(writer, run, "cancelled", act.now));
  if (!act.note.empty()) run.note = act.note;
  const std::string by = act.by.empty() ? "a person" : act.by;
  LATECOMER_RETURN_IF_ERROR(MoveRun(writer, run, RunState::kCancelled, "cancelled by " + by, act.now));
  return AppendActEvent(writer, act, EventOf(run, "run.cancelled"), {{"from", Name(from)}}).map([](auto) {});
}

}  // namespace

Result<CancelPlan> PreviewCancel(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                 const RunSelection& selection) {
  CancelPlan plan;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(plan, Plan(reader, pipeline, selection));
    return {};
  }));
  return plan;
}

Result<CancelPlan> ApplyCancel(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                               const RunSelection& selection, const std::string& confirmed, const Act& act) {
  CancelPlan plan;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(plan, Plan(writer, pipeline, selection));
    LATECOMER_RETURN_IF_ERROR(SameAsShown(confirmed, plan.fingerprint));
    for (RunRecord& run : plan.affected) LATECOMER_RETURN_IF_ERROR(CancelOne(writer, run, act));
    return {};
  }));
  return plan;
}

Result<Paused> SetPaused(ledger::Ledger& ledger, const std::string& pipeline, bool paused, const Act& act) {
  Paused done;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    done = Paused{};
    LATECOMER_ASSIGN_OR_RETURN(std::optional<ledger::PipelineRecord> record, writer.FindPipeline(pipeline));
    if (!record) return Fail(ErrorKind::kNotFound, "the ledger knows no pipeline " + pipeline);
    done.changed = record->paused != paused;
    if (!done.changed) return {};
    record->paused = paused;
    LATECOMER_RETURN_IF_ERROR(writer.PutPipeline(*record));
    ledger::EventRecord event;
    event.pipeline = pipeline;
    event.what = paused ? "pipeline.paused" : "pipeline.resumed";
    nlohmann::ordered_json detail = nlohmann::ordered_json::object();
    if (!act.note.empty()) detail["note"] = act.note;
    LATECOMER_ASSIGN_OR_RETURN(done.event, AppendActEvent(writer, act, event, detail));
    return {};
  }));
  return done;
}

Result<Noted> SetNote(ledger::Ledger& ledger, const std::string& pipeline, const std::string& word, const Act& act) {
  constexpr std::size_t kLongest = 10'000;
  if (act.note.size() > kLongest) {
    return Fail(ErrorKind::kInvalidArgument, "a note has at most " + std::to_string(kLongest) + " bytes");
  }
  Noted noted;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(noted.run, FindRunByWord(writer, pipeline, word));
    const nlohmann::ordered_json detail{{"note", act.note}, {"before", noted.run.note}};
    noted.run.note = act.note;
    LATECOMER_RETURN_IF_ERROR(writer.UpdateRun(noted.run));
    LATECOMER_ASSIGN_OR_RETURN(noted.event, AppendActEvent(writer, act, EventOf(noted.run, "run.noted"), detail));
    return {};
  }));
  return noted;
}

}  // namespace latecomer::engine
