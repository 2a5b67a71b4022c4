// What the simulation found once, written down: each case with the shortest way to it.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/accept_definition.h"
#include "engine/clear.h"
#include "engine/controls.h"
#include "engine/hold.h"
#include "engine/observed_sources.h"
#include "engine/run_names.h"
#include "engine/trigger.h"
#include "ledger_place.h"
#include "scheduler.h"
#include "sim_keys.h"
#include "truth.h"

namespace latecomer::simulation {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr Day kDay = 240;
constexpr const char* kSource = "/sim/source";
constexpr const char* kOther = "/sim/other";
constexpr const char* kOutput = "/sim/output";

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

// A script that fails once, at the first point whose name begins so.
std::function<Status(const std::string&)> FailOnceAt(std::string prefix) {
  return [prefix = std::move(prefix), done = false](const std::string& where) mutable -> Status {
    if (done || !where.starts_with(prefix)) return {};
    done = true;
    return Fail(ErrorKind::kIo, "the disk has a bad moment");
  };
}

TEST_F(EngineCase, ARecordThatMetAnErrorIsMadeUpFor) {
  Append(kDay);
  Append(kDay + 1);
  const auto scheduler = Start();
  Work(*scheduler);
  PassTime(11 * kMinute);
  scheduler->points.script = FailOnceAt("txn");  // verifying the output
  EXPECT_FALSE(scheduler->Tick());
  EXPECT_EQ(Processed(kDay), -1);
  Work(*scheduler);
  EXPECT_EQ(Processed(kDay), 1);
}

TEST_F(EngineCase, AfterALookThatFailedNothingIsForgotten) {
  Append(kDay);
  Append(kDay + 1);
  const auto scheduler = Start();
  WorkAndWait(*scheduler);
  ASSERT_EQ(Processed(kDay), 1);
  Append(kDay);
  scheduler->points.script = FailOnceAt("commit 2");
  EXPECT_FALSE(scheduler->Tick());
  WorkAndWait(*scheduler);
  EXPECT_EQ(Processed(kDay), 2);
}

TEST_F(EngineCase, AnAttemptOnAnotherMachineHoldsItsPartitionBackForTheLease) {
  Append(kDay);
  Append(kDay + 1);
  jobs_.failures.longest_ms = 10 * kHour;
  const auto first = Start(0);
  Work(*first);
  ASSERT_TRUE(jobs_.NextEnd());
  first->Die();
  const auto second = Start(1);
  Work(*second);
  EXPECT_EQ(Runs().front().tries, 1);
  PassTime(2 * kMinute);
  jobs_.failures.longest_ms = kMinute;
  WorkAndWait(*second);
  EXPECT_EQ(Runs().front().tries, 2);
  EXPECT_EQ(Processed(kDay), 1);
  const std::int64_t written = output_.newest();
  PassTime(10 * kHour);  // the old attempt comes to its end, and its token is no longer the newest
  EXPECT_EQ(output_.newest(), written);
}

// Jobs outside don't notice that their scheduler died.
TEST_F(EngineCase, ATryWhoseJobsRunOutsideGoesOnUnderAnotherScheduler) {
  Append(kDay);
  Append(kDay + 1);
  jobs_.outside = true;
  const auto first = Start(0);
  Work(*first);
  ASSERT_EQ(jobs_.started(), 1);
  EXPECT_EQ(StepOf(Runs().front(), "build").state, ledger::StepState::kDeferred);
  EXPECT_EQ(StepOf(Runs().front(), "build").message, "job-1");
  first->Die();
  const auto second = Start(0);
  WorkAndWait(*second);
  EXPECT_EQ(jobs_.started(), 1);
  EXPECT_EQ(Runs().front().tries, 1);
  EXPECT_EQ(Processed(kDay), 1);
}

TEST_F(EngineCase, OnAnotherMachineItGoesOnAfterTheLease) {
  Append(kDay);
  Append(kDay + 1);
  jobs_.outside = true;
  jobs_.failures.longest_ms = 10 * kHour;
  const auto first = Start(0);
  Work(*first);
  first->Die();
  const auto second = Start(1);
  Work(*second);
  EXPECT_EQ(second->Tick()->mine, 0);
  PassTime(2 * kMinute);
  Work(*second);
  EXPECT_EQ(second->Tick()->mine, 1);
  PassTime(10 * kHour);
  Work(*second);
  EXPECT_EQ(jobs_.started(), 1);
  EXPECT_EQ(Processed(kDay), 1);
}

TEST_F(EngineCase, ASchedulerThatOnlySleptLeavesItsJobsToTheOneThatWentOn) {
  Append(kDay);
  Append(kDay + 1);
  jobs_.outside = true;
  jobs_.failures.longest_ms = 10 * kHour;
  const auto first = Start(0);
  Work(*first);
  PassTime(2 * kMinute);
  const auto second = Start(1);
  Work(*second);
  Work(*first);  // wakes up
  EXPECT_EQ(first->Tick()->mine, 0);
  EXPECT_TRUE(jobs_.NextEnd()) << "it ended the job that another scheduler waits for";
  PassTime(10 * kHour);
  Work(*second);
  EXPECT_EQ(jobs_.started(), 1);
  EXPECT_EQ(Processed(kDay), 1);
}

TEST_F(EngineCase, AStartThatFailsWhenATryGoesOnIsMadeUpForLater) {
  Append(kDay);
  Append(kDay + 1);
  jobs_.outside = true;
  const auto first = Start(0);
  Work(*first);
  first->Die();
  const auto second = Start(0);
  second->points.script = FailOnceAt("before start");
  WorkAndWait(*second);
  EXPECT_EQ(jobs_.started(), 1);
  EXPECT_EQ(Runs().front().tries, 1);
  EXPECT_EQ(Processed(kDay), 1);
}

TEST_F(EngineCase, ASchedulerThatStopsLeavesItsJobsToTheNext) {
  Append(kDay);
  Append(kDay + 1);
  jobs_.outside = true;
  jobs_.failures.longest_ms = 10 * kHour;
  const auto first = Start(0);
  Work(*first);
  ASSERT_TRUE(first->engine().LeaveMine("stopped"));
  EXPECT_TRUE(jobs_.NextEnd()) << "the job was ended";
  const auto second = Start(1);
  Work(*second);
  EXPECT_EQ(second->Tick()->mine, 1) << "it needn't wait for a lease";
  PassTime(10 * kHour);
  Work(*second);
  EXPECT_EQ(jobs_.started(), 1);
  EXPECT_EQ(Processed(kDay), 1);
}

TEST_F(EngineCase, WhatDiesWithAProcessIsEndedWhenItStops) {
  Append(kDay);
  Append(kDay + 1);
  jobs_.failures.longest_ms = 10 * kHour;
  const auto first = Start(0);
  Work(*first);
  ASSERT_TRUE(jobs_.NextEnd());
  ASSERT_TRUE(first->engine().LeaveMine("stopped"));
  EXPECT_FALSE(jobs_.NextEnd());
  EXPECT_EQ(Runs().front().state, ledger::RunState::kQueued);
}

TEST_F(EngineCase, UnderAnotherDefinitionTheOldJobIsEndedAndTheTryIsNew) {
  Append(kDay);
  Append(kDay + 1);
  jobs_.outside = true;
  jobs_.failures.longest_ms = 10 * kHour;
  const auto first = Start(0);
  Work(*first);
  first->Die();
  jobs_.failures.longest_ms = kMinute;
  const auto second = Start(0, "late_data: {min_rows: 1}\n");
  WorkAndWait(*second);
  EXPECT_EQ(Runs().front().tries, 2);
  EXPECT_EQ(Processed(kDay), 1);
  const std::int64_t written = output_.newest();
  PassTime(10 * kHour);
  EXPECT_EQ(output_.newest(), written);
}

TEST_F(EngineCase, AnIntervalBecomesDueByTimeAlone) {
  Append(kDay);
  const auto scheduler = Start(0, "schedule: {ready: {next_partition: {at_latest: 26h}}}\n");
  Work(*scheduler);
  EXPECT_TRUE(Runs().empty());
  PassTime(72 * kHour);
  WorkAndWait(*scheduler);
  EXPECT_EQ(Processed(kDay), 0);
}

TEST_F(EngineCase, APartitionWrittenTooEarlyProvesSomethingOnceItsDayHasCome) {
  Append(kDay);
  Append(kDay + 5);  // by a bad clock
  const auto scheduler = Start();
  WorkAndWait(*scheduler);
  EXPECT_EQ(Processed(kDay), -1);
  PassTime(5 * 24 * kHour);
  Append(kDay + 5);
  ASSERT_TRUE(scheduler->engine().RequestRun(KeyOf(output_, {kDay + 5, Slot::kNoCountry}, false)));
  WorkAndWait(*scheduler);
  EXPECT_EQ(Processed(kDay + 5), 2);
  EXPECT_EQ(Processed(kDay), 2) << "what is processed must not be forgotten as a proof";
}

TEST_F(EngineCase, ABeginningBeforeTheStartIsHeldAlsoWhenItsCommitsAreGone) {
  Append(kDay - 3);
  Append(kDay);
  Append(kDay + 1);
  source_.CleanLog(2);
  const auto scheduler = Start(0, "schedule: {start: " + DayText(kDay) + "}\n");
  WorkAndWait(*scheduler);
  const auto plan = scheduler->engine().PlanNow();
  ASSERT_TRUE(plan) << plan.error().ToString();
  for (const lateness::PlanEntry& entry : plan->entries) {
    if (SlotOf(entry.key).day == kDay - 3) EXPECT_EQ(entry.decision, lateness::Decision::kHeld) << entry.reason;
  }
  EXPECT_EQ(Processed(kDay), 2);
}

TEST_F(EngineCase, WhatAQueuedRunWaitsForGetsItsRunAlsoWhenNoSlotIsFree) {
  const std::string schedule = "schedule: {max_active_runs: 1, depends_on_past: true}\n";
  Append(kDay);
  Append(kDay + 1);
  const auto first = Start(0, schedule);
  first->points.script = [](const std::string& where) -> Status {
    if (where.starts_with("txn")) throw SimulatedCrash{where};  // the run is queued, and its claim not yet granted
    return {};
  };
  EXPECT_THROW(Work(*first), SimulatedCrash);
  first->Die();
  ASSERT_EQ(Runs().size(), 1U);
  Append(kDay - 1);  // the day before it, which becomes due with that
  const auto second = Start(0, schedule);
  WorkAndWait(*second);
  EXPECT_EQ(Processed(kDay - 1), 2);
  EXPECT_EQ(Processed(kDay), 2);
}

TEST_F(EngineCase, ALostRunIsSkippedWhenAnotherOneDidItsWork) {
  Append(kDay);
  Append(kDay + 1);
  const auto first = Start();
  WorkAndWait(*first);
  Append(kDay);
  Work(*first);
  ASSERT_EQ(Runs().back().state, ledger::RunState::kRunning);
  const std::int64_t lost = Runs().back().id;
  first->Die();
  const auto second = Start();
  ASSERT_TRUE(second->engine().RequestRun(KeyOf(output_, {kDay, Slot::kNoCountry}, false)));
  WorkAndWait(*second);
  EXPECT_EQ(Processed(kDay), 2);
  for (const ledger::RunRecord& run : Runs()) {
    const auto expected = run.id == lost ? ledger::RunState::kSkipped : ledger::RunState::kSuccess;
    EXPECT_EQ(run.state, expected) << run.run_id;
  }
}

TEST_F(EngineCase, ARunThatIsTriedAgainIsSkippedWhenAnotherOneDidItsWork) {
  Append(kDay);
  Append(kDay + 1);
  const std::string rules = "late_data: {retry_failed_after: 1h}\n";
  const auto first = Start(0, rules);
  WorkAndWait(*first);
  jobs_.failures.percent_failing = 100;
  Append(kDay);
  WorkAndWait(*first);
  const ledger::RunRecord failed = Runs().back();
  ASSERT_EQ(failed.state, ledger::RunState::kFailed);
  jobs_.failures.percent_failing = 0;
  PassTime(kHour);
  first->points.script = [](const std::string& where) -> Status {
    if (where.starts_with("txn")) throw SimulatedCrash{where};  // it is queued again, and its claim not yet granted
    return {};
  };
  EXPECT_THROW(Work(*first), SimulatedCrash);
  first->Die();
  ASSERT_EQ(Runs().back().id, failed.id);
  ASSERT_EQ(Runs().back().state, ledger::RunState::kQueued);
  // Another run does what it was queued for.
  ASSERT_TRUE(ledger_.now()->Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(auto processed, writer.FindProcessed("case", failed.partition));
    processed->vector["events"] = Version{source_.newest()};
    return writer.PutProcessed(*processed);
  }));
  const auto second = Start(0, rules);
  WorkAndWait(*second);
  EXPECT_EQ(Runs().back().state, ledger::RunState::kSkipped);
  EXPECT_EQ(Runs().back().tries, failed.tries);
}

