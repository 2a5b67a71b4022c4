#include "engine/step_machine.h"

#include <algorithm>
#include <map>

namespace latecomer::engine {
namespace {

using ledger::StepRecord;
using ledger::StepState;

StepRecord NewStep(const ledger::RunRecord& run, int try_number, const std::string& id, int position) {
  StepRecord step;
  step.run = run.id;
  step.try_number = try_number;
  step.step = id;
  step.position = position;
  return step;
}

void EndAtOnce(StepRecord& step, StepState state, std::string message, Instant now) {
  step.state = state;
  step.message = std::move(message);
  step.started = now;
  step.ended = now;
}

bool HasFailed(StepState state) {
  return state == StepState::kFailed || state == StepState::kUpstreamFailed || state == StepState::kCancelled;
}

}  // namespace

std::vector<StepRecord> NewSteps(const pipeline::Pipeline& pipeline, const ledger::RunRecord& run, int try_number,
                                 Instant now) {
  std::vector<StepRecord> steps;
  const auto add = [&](const std::string& id) -> StepRecord& {
    return steps.emplace_back(NewStep(run, try_number, id, static_cast<int>(steps.size())));
  };
  EndAtOnce(add(kReadyStep), StepState::kSuccess, "", now);
  StepRecord& detect = add(kDetectStep);
  if (run.kind == ledger::RunKind::kBackfill) {
    EndAtOnce(detect, StepState::kSkipped, "a backfill looks for no further late partitions", now);
  }
  for (const pipeline::Step& step : pipeline.steps) {
    StepRecord& record = add(step.id);
    const auto kept = run.keep_steps.find(step.id);
    if (kept == run.keep_steps.end()) continue;
    record.kept_from = kept->second;
    EndAtOnce(record, StepState::kSuccess,
              kept->second == 0 ? "marked success" : "kept from try " + std::to_string(kept->second), now);
  }
  add(kRecordStep);
  StepRecord& backfill = add(kBackfillStep);
  if (run.kind == ledger::RunKind::kBackfill) {
    EndAtOnce(backfill, StepState::kSkipped, "a backfill starts no further backfills", now);
  }
  return steps;
}

NextMoves DecideNext(const pipeline::Pipeline& pipeline, const std::vector<StepRecord>& steps, Instant now) {
  std::map<std::string, const StepRecord*> by_id;
  for (const StepRecord& step : steps) {
    if (step.map_index < 0) by_id[step.step] = &step;
  }
  NextMoves next;
  std::map<std::string, StepState> state;
  bool all_succeeded = true;
  bool something_open = false;
  // `needs` has no ring; as many passes as steps settle every chain whatever the file's order.
  for (const pipeline::Step& step : pipeline.steps) state[step.id] = by_id.at(step.id)->state;
  for (std::size_t pass = 0; pass < pipeline.steps.size(); ++pass) {
    for (const pipeline::Step& step : pipeline.steps) {
      if (state[step.id] != StepState::kWaiting) continue;
      const auto broken = std::find_if(step.needs.begin(), step.needs.end(),
                                       [&](const std::string& id) { return HasFailed(state[id]); });
      if (broken == step.needs.end()) continue;
      state[step.id] = StepState::kUpstreamFailed;
      next.moves.push_back({step.id, StepState::kUpstreamFailed, "needs " + *broken + ", which failed"});
    }
  }
  for (const pipeline::Step& step : pipeline.steps) {
    const StepState current = state[step.id];
    if (current == StepState::kWaiting || current == StepState::kQueued) {
      const bool ready = std::all_of(step.needs.begin(), step.needs.end(),
                                     [&](const std::string& id) { return state[id] == StepState::kSuccess; });
      if (ready) next.start.push_back(step.id);
    } else if (current == StepState::kUpForRetry) {
      const Instant at = by_id.at(step.id)->retry_at.value_or(now);
      if (at <= now) {
        next.start.push_back(step.id);
      } else {
        next.wake_at = next.wake_at ? std::min(*next.wake_at, at) : at;
      }
    } else if (current == StepState::kFailed && next.failed_step.empty()) {
      next.failed_step = step.id;
    }
    all_succeeded = all_succeeded && current == StepState::kSuccess;
    something_open = something_open || !ledger::IsDone(current);
  }
  next.record = all_succeeded;
  next.failed = !all_succeeded && !something_open;
  return next;
}

}  // namespace latecomer::engine
