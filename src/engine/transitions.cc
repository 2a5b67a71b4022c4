#include "engine/transitions.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/following.h"
#include "engine/open_facts.h"

namespace latecomer::engine {

using ledger::AttemptRecord;
using ledger::AttemptState;
using ledger::RunRecord;
using ledger::RunState;
using ledger::StepRecord;
using ledger::StepState;
using ledger::TryRecord;
using ledger::TryState;

Status AppendRunEvent(ledger::Writer& writer, const RunRecord& run, const std::string& what,
                      const std::map<std::string, std::string>& detail, Instant now) {
  ledger::EventRecord event;
  event.at = now;
  event.pipeline = run.pipeline;
  event.partition = run.partition;
  event.run_id = run.run_id;
  event.what = what;
  event.detail = nlohmann::json(detail).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return writer.AppendEvent(event);
}

Status MoveRun(ledger::Writer& writer, RunRecord& run, RunState to, std::string message, Instant now) {
  const RunState from = run.state;
  run.state = to;
  run.message = std::move(message);
  run.waiting_for.clear();  // what it waited for belonged to the state before
  if (ledger::IsOpen(to)) {
    run.ended.reset();
  } else {
    run.ended = now;
    run.keep_vector.reset();
    run.keep_steps.clear();
  }
  LATECOMER_RETURN_IF_ERROR(writer.UpdateRun(run));
  const std::string what = "run." + std::string(Name(from)) + "→" + std::string(Name(to));
  return AppendRunEvent(writer, run, what, {{"message", run.message}}, now);
}

Status MoveStep(ledger::Writer& writer, const RunRecord& run, StepRecord& step, StepState to, std::string message,
                Instant now) {
  const StepState from = step.state;
  step.state = to;
  step.message = std::move(message);
  if (to == StepState::kRunning && !step.started) step.started = now;
  if (to == StepState::kWaiting || to == StepState::kQueued) step.ended.reset();
  if (ledger::IsDone(to)) step.ended = now;
  LATECOMER_RETURN_IF_ERROR(writer.UpdateStep(step));
  const std::string what = "step." + std::string(Name(from)) + "→" + std::string(Name(to));
  return AppendRunEvent(writer, run, what, {{"step", step.step}, {"message", step.message}}, now);
}

namespace {

AttemptState AttemptStateOf(TryState to) {
  return to == TryState::kCancelled ? AttemptState::kCancelled : AttemptState::kLost;
}

}  // namespace

Status EndTry(ledger::Writer& writer, const RunRecord& run, TryState to, const std::string& message, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(std::vector<TryRecord> tries, writer.Tries(run.id));
  if (tries.empty() || tries.back().state != TryState::kRunning) return {};
  TryRecord& last = tries.back();
  LATECOMER_ASSIGN_OR_RETURN(std::vector<AttemptRecord> attempts, writer.Attempts(run.id, last.number));
  for (AttemptRecord& attempt : attempts) {
    if (attempt.state != AttemptState::kStarting && attempt.state != AttemptState::kRunning) continue;
    attempt.state = AttemptStateOf(to);
    attempt.message = message;
    attempt.ended = now;
    LATECOMER_RETURN_IF_ERROR(writer.UpdateAttempt(attempt));
  }
  LATECOMER_ASSIGN_OR_RETURN(std::vector<StepRecord> steps, writer.Steps(run.id, last.number));
  for (StepRecord& step : steps) {
    if (ledger::IsDone(step.state)) continue;
    const StepState state = to == TryState::kFailed    ? StepState::kUpstreamFailed
                            : to == TryState::kSkipped ? StepState::kSkipped
                                                       : StepState::kCancelled;
    LATECOMER_RETURN_IF_ERROR(MoveStep(writer, run, step, state, message, now));
  }
  last.state = to;
  last.message = message;
  last.ended = now;
  return writer.UpdateTry(last);
}

Status EndRunning(ledger::Writer& writer, const RunRecord& run, const std::string& why, Instant now) {
  LATECOMER_RETURN_IF_ERROR(EndTry(writer, run, TryState::kCancelled, why, now));
  return ReleaseClaim(writer, run);
}

Status RecordProcessed(ledger::Writer& writer, const pipeline::Pipeline& pipeline, const RunRecord& run,
                       const TryRecord& attempt, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const Instant built_at, BuiltAt(writer, pipeline, now));
  LATECOMER_RETURN_IF_ERROR(writer.PutProcessed({.pipeline = run.pipeline,
                                                 .partition = run.partition,
                                                 .vector = attempt.vector,
                                                 .run_id = run.run_id,
                                                 .try_number = attempt.number,
                                                 .token = attempt.token,
                                                 .at = built_at}));
  return PlaceOutputs(writer, pipeline);
}

Status ReleaseClaim(ledger::Writer& writer, const RunRecord& run) {
  LATECOMER_ASSIGN_OR_RETURN(std::optional<ledger::ClaimRecord> claim, writer.FindClaim(run.pipeline, run.partition));
  if (!claim || claim->released || claim->run != run.id) return {};
  claim->released = true;
  return writer.PutClaim(*claim);
}

}  // namespace latecomer::engine
