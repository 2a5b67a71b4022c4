// Workers outside: they claim partitions, work on them as jobs do, and report; or vanish, or come too late.
#include <algorithm>

#include "engine/output_groups.h"
#include "peoples_catalog.h"
#include "simulation.h"

namespace latecomer::simulation {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr int kNoSchedulersMachine = 99;
constexpr const char* kWorker = "external:worker";

executor::SqlWork WorkOf(const pipeline::Pipeline& pipeline, const engine::OutsideClaim& claim,
                         const engine::OutsideOutput& output, ledger::Reader& reader, const std::string& ledger_id) {
  executor::SqlWork work;
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    const pipeline::Source& source = pipeline.sources[i];
    work.sources.push_back({.name = source.name,
                            .location = source.location,
                            .version = claim.attempt.vector.at(source.name),
                            .mapped = engine::MappedTo(pipeline, i, claim.key)});
    work.transaction.vector[source.name] = claim.attempt.vector.at(source.name).value;
  }
  work.into = output.location;
  work.partition = claim.key;
  work.transaction.app_id = output.txn_app_id;
  work.transaction.version = claim.attempt.token;
  work.transaction.ledger_id = ledger_id;
  work.transaction.run_id = claim.run.run_id;
  work.transaction.try_number = claim.attempt.number;
  if (const auto before = reader.Predecessors()) {
    for (const ledger::PredecessorRecord& record : *before) work.transaction.predecessors.push_back(record.ledger_id);
  }
  return work;
}

}  // namespace

// One asks for work, or one that has some looks how far it is.
void Simulation::OutsideStep() {
  if (!outside_work_.empty() && dice_.OneIn(2)) {
    LookAtWork(static_cast<std::size_t>(dice_.Below(static_cast<std::int64_t>(outside_work_.size()))));
  } else {
    ClaimWork(static_cast<std::size_t>(dice_.Below(static_cast<std::int64_t>(scenario_.pipelines.size()))));
  }
}

// True when there was any.
bool Simulation::ClaimWork(std::size_t pipeline) {
  if (claimers_.empty()) {
    for (std::size_t p = 0; p < scenario_.pipelines.size(); ++p) {
      claimers_.push_back(std::make_unique<Scheduler>(
          shared_, scenario_.pipelines[p], static_cast<int>(p), kNoSchedulersMachine, *clocks_.front(),
          [this](const LedgerEffects& effects, std::int64_t now_ms) { checks_.OnLedger(effects, now_ms); }));
    }
  }
  Scheduler& claimer = *claimers_[pipeline];
  claimer.Redefine(scenario_.pipelines[pipeline]);
  claimer.StartAs(kWorker, Duration(dice_.Between(quiet_ ? 120 : 5, 240) * kMinute));
  if (!quiet_) ArmFaults(claimer);
  std::vector<engine::OutsideClaim> claims;
  try {
    Result<engine::OutsideClaims> found = claimer.Claim({.limit = static_cast<int>(dice_.Between(1, 3))});
    if (found) {
      claims = std::move(found->claims);
    } else {
      OnTickError(claimer, found.error());
    }
  } catch (const SimulatedCrash& crash) {
    OnCrash(claimer, crash);  // what it was granted stays with nobody until the lease ends
  }
  if (claimer.alive()) claimer.Die();
  for (engine::OutsideClaim& claim : claims) BeginWork(pipeline, std::move(claim));
  return !claims.empty();
}

