// What goes wrong, and what people do meanwhile.
#include <algorithm>

#include "engine/clear.h"
#include "engine/controls.h"
#include "engine/hold.h"
#include "engine/mark.h"
#include "engine/undo.h"
#include "sim_keys.h"
#include "simulation.h"

namespace latecomer::simulation {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
// A look of the engine passes some dozens of points, one with work to do more.
constexpr std::int64_t kFarthestPoint = 60;

}  // namespace

// Arms what may hit the scheduler during its next looks.
void Simulation::ArmFaults(Scheduler& scheduler) {
  const FaultRates& rates = scenario_.faults;
  FaultPoints& points = scheduler.points;
  const auto draw = [&](int percent, int& counter) {
    if (counter == 0 && dice_.Percent(percent)) counter = static_cast<int>(dice_.Between(1, kFarthestPoint));
  };
  draw(rates.crash, points.crash_in);
  draw(rates.error, points.error_in);
  draw(rates.interrupt, points.interrupt_in);
  points.interrupt = [this, &scheduler] { Interrupt(scheduler); };
}

// Something happens between two steps of a scheduler's work.
void Simulation::Interrupt(Scheduler& interrupted) {
  if (interrupted_) return;  // one deep is enough
  interrupted_ = true;
  Say("meanwhile:");
  const std::int64_t kind = dice_.Below(10);
  if (kind < 4) {
    CommitToSource();
  } else if (kind < 7) {
    PassTime(dice_.OneIn(3) ? dice_.Between(kMinute, 3 * kHour) : dice_.Between(1, kMinute));
  } else {
    Scheduler& other = PickScheduler();
    if (&other != &interrupted) TickOne(other);
  }
  if (dice_.OneIn(3)) {
    for (const auto& other : schedulers_) {
      if (other.get() != &interrupted) TickOne(*other);
    }
  }
  Say("meanwhile is over");
  interrupted_ = false;
}

void Simulation::StartDead(std::int64_t percent) {
  for (const auto& scheduler : schedulers_) {
    if (!scheduler->alive() && !scheduler->retired && dice_.Percent(percent)) {
      scheduler->Start();
      Say("a scheduler starts: " + scheduler->holder());
    }
  }
}

// One thing goes wrong, or none.
void Simulation::Disturb() {
  const FaultRates& rates = scenario_.faults;
  if (dice_.Percent(rates.hang)) PickScheduler().hangs_until_ms = time_.true_ms + dice_.Between(kHour, 24 * kHour);
  if (dice_.Percent(rates.clock_jump)) {
    const std::int64_t skew = dice_.OneIn(4) ? 0 : dice_.Between(-2 * kHour, 2 * kHour);
    dice_.Pick(clocks_)->SetSkew(skew);
    Say("a clock is set " + std::to_string(skew / 1000) + " s off");
  }
  if (dice_.Percent(rates.jobs_failing / 4)) jobs_.KillOne();
  if (dice_.Percent(rates.clean_log)) CleanSomeLog();
  if (dice_.Percent(rates.another_table)) ReplaceSource();
  if (scenario_.people_accept_tables && AnyReplaced() && dice_.Percent(20)) PersonAcceptsTable(DrawAcceptTableAs());
  if (dice_.Percent(rates.person)) PersonMeddles();
  if (scenario_.people_mark && dice_.Percent(rates.person)) PersonMarks();
  if (scenario_.people_undo && dice_.Percent(rates.person)) PersonUndoes();
  if (dice_.Percent(rates.restore_ledger)) BackUpOrRestore();
  if (dice_.Percent(scenario_.percent_change)) ChangeDefinition();
  if (!waiting_.empty() && dice_.Percent(20)) PersonAccepts(waiting_.begin()->first, DrawAcceptAs());
}

engine::AcceptAs Simulation::DrawAcceptAs() {
  const bool follows = scenario_.facts[waiting_.begin()->first].following;
  if (dice_.OneIn(2)) return engine::AcceptAs::kCompare;
  return follows || dice_.OneIn(2) ? engine::AcceptAs::kChanged : engine::AcceptAs::kProcessed;
}

engine::AcceptAs Simulation::DrawAcceptTableAs() {
  if (dice_.OneIn(2)) return engine::AcceptAs::kCompare;
  return dice_.OneIn(2) ? engine::AcceptAs::kChanged : engine::AcceptAs::kProcessed;
}

void Simulation::CleanSomeLog() {
  SimTable& table = *std::next(tables_.begin(), dice_.Below(static_cast<std::int64_t>(tables_.size())))->second;
  if (!table.Exists()) return;
  table.CleanLog(dice_.Between(table.oldest(), table.newest()));
  Say("the log of " + table.location() + " is cleaned before version " + std::to_string(table.oldest()));
}

void Simulation::PersonMeddles() {
  const auto index = static_cast<std::size_t>(dice_.Below(static_cast<std::int64_t>(scenario_.pipelines.size())));
  const pipeline::Pipeline& pipeline = scenario_.pipelines[index];
  const Instant now = clocks_.front()->Now();
  const std::vector<ledger::RunRecord> runs = RunsOf(pipeline.id);
  const std::int64_t kind = dice_.Below(12);
  if (kind < 5 && !runs.empty()) {
    PersonClears(index, dice_.Pick(runs).run_id);
  } else if (kind < 7 && !runs.empty()) {
    const ledger::RunRecord& run = dice_.Pick(runs);
    const auto cancelled = engine::ApplyCancel(*watched_by_people_, pipeline, {.runs = {run.run_id}}, "", {.now = now});
    if (cancelled && !cancelled->affected.empty()) Say("a person cancels " + run.run_id);
  } else if (kind < 8) {
    const bool pause = dice_.OneIn(2);
    if (engine::SetPaused(*watched_by_people_, pipeline.id, pause, {.now = now})) Say(pause ? "paused" : "resumed");
  } else {
    const std::set<Slot> touched = truth_.Touched(scenario_.facts[index]);
    if (touched.empty()) return;
    const Slot slot = *std::next(touched.begin(), dice_.Below(static_cast<std::int64_t>(touched.size())));
    if (kind < 10) {
      RequestRun(index, slot);
    } else {
      PersonHolds(index, slot);
    }
  }
}

