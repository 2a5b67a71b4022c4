// Rules on what gets a run at all, and when again: cron lines, failed causes, keys without interval, gaps, followers.
#include <gtest/gtest.h>

#include "lateness/plan_builder.h"

namespace latecomer::lateness {
namespace {

using State = RunFact::State;
using std::chrono::hours;

PlanEntry Only(const Rules& rules, OutputFacts facts, const std::string& now = "2024-01-10T12:00:00Z") {
  const Plan plan = MakePlan(rules, Input({std::move(facts)}, now));
  EXPECT_EQ(plan.entries.size(), 1u);
  return plan.entries.front();
}

// ----- ready: a cron line

TEST(CronReady, TheFirstTimeAfterTheIntervalsEnd) {
  Rules rules;
  rules.ready.kind = Ready::Kind::kCron;
  rules.ready.cron = CronLine::Parse("30 3 * * *").value();
  const auto day = [] { return Partition("2024-01-01").Changed(0, "2024-01-01T10:00:00Z"); };
  const PlanEntry waits = Only(rules, day(), "2024-01-02T03:29:59Z");
  EXPECT_EQ(waits.decision, Decision::kWaiting);
  EXPECT_EQ(waits.rule, "ready");
  EXPECT_NE(waits.reason.find("2024-01-02T03:30:00.000Z"), std::string::npos) << waits.reason;
  EXPECT_EQ(Only(rules, day(), "2024-01-02T03:30:00Z").decision, Decision::kProcess);
}

TEST(CronReady, OnTheClockOfTheOutputsZone) {
  Rules rules;
  rules.calendar = Calendar({CadenceUnit::kDay, 1}, TimeZone::Load("Europe/Berlin").value());
  rules.ready.kind = Ready::Kind::kCron;
  rules.ready.cron = CronLine::Parse("30 2 * * *").value();
  const auto day = [&](const std::string& date) {
    OutputFacts facts = Partition(date).Changed(0, date + "T10:00:00Z");
    facts.interval = rules.calendar.IntervalAt(*facts.start);
    return facts;
  };
  EXPECT_EQ(Only(rules, day("2024-01-01"), "2024-01-02T01:29:59Z").decision, Decision::kWaiting);
  EXPECT_EQ(Only(rules, day("2024-01-01"), "2024-01-02T01:30:00Z").decision, Decision::kProcess);
  // 02:30 doesn't exist on March 31: the change of the clock is meant. On October 27 it is the first of two.
  EXPECT_EQ(Only(rules, day("2024-03-30"), "2024-03-31T00:59:59Z").decision, Decision::kWaiting);
  EXPECT_EQ(Only(rules, day("2024-03-30"), "2024-03-31T01:00:00Z").decision, Decision::kProcess);
  EXPECT_EQ(Only(rules, day("2024-10-26"), "2024-10-27T00:30:00Z").decision, Decision::kProcess);
}

// ----- retry_failed_after

TEST(RetryFailedAfter, AFailedCauseStartsAgainAfterThatTime) {
  Rules rules;
  rules.retry_failed_after = hours(6);
  const auto failed = [](State state) {
    return Partition("2024-01-01")
        .Processed(2)
        .Changed(3, "2024-01-05T00:00:00Z")
        .Ended("backfill_2024-01-01_v3", "devices@3", state, "2024-01-10T06:00:00Z");
  };
  const PlanEntry stays = Only(rules, failed(State::kFailed), "2024-01-10T11:59:59Z");
  EXPECT_EQ(stays.decision, Decision::kFailed);
  EXPECT_NE(stays.reason.find("2024-01-10T12:00:00.000Z"), std::string::npos) << stays.reason;
  EXPECT_TRUE(stays.starts_again.empty());
  const PlanEntry again = Only(rules, failed(State::kFailed), "2024-01-10T12:00:00Z");
  EXPECT_EQ(again.decision, Decision::kProcess);
  EXPECT_EQ(again.cause, "devices@3");
  EXPECT_EQ(again.starts_again, "backfill_2024-01-01_v3");
  // A person ended it, so a person starts it again.
  EXPECT_EQ(Only(rules, failed(State::kCancelled), "2024-01-11T12:00:00Z").decision, Decision::kFailed);
  rules.retry_failed_after.reset();
  EXPECT_EQ(Only(rules, failed(State::kFailed), "2025-01-11T12:00:00Z").decision, Decision::kFailed);
}

TEST(RetryFailedAfter, AScheduledRunStaysOneAlsoWhenItIsLateByThen) {
  Rules rules;
  rules.retry_failed_after = hours(1);
  const Plan plan =
      MakePlan(rules, Input({Partition("2024-01-01")
                                 .Changed(0, "2024-01-02T00:00:00Z")
                                 .Ended("scheduled_2024-01-01", "interval", State::kFailed, "2024-01-10T06:00:00Z"),
                             Partition("2024-01-02").Processed(1), Partition("2024-01-03")}));
  const PlanEntry& again = EntryOf(plan, "2024-01-01");
  EXPECT_EQ(again.decision, Decision::kProcess);
  EXPECT_EQ(again.kind, RunFact::Kind::kScheduled);
  EXPECT_EQ(again.starts_again, "scheduled_2024-01-01");
}

TEST(RetryFailedAfter, RulesHoldItAsTheyHoldWhatIsNew) {
  Rules rules;
  rules.retry_failed_after = hours(1);
  rules.frozen_before = Day("2024-02-01");
  const PlanEntry held = Only(rules, Partition("2024-01-01")
                                         .Processed(2)
                                         .Changed(3, "2024-01-05T00:00:00Z")
                                         .Ended("r", "devices@3", State::kFailed, "2024-01-10T06:00:00Z"));
  EXPECT_EQ(held.rule, "frozen_before");
}

// ----- no_interval: process

TEST(NoInterval, ProcessGivesEachARunOfItsOwn) {
  Rules rules;
  rules.no_interval = HoldOrProcess::kProcess;
  const PlanEntry first = Only(rules, Partition("").Changed(1, "2024-01-05T00:00:00Z"));
  EXPECT_EQ(first.decision, Decision::kProcess);
  EXPECT_EQ(first.kind, RunFact::Kind::kScheduled);
  EXPECT_FALSE(first.late);
  const PlanEntry late = Only(rules, Partition("").Processed(1).Changed(2, "2024-01-05T00:00:00Z"));
  EXPECT_EQ(late.decision, Decision::kProcess);
  EXPECT_EQ(late.kind, RunFact::Kind::kBackfill);
  EXPECT_EQ(late.cause, "devices@2");
  EXPECT_EQ(Only(rules, Partition("").Processed(2)).decision, Decision::kUpToDate);
  // Rows that are older than the first look count as well, but not a partition that has none.
  EXPECT_EQ(Only(rules, Partition("")).decision, Decision::kProcess);
  EXPECT_EQ(Only(rules, Partition("").Empty()).decision, Decision::kIgnored);
}

TEST(NoInterval, TheRulesThatNeedNoIntervalHoldIt) {
  Rules rules;
  rules.no_interval = HoldOrProcess::kProcess;
  rules.allowed_lateness = hours(1);
  rules.frozen_before = Day("2030-01-01");
  rules.min_rows = 1000;
  const auto changed = [] { return Partition("").Processed(1).Changed(2, "2024-01-05T00:00:00Z"); };
  EXPECT_EQ(Only(rules, changed()).rule, "min_rows");
  EXPECT_EQ(Only(rules, changed().Empty()).rule, "emptied");
  rules.min_rows = 1;
  rules.settle_quiet = hours(24 * 30);
  EXPECT_EQ(Only(rules, changed()).rule, "settle");
  rules.ready.kind = Ready::Kind::kManual;
  EXPECT_EQ(Only(rules, Partition("").Changed(1, "2024-01-05T00:00:00Z")).rule, "ready");
}

// ----- empty_partitions: run

TEST(EmptyPartitions, AGapIsDueLikeAnyInterval) {
  Rules rules;
  rules.empty_partitions = EmptyPartitions::kRun;
  rules.depends_on_past = true;
  const Plan plan = MakePlan(rules, Input({Partition("2024-01-01").Processed(1), Partition("2024-01-02").Gap(),
                                           Partition("2024-01-03").Changed(2, "2024-01-03T10:00:00Z")}));
  const PlanEntry& gap = EntryOf(plan, "2024-01-02");
  EXPECT_EQ(gap.decision, Decision::kProcess);
  EXPECT_EQ(gap.kind, RunFact::Kind::kScheduled);
  EXPECT_NE(gap.reason.find("empty_partitions"), std::string::npos);
  EXPECT_EQ(EntryOf(plan, "2024-01-03").rule, "ready");
}

TEST(EmptyPartitions, NoCommitMakesAGapLate) {
  Rules rules;
  rules.allowed_lateness = hours(1);
  const Plan plan = MakePlan(rules, Input({Partition("2024-01-01").Gap(), Partition("2024-01-02").Processed(1)}));
  EXPECT_FALSE(EntryOf(plan, "2024-01-01").late);
  EXPECT_EQ(EntryOf(plan, "2024-01-01").kind, RunFact::Kind::kScheduled);
  // What comes into it later is late data like any other.
  const PlanEntry late = Only(Rules(), Partition("2024-01-01").Processed(1).Changed(2, "2024-01-05T00:00:00Z"));
  EXPECT_TRUE(late.late);
}

TEST(EmptyPartitions, AGapMayBeTheNewestThatIsDue) {
  Rules rules;
  rules.catch_up = false;
  const Plan plan = MakePlan(rules, Input({Partition("2024-01-01").Changed(0, "2024-01-02T00:00:00Z"),
                                           Partition("2024-01-02").Gap(), Partition("2024-01-03")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").rule, "catch_up");
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kProcess);
}

// ----- propagate: following

Rules Following() {
  Rules rules;
  rules.propagate = Propagate::kFollowing;
  rules.time_columns = {"event_time"};
  return rules;
}

TEST(Following, WhatWasBuiltBeforeTheOneItFollowsIsLate) {
  const Plan plan = MakePlan(Following(), Input({Partition("2024-01-01").ProcessedAt(1, "2024-01-02T00:00:00Z"),
                                                 Partition("2024-01-02").ProcessedAt(5, "2024-01-08T00:00:00Z"),
                                                 Partition("2024-01-03").ProcessedAt(3, "2024-01-04T00:00:00Z"),
                                                 Partition("2024-01-04").ProcessedAt(4, "2024-01-05T00:00:00Z")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").decision, Decision::kUpToDate);
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kUpToDate);
  const PlanEntry& third = EntryOf(plan, "2024-01-03");
  EXPECT_EQ(third.decision, Decision::kProcess);
  EXPECT_TRUE(third.late);
  EXPECT_EQ(third.kind, RunFact::Kind::kBackfill);
  EXPECT_EQ(third.cause, "following:scheduled_2024-01-02");
  EXPECT_TRUE(third.changes.empty());
  // One after the other: the fourth is built on the third.
  const PlanEntry& fourth = EntryOf(plan, "2024-01-04");
  EXPECT_EQ(fourth.decision, Decision::kWaiting);
  EXPECT_EQ(fourth.rule, "propagate");
  EXPECT_EQ(MakePlan(Rules(), Input({Partition("2024-01-01").ProcessedAt(5, "2024-01-08T00:00:00Z"),
                                     Partition("2024-01-02").ProcessedAt(1, "2024-01-03T00:00:00Z")}))
                .entries.front()
                .decision,
            Decision::kUpToDate);
}

// One that was processed on request, for instance, or as a gap that isn't filled any more.
TEST(Following, AnOutputWithoutSourceFollowsAndIsFollowed) {
  const Plan plan = MakePlan(Following(), Input({Partition("2024-01-01").ProcessedAt(6, "2024-01-09T00:00:00Z"),
                                                 Partition("2024-01-02").Empty().ProcessedAt(5, "2024-01-09T12:00:00Z"),
                                                 Partition("2024-01-03").ProcessedAt(7, "2024-01-10T00:00:00Z"),
                                                 Partition("2024-01-04").Empty().ProcessedAt(3, "2024-01-05T00:00:00Z"),
                                                 Partition("2024-01-05").Empty()}));
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kUpToDate);
  EXPECT_EQ(EntryOf(plan, "2024-01-03").decision, Decision::kUpToDate);
  EXPECT_EQ(EntryOf(plan, "2024-01-04").decision, Decision::kProcess);
  EXPECT_EQ(EntryOf(plan, "2024-01-04").cause, "following:scheduled_2024-01-03");
  EXPECT_NE(EntryOf(plan, "2024-01-05").decision, Decision::kProcess) << "nothing is to be made of it";
}

TEST(Following, LateDataFurtherOnWaitsToo) {
  const Plan plan = MakePlan(
      Following(),
      Input({Partition("2024-01-01").ProcessedAt(1, "2024-01-02T00:00:00Z").Changed(5, "2024-01-09T00:00:00Z"),
             Partition("2024-01-02").ProcessedAt(2, "2024-01-03T00:00:00Z"),
             Partition("2024-01-03").ProcessedAt(3, "2024-01-04T00:00:00Z").Changed(6, "2024-01-09T00:00:00Z")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").decision, Decision::kProcess);
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kUpToDate);
  EXPECT_EQ(EntryOf(plan, "2024-01-03").rule, "propagate");
}

TEST(Following, WhatARuleHoldsIsTakenAlong) {
  Rules rules = Following();
  rules.min_rows = 1000;
  const Plan plan = MakePlan(
      rules,
      Input({Partition("2024-01-01").ProcessedAt(5, "2024-01-08T00:00:00Z"),
             Partition("2024-01-02").ProcessedAt(3, "2024-01-04T00:00:00Z").Changed(4, "2024-01-05T00:00:00Z")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kProcess);
  EXPECT_EQ(EntryOf(plan, "2024-01-02").cause, "following:scheduled_2024-01-01");
}

TEST(Following, AFrozenOneIsHeldUntilItIsReleased) {
  Rules rules = Following();
  rules.frozen_before = Day("2024-02-01");
  const auto second = [&](std::optional<std::int64_t> released) {
    FactsBuilder builder = Partition("2024-01-02").ProcessedAt(3, "2024-01-04T00:00:00Z");
    if (released) std::move(builder).Released(*released);
    const Plan plan =
        MakePlan(rules, Input({Partition("2024-01-01").ProcessedAt(5, "2024-01-08T00:00:00Z"), std::move(builder)}));
    return EntryOf(plan, "2024-01-02");
  };
  EXPECT_EQ(second(std::nullopt).rule, "frozen_before");
  EXPECT_EQ(second(4).rule, "frozen_before");
  EXPECT_EQ(second(5).decision, Decision::kProcess);
}

TEST(Following, AFailedOneHoldsUpTheRest) {
  const Plan plan = MakePlan(Following(), Input({Partition("2024-01-01").ProcessedAt(5, "2024-01-08T00:00:00Z"),
                                                 Partition("2024-01-02")
                                                     .ProcessedAt(2, "2024-01-03T00:00:00Z")
                                                     .Run("r", "following:scheduled_2024-01-01", State::kFailed),
                                                 Partition("2024-01-03").ProcessedAt(3, "2024-01-04T00:00:00Z")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kFailed);
  EXPECT_EQ(EntryOf(plan, "2024-01-03").rule, "propagate");
}

}  // namespace
}  // namespace latecomer::lateness
