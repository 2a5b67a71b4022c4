// What the simulation found once of plans, of what they left out: each case with the shortest way to it.
#include <algorithm>

#include "engine/hold.h"
#include "engine/observed_sources.h"
#include "engine/trigger.h"
#include "engine_case.h"
#include "truth.h"

namespace latecomer::simulation {
namespace {

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

// Seed 1868: the one skipped the other's run, and the other made it anew.
TEST_F(EngineCase, AGapThatOneDefinitionFillsIsBuiltAlsoByASchedulerOfAnother) {
  for (const Day day : {kDay - 3, kDay - 1, kDay}) Append(day);
  AppendTo(other_, kDay - 9);
  const std::string others = "  others: {table: /sim/other, partition: event_date, mapping: all}\n";
  const std::string start = "start: " + DayText(kDay - 3);
  const auto filling = Start(0, others + "schedule: {empty_partitions: run, " + start + "}\n");
  WorkAndWait(*filling);
  ASSERT_NE(Processed(kDay - 2), -1);
  const std::vector<ledger::RunRecord> before = Runs();
  AppendTo(other_, kDay - 9);
  filling->points.script = [](const std::string& where) -> Status {
    if (where.starts_with("txn")) throw SimulatedCrash{where};  // the run is queued, and its claim not yet granted
    return {};
  };
  for (std::size_t runs = before.size(); Runs().size() == runs;) {
    try {
      const auto report = filling->Tick();
      ASSERT_TRUE(report) << report.error().ToString();
    } catch (const SimulatedCrash&) {
    }
  }
  filling->Die();
  const auto other = Start(0, others + "schedule: {" + start + "}\n");
  WorkAndWait(*other);
  for (const ledger::RunRecord& run : Runs()) EXPECT_EQ(run.state, ledger::RunState::kSuccess) << run.run_id;
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
  // A range is of what there is.
  const auto range =
      engine::PreviewTrigger(*ledger_.now(), scheduler->pipeline(), *sources, {.from = LocalTime::min()});
  ASSERT_TRUE(range) << range.error().ToString();
  EXPECT_EQ(range->affected.size(), 2U);
}

// A scheduler that doesn't know the new source yet builds on without it.
TEST_F(EngineCase, WhatWasBuiltWithoutANewSourceIsBuiltAgainWithIt) {
  for (SimTable* table : {&source_, &other_}) {
    AppendTo(*table, kDay - 1);
    AppendTo(*table, kDay);
  }
  const auto old = Start();
  WorkAndWait(*old);
  ASSERT_EQ(Runs().size(), 1U);
  const auto scheduler = Start(0, "  others: {table: /sim/other, partition: event_date}\n");
  WorkAndWait(*scheduler);
  ASSERT_EQ(Runs().size(), 1U) << "a new source counts as seen";
  Append(kDay - 1);
  WorkAndWait(*old);
  ASSERT_EQ(Runs().size(), 2U);
  EXPECT_EQ(Processed(kDay - 1), 2);
  WorkAndWait(*scheduler);
  ASSERT_EQ(Runs().size(), 3U);
  EXPECT_EQ(Runs().back().cause, "others@0");
  EXPECT_EQ(Runs().back().state, ledger::RunState::kSuccess);
  WorkAndWait(*scheduler);
  WorkAndWait(*old);
  EXPECT_EQ(Runs().size(), 3U);
}

}  // namespace
}  // namespace latecomer::simulation
