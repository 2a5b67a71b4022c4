#include "engine/outside_claims.h"

#include <algorithm>

#include "base/text.h"
#include "engine/accepted_since.h"
#include "engine/active.h"
#include "engine/facts.h"
#include "engine/following.h"
#include "engine/run_names.h"
#include "engine/selection.h"
#include "engine/transitions.h"
#include "table/recorded_write.h"

namespace latecomer::engine {

using ledger::ClaimRecord;
using ledger::RunRecord;
using ledger::RunState;
using ledger::StepRecord;
using ledger::StepState;
using ledger::TryRecord;
using ledger::TryState;

bool IsOutside(std::string_view holder) {
  return holder.starts_with(kOutsidePrefix);
}

std::string OutsideName(std::string_view holder) {
  if (!IsOutside(holder)) return std::string(holder);
  return "outside worker " + std::string(holder.substr(kOutsidePrefix.size()));
}

Result<std::string> OutsideHolder(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 200 && Printable(name) == name && Trim(name) == name;
  if (fits) return std::string(kOutsidePrefix) + name;
  return Fail(Error(ErrorKind::kInvalidArgument, "'" + Printable(name) + "' can't be a worker's name")
                  .Hint("take a short one without line breaks and without spaces around it, such as airflow"));
}

Duration DefaultLease(const pipeline::Pipeline& pipeline) {
  Duration lease{0};
  for (const pipeline::Step& step : pipeline.steps) lease += step.timeout.value_or(std::chrono::hours(1));
  return lease;
}

Result<Duration> LeaseOf(const std::string& text, const pipeline::Pipeline& pipeline) {
  constexpr Duration kLongest = std::chrono::days(366);
  if (text.empty()) return std::min(DefaultLease(pipeline), kLongest);
  LATECOMER_ASSIGN_OR_RETURN(const Duration lease, ParseDuration(text));
  if (lease <= kLongest) return lease;
  return Fail(Error(ErrorKind::kInvalidArgument, "a lease of " + FormatDuration(lease) + " is longer than a year")
                  .Hint("take a shorter one and renew it while the work goes on"));
}

std::vector<OutsideOutput> OutputsOf(const pipeline::Pipeline& pipeline, const OutsideClaim& claim) {
  std::vector<OutsideOutput> outputs;
  for (const pipeline::Step& step : pipeline.steps) {
    const std::string* into = pipeline::DeclaredOutput(step);
    if (into == nullptr || std::find(claim.steps.begin(), claim.steps.end(), step.id) == claim.steps.end()) continue;
    outputs.push_back({step.id, *into, TransactionAppId(pipeline.id, claim.key, step.id)});
  }
  return outputs;
}

Result<std::set<std::int64_t>> RunsHeldOutside(ledger::Ledger& ledger, const std::string& pipeline) {
  std::set<std::int64_t> runs;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    runs.clear();
    LATECOMER_ASSIGN_OR_RETURN(const std::vector<ClaimRecord> held, reader.ClaimsHeld(pipeline));
    for (const ClaimRecord& claim : held) {
      if (IsOutside(claim.holder)) runs.insert(claim.run);
    }
    return {};
  }));
  return runs;
}

namespace {

std::string WaitText(const ClaimRecord& claim) {
  return OutsideName(claim.holder) + " until " + FormatInstant(claim.expires);
}

}  // namespace

// ----- granting

Result<OutsideClaims> Engine::ClaimOutside(const OutsideRequest& request) {
  // Each round that goes on got further, or lost a run to another claimer.
  constexpr int kMostRounds = 10000;
  view_.BeginLook();
  LATECOMER_RETURN_IF_ERROR(Observe());
  LATECOMER_RETURN_IF_ERROR(TakeOverDead());
  OutsideClaims found;
  for (int round = 0; round < kMostRounds; ++round) {
    view_.BeginLook();
    upstream_stamp_.clear();
    LATECOMER_ASSIGN_OR_RETURN(const bool created, CreateRuns());
    LATECOMER_ASSIGN_OR_RETURN(const bool moved, GrantOutside(request, found));
    if (static_cast<int>(found.claims.size()) >= request.limit || (!created && !moved)) break;
  }
  return found;
}

