// Claims: granting one to a queued run, with its token and its pinned versions, and taking over those
// whose scheduler died.
#include <algorithm>
#include <array>

#include "engine/active.h"
#include "engine/facts.h"
#include "engine/following.h"
#include "engine/run_names.h"
#include "engine/transitions.h"
#include "lateness/reasons.h"
#include "ledger/pipeline_writes.h"

namespace latecomer::engine {

using ledger::ClaimRecord;
using ledger::RunKind;
using ledger::RunRecord;
using ledger::RunState;

// A lost or restored ledger must not grant a token that an output has seen already.
Result<std::int64_t> Engine::NewestTokenInOutputs(const table::PartitionKey& key) {
  std::int64_t newest = 0;
  for (const pipeline::Step& step : pipeline_.steps) {
    const std::string* into = pipeline::DeclaredOutput(step);
    if (into == nullptr) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto output, env_.catalog.OpenHistory(*into));
    const auto found = output->FindTransaction(TransactionAppId(pipeline_.id, key, step.id));
    if (found) {
      if (*found) newest = std::max(newest, (*found)->version);
    } else if (found.error().kind != ErrorKind::kNotFound) {
      return Fail(found.error());
    }
  }
  return newest;
}

// On one machine an attempt starts only when the old process is known dead: those of this run's last try,
// and those of whoever claimed the partition last. Across machines nothing can be made certain; there the
// lease has to have run out (kConflict until then), and the token fences what comes later.
Status Engine::EnsureOldAttemptsDead(const RunRecord& run) {
  std::vector<ledger::AttemptRecord> attempts;
  Instant lease_end{};
  LATECOMER_RETURN_IF_ERROR(env_.ledger.Read([&](ledger::Reader& reader) -> Status {
    if (run.tries > 0) {
      LATECOMER_ASSIGN_OR_RETURN(attempts, reader.Attempts(run.id, run.tries));
    }
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<ClaimRecord> claim, reader.FindClaim(run.pipeline, run.partition));
    if (claim) lease_end = claim->expires;
    if (!claim || claim->run == run.id) return {};
    LATECOMER_ASSIGN_OR_RETURN(const auto others, reader.Attempts(claim->run, claim->try_number));
    attempts.insert(attempts.end(), others.begin(), others.end());
    return {};
  }));
  for (const ledger::AttemptRecord& attempt : attempts) {
    if (attempt.state == ledger::AttemptState::kSuccess || attempt.state == ledger::AttemptState::kFailed) continue;
    const Status dead = env_.executor.EnsureDead(attempt.folder);
    if (dead) continue;
    if (dead.error().kind != ErrorKind::kUnknownOutcome) return dead;
    if (lease_end > env_.clock.Now()) {
      return Fail(ErrorKind::kConflict,
                  "the end of an attempt on another machine, at the latest " + FormatInstant(lease_end));
    }
  }
  return {};
}

namespace {

// Whether a person cleared the run, or marked a step so that it goes on, since a try of it came to an end of its own.
// One that was lost or put back leaves what they wanted open.
Result<bool> IsWanted(ledger::Reader& reader, const RunRecord& run) {
  if (run.tries == 0) return false;
  LATECOMER_ASSIGN_OR_RETURN(const auto events, reader.Events(run.pipeline, run.run_id, std::nullopt));
  const auto moved_to = [](const ledger::EventRecord& event, RunState state) {
    return event.what.starts_with("run.") && event.what.ends_with("→" + std::string(Name(state)));
  };
  bool wanted = false;
  bool ended = false;
  for (const ledger::EventRecord& event : events) {
    const bool ends =
        std::ranges::any_of(std::array{RunState::kSuccess, RunState::kFailed, RunState::kSkipped, RunState::kCancelled},
                            [&](RunState state) { return moved_to(event, state); });
    if (ends) wanted = false;
    ended = ends || (ended && !moved_to(event, RunState::kQueued));
    // The event of a mark comes after the move that it makes: one that ends the run wants nothing more of it.
    if (event.what == "run.cleared" || (event.what == "run.marked" && !ended)) wanted = true;
  }
  return wanted;
}

}  // namespace

