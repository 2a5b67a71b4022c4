#include "engine/engine.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/active.h"
#include "engine/definition.h"
#include "engine/first_run.h"
#include "engine/load_runs.h"
#include "engine/run_names.h"
#include "engine/transitions.h"
#include "engine/trigger.h"
#include "ledger/pipeline_writes.h"

namespace latecomer::engine {

using ledger::RunKind;
using ledger::RunRecord;
using ledger::RunState;

namespace {

// Intervals become due, partitions settle and people release them without anything else happening.
constexpr Duration kPlanAgainAfter = std::chrono::seconds(30);
// What other processes do upstream is not told.
constexpr Duration kLookUpstreamAfter = std::chrono::seconds(2);

}  // namespace

Engine::Engine(pipeline::Pipeline pipeline, Environment environment)
    : pipeline_(std::move(pipeline)), env_(std::move(environment)) {}

Engine::~Engine() = default;

Status Engine::Register() {
  return RegisterPipeline(env_.ledger, pipeline_, env_.catalog, env_.clock.Now());
}

Result<TickReport> Engine::Tick() {
  TickReport report;
  view_.BeginLook();
  upstream_stamp_.clear();
  read_more_ = false;
  LATECOMER_ASSIGN_OR_RETURN(const bool observed, ObserveDue());
  report.read_more = read_more_;
  LATECOMER_ASSIGN_OR_RETURN(const bool taken_over, TakeOverDead());
  LATECOMER_ASSIGN_OR_RETURN(const bool advanced, AdvanceMine(Which::kAll));
  ReapDoomed();
  bool created = false;
  const Instant now = env_.clock.Now();
  // A clock that was set back counts as time that passed.
  const Duration again = waits_upstream_ ? kLookUpstreamAfter : kPlanAgainAfter;
  const bool long_ago = now >= planned_at_ + again || now < planned_at_;
  plan_due_ = plan_due_ || observed || taken_over || long_ago;
  // What others finish may leave work for us.
  if (!plan_due_ && others_at_work_) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string stamp, view_.Stamp());
    plan_due_ = has_upstream_ || stamp.empty() || stamp != planned_stamp_;
  }
  if (plan_due_ && !stop_starting_) {
    LATECOMER_ASSIGN_OR_RETURN(planned_stamp_, view_.Stamp());
    plan_due_ = false;
    LATECOMER_ASSIGN_OR_RETURN(created, CreateRuns());
    planned_at_ = now;
  }
  report.progressed = observed || taken_over || advanced || created;
  LATECOMER_RETURN_IF_ERROR(StartQueued(report));
  LATECOMER_ASSIGN_OR_RETURN(const bool began, AdvanceMine(Which::kFresh));
  report.progressed = report.progressed || began;
  // A run that was created and couldn't start holds back nobody. When all could, nothing is due before one ends.
  plan_due_ = plan_due_ || (created && (!report.waiting.empty() || report.elsewhere > 0));
  // Jobs outside that were told to end do so only while somebody watches.
  report.mine = static_cast<int>(active_.size() + doomed_.size());
  report.planned = waits_planned_;
  others_at_work_ = report.elsewhere > 0;
  for (const auto& [id, active] : active_) {
    const Instant renew = active->renewed + env_.lease / 3;
    const Instant wake = active->wake_at ? std::min(*active->wake_at, renew) : renew;
    report.wake_at = report.wake_at ? std::min(*report.wake_at, wake) : wake;
  }
  if (next_look_.size() == observed_.tables.size()) {
    for (const auto& [location, at] : next_look_) report.look_at = std::min(report.look_at.value_or(at), at);
  }
  report.again = HasMoreToDo();
  return report;
}

bool Engine::HasMoreToDo() const {
  if (plan_due_ && !stop_starting_) return true;
  return std::any_of(active_.begin(), active_.end(), [](const auto& one) { return one.second->HasMoreToDo(); });
}

bool Engine::HasObserved() const {
  return std::all_of(pipeline_.sources.begin(), pipeline_.sources.end(),
                     [&](const pipeline::Source& source) { return observed_.tables.contains(source.location); });
}

