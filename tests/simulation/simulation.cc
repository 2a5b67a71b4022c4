#include "simulation.h"

#include <algorithm>
#include <stdexcept>

#include "sim_history.h"

namespace latecomer::simulation {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr Day kFirstDay = 240;  // 2024-08-28: months 9 and 10 are near
constexpr int kLookEvery = 10;

}  // namespace

Simulation::~Simulation() = default;

Simulation::Simulation(SimulationOptions options)
    : options_(std::move(options)),
      dice_(options_.seed),
      variant_(MakeVariant(options_.broken)),
      scenario_(DrawScenario(dice_, options_.seed)),
      random_(options_.seed),
      checks_(scenario_.facts, truth_),
      writers_(dice_),
      jobs_(time_, dice_),
      ledger_(random_),
      shared_{.jobs = jobs_,
              .ledger = ledger_.now(),
              .random = random_,
              .find_table = [this](const std::string& location) { return FindTable(location); },
              .dead_holders = dead_holders_,
              .variant = variant_} {
  time_.true_ms = StartOfDayMs(kFirstDay) + 9 * kHour;
  for (const char* source : {kSourceTable, kOtherSourceTable}) {
    tables_[source] = std::make_unique<SimTable>(source, scenario_.columns, scenario_.with_country);
  }
  for (const PipelineFacts& facts : scenario_.facts) {
    tables_[facts.into] = std::make_unique<SimTable>(facts.into, scenario_.columns, facts.by_country);
  }
  checks_.find_table = [this](const std::string& location) -> SimTable& { return Table(location); };
  jobs_.failures = {.percent_failing = scenario_.faults.jobs_failing,
                    .percent_odd = scenario_.faults.jobs_odd,
                    .percent_slow = scenario_.faults.jobs_slow};
  jobs_.outside = scenario_.jobs_outside;
  jobs_.rule = variant_.rule;
  jobs_.find_table = checks_.find_table;
  jobs_.is_cumulative = [this](const std::string& into) {
    return std::any_of(scenario_.facts.begin(), scenario_.facts.end(),
                       [&](const PipelineFacts& facts) { return facts.into == into && facts.following; });
  };
  jobs_.wall_ms = [this] { return clocks_.front()->NowMs(); };
  jobs_.next_file_id = [this] { return writers_.NextFileId(); };
  jobs_.on_write = [this](const OutputWrite& write) { OnJobWrite(write); };
  jobs_.trace = [this](const std::string& line) { Say(line); };
  for (int i = 0; i < scenario_.machines; ++i) clocks_.push_back(std::make_unique<SimClock>(time_));
  watched_by_people_ = std::make_unique<WatchedLedger>(
      ledger_.now(), nullptr, nullptr,
      [this](const LedgerEffects& effects) { checks_.OnLedger(effects, clocks_.front()->NowMs()); });
  for (std::size_t p = 0; p < scenario_.pipelines.size(); ++p) {
    for (int i = 0; i < scenario_.schedulers; ++i) {
      const int machine = i % scenario_.machines;
      schedulers_.push_back(std::make_unique<Scheduler>(
          shared_, scenario_.pipelines[p], static_cast<int>(p), machine, *clocks_[static_cast<std::size_t>(machine)],
          [this](const LedgerEffects& effects, std::int64_t now_ms) { checks_.OnLedger(effects, now_ms); }));
      schedulers_.back()->Start();
    }
  }
}

void Simulation::Run() {
  try {
    RunSteps();
  } catch (const Violation&) {
    if (options_.trace) SayWhatIsLeft();
    throw;
  }
}

void Simulation::RunSteps() {
  for (const SourceFacts& source : scenario_.facts.front().sources) CommitTo(source.location);
  for (int step = 0; step < options_.steps; ++step) {
    Step();
    if (step % kLookEvery == 0) CheckNothingLost();
  }
  Quiet();
  counts_.processings = checks_.processings();
  for (const auto& scheduler : schedulers_) counts_.transactions += scheduler->transactions();
}

void Simulation::Step() {
  Disturb();
  StartDead(30);
  if (scenario_.outside_workers && dice_.OneIn(3)) OutsideStep();
  const std::int64_t kind = dice_.Below(100);
  if (kind < 55) {
    TickOne(PickScheduler());
  } else if (kind < 80) {
    PassTime(dice_.OneIn(4) ? dice_.Between(kHour, 12 * kHour) : dice_.Between(1, 30 * kMinute));
  } else {
    CommitToSource();
  }
}

void Simulation::TickOne(Scheduler& scheduler) {
  if (!scheduler.alive() || scheduler.hangs_until_ms > time_.true_ms) return;
  if (!quiet_) ArmFaults(scheduler);
  ++counts_.ticks;
  try {
    const Result<engine::TickReport> report = scheduler.Tick();
    if (!report) OnTickError(scheduler, report.error());
  } catch (const SimulatedCrash& crash) {
    OnCrash(scheduler, crash);
  }
}