TEST_F(EngineCase, ALookEndsOneRunAndBeginsTheNext) {
  for (Day day = kDay - 2; day <= kDay; ++day) Append(day);
  jobs_.failures.longest_ms = 20'000;  // less than the time after which a plan is made in any case
  const auto scheduler = Start();
  const auto look = [&](std::size_t runs, ledger::RunState last) {
    const auto report = scheduler->Tick();
    ASSERT_TRUE(report) << report.error().ToString();
    EXPECT_TRUE(report->progressed);
    EXPECT_FALSE(report->again) << "one more look at once would find nothing to do";
    ASSERT_EQ(Runs().size(), runs);
    EXPECT_EQ(Runs().back().state, last);
    EXPECT_EQ(jobs_.NextEnd().has_value(), last == ledger::RunState::kRunning) << "its step runs already, or none does";
    PassTime(jobs_.failures.longest_ms + 1);
  };
  look(1, ledger::RunState::kRunning);
  look(2, ledger::RunState::kRunning);
  look(2, ledger::RunState::kSuccess);
  const auto idle = scheduler->Tick();
  ASSERT_TRUE(idle) << idle.error().ToString();
  EXPECT_TRUE(idle->Idle());
}

TEST_F(EngineCase, AClearedRunIsTriedAgainThoughItsFirstTryWasLost) {
  Append(kDay);
  Append(kDay + 1);
  const auto first = Start();
  WorkAndWait(*first);
  ASSERT_EQ(Runs().size(), 1U);
  ASSERT_TRUE(engine::ApplyClear(*ledger_.now(), first->pipeline(), {.which = {.runs = {Runs().front().run_id}}}, "",
                                 {.now = clock_.Now()}));
  Work(*first);
  ASSERT_EQ(Runs().front().state, ledger::RunState::kRunning);
  first->Die();
  const auto second = Start();
  WorkAndWait(*second);
  EXPECT_EQ(Runs().front().state, ledger::RunState::kSuccess);
  EXPECT_EQ(Runs().front().tries, 3);
}

