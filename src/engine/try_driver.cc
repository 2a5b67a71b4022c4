// Moves the runs this scheduler holds: watches attempts, starts the next, retries, records.
#include <algorithm>

#include "engine/active.h"
#include "engine/run_names.h"
#include "engine/transitions.h"
#include "ledger/pipeline_writes.h"

namespace latecomer::engine {

using ledger::AttemptRecord;
using ledger::AttemptState;
using ledger::RunRecord;
using ledger::RunState;
using ledger::StepRecord;
using ledger::StepState;

namespace {

constexpr Duration kGrace = std::chrono::seconds(5);

const pipeline::Step& StepOf(const pipeline::Pipeline& pipeline, const std::string& id) {
  return *std::find_if(pipeline.steps.begin(), pipeline.steps.end(), [&](const auto& step) { return step.id == id; });
}

// What a step shows of its job outside is not what the ledger has.
bool IsNews(const StepRecord& step, const std::string& outside) {
  const bool runs = step.state == StepState::kRunning || step.state == StepState::kDeferred;
  return runs && (step.state != StepState::kDeferred || step.message != outside);
}

}  // namespace

bool Engine::HasNews() {
  for (const auto& [id, active] : active_) {
    if (active->HasMoreToDo()) return true;
    for (const auto& [step, handle] : active->handles) {
      const Result<executor::AttemptStatus> status = env_.executor.Poll(handle);
      if (!status || status->phase != executor::Phase::kRunning) return true;
      if (!status->outside.empty() && IsNews(*active->Find(step), status->outside)) return true;
    }
  }
  return false;
}

Result<bool> Engine::AdvanceMine(Which which) {
  bool progressed = false;
  std::vector<std::int64_t> ended;
  for (auto& [id, active] : active_) {
    if (which == Which::kFresh && !active->fresh) continue;
    Result<bool> moved = AdvanceOne(*active);
    if (!moved) {
      // The claim was lost, cleared or cancelled elsewhere: whatever still runs here must not go on.
      if (moved.error().kind != ErrorKind::kConflict) return Fail(moved.error());
      LATECOMER_RETURN_IF_ERROR(Abandon(*active));
      ended.push_back(id);
      progressed = true;
      continue;
    }
    progressed = progressed || *moved;
    if (!ledger::IsOpen(active->run.state)) ended.push_back(id);
  }
  for (const std::int64_t id : ended) active_.erase(id);
  plan_due_ = plan_due_ || !ended.empty();
  return progressed;
}

bool Engine::ShowsNews(Active& active) {
  return std::any_of(active.outside.begin(), active.outside.end(),
                     [&](const auto& shown) { return IsNews(*active.Find(shown.first), shown.second); });
}

Status Engine::ShowOutside(ledger::Writer& writer, Active& next, Instant now) {
  for (const auto& [id, what] : next.outside) {
    StepRecord& step = *next.Find(id);
    if (!IsNews(step, what)) continue;
    LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, step, StepState::kDeferred, what, now));
  }
  return {};
}