Result<bool> Engine::Observe() {
  bool any = false;
  std::set<std::string> looked_at;
  for (const pipeline::Source& source : pipeline_.sources) {
    if (!looked_at.insert(source.location).second) continue;
    LATECOMER_ASSIGN_OR_RETURN(const bool changed, ObserveTable(source.location));
    any = any || changed;
  }
  LATECOMER_ASSIGN_OR_RETURN(output_schema_, OutputSchema(pipeline_, observed_));
  return any;
}

// Looks at those sources whose time has come, and at those of which others have seen more: runs rest on the newest
// state that the ledger has.
Result<bool> Engine::ObserveDue() {
  const Instant now = env_.clock.Now();
  std::map<std::string, Duration> every;
  for (const pipeline::Source& source : pipeline_.sources) {
    const Duration own = source.watch_every.value_or(env_.watch_every);
    const auto [it, added] = every.emplace(source.location, own);
    if (!added) it->second = std::min(it->second, own);
  }
  bool any = false;
  bool all = true;
  for (const auto& [location, pause] : every) {
    const auto next = next_look_.find(location);
    // A clock that was set back counts as time that passed.
    bool due = next == next_look_.end() || now >= next->second || now + pause < next->second;
    if (!due) {
      LATECOMER_ASSIGN_OR_RETURN(due, MovedOn(location));
    }
    all = all && due;
    if (!due) continue;
    LATECOMER_ASSIGN_OR_RETURN(const bool changed, ObserveTable(location));
    any = any || changed;
    if (pause > Duration(0)) next_look_[location] = now + pause;
  }
  if (!any && !all) return false;
  LATECOMER_ASSIGN_OR_RETURN(output_schema_, OutputSchema(pipeline_, observed_));
  return any;
}

// Somebody else has stored another state of the table than the one that is known here.
Result<bool> Engine::MovedOn(const std::string& location) {
  const auto mine = observed_.tables.find(location);
  if (mine == observed_.tables.end()) return true;
  LATECOMER_ASSIGN_OR_RETURN(const auto there, view_.Table(location));
  return !there || !(there->seen == mine->second.record.seen);
}

Result<bool> Engine::ObserveTable(const std::string& location) {
  constexpr int kMostConflicts = 100;
  for (int i = 0; i < kMostConflicts; ++i) {
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<bool> news, ObserveOnce(location));
    if (news) return *news;
    view_.BeginLook();
  }
  return Fail(Error(ErrorKind::kConflict, "what the ledger has of this table changes all the time")
                  .In(location)
                  .Hint("`latecomer ledger check` looks whether the ledger is sound; then run this again"));
}

// nullopt: another scheduler stored something else meanwhile. Going on without looking again, plans would rest on
// changes that are in no ledger.
Result<std::optional<bool>> Engine::ObserveOnce(const std::string& location) {
  std::shared_ptr<table::TableHistory>& history = histories_[location];
  if (!history) {
    LATECOMER_ASSIGN_OR_RETURN(history, env_.catalog.OpenHistory(location));
  }
  LATECOMER_ASSIGN_OR_RETURN(auto record, view_.Table(location));
  std::optional<ObservedTable> known;
  if (record) known = KnownTable(std::move(*record));
  const Version before = known ? known->record.seen.version : kBeforeFirst;
  Result<ObservedTable> advanced = Advance(*history, std::move(known), env_.clock.Now(), &env_.ledger);
  if (!advanced && advanced.error().kind == ErrorKind::kConflict) return std::nullopt;
  if (!advanced) return Fail(advanced.error());
  ObservedTable& table = *advanced;
  if (!table.Changed()) {
    // Somebody else may have stored what is news here.
    const auto mine = observed_.tables.find(location);
    const bool news = mine == observed_.tables.end() || !(mine->second.record.seen == table.record.seen);
    observed_.tables.insert_or_assign(location, std::move(table));
    return news;
  }
  bool stored = false;
  LATECOMER_RETURN_IF_ERROR(env_.ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(Store(writer, table));
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<ledger::TableRecord> there, writer.FindTable(location));
    stored = there && there->seen == table.record.seen;
    return {};
  }));
  if (!stored) return std::nullopt;
  read_more_ = true;
  const Version newest = table.record.seen.version;
  if (env_.listener != nullptr) {
    env_.listener->OnObserved(location, newest, newest.value - before.value, table.note);
  }
  table.base = table.record.seen;
  table.new_changes.clear();
  table.new_commits.clear();
  table.touched.clear();
  table.partitions.clear();  // from now on they are read from the ledger
  table.whole = false;
  observed_.tables.insert_or_assign(location, std::move(table));
  return true;
}

