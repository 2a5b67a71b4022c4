#include "lateness/plan.h"

#include <gtest/gtest.h>

#include "lateness/plan_builder.h"

namespace latecomer::lateness {

// Names in failure messages instead of bytes.
void PrintTo(Decision decision, std::ostream* out) {
  constexpr const char* kNames[] = {"up to date", "process", "open", "waiting", "held", "failed", "ignored"};
  *out << kNames[static_cast<int>(decision)];
}

namespace {

using State = RunFact::State;
using std::chrono::hours;

// The three days of the story: 1 and 2 loaded and complete, 3 only proves that.
std::vector<OutputFacts> ThreeDays() {
  return {Partition("2024-01-01").Changed(0, "2024-01-02T00:10:00Z"),
          Partition("2024-01-02").Changed(1, "2024-01-03T00:10:00Z"),
          Partition("2024-01-03").Changed(2, "2024-01-04T00:10:00Z")};
}

std::vector<OutputFacts> AfterLateLoad() {
  return {Partition("2024-01-01").Processed(2).Changed(3, "2024-01-02T09:12:00Z"), Partition("2024-01-02").Processed(2),
          Partition("2024-01-03").Changed(2, "2024-01-04T00:10:00Z")};
}

TEST(Plan, SchedulesCompleteIntervalsInOrder) {
  const Plan plan = MakePlan({}, Input(ThreeDays()));
  ASSERT_EQ(plan.entries.size(), 3u);
  EXPECT_EQ(plan.entries[0].key, DayKey("2024-01-01"));
  EXPECT_EQ(plan.entries[1].key, DayKey("2024-01-02"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(plan.entries[i].decision, Decision::kProcess);
    EXPECT_EQ(plan.entries[i].kind, RunFact::Kind::kScheduled);
    EXPECT_EQ(plan.entries[i].cause, "interval");
    EXPECT_FALSE(plan.entries[i].late);
  }
  EXPECT_EQ(plan.entries[2].decision, Decision::kWaiting);
  EXPECT_EQ(plan.entries[2].rule, "ready");
  EXPECT_EQ(plan.entries[2].reason, "waits until a later partition exists");
}

TEST(Plan, LateDataMakesExactlyItsPartitionLate) {
  const Plan plan = MakePlan({}, Input(AfterLateLoad()));
  const PlanEntry& late = plan.entries.front();
  EXPECT_EQ(late.key, DayKey("2024-01-01"));
  EXPECT_EQ(late.decision, Decision::kProcess);
  EXPECT_EQ(late.kind, RunFact::Kind::kBackfill);
  EXPECT_TRUE(late.late);
  EXPECT_EQ(late.cause, "devices@3");
  EXPECT_EQ(late.rows, 100);
  EXPECT_EQ(late.lateness, hours(9) + std::chrono::minutes(12));
  EXPECT_EQ(late.reason, "late because of devices version 3: 1 file, 100 rows, 9 h 12 min after the interval's end");
  const PlanEntry& done = EntryOf(plan, "2024-01-02");
  EXPECT_EQ(done.decision, Decision::kUpToDate);
  EXPECT_EQ(done.reason, "up to date: built from devices version 2, nothing newer changed it");
}

TEST(Plan, AChangeCountsAgainWhereThePartitionWentBackBehindIt) {
  const auto cause = [](State state) {
    return MakePlan({}, Input({Partition("2024-01-01")
                                   .Processed(2)
                                   .Changed(3, "2024-01-02T09:00:00Z")
                                   .Run("backfill_2024-01-01_v3", "devices@3", state),
                               Partition("2024-01-02").Processed(2)}))
        .entries[0]
        .cause;
  };
  // A run for version 3 succeeded, and then somebody built the partition from version 2 again.
  EXPECT_EQ(cause(State::kSucceeded), "devices@3~2");
  EXPECT_EQ(cause(State::kSkipped), "devices@3~2");
  EXPECT_EQ(cause(State::kFailed), "devices@3");
  const Plan withdrawn = MakePlan({}, Input({Partition("2024-01-01")
                                                 .Changed(0, "2024-01-02T00:10:00Z")
                                                 .Run("scheduled_2024-01-01", "interval", State::kSucceeded)
                                                 .Run("scheduled_2024-01-01~2", "interval~2", State::kFailed),
                                             Partition("2024-01-02").Changed(1, "2024-01-03T00:10:00Z")}));
  EXPECT_EQ(EntryOf(withdrawn, "2024-01-01").cause, "interval~2");
  EXPECT_EQ(EntryOf(withdrawn, "2024-01-01").decision, Decision::kFailed);
}

TEST(Plan, SeveralChangesAreOneBackfillForTheNewest) {
  const Plan plan = MakePlan({}, Input({Partition("2024-01-01")
                                            .Processed(2)
                                            .Changed(3, "2024-01-02T09:00:00Z")
                                            .Changed(7, "2024-01-03T10:00:00Z", 1)
                                            .Changed(5, "2024-01-02T10:00:00Z", 20)}));
  EXPECT_EQ(plan.entries[0].cause, "devices@7");
  EXPECT_EQ(plan.entries[0].rows, 121);
  EXPECT_EQ(plan.entries[0].reason,
            "late because of devices versions 3 to 7 (3 commits): 3 files, 121 rows, the last 1 d 10 h after the "
            "interval's end");
}

TEST(Plan, AnOpenRunCoversOrIsFollowed) {
  auto open = [](bool started) {
    return MakePlan({}, Input({Partition("2024-01-01")
                                   .Processed(2)
                                   .Changed(3, "2024-01-02T09:00:00Z")
                                   .Run("backfill_2024-01-01_v3", "devices@3", State::kOpen, started)}));
  };
  const Plan queued = open(false);
  EXPECT_EQ(queued.entries[0].decision, Decision::kOpen);
  EXPECT_EQ(queued.entries[0].blocking_run, "backfill_2024-01-01_v3");
  EXPECT_NE(queued.entries[0].reason.find("newest versions when it starts"), std::string::npos);
  EXPECT_NE(open(true).entries[0].reason.find("planned once it has ended"), std::string::npos);
}

TEST(Plan, ARunThatWentBackToTheQueueSaysWhatItWaitsFor) {
  OutputFacts facts = Partition("2024-01-01").Run("scheduled_2024-01-01", "interval", State::kOpen, true);
  facts.runs.back().running = false;  // its worker gave it back
  EXPECT_EQ(MakePlan({}, Input({facts})).entries[0].reason,
            "scheduled_2024-01-01 is queued for it and will read the newest versions when it starts");
  facts.runs.back().with = "a slot";
  EXPECT_EQ(MakePlan({}, Input({facts})).entries[0].reason,
            "scheduled_2024-01-01 is queued for it, waits for a slot and will read the newest versions when it starts");
}

TEST(Plan, AFailedCauseStaysFailedUntilANewChange) {
  auto failed = [](State state) {
    return Partition("2024-01-01")
        .Processed(2)
        .Changed(3, "2024-01-02T09:00:00Z")
        .Run("backfill_2024-01-01_v3", "devices@3", state);
  };
  const Plan plan = MakePlan({}, Input({failed(State::kFailed)}));
  EXPECT_EQ(plan.entries[0].decision, Decision::kFailed);
  EXPECT_EQ(plan.entries[0].blocking_run, "backfill_2024-01-01_v3");
  EXPECT_NE(plan.entries[0].reason.find("latecomer clear"), std::string::npos);
  EXPECT_EQ(MakePlan({}, Input({failed(State::kCancelled)})).entries[0].decision, Decision::kFailed);

  const Plan changed = MakePlan({}, Input({failed(State::kFailed).Changed(4, "2024-01-02T10:00:00Z")}));
  EXPECT_EQ(changed.entries[0].decision, Decision::kProcess);
  EXPECT_EQ(changed.entries[0].cause, "devices@4");
}

TEST(Plan, AFailedScheduledRunIsNotStartedAgainEvenWhenOvertaken) {
  const Plan plan = MakePlan({}, Input({Partition("2024-01-01")
                                            .Changed(0, "2024-01-02T00:00:00Z")
                                            .Run("scheduled_2024-01-01", "interval", State::kFailed),
                                        Partition("2024-01-02").Processed(2), Partition("2024-01-03").Processed(2)}));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").decision, Decision::kFailed);
  EXPECT_EQ(EntryOf(plan, "2024-01-01").blocking_run, "scheduled_2024-01-01");
}

TEST(Plan, NeverProcessedBehindTheNewestStartedIsLate) {
  const std::vector<OutputFacts> base = {
      Partition("2024-01-01").Changed(5, "2024-01-05T00:00:00Z"),
      Partition("2024-01-02").Run("scheduled_2024-01-02", "interval", State::kOpen, true)};
  const Plan plan = MakePlan({}, Input(base));
  EXPECT_EQ(plan.entries[0].decision, Decision::kProcess);
  EXPECT_EQ(plan.entries[0].kind, RunFact::Kind::kBackfill);
  EXPECT_EQ(plan.entries[0].cause, "devices@5");
  EXPECT_TRUE(plan.entries[0].late);

  // A run that only waits in the queue overtakes nobody.
  const Plan queued =
      MakePlan({}, Input({Partition("2024-01-01").Changed(5, "2024-01-05T00:00:00Z"),
                          Partition("2024-01-02").Run("scheduled_2024-01-02", "interval", State::kOpen, false)}));
  EXPECT_EQ(EntryOf(queued, "2024-01-01").kind, RunFact::Kind::kScheduled);
}

TEST(Plan, EmptyAndNeverChangedIsIgnored) {
  const Plan plan = MakePlan({}, Input({Partition("2024-01-01").Empty(), Partition("2024-01-02")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").decision, Decision::kIgnored);
}

// ----- start and end

TEST(Plan, BeforeStartIsHeldWhenItChanged) {
  Rules rules;
  rules.start = Day("2024-01-02");
  const Plan plan =
      MakePlan(rules, Input({Partition("2023-12-30").Empty(), Partition("2023-12-31"),
                             Partition("2024-01-01").Changed(3, "2024-01-05T00:00:00Z"),
                             Partition("2024-01-02").Changed(1, "2024-01-03T00:00:00Z"), Partition("2024-01-03")}));
  EXPECT_EQ(EntryOf(plan, "2023-12-30").decision, Decision::kIgnored);
  EXPECT_EQ(EntryOf(plan, "2023-12-31").decision, Decision::kHeld) << "rows from before the first look count too";
  EXPECT_EQ(EntryOf(plan, "2024-01-01").decision, Decision::kHeld);
  EXPECT_EQ(EntryOf(plan, "2024-01-01").rule, "before_start");
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kProcess);
}

TEST(Plan, ReleaseLetsOnePartitionGoAndDoesNotMoveTheStart) {
  Rules rules;
  rules.start = Day("2024-01-03");
  const Plan plan =
      MakePlan(rules, Input({Partition("2024-01-01").Changed(3, "2024-01-05T00:00:00Z").Released(9),
                             Partition("2024-01-02").Changed(3, "2024-01-05T00:00:00Z"), Partition("2024-01-03")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").decision, Decision::kProcess);
  EXPECT_FALSE(EntryOf(plan, "2024-01-01").late);
  EXPECT_EQ(EntryOf(plan, "2024-01-02").rule, "before_start");
}

TEST(Plan, EndIncludesTheIntervalItNames) {
  Rules rules;
  rules.end = Day("2024-01-02");
  const Plan plan = MakePlan(rules, Input(ThreeDays()));
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kProcess);
  EXPECT_EQ(EntryOf(plan, "2024-01-03").decision, Decision::kIgnored);
  EXPECT_EQ(EntryOf(plan, "2024-01-03").rule, "after_end");
}

TEST(Plan, AChangeOfAProcessedPartitionAfterTheEndIsNotForgotten) {
  Rules rules;
  rules.end = Day("2024-01-02");
  const Plan plan = MakePlan(rules, Input({Partition("2024-01-03").Processed(2).Changed(3, "2024-01-05T00:00:00Z")}));
  EXPECT_EQ(plan.entries[0].decision, Decision::kHeld);
  EXPECT_EQ(plan.entries[0].rule, "after_end");
}

TEST(Plan, WithoutIntervalIsHeldWhenItHasOrHadRows) {
  const Plan plan = MakePlan({}, Input({Partition("").Changed(3, "2024-01-05T00:00:00Z"), Partition("2024-01-02")}));
  EXPECT_EQ(EntryOf(plan, "").decision, Decision::kHeld);
  EXPECT_EQ(EntryOf(plan, "").rule, "no_interval");
  EXPECT_EQ(plan.entries.back().key, DayKey(""));
  // Its commits were cleaned away before the first look at the table.
  const PlanEntry old = MakePlan({}, Input({Partition("")})).entries[0];
  EXPECT_EQ(old.decision, Decision::kHeld);
  EXPECT_NE(old.reason.find("older than the first look"), std::string::npos) << old.reason;
  EXPECT_EQ(MakePlan({}, Input({Partition("").Empty()})).entries[0].decision, Decision::kIgnored);
}

// ----- ready

TEST(Plan, APartitionFromABadClockProvesNothing) {
  const Plan plan = MakePlan(
      {}, Input({Partition("2024-01-09").Changed(1, "2024-01-09T12:00:00Z"),
                 Partition("2031-01-01").FirstSeen("2024-01-09T12:00:00Z").Changed(1, "2024-01-09T12:00:00Z")}));
  EXPECT_EQ(EntryOf(plan, "2031-01-01").decision, Decision::kWaiting);
  EXPECT_EQ(EntryOf(plan, "2031-01-01").rule, "future");
  EXPECT_EQ(EntryOf(plan, "2024-01-09").decision, Decision::kWaiting);
  EXPECT_EQ(EntryOf(plan, "2024-01-09").rule, "ready");
}

TEST(Plan, OneIntervalAheadIsNoBadClock) {
  // Seen at 12:00 on the 9th, so a start up to 12:00 on the 10th is fine: the 10th is, the 11th isn't.
  auto ahead = [](const std::string& date) {
    return MakePlan({}, Input({Partition("2024-01-09").Changed(1, "2024-01-09T12:00:00Z"),
                               Partition(date).FirstSeen("2024-01-09T12:00:00Z")}));
  };
  EXPECT_EQ(EntryOf(ahead("2024-01-10"), "2024-01-09").decision, Decision::kProcess);
  EXPECT_EQ(EntryOf(ahead("2024-01-11"), "2024-01-09").decision, Decision::kWaiting);
}

TEST(Plan, ABadClocksPartitionIsOrdinaryOnceItsTimeHasCome) {
  const auto outputs = [] {
    return std::vector<OutputFacts>{
        Partition("2024-01-20").FirstSeen("2024-01-09T12:00:00Z").Changed(1, "2024-01-09T12:00:00Z"),
        Partition("2024-01-21").FirstSeen("2024-01-21T12:00:00Z")};
  };
  EXPECT_EQ(EntryOf(MakePlan({}, Input(outputs(), "2024-01-19T00:00:00Z")), "2024-01-20").rule, "future");
  EXPECT_EQ(EntryOf(MakePlan({}, Input(outputs(), "2024-01-22T00:00:00Z")), "2024-01-20").decision, Decision::kProcess);
}

TEST(Plan, ABadClocksProcessedPartitionMakesNothingLate) {
  const Plan plan = MakePlan({}, Input({Partition("2024-01-09").Changed(1, "2024-01-09T12:00:00Z"),
                                        Partition("2031-01-01").FirstSeen("2024-01-09T12:00:00Z").Processed(1)}));
  EXPECT_EQ(EntryOf(plan, "2024-01-09").decision, Decision::kWaiting);
}

TEST(Plan, NewerDataInABadClocksProcessedPartitionProvesTheOnesBeforeIt) {
  OutputFacts ahead = Partition("2024-01-10").FirstSeen("2023-12-01T12:00:00Z").Processed(2);
  ahead.last_seen = At("2024-01-10T12:00:00Z");
  const Plan plan = MakePlan({}, Input({Partition("2024-01-09").Changed(1, "2024-01-09T12:00:00Z"), ahead}));
  EXPECT_EQ(EntryOf(plan, "2024-01-09").decision, Decision::kProcess);
}

TEST(Plan, AnUnknownFirstSightCountsAsNow) {
  OutputFacts unknown = Partition("2024-01-11");
  unknown.first_seen.reset();
  const std::vector<OutputFacts> outputs = {Partition("2024-01-09").Changed(1, "2024-01-09T12:00:00Z"), unknown};
  EXPECT_EQ(EntryOf(MakePlan({}, Input(outputs, "2024-01-10T12:00:00Z")), "2024-01-09").decision, Decision::kProcess);
  EXPECT_EQ(EntryOf(MakePlan({}, Input(outputs, "2024-01-09T12:00:00Z")), "2024-01-09").decision, Decision::kWaiting);
}

TEST(Plan, AtLatestDoesNotWaitForALaterPartition) {
  Rules rules;
  rules.ready.at_latest = hours(26);
  auto at = [&](const std::string& now) {
    return MakePlan(rules, Input({Partition("2024-01-01").Changed(1, "2024-01-01T12:00:00Z")}, now)).entries[0];
  };
  EXPECT_EQ(at("2024-01-03T01:59:59Z").decision, Decision::kWaiting);
  EXPECT_EQ(at("2024-01-03T01:59:59Z").reason,
            "waits until a later partition exists, at latest until 2024-01-03T02:00:00.000Z");
  EXPECT_EQ(at("2024-01-03T02:00:00Z").decision, Decision::kProcess);
}

TEST(Plan, DelayCountsFromTheIntervalsEnd) {
  Rules rules;
  rules.ready.kind = Ready::Kind::kDelay;
  rules.ready.delay = hours(2);
  auto at = [&](const std::string& now) {
    return MakePlan(rules, Input({Partition("2024-01-01").Changed(1, "2024-01-01T12:00:00Z")}, now)).entries[0];
  };
  EXPECT_EQ(at("2024-01-02T01:59:59Z").decision, Decision::kWaiting);
  EXPECT_EQ(at("2024-01-02T01:59:59Z").rule, "ready");
  EXPECT_EQ(at("2024-01-02T02:00:00Z").decision, Decision::kProcess);
}

TEST(Plan, ManualWaitsForAPerson) {
  Rules rules;
  rules.ready.kind = Ready::Kind::kManual;
  const Plan plan = MakePlan(rules, Input(ThreeDays()));
  for (const PlanEntry& entry : plan.entries) {
    EXPECT_EQ(entry.decision, Decision::kWaiting);
    EXPECT_EQ(entry.rule, "ready");
  }
}

// ----- catch_up

TEST(Plan, WithoutCatchUpOnlyTheNewestDueIsRun) {
  Rules rules;
  rules.catch_up = false;
  const Plan plan = MakePlan(rules, Input(ThreeDays()));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").decision, Decision::kIgnored);
  EXPECT_EQ(EntryOf(plan, "2024-01-01").rule, "catch_up");
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kProcess);
  EXPECT_EQ(EntryOf(plan, "2024-01-02").kind, RunFact::Kind::kScheduled);
  EXPECT_EQ(EntryOf(plan, "2024-01-03").decision, Decision::kWaiting);
}

TEST(Plan, WhatCatchUpPassedOverDoesNotComeBackAsLate) {
  Rules rules;
  rules.catch_up = false;
  const auto with_change = [&](std::int64_t version) {
    return MakePlan(rules, Input({Partition("2024-01-01").Changed(version, "2024-01-05T00:00:00Z"),
                                  Partition("2024-01-02").Processed(2), Partition("2024-01-03")}));
  };
  EXPECT_EQ(EntryOf(with_change(1), "2024-01-01").rule, "catch_up");
  // Data that came after the later interval was built is late data all the same.
  EXPECT_EQ(EntryOf(with_change(3), "2024-01-01").decision, Decision::kProcess);
  EXPECT_EQ(EntryOf(with_change(3), "2024-01-01").kind, RunFact::Kind::kBackfill);
}

// A person may have marked the later one's run as failed since.
TEST(Plan, WhatFailedAsLateStaysFailedWhenNoLaterOneCountsAsBegunAnyMore) {
  const auto with_later = [](OutputFacts later) {
    return EntryOf(MakePlan({}, Input({Partition("2024-01-01")
                                           .Changed(1, "2024-01-05T00:00:00Z")
                                           .Run("backfill_2024-01-01_v1", "devices@1", State::kFailed),
                                       std::move(later), Partition("2024-01-03")})),
                   "2024-01-01");
  };
  EXPECT_EQ(with_later(Partition("2024-01-02").Processed(2)).decision, Decision::kFailed);
  const PlanEntry alone = with_later(Partition("2024-01-02"));
  EXPECT_EQ(alone.decision, Decision::kFailed) << alone.reason;
  EXPECT_EQ(alone.blocking_run, "backfill_2024-01-01_v1");
}

// Its output may hold something by now.
TEST(Plan, WhatWasBegunIsNotPassedOver) {
  Rules rules;
  rules.catch_up = false;
  const auto with_run = [&](bool started) {
    return EntryOf(MakePlan(rules, Input({Partition("2024-01-01")
                                              .Changed(1, "2024-01-05T00:00:00Z")
                                              .Run("backfill_2024-01-01_v1", "devices@1", State::kFailed, started),
                                          Partition("2024-01-02").Processed(2), Partition("2024-01-03")})),
                   "2024-01-01");
  };
  EXPECT_NE(with_run(true).rule, "catch_up");
  EXPECT_EQ(with_run(true).decision, Decision::kFailed);
}

// ----- detect

TEST(Plan, DetectOffAndLookbackHoldLateData) {
  for (const Detect detect : {Detect::kOff, Detect::kLookback}) {
    Rules rules;
    rules.detect = detect;
    rules.lookback = 2;
    const Plan plan = MakePlan(rules, Input(AfterLateLoad()));
    EXPECT_EQ(EntryOf(plan, "2024-01-01").decision, Decision::kHeld);
    EXPECT_EQ(EntryOf(plan, "2024-01-01").rule, "detect");
  }
}

TEST(Plan, LookbackProcessesItsPredecessorsThatExist) {
  Rules rules;
  rules.detect = Detect::kLookback;
  rules.lookback = 3;
  const PlanInput input = Input({Partition("2024-01-05").Processed(4), Partition("2024-01-01").Processed(4),
                                 Partition("2024-01-04").Processed(4), Partition("2024-01-02").Processed(4),
                                 Partition("2024-01-03").Empty()});
  const auto backfills = LookbackBackfills(rules, input, DayKey("2024-01-05"), "scheduled_2024-01-05");
  ASSERT_EQ(backfills.size(), 2u);
  EXPECT_EQ(backfills[0].key, DayKey("2024-01-02"));
  EXPECT_EQ(backfills[1].key, DayKey("2024-01-04"));
  for (const PlanEntry& entry : backfills) {
    EXPECT_EQ(entry.decision, Decision::kProcess);
    EXPECT_EQ(entry.kind, RunFact::Kind::kBackfill);
    EXPECT_EQ(entry.cause, "lookback:scheduled_2024-01-05");
  }
  EXPECT_TRUE(LookbackBackfills(rules, input, DayKey("2024-01-01"), "x").empty());
  EXPECT_TRUE(LookbackBackfills(rules, input, DayKey("2030-01-01"), "x").empty());
}

TEST(Plan, LookbackRespectsStartFrozenAndQueuedRuns) {
  Rules rules;
  rules.detect = Detect::kLookback;
  rules.lookback = 9;
  rules.start = Day("2024-01-02");
  rules.frozen_before = Day("2024-01-03");
  const PlanInput input =
      Input({Partition("2024-01-01").Processed(4), Partition("2024-01-02").Processed(4),
             Partition("2024-01-03").Processed(4).Run("b", "devices@4", State::kOpen, false),
             Partition("2024-01-04").Processed(4).Run("b", "devices@4", State::kOpen, true), Partition("2024-01-05")});
  const auto backfills = LookbackBackfills(rules, input, DayKey("2024-01-05"), "r");
  ASSERT_EQ(backfills.size(), 1u);
  EXPECT_EQ(backfills[0].key, DayKey("2024-01-04"));
}

}  // namespace
}  // namespace latecomer::lateness