void Simulation::BeginWork(std::size_t pipeline, engine::OutsideClaim claim) {
  const pipeline::Pipeline& definition = scenario_.pipelines[pipeline];
  Say("a worker outside has " + claim.run.run_id + " under token " + std::to_string(claim.attempt.token));
  OutsideWork work{.pipeline = pipeline, .claim = std::move(claim), .job = ""};
  PeoplesCatalog catalog([this](const std::string& location) { return FindTable(location); });
  for (const engine::OutsideOutput& output : engine::OutputsOf(definition, work.claim)) {
    executor::AttemptSpec spec;
    spec.name = {.ledger_id = ledger_.now()->id(),
                 .pipeline = definition.id,
                 .run_id = work.claim.run.run_id,
                 .try_number = work.claim.attempt.number,
                 .step = output.step,
                 .number = 1,
                 .started = work.claim.attempt.started};
    spec.folder = "/sim/outside/" + std::to_string(++counts_.outside);
    const Status read = ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
      spec.work = WorkOf(definition, work.claim, output, reader, ledger_.now()->id());
      return {};
    });
    if (!read) throw std::runtime_error(read.error().ToString());
    // Of one whose versions can't be read any more there is no job.
    if (auto job = jobs_.Start(spec, kNoSchedulersMachine, catalog)) work.job = std::move(*job);
  }
  outside_work_.push_back(std::move(work));
}

// True when it came to an end.
bool Simulation::LookAtWork(std::size_t index) {
  const OutsideWork work = outside_work_[index];
  const pipeline::Pipeline& definition = scenario_.pipelines[work.pipeline];
  const engine::Ticket ticket{work.claim.run.run_id, work.claim.attempt.token};
  const Instant now = clocks_.front()->Now();
  const Job* job = jobs_.Find(work.job);
  if (job != nullptr && job->phase == executor::Phase::kRunning) {
    if (dice_.OneIn(2)) return false;
    const auto renewed =
        engine::RenewClaim(*watched_by_people_, definition.id, ticket, Duration(dice_.Between(5, 120) * kMinute), now);
    if (!renewed) CheckRefused("renew", work, renewed.error());
    return false;
  }
  outside_work_.erase(outside_work_.begin() + static_cast<std::ptrdiff_t>(index));
  if (!quiet_ && dice_.OneIn(10)) {
    Say("the worker of " + ticket.run + " says nothing any more");
    return true;
  }
  if (job != nullptr && job->phase == executor::Phase::kSucceeded) {
    PeoplesCatalog catalog([this](const std::string& location) { return FindTable(location); });
    const auto done = [&] { return engine::RecordOutside(*watched_by_people_, catalog, definition, ticket, now); };
    const auto recorded = done();
    if (recorded) {
      Say("the worker of " + ticket.run + " is done");
      const auto again = dice_.OneIn(4) ? done() : recorded;
      if (!again) throw Violation{"3 (nothing collides)", "said again, it is refused: " + again.error().ToString()};
      return true;
    }
    CheckRefused("done", work, recorded.error());
    if (recorded.error().kind != ErrorKind::kRunFailed) return true;
  }
  const auto after = dice_.OneIn(2) ? engine::AfterFailure::kStayFailed : engine::AfterFailure::kQueueAgain;
  const auto failed = engine::FailOutside(*watched_by_people_, definition, ticket, "it failed", after, now);
  if (!failed) CheckRefused("fail", work, failed.error());
  return true;
}

// A claim may be lost; the run may be unknown to a ledger that was put back.
void Simulation::CheckRefused(const std::string& what, const OutsideWork& work, const Error& why) {
  Say("`" + what + "` of " + work.claim.run.run_id + " is refused: " + why.message);
  const bool lost = why.kind == ErrorKind::kConflict || why.kind == ErrorKind::kRunFailed;
  const bool unknown = why.kind == ErrorKind::kNotFound && counts_.restores + counts_.losses > 0;
  if (lost || unknown) return;
  throw Violation{"5 (any process may die)", "`" + what + "` ended with: " + why.ToString()};
}

// In the quiet time. True when there was anything to do.
bool Simulation::WorkOutside() {
  if (!scenario_.outside_workers) return false;
  bool any = false;
  for (std::size_t i = outside_work_.size(); i-- > 0;) any = LookAtWork(i) || any;
  for (std::size_t p = 0; p < scenario_.pipelines.size(); ++p) any = ClaimWork(p) || any;
  return any;
}

}  // namespace latecomer::simulation