// A plan, and what the ledger may remember of the look that it was made from.
struct Engine::Outlook {
  lateness::Plan plan;
  IndexUpdate update;
};

// A run to be created, and why.
struct Engine::NewRun {
  RunRecord run;
  std::string why;
  std::string again;  // not created: this failed run of the same cause is queued once more
};

namespace {

bool IsDueInterval(const lateness::PlanEntry& entry) {
  return entry.decision == lateness::Decision::kProcess && entry.kind == lateness::RunFact::Kind::kScheduled;
}

// Due intervals start in their order, so none that lies behind some that weren't looked at.
void DropBeyond(const Calendar& calendar, LocalTime horizon, lateness::Plan& plan) {
  std::erase_if(plan.entries, [&](const lateness::PlanEntry& entry) {
    return IsDueInterval(entry) && entry.interval && entry.interval->start > calendar.IntervalAt(horizon).start;
  });
}

}  // namespace

// `scheduled`: so many due intervals are enough; nullopt: all are wanted.
Result<Engine::Outlook> Engine::LookNow(std::optional<int> scheduled) {
  Outlook outlook;
  std::optional<int> ahead;
  if (scheduled) ahead = std::max(*scheduled, 0) + 1;
  bool enough = false;
  while (!enough) {
    LATECOMER_RETURN_IF_ERROR(env_.ledger.Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto sources, LoadSources(reader, pipeline_));
      if (!sources) return Fail(ErrorKind::kUnexpected, "a plan was asked for before the sources were read");
      LATECOMER_ASSIGN_OR_RETURN(OpenFacts facts,
                                 GatherOpenFacts(reader, pipeline_, *sources, env_.clock.Now(), {.ahead = ahead}));
      AddUpstream(facts.input);
      outlook.plan = lateness::MakePlan(pipeline_.rules, facts.input);
      outlook.update = std::move(facts.update);
      enough = !facts.horizon;
      if (facts.horizon) DropBeyond(pipeline_.rules.calendar, *facts.horizon, outlook.plan);
      return {};
    }));
    const auto due = std::count_if(outlook.plan.entries.begin(), outlook.plan.entries.end(), IsDueInterval);
    enough = enough || due >= *scheduled;
    if (!enough) ahead = *ahead * 8;
  }
  return outlook;
}

Result<lateness::Plan> Engine::PlanNow() {
  view_.BeginLook();
  if (!HasObserved()) LATECOMER_RETURN_IF_ERROR(Observe());
  LATECOMER_ASSIGN_OR_RETURN(Outlook outlook, LookNow(std::nullopt));
  return std::move(outlook.plan);
}

Result<std::vector<PlacedRun>> Engine::LoadRuns() {
  return view_.Runs(output_schema_);
}

Result<Gate> Engine::LoadGate() {
  LATECOMER_ASSIGN_OR_RETURN(Gate gate, view_.PeoplesGate());
  gate.upstream = &upstream_;
  gate.planned = &planned_;
  return gate;
}

namespace {

RunRecord QueuedRun(const std::string& pipeline, const table::PartitionKey& key, RunKind kind, std::string run_id,
                    std::string cause, Instant now) {
  RunRecord run;
  run.pipeline = pipeline;
  run.run_id = std::move(run_id);
  run.partition = key.Canonical();
  run.partition_display = PartitionName(key);
  run.kind = kind;
  run.cause = std::move(cause);
  run.created = now;
  return run;
}

// False when another scheduler had created the run of this cause before.
Result<bool> InsertOne(ledger::Writer& writer, RunRecord& run, const std::string& why) {
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<RunRecord> there,
                             writer.FindRunByCause(run.pipeline, run.partition, run.cause));
  if (there) return false;
  LATECOMER_ASSIGN_OR_RETURN(run.run_id, FreeRunName(writer, run.pipeline, run.run_id, run.created));
  LATECOMER_ASSIGN_OR_RETURN(run.id, writer.InsertRun(run));
  LATECOMER_RETURN_IF_ERROR(
      AppendRunEvent(writer, run, "run.created", {{"cause", run.cause}, {"why", why}}, run.created));
  return true;
}