TEST_F(EngineCase, ATryAtAnOlderVersionThatWroteAndFailedLeavesTheNewerOneToBeDone) {
  Append(kDay);
  Append(kDay + 1);
  const auto scheduler = Start();
  WorkAndWait(*scheduler);
  Append(kDay);
  WorkAndWait(*scheduler);
  const std::string first = Runs().front().run_id;
  const std::vector<std::int64_t> content = ContentOf(kDay);
  ASSERT_EQ(Processed(kDay), 2);
  ASSERT_TRUE(engine::ApplyClear(*ledger_.now(), scheduler->pipeline(),
                                 {.which = {.runs = {first}}, .same_versions = true}, "", {.now = clock_.Now()}));
  Work(*scheduler);
  ASSERT_EQ(Runs().front().state, ledger::RunState::kRunning);
  EXPECT_EQ(Processed(kDay), 1) << "as soon as it may write";
  PassTime(11 * kMinute);
  ASSERT_NE(ContentOf(kDay), content) << "it wrote the older rows";
  ASSERT_TRUE(engine::ApplyCancel(*ledger_.now(), scheduler->pipeline(), {.runs = {first}}, "", {.now = clock_.Now()}));
  WorkAndWait(*scheduler);
  EXPECT_EQ(Runs().front().state, ledger::RunState::kCancelled);
  EXPECT_EQ(Processed(kDay), 2);
  EXPECT_EQ(ContentOf(kDay), content);
}