Result<bool> Engine::GrantOutside(const OutsideRequest& request, OutsideClaims& found) {
  bool moved = false;
  found.waiting.clear();
  LATECOMER_ASSIGN_OR_RETURN(std::vector<PlacedRun> runs, LoadRuns());
  LATECOMER_ASSIGN_OR_RETURN(const Gate gate, LoadGate());
  for (const PlacedRun& queued : InStartOrder(pipeline_, runs, env_.clock.Now())) {
    if (static_cast<int>(found.claims.size()) >= request.limit) break;
    if (request.partition && queued.run.partition != *request.partition) continue;
    const Wait wait = WhatItWaitsFor(pipeline_, gate, queued, runs);
    if (wait.kind != WaitKind::kNone) {
      LATECOMER_ASSIGN_OR_RETURN(found.waiting.emplace_back(), NoteWait(queued, wait.for_what));
      continue;
    }
    LATECOMER_RETURN_IF_ERROR(GrantOneOutside(queued, found));
    moved = true;
    LATECOMER_ASSIGN_OR_RETURN(runs, LoadRuns());
  }
  return moved;
}

// False when another was first, or nothing was left to do for the run.
Result<bool> Engine::GrantOneOutside(const PlacedRun& queued, OutsideClaims& found) {
  OutsideClaim claim;
  std::vector<RunRecord> children;
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<Granted> granted,
                             Grant(queued, [&](ledger::Writer& writer, Active& active) -> Status {
                               claim = OutsideClaim{};
                               children.clear();
                               LATECOMER_RETURN_IF_ERROR(DeferSteps(writer, active, claim));
                               const StepRecord* detect = active.Find(kDetectStep);
                               if (detect == nullptr || ledger::IsDone(detect->state)) return {};
                               return DetectInTransaction(writer, active, children);
                             }));
  if (!granted) return false;
  Announce(granted->run);
  for (const RunRecord& child : children) Announce(child);
  if (!granted->active) return false;
  found.claims.push_back(std::move(claim));
  return true;
}

Status Engine::DeferSteps(ledger::Writer& writer, Active& active, OutsideClaim& claim) {
  const Instant now = env_.clock.Now();
  LATECOMER_ASSIGN_OR_RETURN(const auto held, writer.FindClaim(active.run.pipeline, active.run.partition));
  active.run.waiting_for = WaitText(*held);
  LATECOMER_RETURN_IF_ERROR(writer.UpdateRun(active.run));
  for (const pipeline::Step& step : pipeline_.steps) {
    StepRecord& record = *active.Find(step.id);
    if (ledger::IsDone(record.state)) continue;  // kept from the try before
    LATECOMER_RETURN_IF_ERROR(MoveStep(writer, active.run, record, StepState::kRunning, "", now));
    LATECOMER_RETURN_IF_ERROR(
        MoveStep(writer, active.run, record, StepState::kDeferred, "with " + OutsideName(env_.holder), now));
    claim.steps.push_back(step.id);
  }
  claim.run = active.run;
  claim.attempt = active.attempt;
  claim.key = active.key;
  claim.expires = held->expires;
  return {};
}

// ----- reports

namespace {

// A ticket, looked up.
struct Shown {
  RunRecord run;
  TryRecord attempt;
  std::optional<ClaimRecord> claim;  // the newest on the run's partition
};

Error NoClaim(const std::string& message) {
  return Error(ErrorKind::kConflict, message + "; nothing was changed")
      .Hint("drop this work; `latecomer claim` gives what waits");
}

std::string TokenText(std::int64_t token) {
  return "token " + std::to_string(token);
}

Result<Shown> Look(ledger::Reader& reader, const std::string& pipeline, const Ticket& ticket) {
  Shown shown;
  LATECOMER_ASSIGN_OR_RETURN(shown.run, FindRunByWord(reader, pipeline, ticket.run));
  LATECOMER_ASSIGN_OR_RETURN(shown.claim, reader.FindClaim(pipeline, shown.run.partition));
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<TryRecord> tries, reader.Tries(shown.run.id));
  const auto found =
      std::find_if(tries.begin(), tries.end(), [&](const TryRecord& one) { return one.token == ticket.token; });
  if (found == tries.end()) {
    return Fail(NoClaim("no claim of " + shown.run.run_id + " has " + TokenText(ticket.token)));
  }
  shown.attempt = *found;
  return shown;
}