// False when something else became of the failed run meanwhile.
Result<bool> StartAgain(ledger::Writer& writer, RunRecord& run, const std::string& run_id, const std::string& why) {
  LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> there, writer.FindRunByName(run.pipeline, run_id));
  if (!there || there->state != RunState::kFailed) return false;
  LATECOMER_RETURN_IF_ERROR(MoveRun(writer, *there, RunState::kQueued, why, run.created));
  run = std::move(*there);
  return true;
}

// It may take long, and later ones needn't wait behind it.
bool WaitsForOthers(WaitKind kind) {
  return kind == WaitKind::kHold || kind == WaitKind::kUpstream;
}

// A live run that is running or could run; one that waits for the past, a person or a pipeline upstream holds
// back nobody.
bool LiveRunIsDue(const pipeline::Pipeline& pipeline, const Gate& gate, const std::vector<PlacedRun>& runs) {
  return std::any_of(runs.begin(), runs.end(), [&](const PlacedRun& run) {
    if (run.run.kind == RunKind::kBackfill || !ledger::IsOpen(run.run.state)) return false;
    if (run.run.state == RunState::kRunning) return true;
    const WaitKind waits = WhatItWaitsFor(pipeline, gate, run, runs).kind;
    return waits != WaitKind::kPast && !WaitsForOthers(waits);
  });
}

}  // namespace

Result<bool> Engine::CreateRuns() {
  LATECOMER_ASSIGN_OR_RETURN(const Gate gate, LoadGate());
  if (gate.paused) return false;
  if (env_.asks_before_first_run && !began_) {
    LATECOMER_ASSIGN_OR_RETURN(const FirstRun first, AskByPausing(env_.ledger, pipeline_, *this, env_.clock.Now()));
    began_ = first == FirstRun::kBegan;
    if (first == FirstRun::kWaits) return false;
  }
  LATECOMER_RETURN_IF_ERROR(RefreshUpstream());
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<PlacedRun> runs, LoadRuns());
  // Due intervals become runs only as slots come up: a catch-up of a thousand is not a thousand queued rows.
  // While a run waits for a failed past, later ones would only wait behind it.
  const auto open = std::count_if(runs.begin(), runs.end(), [&](const PlacedRun& run) {
    if (run.run.kind == RunKind::kBackfill || !ledger::IsOpen(run.run.state)) return false;
    return run.run.state == RunState::kRunning || !WaitsForOthers(WhatItWaitsFor(pipeline_, gate, run, runs).kind);
  });
  const int room = pipeline_.max_active_runs - static_cast<int>(open);
  // What a queued run waits for may be due and have no run itself: it gets one beyond the room, or both wait for ever.
  std::optional<Instant> waits_for_past;
  for (const PlacedRun& run : runs) {
    if (run.run.state != RunState::kQueued || !run.start) continue;
    if (WhatItWaitsFor(pipeline_, gate, run, runs).kind != WaitKind::kPast) continue;
    const Instant begins = pipeline_.rules.calendar.IntervalAt(*run.start).start;
    waits_for_past = std::max(waits_for_past.value_or(begins), begins);
  }
  LATECOMER_ASSIGN_OR_RETURN(const Outlook outlook, LookNow(waits_for_past ? std::nullopt : std::optional(room)));
  NotePlan(outlook.plan);  // the gate knows from now on what is planned
  const std::vector<NewRun> scheduled = ScheduledOf(outlook.plan, room, waits_for_past);
  const bool live = LiveRunIsDue(pipeline_, gate, runs);
  if (scheduled.empty()) {
    return InsertRuns(live ? std::vector<NewRun>{} : BackfillsOf(outlook.plan), outlook.update);
  }
  LATECOMER_ASSIGN_OR_RETURN(const bool created, InsertRuns(scheduled, outlook.update));
  if (created || live) return created;
  return InsertRuns(BackfillsOf(outlook.plan), {});
}

