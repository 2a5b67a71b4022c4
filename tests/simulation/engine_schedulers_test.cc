// What the simulation found once of schedulers that die, meet errors and work beside each other: each case with the
// shortest way to it.
#include <algorithm>

#include "engine/accept_definition.h"
#include "engine/clear.h"
#include "engine/observed_sources.h"
#include "engine/trigger.h"
#include "engine_case.h"

namespace latecomer::simulation {
namespace {

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

}  // namespace
}  // namespace latecomer::simulation
