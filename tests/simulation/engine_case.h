// One pipeline, any number of schedulers on two machines, and a clock, for single cases of what the simulation draws.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ledger_place.h"
#include "scheduler.h"
#include "sim_keys.h"

namespace latecomer::simulation {

inline constexpr std::int64_t kMinute = 60'000;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr Day kDay = 240;
inline constexpr const char* kSource = "/sim/source";
inline constexpr const char* kOther = "/sim/other";
inline constexpr const char* kOutput = "/sim/output";

// One pipeline from one table into another, and any number of schedulers on two machines.
class EngineCase : public testing::Test {
 protected:
  EngineCase() {
    jobs_.failures.longest_ms = 10 * kMinute;
    jobs_.find_table = [this](const std::string& location) -> SimTable& { return Table(location); };
    jobs_.wall_ms = [this] { return time_.true_ms; };
    jobs_.next_file_id = [this] { return ++files_; };
    jobs_.on_write = [](const OutputWrite&) {};
    jobs_.trace = [](const std::string&) {};
    time_.true_ms = StartOfDayMs(kDay) + 9 * kHour;
  }

  SimTable& Table(const std::string& location) {
    if (location == kOther) return other_;
    return location == kSource ? source_ : output_;
  }

  std::unique_ptr<Scheduler> Start(int machine = 0, const std::string& rest = "", const std::string& steps = "") {
    auto parsed = pipeline::ParsePipeline(
        "pipeline: case\nsources:\n  events: {table: /sim/source, partition: event_date}\n" + rest + "steps:\n" +
            steps + "  - {id: build, sql: {query: SELECT 1, into: /sim/output}}\n",
        "/sim/case.yaml");
    EXPECT_TRUE(parsed) << parsed.error().ToString();
    auto scheduler =
        std::make_unique<Scheduler>(shared_, *parsed, 0, machine, clock_, [](const LedgerEffects&, std::int64_t) {});
    scheduler->Start();
    return scheduler;
  }

  void Append(Day day) { AppendTo(source_, day); }
  void AppendTo(SimTable& table, Day day) {
    const SimFile file{.id = ++files_, .slot = {day, Slot::kNoCountry}, .padded = false, .rows = {files_}};
    table.Commit({.at_ms = time_.true_ms,
                  .operation = "WRITE",
                  .actions = {{std::make_shared<SimFile>(file), true, true}},
                  .write = {}});
  }

  void PassTime(std::int64_t ms) {
    time_.true_ms += ms;
    jobs_.EndDue();
  }

  // Looks until nothing is left to do at this moment.
  static void Work(Scheduler& scheduler) {
    for (int i = 0; i < 100; ++i) {
      const auto report = scheduler.Tick();
      ASSERT_TRUE(report) << report.error().ToString();
      if (!report->progressed) return;
    }
    FAIL() << "it never ends";
  }
  void WorkAndWait(Scheduler& scheduler) {
    for (int i = 0; i < 5; ++i) {
      Work(scheduler);
      PassTime(11 * kMinute);
    }
    Work(scheduler);
  }

  // The version an output partition was built from; -1 when it wasn't.
  std::int64_t Processed(Day day) {
    std::int64_t version = -1;
    const Status read = ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(
          const auto record, reader.FindProcessed("case", KeyOf(output_, {day, Slot::kNoCountry}, false).Canonical()));
      if (record) version = record->vector.at("events").value;
      return {};
    });
    EXPECT_TRUE(read);
    return version;
  }

  std::vector<std::int64_t> ContentOf(Day day) {
    const auto found = output_.Newest().find({day, Slot::kNoCountry});
    return found == output_.Newest().end() ? std::vector<std::int64_t>() : found->second.front()->rows;
  }

  std::vector<ledger::RunRecord> Runs() {
    std::vector<ledger::RunRecord> runs;
    const Status read = ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(runs, reader.Runs({.pipeline = "case"}));
      return {};
    });
    EXPECT_TRUE(read);
    return runs;
  }

  ledger::StepRecord StepOf(const ledger::RunRecord& run, const std::string& id) {
    ledger::StepRecord found;
    const Status read = ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto steps, reader.Steps(run.id, run.tries));
      for (const ledger::StepRecord& step : steps) {
        if (step.step == id) found = step;
      }
      return {};
    });
    EXPECT_TRUE(read);
    return found;
  }

  WorldTime time_;
  SimClock clock_{time_};
  Dice dice_{1};
  SeededRandom random_{1};
  SimTable source_{kSource, SimTable::Columns::kDate, false};
  SimTable other_{kOther, SimTable::Columns::kDate, false};
  SimTable output_{kOutput, SimTable::Columns::kDate, false};
  SimJobs jobs_{time_, dice_};
  LedgerPlace ledger_{random_};
  std::set<std::string> dead_holders_;
  Variant variant_;
  SharedWorld shared_{.jobs = jobs_,
                      .ledger = ledger_.now(),
                      .random = random_,
                      .find_table = [this](const std::string& location) { return &Table(location); },
                      .dead_holders = dead_holders_,
                      .variant = variant_};
  std::int64_t files_ = 0;
};

}  // namespace latecomer::simulation