std::vector<Engine::NewRun> Engine::ScheduledOf(const lateness::Plan& plan, int room,
                                                const std::optional<Instant>& waits_for_past) {
  std::vector<NewRun> wanted;
  for (const lateness::PlanEntry& entry : plan.entries) {
    if (!IsDueInterval(entry)) continue;
    const bool waited_for = waits_for_past && entry.interval && entry.interval->start < *waits_for_past;
    if (room <= 0 && !waited_for) continue;
    wanted.push_back({QueuedRun(pipeline_.id, entry.key, RunKind::kScheduled, ScheduledRunId(entry.key, entry.cause),
                                entry.cause, env_.clock.Now()),
                      entry.reason, entry.starts_again});
    --room;
  }
  return wanted;
}

std::vector<Engine::NewRun> Engine::BackfillsOf(const lateness::Plan& plan) {
  std::vector<NewRun> wanted;
  for (const lateness::PlanEntry& entry : plan.entries) {
    if (entry.decision != lateness::Decision::kProcess || entry.kind != lateness::RunFact::Kind::kBackfill) continue;
    const Instant now = env_.clock.Now();
    wanted.push_back({QueuedRun(pipeline_.id, entry.key, RunKind::kBackfill,
                                BackfillRunId(entry.key, nullptr, entry, now), entry.cause, now),
                      entry.reason, entry.starts_again});
  }
  return wanted;
}

// What this process knows of the pipeline may be older than what a person accepted since: what it makes is then no
// output any more, or lies where nobody looks.
Status Engine::CheckInForce(ledger::Reader& reader) const {
  LATECOMER_ASSIGN_OR_RETURN(const auto change, ChangeSinceRegistered(reader, pipeline_));
  if (!change || change->needs_accept.empty()) return {};
  return Fail(Error(ErrorKind::kConflict,
                    "another definition of the pipeline is in force than the one that this process began with")
                  .In(pipeline_.file)
                  .Hint("start it again; `latecomer validate " + pipeline_.file + "` shows the definition"));
}

// In one transaction with what the look that they come from found. False when all were there before.
Result<bool> Engine::InsertRuns(const std::vector<NewRun>& wanted, const IndexUpdate& update) {
  if (wanted.empty() && update.Empty()) return false;
  std::vector<RunRecord> created;
  bool moved = false;
  LATECOMER_RETURN_IF_ERROR(env_.ledger.Write([&](ledger::Writer& writer) -> Status {
    created.clear();
    LATECOMER_RETURN_IF_ERROR(CheckInForce(writer));
    // Of a change that another scheduler stored since, it has made the run already: a second one of older changes
    // would find nothing to do.
    moved = false;
    for (const auto& [location, observed] : observed_.tables) {
      LATECOMER_ASSIGN_OR_RETURN(const auto table, writer.FindTable(location));
      moved = moved || !table || !(table->seen == observed.record.seen);
    }
    if (moved) return {};
    LATECOMER_RETURN_IF_ERROR(ApplyIndexUpdate(writer, pipeline_, update));
    for (const NewRun& one : wanted) {
      RunRecord run = one.run;
      LATECOMER_ASSIGN_OR_RETURN(const bool inserted, one.again.empty() ? InsertOne(writer, run, one.why)
                                                                        : StartAgain(writer, run, one.again, one.why));
      if (inserted) created.push_back(std::move(run));
    }
    return PlaceOutputs(writer, pipeline_);
  }));
  for (const RunRecord& run : created) Announce(run);
  plan_due_ = plan_due_ || moved;
  return moved || !created.empty();  // what moved is looked at again at once
}

Result<RunRecord> Engine::RequestRun(const table::PartitionKey& key) {
  LATECOMER_ASSIGN_OR_RETURN(
      const TriggerPlan done,
      ApplyTrigger(env_.ledger, pipeline_, observed_, {.partitions = {key}}, "", {.now = env_.clock.Now()}));
  Announce(done.affected.front().run);
  return done.affected.front().run;
}