void Simulation::OnCrash(Scheduler& scheduler, const SimulatedCrash& crash) {
  Say(scheduler.holder() + " dies " + crash.where);
  ++counts_.crashes;
  scheduler.Die();
}

// An error ends the process, or its owner looks again later with the same engine.
void Simulation::OnTickError(Scheduler& scheduler, const Error& error) {
  Say(scheduler.holder() + " got an error: " + error.ToString());
  const PipelineFacts& facts = scenario_.facts[static_cast<std::size_t>(scheduler.pipeline_index())];
  const bool simulated = error.message.starts_with(kSimulatedError);
  // A cascade's second pipeline starts before its source exists.
  const auto any_source = [&](const auto& is_so) {
    return std::any_of(facts.sources.begin(), facts.sources.end(),
                       [&](const SourceFacts& source) { return is_so(Table(source.location)); });
  };
  const bool no_source =
      error.kind == ErrorKind::kNotFound && any_source([](const SimTable& table) { return !table.Exists(); });
  const bool replaced = error.kind == ErrorKind::kHistoryGone && ReadsReplaced(facts);
  // Commits may go while they are read; the next look bridges them.
  const bool vanished = error.kind == ErrorKind::kHistoryGone && !quiet_ &&
                        any_source([](const SimTable& table) { return table.oldest() > 0; });
  const bool unaccepted = WaitsForAccept(scheduler, error);
  if (!simulated && !no_source && !replaced && !vanished && !unaccepted) {
    throw Violation{"5 (any process may die)", "a scheduler ended with: " + error.ToString()};
  }
  if (unaccepted || dice_.OneIn(2)) scheduler.Die();
}

bool Simulation::AnyReplaced() const {
  return std::any_of(scenario_.facts.begin(), scenario_.facts.end(),
                     [&](const PipelineFacts& facts) { return ReadsReplaced(facts); });
}

bool Simulation::ReadsReplaced(const PipelineFacts& facts) const {
  return std::any_of(facts.sources.begin(), facts.sources.end(),
                     [&](const SourceFacts& source) { return truth_.IsReplaced(source.location); });
}

// To one of those that no pipeline makes.
void Simulation::CommitToSource() {
  const std::vector<SourceFacts>& sources = scenario_.facts.front().sources;
  CommitTo(sources.size() > 1 && dice_.OneIn(3) ? sources.back().location : sources.front().location);
}

void Simulation::CommitTo(const std::string& source) {
  SimTable& table = Table(source);
  // Whose rows belong to no day is known of the first source alone.
  writers_.writes_strays = scenario_.with_strays && source == kSourceTable;
  SimCommit commit = writers_.Draw(table, clocks_.front()->NowMs());
  const std::int64_t version = table.Commit(std::move(commit));
  truth_.OnCommit(source, version, table.commit(version));
  ++counts_.commits;
  if (!options_.trace) return;
  std::string line = "version " + std::to_string(version) + " of " + source + ": " + table.commit(version).operation;
  for (const FileAction& action : table.commit(version).actions) {
    line += (action.add ? " +" : " -") + SlotText(action.file->slot);
  }
  Say(line);
}

void Simulation::OnJobWrite(const OutputWrite& write) {
  SimTable& table = Table(write.location);
  truth_.OnCommit(write.location, table.newest(), table.commit(table.newest()));
  Say("version " + std::to_string(table.newest()) + " of " + write.location + ": " + SlotText(write.slot) +
      " under token " + std::to_string(write.write.token) + " by " + write.write.run_id);
  checks_.OnWrite(write);
}

void Simulation::PassTime(std::int64_t ms) {
  const std::int64_t until = time_.true_ms + ms;
  for (auto next = jobs_.NextEnd(); next && *next <= until; next = jobs_.NextEnd()) {
    time_.true_ms = std::max(time_.true_ms, *next);
    jobs_.EndDue();
  }
  time_.true_ms = until;
}

SimTable& Simulation::Table(const std::string& location) {
  return *tables_.at(location);
}

SimTable* Simulation::FindTable(const std::string& location) {
  const auto found = tables_.find(location);
  return found == tables_.end() ? nullptr : found->second.get();
}

Scheduler& Simulation::PickScheduler() {
  return *schedulers_[static_cast<std::size_t>(dice_.Below(static_cast<std::int64_t>(schedulers_.size())))];
}

void Simulation::Say(const std::string& line) const {
  if (!options_.trace) return;
  options_.trace(FormatInstant(Instant(Duration(time_.true_ms))) + "  " + line);
}

}  // namespace latecomer::simulation