// Its lease ran out and the run went back to the queue, where it still is.
bool IsQueuedAgain(const Shown& shown) {
  return shown.attempt.state == TryState::kLost && shown.run.state == RunState::kQueued &&
         shown.run.tries == shown.attempt.number;
}

Status MayReport(const Shown& shown) {
  const std::string what = "the claim of " + shown.run.run_id + " with " + TokenText(shown.attempt.token);
  if (!shown.claim || shown.claim->token != shown.attempt.token || shown.claim->run != shown.run.id) {
    std::string by = shown.claim && IsOutside(shown.claim->holder) ? " by " + OutsideName(shown.claim->holder) : "";
    if (shown.claim) by += "; the partition's newest claim has " + TokenText(shown.claim->token);
    return Fail(NoClaim(what + " was taken over" + by));
  }
  if (!IsOutside(shown.claim->holder)) return Fail(NoClaim(what + " is a scheduler's, not an outside worker's"));
  const bool running = shown.attempt.state == TryState::kRunning && shown.run.state == RunState::kRunning;
  if (running || IsQueuedAgain(shown)) return {};
  const std::string why = shown.attempt.message.empty() ? "" : " (" + shown.attempt.message + ")";
  return Fail(NoClaim(what + " has ended as " + std::string(Name(shown.attempt.state)) + why + ", the run is " +
                      std::string(Name(shown.run.state))));
}

Reported Repeated(const Shown& shown, const std::string& what) {
  Reported reported{.run = shown.run, .repeated = true, .note = what};
  if (shown.attempt.ended) reported.note += " at " + FormatInstant(*shown.attempt.ended);
  return reported;
}

// Ends the steps this try had to do; `record` with them when the try succeeded.
Status EndSteps(ledger::Writer& writer, const Shown& shown, StepState to, const std::string& message, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(std::vector<StepRecord> steps, writer.Steps(shown.run.id, shown.attempt.number));
  for (StepRecord& step : steps) {
    if (step.state == StepState::kSuccess || step.state == StepState::kSkipped) continue;
    const bool last = step.step == kRecordStep;
    if (last && to == StepState::kFailed) continue;
    if (!step.started) step.started = now;
    LATECOMER_RETURN_IF_ERROR(MoveStep(writer, shown.run, step, to, last ? "" : message, now));
  }
  return {};
}

// The token alone doesn't tell this try's commit from that of a claim which a ledger granted that was lost since. Where
// the commit says who made it, that counts, too.
Result<bool> IsOfAnother(const table::TableHistory& history, const std::string& app_id, const std::string& ledger_id,
                         const OutsideClaim& claim) {
  LATECOMER_ASSIGN_OR_RETURN(const auto made, table::WriteBehind(history, app_id));
  if (!made) return false;
  table::WriteTransaction mine{.app_id = app_id, .version = claim.attempt.token, .ledger_id = ledger_id};
  mine.run_id = claim.run.run_id;
  mine.try_number = claim.attempt.number;
  for (const auto& [source, version] : claim.attempt.vector) mine.vector[source] = version.value;
  return !table::SameWrite(made->transaction, mine);
}