Result<bool> Engine::AdvanceOne(Active& active) {
  if (!active.to_launch.empty()) LaunchStarting(active);
  for (auto it = active.handles.begin(); it != active.handles.end();) {
    LATECOMER_ASSIGN_OR_RETURN(executor::AttemptStatus status, env_.executor.Poll(it->second));
    if (status.phase == executor::Phase::kRunning) {
      if (!status.outside.empty()) active.outside[it->first] = std::move(status.outside);
      ++it;
      continue;
    }
    active.outside.erase(it->first);
    active.finished.push_back({it->first, std::move(status)});
    it = active.handles.erase(it);
  }
  if (!active.detected) LATECOMER_RETURN_IF_ERROR(Detect(active));
  const Instant now = env_.clock.Now();
  const bool retry_due = active.wake_at && *active.wake_at <= now;
  const bool something_due =
      active.fresh || !active.finished.empty() || retry_due || active.record_due || ShowsNews(active);
  if (!something_due) return RenewLease(active);

  Active next = active;
  NextMoves moves;
  LATECOMER_RETURN_IF_ERROR(ledger::WriteFor(env_.ledger, pipeline_.id, [&](ledger::Writer& writer) -> Status {
    next = active;
    LATECOMER_RETURN_IF_ERROR(CheckClaim(writer, active));
    LATECOMER_RETURN_IF_ERROR(ApplyFinished(writer, next, now));
    LATECOMER_RETURN_IF_ERROR(ShowOutside(writer, next, now));
    moves = DecideNext(pipeline_, next.steps, now);
    for (const StepMove& move : moves.moves) {
      LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, *next.Find(move.step), move.to, move.message, now));
    }
    LATECOMER_RETURN_IF_ERROR(StartDue(writer, next, moves.start, now));
    if (moves.failed) return FailTry(writer, next, moves, now);
    return NoteRetry(writer, next, moves);
  }));
  next.fresh = false;
  next.wake_at = moves.wake_at;
  next.record_due = moves.record;
  if (env_.listener != nullptr) {
    for (std::size_t i = 0; i < next.steps.size(); ++i) {
      const bool is_news =
          next.steps[i].state == StepState::kDeferred && next.steps[i].message != active.steps[i].message;
      if (is_news || next.steps[i].state != active.steps[i].state) env_.listener->OnStep(next.run, next.steps[i]);
    }
  }
  active = std::move(next);
  if (moves.failed) Announce(active.run);
  LaunchStarting(active);
  if (moves.record) LATECOMER_RETURN_IF_ERROR(Record(active));
  return true;
}

Status Engine::CheckClaim(ledger::Writer& writer, const Active& active) {
  LATECOMER_ASSIGN_OR_RETURN(const auto claim, writer.FindClaim(active.run.pipeline, active.run.partition));
  LATECOMER_ASSIGN_OR_RETURN(const auto run, writer.FindRun(active.run.id));
  const bool held = claim && !claim->released && claim->token == active.attempt.token && claim->run == active.run.id &&
                    claim->holder == env_.holder;
  if (held && run && run->state == RunState::kRunning && run->tries == active.attempt.number) return {};
  const std::string state = run ? std::string(Name(run->state)) : "gone";
  return Fail(ErrorKind::kConflict, "the claim of " + active.run.run_id + " is not held any more; the run is " + state);
}

Status Engine::ApplyFinished(ledger::Writer& writer, Active& next, Instant now) {
  for (const Active::Finished& finished : next.finished) {
    StepRecord& step = *next.Find(finished.step);
    AttemptRecord attempt = next.attempts.at(finished.step);
    next.attempts.erase(finished.step);
    const bool ok = finished.status.phase == executor::Phase::kSucceeded;
    attempt.state = ok ? AttemptState::kSuccess : AttemptState::kFailed;
    attempt.exit_code = finished.status.exit_code;
    attempt.message = finished.status.message;
    attempt.ended = now;
    LATECOMER_RETURN_IF_ERROR(writer.UpdateAttempt(attempt));
    const pipeline::Step& definition = StepOf(pipeline_, finished.step);
    if (ok) {
      LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, step, StepState::kSuccess, finished.status.message, now));
    } else if (step.attempts <= definition.retries) {
      step.retry_at = now + definition.retry_delay;
      LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, step, StepState::kUpForRetry,
                                         finished.status.message + "; tried again at " + FormatInstant(*step.retry_at),
                                         now));
    } else {
      LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, step, StepState::kFailed, finished.status.message, now));
    }
  }
  next.finished.clear();
  return {};
}

Status Engine::StartDue(ledger::Writer& writer, Active& next, const std::vector<std::string>& steps, Instant now) {
  for (const std::string& id : steps) {
    StepRecord& step = *next.Find(id);
    step.attempts += 1;
    step.retry_at.reset();
    AttemptRecord attempt;
    attempt.run = next.run.id;
    attempt.try_number = next.attempt.number;
    attempt.step = id;
    attempt.number = step.attempts;
    attempt.folder = WorkFolder(env_.state_folder, next.run, attempt);
    attempt.log = LogFile(env_.state_folder, next.run, attempt);
    attempt.started = now;
    LATECOMER_RETURN_IF_ERROR(writer.InsertAttempt(attempt));
    LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, step, StepState::kRunning, "", now));
    next.attempts[id] = std::move(attempt);
    next.to_launch.push_back(id);
  }
  return {};
}