TEST_F(EngineCase, StepsAreNotKeptWhenAnotherRunCameFirst) {
  Append(kDay - 1);
  Append(kDay);
  Append(kDay + 1);
  const auto scheduler = Start(0, "", "  - {id: prepare, command: [prepare]}\n");
  WorkAndWait(*scheduler);
  ASSERT_EQ(Runs().size(), 2U);
  const ledger::RunRecord before = Runs().front();
  ASSERT_EQ(before.state, ledger::RunState::kSuccess);
  ASSERT_TRUE(engine::ApplyClear(*ledger_.now(), scheduler->pipeline(),
                                 {.which = {.runs = {before.run_id}, .steps = {"build"}}}, "", {.now = clock_.Now()}));
  ASSERT_TRUE(Runs().front().keep_steps.contains("prepare"));
  Append(kDay - 1);
  const std::int64_t another = Runs().back().id;
  ASSERT_TRUE(ledger_.now()->Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(auto claim, writer.FindClaim("case", before.partition));
    claim->run = another;
    claim->token += 1;
    return writer.PutClaim(*claim);
  }));
  WorkAndWait(*scheduler);
  ASSERT_EQ(Runs().front().state, ledger::RunState::kSuccess) << Runs().front().message;
  EXPECT_FALSE(StepOf(Runs().front(), "prepare").kept_from);
  EXPECT_EQ(Processed(kDay - 1), 3);
}

