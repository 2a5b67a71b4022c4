#include "engine/admission.h"

#include <gtest/gtest.h>

namespace latecomer::engine {
namespace {

using ledger::RunKind;
using ledger::RunState;

constexpr Instant kNow{std::chrono::hours(1000)};

PlacedRun MakeRun(std::int64_t id, int day, RunState state, RunKind kind = RunKind::kScheduled) {
  PlacedRun run;
  run.run.id = id;
  run.run.run_id = "run" + std::to_string(id);
  run.run.partition = "day" + std::to_string(day);
  run.run.kind = kind;
  run.run.state = state;
  run.run.created = kNow;
  run.start = LocalTime(std::chrono::local_days(std::chrono::days(day)));
  return run;
}

pipeline::Pipeline Limits(int max_active_runs, int concurrency, bool depends_on_past) {
  pipeline::Pipeline pipeline;
  pipeline.max_active_runs = max_active_runs;
  pipeline.concurrency = concurrency;
  pipeline.depends_on_past = depends_on_past;
  return pipeline;
}

TEST(Admission, WaitsForASlotAndSaysWhoHoldsIt) {
  const auto pipeline = Limits(1, 1, false);
  const std::vector<PlacedRun> all{MakeRun(1, 1, RunState::kRunning), MakeRun(2, 2, RunState::kQueued)};
  const Wait wait = WhatItWaitsFor(pipeline, {}, all[1], all);
  EXPECT_EQ(wait.kind, WaitKind::kSlot);
  EXPECT_NE(wait.for_what.find("run1"), std::string::npos);
}

TEST(Admission, QueuedRunsUseNoSlot) {
  const auto pipeline = Limits(1, 1, false);
  const std::vector<PlacedRun> all{MakeRun(1, 1, RunState::kQueued), MakeRun(2, 2, RunState::kQueued)};
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[0], all).kind, WaitKind::kNone);
}

TEST(Admission, NeverTwoRunsOfOnePartition) {
  const auto pipeline = Limits(8, 8, false);
  const std::vector<PlacedRun> all{MakeRun(1, 1, RunState::kRunning),
                                   MakeRun(2, 1, RunState::kQueued, RunKind::kBackfill)};
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[1], all).kind, WaitKind::kSamePartition);
}

TEST(Admission, DependsOnTheNearestEarlierPartition) {
  const auto pipeline = Limits(8, 8, true);
  std::vector<PlacedRun> all{MakeRun(1, 1, RunState::kFailed), MakeRun(2, 2, RunState::kSuccess),
                             MakeRun(3, 3, RunState::kQueued)};
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[2], all).kind, WaitKind::kNone);
  all[1].run.state = RunState::kFailed;
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[2], all).kind, WaitKind::kPast);
  // A newer run of the day before repairs it.
  all.push_back(MakeRun(4, 2, RunState::kSuccess, RunKind::kBackfill));
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[2], all).kind, WaitKind::kNone);
}

TEST(Admission, AClearedEarlierRunDeadLocksNothing) {
  // On Airflow, depends_on_past with one active run hangs here: the later run holds the slot and waits for the
  // earlier one, which waits for the slot.
  const auto pipeline = Limits(1, 1, true);
  const std::vector<PlacedRun> all{MakeRun(1, 1, RunState::kQueued), MakeRun(2, 2, RunState::kQueued)};
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[0], all).kind, WaitKind::kNone);
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[1], all).kind, WaitKind::kPast);
}

TEST(Admission, ConcurrencyLimitsBackfillsOnly) {
  const auto pipeline = Limits(3, 1, false);
  const std::vector<PlacedRun> all{MakeRun(1, 1, RunState::kRunning, RunKind::kBackfill),
                                   MakeRun(2, 2, RunState::kQueued, RunKind::kBackfill),
                                   MakeRun(3, 3, RunState::kQueued)};
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[1], all).kind, WaitKind::kSlot);
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[2], all).kind, WaitKind::kNone);
}

TEST(Admission, OfOutputsThatFollowEachOtherOneIsBuiltAtATime) {
  auto pipeline = Limits(8, 8, false);
  std::vector<PlacedRun> all{MakeRun(1, 2, RunState::kRunning), MakeRun(2, 3, RunState::kQueued),
                             MakeRun(3, 1, RunState::kQueued, RunKind::kBackfill), MakeRun(4, 3, RunState::kQueued)};
  all[3].series = "another country";
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[1], all).kind, WaitKind::kNone);
  pipeline.rules.propagate = lateness::Propagate::kFollowing;
  // Both ways: what came before would be read while it is written, or be written after it was read.
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[1], all).kind, WaitKind::kSlot);
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[2], all).kind, WaitKind::kSlot);
  EXPECT_NE(WhatItWaitsFor(pipeline, {}, all[1], all).for_what.find("run1"), std::string::npos);
  EXPECT_EQ(WhatItWaitsFor(pipeline, {}, all[3], all).kind, WaitKind::kNone);
}

TEST(Admission, LiveRunsGoFirstUnlessABackfillWaitedLong) {
  auto pipeline = Limits(1, 1, false);
  pipeline.max_wait = std::chrono::hours(6);
  std::vector<PlacedRun> all{MakeRun(1, 1, RunState::kQueued, RunKind::kBackfill), MakeRun(2, 5, RunState::kQueued),
                             MakeRun(3, 4, RunState::kQueued)};
  const auto ids = [&](Instant now) {
    std::vector<std::int64_t> order;
    for (const PlacedRun& run : InStartOrder(pipeline, all, now)) order.push_back(run.run.id);
    return order;
  };
  EXPECT_EQ(ids(kNow), (std::vector<std::int64_t>{3, 2, 1}));
  EXPECT_EQ(ids(kNow + std::chrono::hours(6)), (std::vector<std::int64_t>{1, 3, 2}));
}

TEST(Admission, APausedPipelineStartsNothing) {
  const std::vector<PlacedRun> all{MakeRun(1, 1, RunState::kQueued)};
  EXPECT_EQ(WhatItWaitsFor(Limits(1, 1, false), {.paused = true}, all[0], all).kind, WaitKind::kPaused);
}

TEST(Admission, WhatAPersonHoldsWaitsAndSaysWhy) {
  const std::vector<PlacedRun> all{MakeRun(1, 1, RunState::kQueued), MakeRun(2, 2, RunState::kQueued)};
  Gate gate;
  gate.holds["day1"] = {.pipeline = "p", .partition = "day1", .reason = "source is broken", .by = "ann"};
  const Wait wait = WhatItWaitsFor(Limits(1, 1, false), gate, all[0], all);
  EXPECT_EQ(wait.kind, WaitKind::kHold);
  EXPECT_NE(wait.for_what.find("ann holds back: source is broken"), std::string::npos) << wait.for_what;
  EXPECT_EQ(WhatItWaitsFor(Limits(1, 1, false), gate, all[1], all).kind, WaitKind::kNone);
}

}  // namespace
}  // namespace latecomer::engine