// Why a run is not needed any more when its turn comes; empty when it is. What a person asked for, cleared or chose as
// look-back is always needed. Another run may have done the work of one that was lost, or that is tried again after it
// failed (`retry_failed_after`).
Result<std::string> Engine::NothingUnseen(ledger::Reader& reader, const RunRecord& run) {
  if (run.kind == RunKind::kManual || run.cause.starts_with("lookback:")) return std::string();
  LATECOMER_ASSIGN_OR_RETURN(const bool wanted, IsWanted(reader, run));
  if (wanted) return std::string();
  LATECOMER_ASSIGN_OR_RETURN(const auto processed, reader.FindProcessed(run.pipeline, run.partition));
  if (!processed) return std::string();
  LATECOMER_ASSIGN_OR_RETURN(const auto unseen, UnseenChanges(reader, pipeline_, observed_, run.partition, processed));
  if (!unseen.empty()) return std::string();
  LATECOMER_ASSIGN_OR_RETURN(const auto newer,
                             FollowedSince(reader, pipeline_, output_schema_, run.partition, processed->at));
  if (newer) return std::string();
  return "already processed by " + processed->run_id;
}

namespace {

// One version per source; a kept pin lacks a source that was added since.
VersionVector PinOf(const RunRecord& run, const VersionVector& newest) {
  if (!run.keep_vector) return newest;
  VersionVector pin;
  for (const auto& [source, version] : newest) {
    const auto kept = run.keep_vector->find(source);
    pin[source] = kept == run.keep_vector->end() ? version : kept->second;
  }
  return pin;
}

// As soon as a try may write, its output is sure to hold no more than what the try reads. A kept pin can be older than
// what the partition was built from since; if such a try wrote and then failed, a record left as it was would hide that
// the output went back.
Status LowerProcessed(ledger::Writer& writer, const RunRecord& run, const VersionVector& pin, Instant now) {
  if (!run.keep_vector) return {};
  LATECOMER_ASSIGN_OR_RETURN(auto processed, writer.FindProcessed(run.pipeline, run.partition));
  if (!processed) return {};
  const VersionVector before = processed->vector;
  for (auto& [source, version] : processed->vector) {
    const auto pinned = pin.find(source);
    if (pinned != pin.end()) version = std::min(version, pinned->second);
  }
  if (processed->vector == before) return {};
  LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(*processed));
  return AppendRunEvent(
      writer, run, "processed.lowered",
      {{"message", "the try reads older versions: counts as built from " + lateness::DescribeVector(processed->vector) +
                       ", no longer from " + lateness::DescribeVector(before)}},
      now);
}

// Steps of an earlier try are worth nothing once another run has claimed the partition, so all are done again, of the
// newest versions: as when the run had been cleared only now. Returns what to say of it; empty when they are kept.
std::string ForgetKeptSteps(RunRecord& run, const std::optional<ClaimRecord>& newest_claim) {
  if (run.keep_steps.empty() || !newest_claim || newest_claim->run == run.id || newest_claim->run == 0) return "";
  run.keep_steps.clear();
  run.keep_vector.reset();
  return "another run has processed the partition since, so all steps run again at the newest versions";
}

// By number of the try whose success the next one keeps: the token its outputs were written with.
Result<std::map<int, std::int64_t>> KeptTokens(ledger::Reader& reader, const RunRecord& run) {
  std::map<int, std::int64_t> tokens;
  if (run.keep_steps.empty()) return tokens;
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::TryRecord> tries, reader.Tries(run.id));
  for (const ledger::TryRecord& one : tries) tokens[one.number] = one.token;
  return tokens;
}

}  // namespace