TEST_F(EngineCase, AClaimPinsNoLessThanTheLedgerHasSeen) {
  Append(kDay);
  Append(kDay + 1);
  const auto slow = Start();
  WorkAndWait(*slow);
  PassTime(kMinute);
  const auto fast = Start();
  // When the slow one has looked at the source, a late row comes, and the fast one queues the run for it.
  fast->points.script = [](const std::string& where) -> Status {
    if (where.starts_with("txn")) throw SimulatedCrash{where};
    return {};
  };
  bool looked = false;
  slow->points.script = [&](const std::string& where) -> Status {
    if (where.starts_with("newest version after")) looked = true;
    if (!looked || where != "before a read of the ledger" || !fast->alive()) return {};
    Append(kDay);
    try {
      for (int i = 0; i < 5; ++i) EXPECT_TRUE(fast->Tick());
      ADD_FAILURE() << "the run was not queued";
    } catch (const SimulatedCrash&) {
      fast->Die();
    }
    return {};
  };
  WorkAndWait(*slow);
  EXPECT_FALSE(fast->alive());
  EXPECT_EQ(Processed(kDay), 2);
}

TEST_F(EngineCase, WhatAnotherSchedulerStoredMeanwhileIsWhereAPlanGoesOnFrom) {
  const std::string rules = "late_data: {min_rows: 2}\n";
  Append(kDay);
  Append(kDay + 1);
  const auto slow = Start(0, rules);
  WorkAndWait(*slow);
  const auto fast = Start(0, rules);
  Work(*fast);
  fast->points.script = [](const std::string& where) -> Status {
    if (where == "after a write of the ledger") throw SimulatedCrash{where};
    return {};
  };
  // Between what the slow one loads and what it reads, the fast one stores version 2; version 3 has one row.
  slow->points.script = [&](const std::string& where) -> Status {
    if (!where.starts_with("newest version after") || !fast->alive()) return {};
    Append(kDay + 1);
    try {
      for (int i = 0; i < 5; ++i) EXPECT_TRUE(fast->Tick());
    } catch (const SimulatedCrash&) {
      fast->Die();
    }
    Append(kDay);
    return {};
  };
  WorkAndWait(*slow);
  EXPECT_FALSE(fast->alive());
  EXPECT_EQ(Runs().size(), 1u) << "a single row was to be held by min_rows";
}