// Of one run, now and then also of those before or after it.
void Simulation::PersonClears(std::size_t pipeline, const std::string& run_id) {
  const pipeline::Pipeline& definition = scenario_.pipelines[pipeline];
  engine::ClearSelection options{.which = {.runs = {run_id}}};
  options.same_versions = dice_.OneIn(4);
  if (dice_.OneIn(4)) options.which.steps = {scenario_.facts[pipeline].step};
  options.which.past = dice_.OneIn(10);
  options.which.future = dice_.OneIn(10);
  options.which.only_failed = dice_.OneIn(6);
  const auto cleared =
      engine::ApplyClear(*watched_by_people_, definition, options, "", {.now = clocks_.front()->Now()});
  if (!cleared) return;
  for (const engine::ClearedRun& one : cleared->affected) {
    checks_.OnAskedFor(definition.id, one.run.run_id);
    const bool kept = std::ranges::find(one.kept, scenario_.facts[pipeline].step) != one.kept.end();
    kept ? checks_.OnOutputKept(definition.id, one.run.run_id) : checks_.OnOutputNotKept(definition.id, one.run.run_id);
    Say("a person clears " + one.run.run_id + (options.same_versions ? " at the same versions" : ""));
  }
}

// A whole run, or as failed the step that writes. Not of a pipeline whose changed definition waits for a word: when the
// last output counts as not built any more, that needs no word and takes over by itself.
void Simulation::PersonMarks() {
  const auto index = static_cast<std::size_t>(dice_.Below(static_cast<std::int64_t>(scenario_.pipelines.size())));
  if (waiting_.contains(index)) return;
  const pipeline::Pipeline& pipeline = scenario_.pipelines[index];
  const std::vector<ledger::RunRecord> runs = RunsOf(pipeline.id);
  if (runs.empty()) return;
  engine::MarkSelection selection{.which = {.runs = {dice_.Pick(runs).run_id}}};
  selection.mark = dice_.OneIn(2) ? engine::Mark::kSuccess : engine::Mark::kFailed;
  const bool failed = selection.mark == engine::Mark::kFailed;
  if (failed && dice_.OneIn(3)) selection.which.steps = {scenario_.facts[index].step};
  checks_.OnMarking(true);
  const auto marked =
      engine::ApplyMark(*watched_by_people_, pipeline, selection, "", {.now = clocks_.front()->Now(), .by = "ann"});
  checks_.OnMarking(false);
  if (!marked) return;  // a run of another definition
  for (const engine::MarkedRun& one : marked->affected) {
    Say("a person marks " + one.run.run_id + (failed ? " failed" : " success") + ": " + one.note);
    checks_.OnMarked(one.event, pipeline.id, one.run.partition);
    marks_.emplace_back(pipeline.id, one.event);
  }
}

// One of the last marks.
void Simulation::PersonUndoes() {
  if (marks_.empty()) return;
  const std::size_t last = std::min<std::size_t>(marks_.size(), 3);
  const auto [pipeline, event] = marks_[marks_.size() - 1 - static_cast<std::size_t>(dice_.Below(last))];
  checks_.OnUndoing(event);
  const auto undone = engine::Undo(*watched_by_people_, pipeline, event, {.now = clocks_.front()->Now(), .by = "ann"});
  checks_.OnUndone();
  Say("a person undoes mark " + std::to_string(event) + ": " + (undone ? undone->now : undone.error().message));
}

void Simulation::PersonHolds(std::size_t pipeline, const Slot& slot) {
  const std::string& id = scenario_.pipelines[pipeline].id;
  const table::PartitionKey key = KeyOf(Table(scenario_.facts[pipeline].into), slot, false);
  const auto sources = SourcesOf(scenario_.pipelines[pipeline]);
  if (!sources) return;
  const auto held = engine::HoldPartition(*watched_by_people_, scenario_.pipelines[pipeline], *sources, key,
                                          "wait for the vendor", {.now = clocks_.front()->Now(), .by = "ann"});
  // Its schedulers died before the first of them made it known.
  if (!held && held.error().kind == ErrorKind::kNotFound) return;
  // What stands for no day has to be there, as far as the ledger knows.
  if (!held && !HasInterval(slot.day) && held.error().kind == ErrorKind::kInvalidArgument) return;
  if (!held) throw Violation{"5 (any process may die)", "no hold: " + held.error().ToString()};
  checks_.OnHold(id, key.Canonical());
  Say("a person holds " + key.Display() + " of " + id);
}

void Simulation::RequestRun(std::size_t pipeline, const Slot& slot) {
  for (const auto& scheduler : schedulers_) {
    if (!scheduler->alive() || scheduler->pipeline_index() != static_cast<int>(pipeline)) continue;
    const PipelineFacts& facts = scenario_.facts[pipeline];
    try {
      const auto run = scheduler->engine().RequestRun(KeyOf(Table(facts.into), slot, false));
      if (!run) return;
      checks_.OnAskedFor(facts.id, run->run_id);
      Say("a person requests " + run->run_id);
    } catch (const SimulatedCrash& crash) {
      OnCrash(*scheduler, crash);
    }
    return;
  }
}

}  // namespace latecomer::simulation