Status Engine::GrantInTransaction(ledger::Writer& writer, const PlacedRun& queued, std::int64_t token_floor,
                                  Granted& granted) {
  const Instant now = env_.clock.Now();
  granted.in_force = CheckInForce(writer);
  if (!granted.in_force) return granted.in_force;
  LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> run, writer.FindRun(queued.run.id));
  if (!run || run->state != RunState::kQueued || run->tries != queued.run.tries) {
    return Fail(ErrorKind::kConflict, "another scheduler was first");
  }
  // A pin that is older than what the run's cause was made of would leave that cause's change unprocessed.
  for (const auto& [location, observed] : observed_.tables) {
    LATECOMER_ASSIGN_OR_RETURN(const auto table, writer.FindTable(location));
    if (table && table->seen == observed.record.seen) continue;
    return Fail(ErrorKind::kConflict, "another scheduler has seen more of " + location + "; look again first");
  }
  // Limits are checked again here, where no other scheduler comes between.
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<PlacedRun> all, view_.RunsIn(writer, output_schema_));
  LATECOMER_ASSIGN_OR_RETURN(Gate gate, view_.PeoplesGateIn(writer));
  gate.upstream = &upstream_;
  gate.planned = &planned_;
  PlacedRun placed = queued;
  placed.run = *run;
  const Wait wait = WhatItWaitsFor(pipeline_, gate, placed, all);
  if (wait.kind != WaitKind::kNone) return Fail(ErrorKind::kConflict, "waits for " + wait.for_what);
  LATECOMER_ASSIGN_OR_RETURN(std::optional<ClaimRecord> claim, writer.FindClaim(run->pipeline, run->partition));
  if (claim && !claim->released && claim->expires > now) return Fail(ErrorKind::kConflict, "held by " + claim->holder);

  LATECOMER_ASSIGN_OR_RETURN(const std::string not_needed, NothingUnseen(writer, *run));
  if (!not_needed.empty()) {
    LATECOMER_RETURN_IF_ERROR(MoveRun(writer, *run, RunState::kSkipped, not_needed, now));
    granted.run = *run;
    return {};
  }

  const std::string all_again = ForgetKeptSteps(*run, claim);
  auto active = std::make_unique<Active>();
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::PredecessorRecord> predecessors, writer.Predecessors());
  for (const ledger::PredecessorRecord& record : predecessors) active->predecessors.push_back(record.ledger_id);
  run->tries += 1;
  run->started = now;
  ledger::TryRecord& attempt = active->attempt;
  attempt.run = run->id;
  attempt.number = run->tries;
  attempt.vector = PinOf(*run, NewestOf(pipeline_, observed_));
  attempt.token = std::max(token_floor, claim ? claim->token : 0) + 1;
  attempt.definition_hash = pipeline_.definition_hash;
  LATECOMER_ASSIGN_OR_RETURN(attempt.started, BuiltAt(writer, pipeline_, now));
  LATECOMER_RETURN_IF_ERROR(MoveRun(writer, *run, RunState::kRunning, all_again, now));
  LATECOMER_RETURN_IF_ERROR(writer.InsertTry(attempt));
  LATECOMER_RETURN_IF_ERROR(writer.PutClaim({.pipeline = run->pipeline,
                                             .partition = run->partition,
                                             .token = attempt.token,
                                             .holder = env_.holder,
                                             .expires = now + env_.lease,
                                             .run = run->id,
                                             .try_number = attempt.number,
                                             .released = false}));
  active->steps = NewSteps(pipeline_, *run, attempt.number, now);
  LATECOMER_ASSIGN_OR_RETURN(active->kept_tokens, KeptTokens(writer, *run));
  for (const ledger::StepRecord& step : active->steps) LATECOMER_RETURN_IF_ERROR(writer.InsertStep(step));
  LATECOMER_RETURN_IF_ERROR(AppendRunEvent(writer, *run, "claim.granted",
                                           {{"token", std::to_string(attempt.token)}, {"holder", env_.holder}}, now));
  LATECOMER_RETURN_IF_ERROR(LowerProcessed(writer, *run, attempt.vector, now));
  active->run = *run;
  active->renewed = now;
  granted.run = *run;
  granted.active = std::move(active);
  return {};
}