TEST_F(EngineCase, RunsAreMadeOfWhatTheLedgerKnowsWhenTheyAreMade) {
  Append(kDay);
  Append(kDay + 1);
  const auto slow = Start();
  WorkAndWait(*slow);
  const auto fast = Start();
  Work(*fast);
  const std::size_t before = Runs().size();
  Append(kDay);
  fast->points.script = [](const std::string& where) -> Status {
    if (where.starts_with("txn")) throw SimulatedCrash{where};  // its run is queued by then
    return {};
  };
  // Between the slow one's plan for version 2 and its run, the fast one queues a run for version 3.
  int writes = 0;
  slow->points.script = [&](const std::string& where) -> Status {
    if (where != "before a write of the ledger" || ++writes != 2) return {};
    Append(kDay);
    try {
      for (int i = 0; i < 5; ++i) EXPECT_TRUE(fast->Tick());
      ADD_FAILURE() << "the run was not queued";
    } catch (const SimulatedCrash&) {
      fast->Die();
    }
    return {};
  };
  WorkAndWait(*slow);
  EXPECT_FALSE(fast->alive());
  EXPECT_EQ(Processed(kDay), 3);
  EXPECT_EQ(Runs().size(), before + 1) << "a second run would find nothing to do";
}

// What is built on the day before reads that day's output when it begins.
TEST_F(EngineCase, OutputsThatFollowEachOtherAreBuiltOneAfterTheOther) {
  jobs_.is_cumulative = [](const std::string&) { return true; };
  for (int i = -3; i <= 0; ++i) Append(kDay + i);
  const auto scheduler = Start(0, "schedule: {max_active_runs: 3}\nlate_data: {propagate: following}\n");
  Work(*scheduler);
  EXPECT_EQ(jobs_.started(), 1);
  WorkAndWait(*scheduler);
  const PipelineFacts facts{
      .id = "case", .sources = {{.name = "events", .location = kSource}}, .into = kOutput, .following = true};
  for (int i = -3; i < 0; ++i) {
    const Slot slot{kDay + i, Slot::kNoCountry};
    EXPECT_EQ(ActualContent(output_, slot), ExpectedContent(facts, jobs_.find_table, slot)) << SlotText(slot);
  }
}

// On request, an output is made though its source has nothing for it.
TEST_F(EngineCase, WhatFollowsAnOutputWithoutSourceIsBuiltAgain) {
  Append(kDay - 1);
  Append(kDay);
  const auto scheduler = Start(0, "late_data: {propagate: following}\n");
  WorkAndWait(*scheduler);
  ASSERT_EQ(Runs().size(), 1U);
  std::optional<engine::ObservedSources> sources;
  ASSERT_TRUE(ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(sources, engine::LoadSources(reader, scheduler->pipeline()));
    return {};
  }));
  const table::PartitionKey before = KeyOf(output_, {kDay - 5, Slot::kNoCountry}, false);
  ASSERT_TRUE(engine::ApplyTrigger(*ledger_.now(), scheduler->pipeline(), *sources, {.partitions = {before}}, "",
                                   {.now = clock_.Now()}));
  WorkAndWait(*scheduler);
  const std::vector<ledger::RunRecord> runs = Runs();
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[1].partition, before.Canonical());
  EXPECT_EQ(runs[2].partition, runs[0].partition);
  EXPECT_EQ(runs[2].cause, "following:" + runs[1].run_id);
  EXPECT_EQ(runs[2].state, ledger::RunState::kSuccess);
}