Status Engine::FailTry(ledger::Writer& writer, Active& next, const NextMoves& moves, Instant now) {
  const StepRecord* failed = next.Find(moves.failed_step);
  const std::string message =
      failed == nullptr ? "a step failed" : "step " + failed->step + " failed: " + failed->message;
  LATECOMER_RETURN_IF_ERROR(EndTry(writer, next.run, ledger::TryState::kFailed, message, now));
  LATECOMER_RETURN_IF_ERROR(ReleaseClaim(writer, next.run));
  return MoveRun(writer, next.run, RunState::kFailed, message, now);
}

// Keeps with a run of which nothing is running what it waits for.
Status Engine::NoteRetry(ledger::Writer& writer, Active& next, const NextMoves& moves) {
  std::string steps;
  bool running = moves.record;
  for (const StepRecord& step : next.steps) {
    running = running || step.state == StepState::kRunning || step.state == StepState::kDeferred;
    if (step.state == StepState::kUpForRetry) steps += (steps.empty() ? "step " : ", ") + step.step;
  }
  const bool waits = !running && moves.wake_at && !steps.empty();
  const std::string for_what = waits ? steps + " to be tried again at " + FormatInstant(*moves.wake_at) : "";
  if (next.run.waiting_for == for_what) return {};
  next.run.waiting_for = for_what;
  return writer.UpdateRun(next.run);
}

// Of an attempt that another scheduler may have started and that can't be gone on with: whether its job is gone, now
// that it was told to end.
bool Engine::HasNoJob(const AttemptRecord& attempt, const Error& why) {
  const bool may_pass = why.kind == ErrorKind::kIo || why.kind == ErrorKind::kConflict;
  return !may_pass && env_.executor.EnsureDead(attempt.folder).has_value();
}

// An attempt that can't even be started ends as one that failed, unless another scheduler may have started it.
void Engine::LaunchStarting(Active& active) {
  std::vector<std::string> later;
  for (const std::string& id : active.to_launch) {
    const AttemptRecord& attempt = active.attempts.at(id);
    const Result<executor::AttemptSpec> spec = SpecFor(active, StepOf(pipeline_, id), attempt);
    Result<std::string> handle = spec ? env_.executor.Start(*spec) : Result<std::string>(Fail(spec.error()));
    if (handle) {
      active.handles[id] = std::move(*handle);
      active.resumed.erase(id);
      continue;
    }
    if (active.resumed.contains(id) && !HasNoJob(attempt, handle.error())) {
      active.outside[id] = handle.error().ToString();
      later.push_back(id);
      continue;
    }
    active.resumed.erase(id);
    executor::AttemptStatus status;
    status.phase = executor::Phase::kFailed;
    status.message = handle.error().ToString();
    active.finished.push_back({id, std::move(status)});
  }
  active.to_launch = std::move(later);
}

// A run's `detect`: what else is late now becomes its mapped `backfill` instances.
Status Engine::Detect(Active& active) {
  const StepRecord* detect = active.Find(kDetectStep);
  if (detect == nullptr || ledger::IsDone(detect->state)) {
    active.detected = true;
    return {};
  }
  Active next = active;
  std::vector<RunRecord> children;
  LATECOMER_RETURN_IF_ERROR(env_.ledger.Write([&](ledger::Writer& writer) -> Status {
    next = active;
    children.clear();
    LATECOMER_RETURN_IF_ERROR(CheckClaim(writer, active));
    return DetectInTransaction(writer, next, children);
  }));
  active = std::move(next);
  active.detected = true;
  for (const RunRecord& child : children) Announce(child);
  if (env_.listener != nullptr) {
    env_.listener->OnStep(active.run, *active.Find(kDetectStep));
    env_.listener->OnStep(active.run, *active.Find(kBackfillStep));
  }
  return {};
}

