// The end of a simulation: nothing goes wrong any more, people tidy up, and everything must come to rest with
// each output as it would be made from scratch.
#include <algorithm>

#include "engine/clear.h"
#include "engine/controls.h"
#include "engine/hold.h"
#include "engine/observed_table.h"
#include "sim_keys.h"
#include "simulation.h"

namespace latecomer::simulation {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr int kLookEvery = 5;
constexpr int kMostRounds = 1000;  // days that follow each other are built again one by one, several times over
constexpr int kMostTicks = 200;
constexpr int kRoundsAtRest = 3;

}  // namespace

// Mostly one scheduler of each pipeline is enough to come to rest.
void Simulation::RetireMost() {
  if (dice_.OneIn(4)) return;
  std::set<int> kept;
  for (const auto& scheduler : schedulers_) {
    if (kept.insert(scheduler->pipeline_index()).second) continue;
    if (scheduler->alive()) scheduler->Die();
    scheduler->retired = true;
  }
}

void Simulation::Quiet() {
  Say("quiet from here on");
  quiet_ = true;
  jobs_.failures = {};
  for (const auto& clock : clocks_) clock->SetSkew(0);
  for (const auto& scheduler : schedulers_) {
    scheduler->points.crash_in = scheduler->points.error_in = scheduler->points.interrupt_in = 0;
    scheduler->hangs_until_ms = 0;
  }
  for (const auto& scheduler : schedulers_) {
    const auto index = static_cast<std::size_t>(scheduler->pipeline_index());
    const bool may_be_old = waiting_.contains(index) || scenario_.facts[index].changed;
    if (may_be_old && scheduler->alive()) scheduler->Die();
  }
  RetireMost();
  StartDead(100);
  PassTime(2 * kDay);
  // What jobs of a lost ledger wrote since the new one took over is refused until it is told of them.
  if (counts_.losses > 0 && MayRebuild()) PeopleRebuild(true);
  CompleteTheDays();
  int still = 0;
  for (int round = 0; round < kMostRounds && still < kRoundsAtRest; ++round) {
    const bool outside = WorkOutside();
    const bool worked = WorkUntilStill() || outside;
    const bool helped = PersonHelps(still == kRoundsAtRest - 1);
    still = worked || helped || jobs_.NextEnd() ? 0 : still + 1;
    PassTime(kHour);
    if (round % kLookEvery == 0) CheckNothingLost();
  }
  CheckNothingLost();
  if (options_.trace) SayWhatIsLeft();
  // A pipeline that has stopped because its source is another table now also stops what waits for it downstream.
  const std::int64_t last_look = time_.true_ms - kHour;
  for (const PipelineFacts& facts : scenario_.facts) {
    if (!AnyReplaced()) checks_.SameAsFromScratch(facts, last_look);
  }
  if (still < kRoundsAtRest) throw Violation{"5 (any process may die)", "it never comes to rest"};
}

// Days more in the sources than any output has to have, so that all of those are complete: one to prove the last day of
// the first pipeline's source, and one of which the first pipeline makes what proves the second's.
void Simulation::CompleteTheDays() {
  Day last = DayAtMs(time_.true_ms);
  for (const SourceFacts& source : scenario_.facts.front().sources) {
    const TableState& state = Table(source.location).Newest();
    if (!state.empty()) last = std::max(last, state.rbegin()->first.day);
  }
  for (const Day day : {last + 1, last + 2}) {
    PassTime(StartOfDayMs(day + 1) - time_.true_ms);
    for (const SourceFacts& source : scenario_.facts.front().sources) {
      SimTable& table = Table(source.location);
      const std::int64_t version = table.Commit(writers_.Append(table, day, time_.true_ms));
      truth_.OnCommit(source.location, version, table.commit(version));
    }
  }
  // A cron line may name but one day of the week.
  const bool timed = std::any_of(scenario_.facts.begin(), scenario_.facts.end(),
                                 [](const PipelineFacts& facts) { return facts.ready.has_value(); });
  if (timed) PassTime(8 * kDay);
}