// The rule of yesterday made it, and it holds what the days before it held then.
TEST_F(EngineCase, AGapThatWasFilledFollowsThoseBeforeItAlsoWhenGapsAreFilledNoMore) {
  Append(kDay - 3);
  Append(kDay - 1);
  Append(kDay);
  const auto filling = Start(
      0, "schedule: {empty_partitions: run, start: " + DayText(kDay - 3) + "}\nlate_data: {propagate: following}\n");
  WorkAndWait(*filling);
  ASSERT_EQ(Runs().size(), 3U);
  const std::string gap = KeyOf(output_, {kDay - 2, Slot::kNoCountry}, false).Canonical();
  ASSERT_EQ(Runs()[1].partition, gap);
  filling->Die();
  const auto skipping = Start(0, "late_data: {propagate: following}\n");
  Append(kDay - 3);
  WorkAndWait(*skipping);
  const std::vector<ledger::RunRecord> runs = Runs();
  ASSERT_EQ(runs.size(), 6U);
  EXPECT_EQ(runs[4].partition, gap);
  EXPECT_EQ(runs[4].cause, "following:" + runs[3].run_id);
  EXPECT_EQ(runs[4].state, ledger::RunState::kSuccess);
  EXPECT_EQ(runs[5].partition, runs[2].partition);
}

// Seed 238: the gap's run was skipped, made anew, skipped, …
TEST_F(EngineCase, AGapIsBuiltAgainWhenWhatAllDaysAreMadeOfChanges) {
  for (const Day day : {kDay - 3, kDay - 1, kDay}) Append(day);
  AppendTo(other_, kDay - 9);
  const auto scheduler = Start(0,
                               "  others: {table: /sim/other, partition: event_date, mapping: all}\n"
                               "schedule: {empty_partitions: run, start: " +
                                   DayText(kDay - 3) + "}\n");
  WorkAndWait(*scheduler);
  ASSERT_EQ(Runs().size(), 3U);
  AppendTo(other_, kDay - 9);
  WorkAndWait(*scheduler);
  const std::vector<ledger::RunRecord> runs = Runs();
  ASSERT_EQ(runs.size(), 6U);
  for (const ledger::RunRecord& run : runs) EXPECT_EQ(run.state, ledger::RunState::kSuccess) << run.run_id;
}

// Seed 273: its run was asked for, waited for the hold, and kept all later ones waiting; no plan said so.
TEST_F(EngineCase, APartitionThatIsHeldBeforeItHasDataIsInThePlan) {
  Append(kDay - 1);
  Append(kDay);
  const auto scheduler = Start();
  WorkAndWait(*scheduler);
  const table::PartitionKey held = KeyOf(output_, {kDay - 5, Slot::kNoCountry}, false);
  std::optional<engine::ObservedSources> sources;
  ASSERT_TRUE(ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(sources, engine::LoadSources(reader, scheduler->pipeline()));
    return {};
  }));
  ASSERT_TRUE(engine::HoldPartition(*ledger_.now(), scheduler->pipeline(), *sources, held, "wait for the vendor",
                                    {.now = clock_.Now(), .by = "ann"}));
  const auto asked = scheduler->engine().RequestRun(held);
  ASSERT_TRUE(asked) << asked.error().ToString();
  Work(*scheduler);
  const auto plan = scheduler->engine().PlanNow();
  ASSERT_TRUE(plan) << plan.error().ToString();
  const auto entry = std::ranges::find_if(plan->entries, [&](const auto& one) { return one.key == held; });
  ASSERT_NE(entry, plan->entries.end());
  EXPECT_EQ(entry->decision, lateness::Decision::kHeld);
  EXPECT_EQ(entry->rule, "hold");
  EXPECT_EQ(entry->blocking_run, asked->run_id);
}