// The steps this try had to do and that write outputs of ours: the commit has to be there with the token.
Status VerifyCommits(table::Catalog& catalog, const pipeline::Pipeline& pipeline, const std::string& ledger_id,
                     const OutsideClaim& claim) {
  for (const OutsideOutput& output : OutputsOf(pipeline, claim)) {
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(output.location));
    const auto found = history->FindTransaction(output.txn_app_id);
    if (!found && found.error().kind != ErrorKind::kNotFound) return Fail(found.error());
    const std::int64_t token = claim.attempt.token;
    if (found && *found && (*found)->version == token) {
      LATECOMER_ASSIGN_OR_RETURN(const bool another, IsOfAnother(*history, output.txn_app_id, ledger_id, claim));
      if (!another) continue;
      return Fail(Error(ErrorKind::kRunFailed, "the commit of step " + output.step + " (txn " + output.txn_app_id +
                                                   ", version " + std::to_string(token) +
                                                   ") was made by another claim with the same token")
                      .In(output.location)
                      .Hint("give up with `fail --give-back`: the next try gets a token of its own"));
    }
    return Fail(Error(ErrorKind::kRunFailed, "the commit of step " + output.step + " (txn " + output.txn_app_id +
                                                 ", version " + std::to_string(token) + ") is not in its output")
                    .In(output.location)
                    .Hint("write it with that txn and say `done` again, or give up with `fail`; Spark skips a write "
                          "whose txnVersion is not above the last one"));
  }
  return {};
}

// What RecordOutside has to know of the try to look into the outputs.
Result<OutsideClaim> ClaimOf(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const Shown& shown) {
  OutsideClaim claim{.run = shown.run, .attempt = shown.attempt, .key = {}, .steps = {}};
  LATECOMER_ASSIGN_OR_RETURN(const auto steps, reader.Steps(shown.run.id, shown.attempt.number));
  for (const StepRecord& step : steps) {
    if (step.state != StepState::kSuccess) claim.steps.push_back(step.step);
  }
  const bool writes = std::any_of(pipeline.steps.begin(), pipeline.steps.end(),
                                  [](const pipeline::Step& step) { return pipeline::DeclaredOutput(step) != nullptr; });
  if (!writes) return claim;  // no output of ours to look into
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, KnownOutputSchema(reader, pipeline));
  LATECOMER_ASSIGN_OR_RETURN(claim.key, table::ParseCanonicalKey(schema, shown.run.partition));
  return claim;
}

// With `propagate: following` the output may be made of one before it as that was when the try began. While it held the
// partition nobody built one of those.
Status CheckStillFollows(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const Shown& shown) {
  if (!IsQueuedAgain(shown)) return {};
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, KnownOutputSchema(reader, pipeline));
  LATECOMER_ASSIGN_OR_RETURN(const auto newer,
                             FollowedSince(reader, pipeline, schema, shown.run.partition, shown.attempt.started));
  if (!newer) return {};
  return Fail(NoClaim("the lease of " + shown.run.run_id + " ran out, and since then " + newer->run_id +
                      " has built an output that it follows; it is queued again, to be made of that"));
}

// While it held the partition nobody could accept anything.
Status CheckNothingAccepted(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const Shown& shown) {
  if (!IsQueuedAgain(shown)) return {};
  LATECOMER_ASSIGN_OR_RETURN(const LastAccepted accepted, FindLastAccepted(reader, pipeline.id));
  LATECOMER_ASSIGN_OR_RETURN(const bool before, BeganBefore(reader, shown.run, accepted.newest()));
  if (!before) return {};
  return Fail(
      NoClaim("the lease of " + shown.run.run_id +
              " ran out, and since then another definition of the pipeline, or another table that it reads, was "
              "accepted; it is queued again"));
}

Status EndTryWith(ledger::Writer& writer, Shown& shown, TryState to, const std::string& message, Instant now) {
  shown.attempt.state = to;
  shown.attempt.message = message;
  shown.attempt.ended = now;
  return writer.UpdateTry(shown.attempt);
}

}  // namespace

Result<Instant> RenewClaim(ledger::Ledger& ledger, const std::string& pipeline, const Ticket& ticket, Duration lease,
                           Instant now) {
  Instant expires{};
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(Shown shown, Look(writer, pipeline, ticket));
    LATECOMER_RETURN_IF_ERROR(MayReport(shown));
    if (IsQueuedAgain(shown)) {
      return Fail(NoClaim("the lease of " + shown.run.run_id + " ran out and it is queued again"));
    }
    shown.claim->expires = std::max(shown.claim->expires, now + lease);
    expires = shown.claim->expires;
    LATECOMER_RETURN_IF_ERROR(writer.PutClaim(*shown.claim));
    shown.run.waiting_for = WaitText(*shown.claim);
    return writer.UpdateRun(shown.run);
  }));
  return expires;
}