// True when anything was done.
bool Simulation::WorkUntilStill() {
  bool any = false;
  StartDead(100);
  for (const auto& scheduler : schedulers_) {
    for (int i = 0; i < kMostTicks && scheduler->alive(); ++i) {
      ++counts_.ticks;
      const Result<engine::TickReport> report = scheduler->Tick();
      if (!report) OnTickError(*scheduler, report.error());
      if (!report || !report->progressed) break;
      any = true;
    }
  }
  return any;
}

// Clears what failed, releases what is held, resumes. True when anything was done.
bool Simulation::PersonHelps(bool stuck) {
  bool any = false;
  if (scenario_.people_accept_tables && AnyReplaced()) {
    PersonAcceptsTable(engine::AcceptAs::kCompare);
    any = true;
  }
  for (std::size_t i = 0; i < scenario_.pipelines.size(); ++i) {
    if (waiting_.contains(i)) {
      PersonAccepts(i, engine::AcceptAs::kCompare);
      any = true;
      continue;
    }
    const std::string& id = scenario_.pipelines[i].id;
    const auto resumed = engine::SetPaused(*ledger_.now(), id, false, {.now = clocks_.front()->Now()});
    any = any || (resumed && resumed->changed);
    for (const lateness::PlanEntry& entry : PlanOf(i, nullptr, nullptr).entries) {
      if (entry.decision == lateness::Decision::kFailed) any = ClearFailed(i, entry.blocking_run) || any;
      if (entry.decision == lateness::Decision::kHeld) any = Release(i, entry) || any;
      const bool waits = entry.decision == lateness::Decision::kWaiting && entry.rule == "ready";
      if (waits && scenario_.facts[i].on_request) {
        RequestRun(i, SlotOf(entry.key));
        any = true;
      }
    }
    // With depends_on_past, a run that nobody needs any more holds back the next one.
    if (!stuck) continue;
    const std::vector<ledger::RunRecord> runs = RunsOf(id);
    const bool queued =
        std::any_of(runs.begin(), runs.end(), [](const auto& run) { return run.state == ledger::RunState::kQueued; });
    if (!queued) continue;
    for (const ledger::RunRecord& run : runs) {
      const bool ended = run.state == ledger::RunState::kFailed || run.state == ledger::RunState::kCancelled;
      // Of a definition before, whose outputs had countries, or hadn't.
      const bool stranger =
          (SlotOfCanonical(run.partition).country != Slot::kNoCountry) != scenario_.facts[i].by_country;
      if (ended && !stranger) any = ClearFailed(i, run.run_id) || any;
    }
  }
  return any;
}

bool Simulation::ClearFailed(std::size_t pipeline, const std::string& run_id) {
  const pipeline::Pipeline& definition = scenario_.pipelines[pipeline];
  const auto cleared = engine::ApplyClear(*watched_by_people_, definition, {.which = {.runs = {run_id}}}, "",
                                          {.now = clocks_.front()->Now()});
  if (!cleared || cleared->affected.empty()) {
    const std::string why = cleared ? cleared->untouched.front().why : cleared.error().ToString();
    throw Violation{"1 (nothing lost)", run_id + " can't be cleared: " + why};
  }
  checks_.OnAskedFor(definition.id, run_id);
  checks_.OnOutputNotKept(definition.id, run_id);
  Say("a person clears " + run_id);
  return true;
}

bool Simulation::Release(std::size_t pipeline, const lateness::PlanEntry& entry) {
  // What lies outside the schedule stays there.
  if (entry.rule == "before_start") return false;
  const auto sources = SourcesOf(scenario_.pipelines[pipeline]);
  if (!sources) return false;
  const auto released = engine::ReleasePartition(*watched_by_people_, scenario_.pipelines[pipeline], *sources,
                                                 entry.key, {.now = clocks_.front()->Now()});
  if (released && released->hold) checks_.OnReleased(scenario_.pipelines[pipeline].id, entry.key.Canonical());
  Say("a person releases " + entry.key.Display() + ", held by " + entry.rule + (released ? "" : ": refused"));
  return released.has_value();
}

}  // namespace latecomer::simulation