// It would write where nobody looks any more, and its partitions would count as made.
TEST_F(EngineCase, ASchedulerStopsWhenAnotherDefinitionWasAccepted) {
  Append(kDay);
  Append(kDay + 1);
  const auto scheduler = Start();
  WorkAndWait(*scheduler);
  ASSERT_EQ(Processed(kDay), 1);
  const auto changed = pipeline::ParsePipeline(
      "pipeline: case\nsources:\n  events: {table: /sim/source, partition: event_date}\n"
      "steps:\n  - {id: build, sql: {query: SELECT 1, into: /sim/elsewhere}}\n",
      "/sim/case.yaml");
  ASSERT_TRUE(changed) << changed.error().ToString();
  std::optional<engine::ObservedSources> sources;
  ASSERT_TRUE(ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(sources, engine::LoadSources(reader, *changed));
    return {};
  }));
  const auto accepted =
      engine::AcceptDefinition(*ledger_.now(), *changed, *sources, engine::AcceptAs::kCompare, clock_.Now());
  ASSERT_TRUE(accepted && *accepted);
  EXPECT_EQ((*accepted)->late, 1U);
  Append(kDay);
  const auto looked = scheduler->Tick();
  ASSERT_FALSE(looked);
  EXPECT_EQ(looked.error().kind, ErrorKind::kConflict) << looked.error().ToString();
  EXPECT_EQ(Runs().size(), 1U);
  EXPECT_EQ(jobs_.started(), 1);
}

// Both are of version 2, of one table and of the other; the run of the first failed.
TEST_F(EngineCase, ARunForAnotherCauseOfTheSameVersionHasANameOfItsOwn) {
  for (SimTable* table : {&source_, &other_}) {
    AppendTo(*table, kDay - 1);
    AppendTo(*table, kDay);
  }
  const auto scheduler = Start(0, "  others: {table: /sim/other, partition: event_date}\n");
  WorkAndWait(*scheduler);
  ASSERT_EQ(Processed(kDay - 1), 1);
  jobs_.failures.percent_failing = 100;
  AppendTo(source_, kDay - 1);
  WorkAndWait(*scheduler);
  ASSERT_EQ(Runs().back().state, ledger::RunState::kFailed);
  jobs_.failures.percent_failing = 0;
  AppendTo(other_, kDay - 1);
  WorkAndWait(*scheduler);
  EXPECT_EQ(Processed(kDay - 1), 2);
  EXPECT_EQ(Runs().size(), 3U);
}

// Seed 1099: three causes of one version, two of them in the same millisecond.
TEST_F(EngineCase, ANameBesideOneThatIsTakenIsFreeItself) {
  Append(kDay - 1);
  Append(kDay);
  const auto scheduler = Start();
  WorkAndWait(*scheduler);
  ledger::RunRecord run = Runs().front();
  const std::string wanted = run.run_id;
  std::set<std::string> names{wanted};
  for (int i = 0; i < 3; ++i) {
    const Status inserted = ledger_.now()->Write([&](ledger::Writer& writer) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(run.run_id, engine::FreeRunName(writer, "case", wanted, clock_.Now()));
      run.cause += "~";
      return writer.InsertRun(run).map([](auto) {});
    });
    ASSERT_TRUE(inserted) << inserted.error().ToString();
    EXPECT_TRUE(names.insert(run.run_id).second) << run.run_id;
  }
}

}  // namespace
}  // namespace latecomer::simulation