Status Engine::DetectInTransaction(ledger::Writer& writer, Active& next, std::vector<RunRecord>& children) {
  const Instant now = env_.clock.Now();
  LATECOMER_ASSIGN_OR_RETURN(const auto sources, LoadSources(writer, pipeline_));
  if (!sources) return Fail(ErrorKind::kUnexpected, "the ledger lost a table that this run reads");
  LATECOMER_ASSIGN_OR_RETURN(OpenFacts open,
                             GatherOpenFacts(writer, pipeline_, *sources, now, {.ahead = 0, .around = next.key}));
  LATECOMER_RETURN_IF_ERROR(ApplyIndexUpdate(writer, pipeline_, open.update));
  AddUpstream(open.input);
  const lateness::PlanInput& facts = open.input;
  std::vector<lateness::PlanEntry> late;
  if (pipeline_.rules.detect == lateness::Detect::kLookback && next.run.kind == ledger::RunKind::kScheduled) {
    late = lateness::LookbackBackfills(pipeline_.rules, facts, next.key, next.run.run_id);
  } else {
    for (lateness::PlanEntry& entry : lateness::MakePlan(pipeline_.rules, facts).entries) {
      const bool start = entry.decision == lateness::Decision::kProcess &&
                         entry.kind == lateness::RunFact::Kind::kBackfill && !(entry.key == next.key);
      if (start) late.push_back(std::move(entry));
    }
  }
  for (const lateness::PlanEntry& entry : late) {
    const std::string partition = entry.key.Canonical();
    LATECOMER_ASSIGN_OR_RETURN(const auto there, writer.FindRunByCause(pipeline_.id, partition, entry.cause));
    if (there) continue;
    RunRecord child;
    child.pipeline = pipeline_.id;
    LATECOMER_ASSIGN_OR_RETURN(child.run_id,
                               FreeRunName(writer, pipeline_.id, BackfillRunId(entry.key, &next.run, entry, now), now));
    child.partition = partition;
    child.partition_display = PartitionName(entry.key);
    child.kind = ledger::RunKind::kBackfill;
    child.cause = entry.cause;
    child.caused_by = next.run.id;
    child.created = now;
    LATECOMER_ASSIGN_OR_RETURN(child.id, writer.InsertRun(child));
    LATECOMER_RETURN_IF_ERROR(
        AppendRunEvent(writer, child, "run.created",
                       {{"cause", child.cause}, {"why", entry.reason}, {"caused_by", next.run.run_id}}, now));
    children.push_back(child);
  }
  LATECOMER_RETURN_IF_ERROR(PlaceOutputs(writer, pipeline_));
  const std::string found = std::to_string(children.size()) + " late partition" + (children.size() == 1 ? "" : "s");
  LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, *next.Find(kDetectStep), StepState::kSuccess,
                                     children.empty() ? "nothing late" : "found " + found, now));
  StepRecord& backfill = *next.Find(kBackfillStep);
  if (children.empty()) return MoveStep(writer, next.run, backfill, StepState::kSkipped, "nothing late", now);
  for (std::size_t i = 0; i < children.size(); ++i) {
    StepRecord instance = backfill;
    instance.map_index = static_cast<int>(i);
    instance.child_run = children[i].id;
    instance.state = StepState::kSuccess;
    instance.message = "started " + children[i].run_id;
    instance.started = now;
    instance.ended = now;
    LATECOMER_RETURN_IF_ERROR(writer.InsertStep(instance));
  }
  return MoveStep(writer, next.run, backfill, StepState::kSuccess, "started " + found, now);
}

// Promise 3: what an output holds must be this very try's work (or that of the try it kept the step from) before it
// counts as processed.
Status Engine::VerifyOutputs(const Active& active) {
  for (const pipeline::Step& step : pipeline_.steps) {
    const std::string* into = pipeline::DeclaredOutput(step);
    if (into == nullptr) continue;
    std::int64_t token = active.attempt.token;
    const auto record = std::find_if(active.steps.begin(), active.steps.end(),
                                     [&](const StepRecord& one) { return one.step == step.id && one.kept_from; });
    if (record != active.steps.end()) {
      if (*record->kept_from == 0) continue;  // a person vouches for it
      token = active.kept_tokens.at(*record->kept_from);
    }
    LATECOMER_ASSIGN_OR_RETURN(const auto output, env_.catalog.OpenHistory(*into));
    const std::string app_id = TransactionAppId(pipeline_.id, active.key, step.id);
    LATECOMER_ASSIGN_OR_RETURN(const auto found, output->FindTransaction(app_id));
    if (found && found->version == token) continue;
    const std::string newest = found ? ", whose newest one has " + std::to_string(found->version) : "";
    return Fail(Error(ErrorKind::kRunFailed, "the commit of step " + step.id + " (txn " + app_id + ", version " +
                                                 std::to_string(token) + ") is not in its output" + newest)
                    .In(*into)
                    .Hint("was the table replaced or restored meanwhile? `latecomer clear` the run to make it again"));
  }
  return {};
}

