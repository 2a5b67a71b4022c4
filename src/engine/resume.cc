// Tries that go on under another scheduler: jobs outside don't notice that theirs died.
#include <algorithm>

#include "engine/active.h"
#include "engine/run_names.h"
#include "engine/transitions.h"
#include "ledger/pipeline_writes.h"

namespace latecomer::engine {

using ledger::AttemptRecord;
using ledger::ClaimRecord;
using ledger::RunRecord;
using ledger::RunState;
using ledger::TryRecord;

namespace {

bool IsSame(const std::optional<ClaimRecord>& there, const ClaimRecord& claim) {
  return there && !there->released && there->token == claim.token && there->holder == claim.holder;
}

bool HasEnded(const AttemptRecord& attempt) {
  return attempt.state != ledger::AttemptState::kStarting && attempt.state != ledger::AttemptState::kRunning;
}

const pipeline::Step* FindStep(const pipeline::Pipeline& pipeline, const std::string& id) {
  const auto found = std::find_if(pipeline.steps.begin(), pipeline.steps.end(),
                                  [&](const pipeline::Step& step) { return step.id == id; });
  return found == pipeline.steps.end() ? nullptr : &*found;
}

}  // namespace

// Whether all that its last try has at work goes on without its scheduler; then `active` is that try.
Result<bool> Engine::LoadResumable(ledger::Reader& reader, const ClaimRecord& claim, Active& active) {
  LATECOMER_ASSIGN_OR_RETURN(const auto run, reader.FindRun(claim.run));
  if (!run || run->state != RunState::kRunning || run->tries != claim.try_number) return false;
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<TryRecord> tries, reader.Tries(run->id));
  if (tries.empty() || tries.back().state != ledger::TryState::kRunning) return false;
  active.run = *run;
  active.attempt = tries.back();
  // Another definition would give the same name to another job.
  if (active.attempt.definition_hash != pipeline_.definition_hash) return false;
  LATECOMER_ASSIGN_OR_RETURN(active.key, table::ParseCanonicalKey(output_schema_, run->partition));
  LATECOMER_ASSIGN_OR_RETURN(active.steps, reader.Steps(run->id, active.attempt.number));
  for (const TryRecord& one : tries) active.kept_tokens[one.number] = one.token;
  LATECOMER_ASSIGN_OR_RETURN(const auto predecessors, reader.Predecessors());
  for (const auto& record : predecessors) active.predecessors.push_back(record.ledger_id);
  LATECOMER_ASSIGN_OR_RETURN(const auto attempts, reader.Attempts(run->id, active.attempt.number));
  for (AttemptRecord attempt : attempts) {
    if (HasEnded(attempt)) continue;
    const pipeline::Step* step = FindStep(pipeline_, attempt.step);
    if (step == nullptr || active.Find(attempt.step) == nullptr) return false;
    // The other scheduler's folder may lie on a disk that isn't here.
    attempt.folder = WorkFolder(env_.state_folder, active.run, attempt);
    attempt.log = LogFile(env_.state_folder, active.run, attempt);
    const auto spec = SpecFor(active, *step, attempt);
    if (!spec || !env_.executor.Outlives(*spec)) return false;
    active.attempts[attempt.step] = attempt;
    active.to_launch.push_back(attempt.step);
    active.resumed.insert(attempt.step);
  }
  return !active.to_launch.empty();
}

// A try whose scheduler is gone goes on here under its own token and with its own jobs: nothing that they have done is
// lost, and nothing is begun a second time.
Result<Engine::Resumed> Engine::Resume(const ClaimRecord& claim, const std::string& why) {
  auto active = std::make_unique<Active>();
  bool resumable = false;
  bool taken = false;
  if (IsOutside(env_.holder)) return Resumed::kNo;  // it claims for a worker outside, and runs nothing
  LATECOMER_RETURN_IF_ERROR(env_.ledger.Read([&](ledger::Reader& reader) -> Status {
    *active = Active{};
    LATECOMER_ASSIGN_OR_RETURN(resumable, LoadResumable(reader, claim, *active));
    return {};
  }));
  if (!resumable) return Resumed::kNo;
  const Status written = env_.ledger.Write([&](ledger::Writer& writer) -> Status {
    taken = false;
    *active = Active{};
    LATECOMER_ASSIGN_OR_RETURN(auto there, writer.FindClaim(claim.pipeline, claim.partition));
    if (!IsSame(there, claim)) return {};
    LATECOMER_ASSIGN_OR_RETURN(resumable, LoadResumable(writer, claim, *active));
    if (!resumable || stop_starting_) return {};
    const Instant now = env_.clock.Now();
    there->holder = env_.holder;
    there->expires = now + env_.lease;
    LATECOMER_RETURN_IF_ERROR(writer.PutClaim(*there));
    for (const auto& [step, attempt] : active->attempts) LATECOMER_RETURN_IF_ERROR(writer.UpdateAttempt(attempt));
    active->renewed = now;
    taken = true;
    return AppendRunEvent(writer, active->run, "claim.resumed", {{"why", why}, {"holder", env_.holder}}, now);
  });
  if (!written) return Fail(written.error());
  if (!taken) return resumable ? Resumed::kNotNow : Resumed::kNo;
  LaunchStarting(*active);
  active_[active->run.id] = std::move(active);
  return Resumed::kYes;
}

bool Engine::OutlivesThis(const Active& active) {
  return !active.attempts.empty() && std::ranges::all_of(active.attempts, [&](const auto& entry) {
    const auto spec = SpecFor(active, *FindStep(pipeline_, entry.first), entry.second);
    return spec && env_.executor.Outlives(*spec);
  });
}

Status Engine::LeaveMine(const std::string& reason) {
  for (auto it = active_.begin(); it != active_.end();) {
    Active& active = *it->second;
    if (!OutlivesThis(active)) {
      ++it;
      continue;
    }
    const Status left = ledger::WriteFor(env_.ledger, pipeline_.id, [&](ledger::Writer& writer) -> Status {
      LATECOMER_RETURN_IF_ERROR(CheckClaim(writer, active));
      LATECOMER_ASSIGN_OR_RETURN(auto claim, writer.FindClaim(active.run.pipeline, active.run.partition));
      claim->expires = env_.clock.Now();  // whoever comes needn't wait
      return writer.PutClaim(*claim);
    });
    if (!left && left.error().kind != ErrorKind::kConflict) return left;
    for (const auto& [step, handle] : active.handles) LATECOMER_RETURN_IF_ERROR(env_.executor.Release(handle));
    it = active_.erase(it);
  }
  return CancelMine(reason);
}

// Whether another scheduler resumed it. It has the claim then, with the token that was granted here.
Result<bool> Engine::GoesOnElsewhere(const Active& active) {
  bool elsewhere = false;
  LATECOMER_RETURN_IF_ERROR(env_.ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto claim, reader.FindClaim(active.run.pipeline, active.run.partition));
    elsewhere = claim && !claim->released && claim->token == active.attempt.token && claim->holder != env_.holder;
    return {};
  }));
  return elsewhere;
}

}  // namespace latecomer::engine