Status Engine::StartQueued(TickReport& report) {
  LATECOMER_ASSIGN_OR_RETURN(std::vector<PlacedRun> runs, LoadRuns());
  const bool any_queued =
      std::any_of(runs.begin(), runs.end(), [](const PlacedRun& run) { return run.run.state == RunState::kQueued; });
  if (any_queued && has_upstream_) LATECOMER_RETURN_IF_ERROR(RefreshUpstream());  // unless it was, just now
  LATECOMER_ASSIGN_OR_RETURN(const Gate gate, LoadGate());
  report.paused = gate.paused;
  for (const PlacedRun& queued : InStartOrder(pipeline_, runs, env_.clock.Now())) {
    Wait wait = stop_starting_ ? Wait{WaitKind::kSlot, "the next `latecomer run`"}
                               : WhatItWaitsFor(pipeline_, gate, queued, runs);
    const bool outside = pipeline_.workers == pipeline::Workers::kOutside;
    if (wait.kind == WaitKind::kNone && outside) wait = {WaitKind::kSlot, std::string(kOutsideWait)};
    if (wait.kind == WaitKind::kNone) {
      LATECOMER_ASSIGN_OR_RETURN(std::optional<Granted> granted, Grant(queued));
      if (granted) {
        report.progressed = true;
        plan_due_ = plan_due_ || !granted->active;  // it was skipped
        Announce(granted->run);
        if (granted->active) active_[granted->run.id] = std::move(granted->active);
      } else {
        ++report.elsewhere;  // another scheduler was first
      }
      LATECOMER_ASSIGN_OR_RETURN(runs, LoadRuns());
      continue;
    }
    LATECOMER_ASSIGN_OR_RETURN(report.waiting.emplace_back(), NoteWait(queued, wait.for_what));
  }
  return NoteOthers(runs, report);
}

// Runs that are not ours but are running.
Status Engine::NoteOthers(const std::vector<PlacedRun>& runs, TickReport& report) {
  std::optional<std::set<std::int64_t>> outside;
  for (const PlacedRun& run : runs) {
    if (run.run.state != RunState::kRunning || active_.contains(run.run.id)) continue;
    if (!outside) {
      LATECOMER_ASSIGN_OR_RETURN(outside, RunsHeldOutside(env_.ledger, pipeline_.id));
    }
    if (outside->contains(run.run.id)) {
      report.outside.push_back(run);
    } else {
      ++report.elsewhere;
    }
  }
  return {};
}

// Keeps with the queued run what it waits for.
Result<PlacedRun> Engine::NoteWait(const PlacedRun& queued, const std::string& for_what) {
  PlacedRun waiting = queued;
  if (waiting.run.waiting_for == for_what) return waiting;
  waiting.run.waiting_for = for_what;
  LATECOMER_RETURN_IF_ERROR(ledger::WriteFor(env_.ledger, pipeline_.id, [&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> there, writer.FindRun(waiting.run.id));
    if (!there || there->state != RunState::kQueued) return {};
    there->waiting_for = for_what;
    return writer.UpdateRun(*there);
  }));
  return waiting;
}

Status Engine::CancelMine(const std::string& reason) {
  for (auto& [id, active] : active_) {
    LATECOMER_RETURN_IF_ERROR(env_.ledger.Write([&](ledger::Writer& writer) -> Status {
      RunRecord run = active->run;
      LATECOMER_RETURN_IF_ERROR(CheckClaim(writer, *active));
      LATECOMER_RETURN_IF_ERROR(EndTry(writer, run, ledger::TryState::kCancelled, reason, env_.clock.Now()));
      LATECOMER_RETURN_IF_ERROR(ReleaseClaim(writer, run));
      LATECOMER_RETURN_IF_ERROR(MoveRun(writer, run, RunState::kQueued, reason, env_.clock.Now()));
      active->run = run;
      return {};
    }));
    Announce(active->run);
    for (const auto& [step, handle] : active->handles) {
      LATECOMER_RETURN_IF_ERROR(env_.executor.Cancel(handle, std::chrono::seconds(5)));
      doomed_.push_back(handle);
    }
  }
  active_.clear();
  // Nothing of ours outlives this call.
  while (!doomed_.empty()) {
    ReapDoomed();
    if (!doomed_.empty()) env_.executor.Wait(std::chrono::milliseconds(200));
  }
  return {};
}

void Engine::ReapDoomed() {
  std::erase_if(doomed_, [&](const std::string& handle) {
    const Result<executor::AttemptStatus> status = env_.executor.Poll(handle);
    return !status || status->phase != executor::Phase::kRunning;
  });
}

void Engine::Announce(const RunRecord& run) {
  if (env_.listener != nullptr) env_.listener->OnRun(run);
}

}  // namespace latecomer::engine