Status Engine::Record(Active& active) {
  const Status verified = VerifyOutputs(active);
  if (!verified && verified.error().kind != ErrorKind::kRunFailed) return verified;
  Active next = active;
  LATECOMER_RETURN_IF_ERROR(ledger::WriteFor(env_.ledger, pipeline_.id, [&](ledger::Writer& writer) -> Status {
    next = active;
    const Instant now = env_.clock.Now();
    LATECOMER_RETURN_IF_ERROR(CheckClaim(writer, active));
    StepRecord& record = *next.Find(kRecordStep);
    if (!verified) {
      LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, record, StepState::kRunning, "", now));
      LATECOMER_RETURN_IF_ERROR(
          MoveStep(writer, next.run, record, StepState::kFailed, verified.error().ToString(), now));
      NextMoves failed;
      failed.failed_step = kRecordStep;
      return FailTry(writer, next, failed, now);
    }
    LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, record, StepState::kRunning, "", now));
    LATECOMER_RETURN_IF_ERROR(MoveStep(writer, next.run, record, StepState::kSuccess, "", now));
    LATECOMER_RETURN_IF_ERROR(RecordProcessed(writer, pipeline_, next.run, next.attempt, now));
    next.attempt.state = ledger::TryState::kSuccess;
    next.attempt.ended = now;
    LATECOMER_RETURN_IF_ERROR(writer.UpdateTry(next.attempt));
    LATECOMER_RETURN_IF_ERROR(ReleaseClaim(writer, next.run));
    return MoveRun(writer, next.run, RunState::kSuccess, "", now);
  }));
  active = std::move(next);
  if (env_.listener != nullptr) env_.listener->OnStep(active.run, *active.Find(kRecordStep));
  Announce(active.run);
  return {};
}

Result<bool> Engine::RenewLease(Active& active) {
  const Instant now = env_.clock.Now();
  LATECOMER_ASSIGN_OR_RETURN(const std::string stamp, view_.Stamp());
  if (stamp.empty() || active.checked_at != stamp) {
    LATECOMER_RETURN_IF_ERROR(env_.ledger.Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto run, reader.FindRun(active.run.id));
      if (run && run->state == RunState::kRunning && run->tries == active.attempt.number) return {};
      return Fail(ErrorKind::kConflict, active.run.run_id + " was cancelled or cleared");
    }));
    active.checked_at = stamp;
  }
  if (now - active.renewed < env_.lease / 3) return false;
  LATECOMER_RETURN_IF_ERROR(ledger::WriteFor(env_.ledger, pipeline_.id, [&](ledger::Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(CheckClaim(writer, active));
    LATECOMER_ASSIGN_OR_RETURN(auto claim, writer.FindClaim(active.run.pipeline, active.run.partition));
    claim->expires = now + env_.lease;
    return writer.PutClaim(*claim);
  }));
  active.renewed = now;
  return false;
}

Status Engine::Abandon(Active& active) {
  LATECOMER_ASSIGN_OR_RETURN(const bool elsewhere, GoesOnElsewhere(active));
  for (const auto& [step, handle] : active.handles) {
    // An attempt that can't be told to end is ended by whoever claims the partition next (EnsureDead).
    const Status told = elsewhere ? env_.executor.Release(handle) : env_.executor.Cancel(handle, kGrace);
    if (told && !elsewhere) doomed_.push_back(handle);
  }
  active.handles.clear();
  return {};
}

}  // namespace latecomer::engine
