// The end of a simulation: nothing goes wrong any more, people tidy up, and everything must come to rest with
// each output as it would be made from scratch.
#include <algorithm>

#include "engine/controls.h"
#include "engine/observed_table.h"
#include "simulation.h"

namespace latecomer::simulation {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr int kMostRounds = 400;
constexpr int kMostTicks = 200;

}  // namespace

void Simulation::Quiet() {
  Say("quiet from here on");
  jobs_.failures = {};
  PassTime(2 * kDay);
  SimTable& source = Table(kSourceTable);
  Day last = DayAtMs(clocks_.front()->NowMs());
  if (const TableState state = source.Newest(); !state.empty()) last = std::max(last, state.rbegin()->first.day);
  PassTime(StartOfDayMs(last + 2) - time_.true_ms);
  const std::int64_t version = source.Commit(writers_.Append(source, last + 1, clocks_.front()->NowMs()));
  truth_.OnCommit(kSourceTable, version, source.commit(version));
  int still = 0;
  for (int round = 0; round < kMostRounds && still < 3; ++round) {
    const bool worked = WorkUntilStill();
    const bool helped = PersonHelps();
    still = worked || helped || jobs_.NextEnd() ? 0 : still + 1;
    PassTime(kHour);
    CheckNothingLost();
  }
  for (const PipelineFacts& facts : scenario_.facts) checks_.SameAsFromScratch(facts);
  if (still < 3) throw Violation{"5 (any process may die)", "it never comes to rest"};
}

// True when anything was done.
bool Simulation::WorkUntilStill() {
  bool any = false;
  for (const auto& scheduler : schedulers_) {
    for (int i = 0; i < kMostTicks; ++i) {
      ++counts_.ticks;
      const Result<engine::TickReport> report = scheduler->Tick();
      if (!report) {
        OnTickError(*scheduler, report.error());
        break;
      }
      any = any || report->progressed;
      if (!report->progressed) break;
    }
  }
  return any;
}

// Clears what failed and releases what is held. True when anything was done.
bool Simulation::PersonHelps() {
  bool any = false;
  for (std::size_t i = 0; i < scenario_.pipelines.size(); ++i) {
    const pipeline::Pipeline& pipeline = scenario_.pipelines[i];
    for (const lateness::PlanEntry& entry : PlanOf(i, nullptr, nullptr).entries) {
      const Instant now = clocks_.front()->Now();
      if (entry.decision == lateness::Decision::kFailed) {
        const auto cleared = engine::ClearRun(*ledger_now_, pipeline, entry.blocking_run, {}, now);
        if (!cleared)
          throw Violation{"1 (nothing lost)", "a failed run can't be cleared: " + cleared.error().ToString()};
        checks_.OnAskedFor(pipeline.id, entry.blocking_run);
        Say("a person clears " + entry.blocking_run);
        any = true;
      } else if (entry.decision == lateness::Decision::kHeld && entry.rule != "before_start") {
        std::optional<engine::ObservedTable> table;
        const Status read = ledger_now_->Read([&](ledger::Reader& reader) -> Status {
          LATECOMER_ASSIGN_OR_RETURN(table, engine::LoadObserved(reader, scenario_.facts[i].source));
          return {};
        });
        if (!read || !table) continue;
        const auto released = engine::ReleasePartition(*ledger_now_, pipeline, *table, entry.key, now);
        Say("a person releases " + entry.key.Display() + ", held by " + entry.rule + (released ? "" : ": refused"));
        any = any || released;
      }
    }
  }
  return any;
}

}  // namespace latecomer::simulation