Result<Reported> RecordOutside(ledger::Ledger& ledger, table::Catalog& catalog, const pipeline::Pipeline& pipeline,
                               const Ticket& ticket, Instant now) {
  OutsideClaim claim;
  std::optional<Reported> before;
  const auto look = [&](ledger::Reader& reader) -> Result<Shown> {
    before.reset();
    LATECOMER_ASSIGN_OR_RETURN(Shown shown, Look(reader, pipeline.id, ticket));
    if (shown.attempt.state == TryState::kSuccess) {
      before = Repeated(shown, "recorded already");
    } else {
      LATECOMER_RETURN_IF_ERROR(MayReport(shown));
    }
    return shown;
  };
  // Tables are looked into before the transaction, which nothing may hold up.
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const Shown shown, look(reader));
    if (before) return {};
    LATECOMER_ASSIGN_OR_RETURN(claim, ClaimOf(reader, pipeline, shown));
    return {};
  }));
  if (before) return *before;
  LATECOMER_RETURN_IF_ERROR(VerifyCommits(catalog, pipeline, ledger.id(), claim));
  Reported reported;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(Shown shown, look(writer));
    if (before) return {};
    LATECOMER_RETURN_IF_ERROR(CheckNothingAccepted(writer, pipeline, shown));
    LATECOMER_RETURN_IF_ERROR(CheckStillFollows(writer, pipeline, shown));
    const std::string by = OutsideName(shown.claim->holder);
    const bool late = shown.claim->expires <= now;
    LATECOMER_RETURN_IF_ERROR(EndSteps(writer, shown, StepState::kSuccess, "done by " + by, now));
    LATECOMER_RETURN_IF_ERROR(RecordProcessed(writer, pipeline, shown.run, shown.attempt, now));
    const std::string note = late ? "recorded after its lease had run out; nobody had taken it since" : "";
    LATECOMER_RETURN_IF_ERROR(EndTryWith(writer, shown, TryState::kSuccess, note, now));
    LATECOMER_RETURN_IF_ERROR(ReleaseClaim(writer, shown.run));
    LATECOMER_RETURN_IF_ERROR(MoveRun(writer, shown.run, RunState::kSuccess, "done by " + by, now));
    reported = {.run = shown.run, .repeated = false, .note = note};
    return {};
  }));
  return before ? *before : reported;
}

Result<Reported> FailOutside(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const Ticket& ticket,
                             const std::string& message, AfterFailure after, Instant now) {
  Reported reported;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(Shown shown, Look(writer, pipeline.id, ticket));
    if (shown.attempt.state == TryState::kFailed) {
      reported = Repeated(shown, "reported as failed already");
      return {};
    }
    LATECOMER_RETURN_IF_ERROR(MayReport(shown));
    const std::string why = OutsideName(shown.claim->holder) + (message.empty() ? " failed" : " failed: " + message);
    LATECOMER_RETURN_IF_ERROR(EndSteps(writer, shown, StepState::kFailed, why, now));
    // Ends what is open besides; of a try that was lost nothing is.
    LATECOMER_RETURN_IF_ERROR(EndTry(writer, shown.run, TryState::kFailed, why, now));
    LATECOMER_RETURN_IF_ERROR(EndTryWith(writer, shown, TryState::kFailed, why, now));
    LATECOMER_RETURN_IF_ERROR(ReleaseClaim(writer, shown.run));
    const bool again = after == AfterFailure::kQueueAgain;
    if (!again || shown.run.state != RunState::kQueued) {
      LATECOMER_RETURN_IF_ERROR(MoveRun(writer, shown.run, again ? RunState::kQueued : RunState::kFailed,
                                        again ? why + "; it is tried again" : why, now));
    }
    reported = {.run = shown.run, .repeated = false, .note = ""};
    return {};
  }));
  return reported;
}

}  // namespace latecomer::engine