Result<std::optional<Engine::Granted>> Engine::Grant(const PlacedRun& queued, const HandOver& hand_over) {
  const Result<table::PartitionKey> parsed = table::ParseCanonicalKey(output_schema_, queued.run.partition);
  if (!parsed) {  // of a definition that this process doesn't know
    LATECOMER_RETURN_IF_ERROR(env_.ledger.Read([&](ledger::Reader& reader) { return CheckInForce(reader); }));
    return Fail(parsed.error());
  }
  const table::PartitionKey& key = *parsed;
  const Status dead = EnsureOldAttemptsDead(queued.run);
  if (!dead) {
    if (dead.error().kind != ErrorKind::kConflict) return Fail(dead.error());
    LATECOMER_RETURN_IF_ERROR(NoteWait(queued, dead.error().message));
    return std::optional<Granted>{};
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t token_floor, NewestTokenInOutputs(key));
  Granted granted;
  // Where schedulers compete, the second one needn't stand in line to learn that it was the second.
  const Status written = ledger::WriteUnlessBusy(env_.ledger, pipeline_.id, [&](ledger::Writer& writer) -> Status {
    granted = Granted{};
    LATECOMER_RETURN_IF_ERROR(GrantInTransaction(writer, queued, token_floor, granted));
    if (!granted.active) return {};
    granted.active->key = key;
    return hand_over ? hand_over(writer, *granted.active) : Status{};
  });
  if (!granted.in_force) return Fail(granted.in_force.error());
  if (!written) {
    if (written.error().kind == ErrorKind::kConflict) return std::optional<Granted>{};
    return Fail(written.error());
  }
  return std::optional<Granted>(std::move(granted));
}

// False when something of it may still go on, so that nothing can be begun yet.
Result<bool> Engine::TakeOver(const ClaimRecord& claim, const std::string& why) {
  std::vector<ledger::AttemptRecord> attempts;
  LATECOMER_RETURN_IF_ERROR(env_.ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(attempts, reader.Attempts(claim.run, claim.try_number));
    return {};
  }));
  for (const ledger::AttemptRecord& attempt : attempts) {
    if (attempt.ended) continue;
    const Status dead = env_.executor.EnsureDead(attempt.folder);
    if (!dead && dead.error().kind == ErrorKind::kConflict) return false;
    // On another machine nothing can be made certain; there the lease has run out, and the token fences.
    if (!dead && dead.error().kind != ErrorKind::kUnknownOutcome) return Fail(dead.error());
  }
  RunRecord moved;
  LATECOMER_RETURN_IF_ERROR(env_.ledger.Write([&](ledger::Writer& writer) -> Status {
    const Instant now = env_.clock.Now();
    moved = RunRecord{};
    LATECOMER_ASSIGN_OR_RETURN(const auto there, writer.FindClaim(claim.pipeline, claim.partition));
    if (!there || there->released || there->token != claim.token || there->holder != claim.holder) return {};
    LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> run, writer.FindRun(claim.run));
    if (!run) return {};
    LATECOMER_RETURN_IF_ERROR(EndTry(writer, *run, ledger::TryState::kLost, why, now));
    LATECOMER_RETURN_IF_ERROR(ReleaseClaim(writer, *run));
    if (run->state == RunState::kRunning) {
      LATECOMER_RETURN_IF_ERROR(MoveRun(writer, *run, RunState::kQueued, why + "; it is tried again", now));
    }
    moved = *run;
    return {};
  }));
  if (moved.id != 0) Announce(moved);
  return true;
}

Result<bool> Engine::TakeOverDead() {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ClaimRecord> held, view_.ClaimsHeld());
  bool any = false;
  for (const ClaimRecord& claim : held) {
    if (active_.contains(claim.run)) continue;
    const bool expired = claim.expires <= env_.clock.Now();
    if (IsOutside(claim.holder)) {  // only the lease says whether an outside worker lives
      if (!expired) continue;
      LATECOMER_ASSIGN_OR_RETURN(const bool taken,
                                 TakeOver(claim, "the lease of " + OutsideName(claim.holder) + " ran out"));
      any = any || taken;
      continue;
    }
    const HolderState holder = claim.holder == env_.holder ? HolderState::kDead : env_.probe_holder(claim.holder);
    if (holder != HolderState::kDead && !expired) continue;
    const std::string why =
        holder == HolderState::kDead ? "the scheduler that ran it died" : "its scheduler's lease ran out";
    LATECOMER_ASSIGN_OR_RETURN(const Resumed resumed, Resume(claim, why));
    if (resumed == Resumed::kNotNow) continue;
    bool moved = resumed == Resumed::kYes;
    if (!moved) {
      LATECOMER_ASSIGN_OR_RETURN(moved, TakeOver(claim, why));
    }
    any = any || moved;
  }
  return any;
}

}  // namespace latecomer::engine
