#include "engine/step_machine.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace latecomer::engine {
namespace {

using ledger::StepRecord;
using ledger::StepState;

constexpr Instant kNow{std::chrono::hours(1000)};

pipeline::Step MakeStep(std::string id, std::vector<std::string> needs = {}) {
  pipeline::Step step;
  step.id = std::move(id);
  step.needs = std::move(needs);
  return step;
}

pipeline::Pipeline Diamond() {
  pipeline::Pipeline pipeline;
  // The file's order need not be the order of work.
  pipeline.steps = {MakeStep("join", {"left", "right"}), MakeStep("left", {"first"}), MakeStep("right", {"first"}),
                    MakeStep("first")};
  return pipeline;
}

ledger::RunRecord MakeRun(ledger::RunKind kind) {
  ledger::RunRecord run;
  run.id = 1;
  run.kind = kind;
  return run;
}

StepRecord& Find(std::vector<StepRecord>& steps, const std::string& id) {
  return *std::find_if(steps.begin(), steps.end(), [&](const StepRecord& step) { return step.step == id; });
}

TEST(StepMachine, NewTryShowsEveryStepInOrder) {
  const auto steps = NewSteps(Diamond(), MakeRun(ledger::RunKind::kScheduled), 1, kNow);
  std::vector<std::string> ids;
  for (const StepRecord& step : steps) ids.push_back(step.step);
  EXPECT_EQ(ids, (std::vector<std::string>{"ready", "detect", "join", "left", "right", "first", "record", "backfill"}));
  EXPECT_EQ(steps.front().state, StepState::kSuccess);
}

TEST(StepMachine, BackfillsDetectNothingAndStartNoBackfills) {
  auto steps = NewSteps(Diamond(), MakeRun(ledger::RunKind::kBackfill), 1, kNow);
  EXPECT_EQ(Find(steps, "detect").state, StepState::kSkipped);
  EXPECT_EQ(Find(steps, "backfill").state, StepState::kSkipped);
}

TEST(StepMachine, StartsOnlyStepsWhoseNeedsSucceeded) {
  auto steps = NewSteps(Diamond(), MakeRun(ledger::RunKind::kScheduled), 1, kNow);
  EXPECT_EQ(DecideNext(Diamond(), steps, kNow).start, std::vector<std::string>{"first"});
  Find(steps, "first").state = StepState::kRunning;
  EXPECT_TRUE(DecideNext(Diamond(), steps, kNow).start.empty());
  Find(steps, "first").state = StepState::kSuccess;
  EXPECT_EQ(DecideNext(Diamond(), steps, kNow).start, (std::vector<std::string>{"left", "right"}));
  Find(steps, "left").state = StepState::kSuccess;
  Find(steps, "right").state = StepState::kRunning;
  EXPECT_TRUE(DecideNext(Diamond(), steps, kNow).start.empty());
}

TEST(StepMachine, FailureReachesEverythingThatNeedsItAndTheTryFailsOnlyWhenTheRestHasEnded) {
  auto steps = NewSteps(Diamond(), MakeRun(ledger::RunKind::kScheduled), 1, kNow);
  Find(steps, "first").state = StepState::kSuccess;
  Find(steps, "left").state = StepState::kFailed;
  Find(steps, "right").state = StepState::kRunning;
  NextMoves next = DecideNext(Diamond(), steps, kNow);
  ASSERT_EQ(next.moves.size(), 1U);
  EXPECT_EQ(next.moves[0].step, "join");
  EXPECT_EQ(next.moves[0].to, StepState::kUpstreamFailed);
  EXPECT_FALSE(next.failed) << "right is still running";
  Find(steps, "join").state = StepState::kUpstreamFailed;
  Find(steps, "right").state = StepState::kSuccess;
  next = DecideNext(Diamond(), steps, kNow);
  EXPECT_TRUE(next.failed);
  EXPECT_FALSE(next.record);
  EXPECT_EQ(next.failed_step, "left");
}

TEST(StepMachine, RetryWaitsForItsTime) {
  pipeline::Pipeline pipeline;
  pipeline.steps = {MakeStep("only")};
  auto steps = NewSteps(pipeline, MakeRun(ledger::RunKind::kScheduled), 1, kNow);
  Find(steps, "only").state = StepState::kUpForRetry;
  Find(steps, "only").retry_at = kNow + std::chrono::seconds(10);
  const NextMoves early = DecideNext(pipeline, steps, kNow);
  EXPECT_TRUE(early.start.empty());
  EXPECT_FALSE(early.failed);
  EXPECT_EQ(early.wake_at, kNow + std::chrono::seconds(10));
  EXPECT_EQ(DecideNext(pipeline, steps, kNow + std::chrono::seconds(10)).start, std::vector<std::string>{"only"});
}

TEST(StepMachine, RecordsWhenEveryStepSucceededAndNotBefore) {
  auto steps = NewSteps(Diamond(), MakeRun(ledger::RunKind::kScheduled), 1, kNow);
  for (const char* id : {"first", "left", "right"}) Find(steps, id).state = StepState::kSuccess;
  EXPECT_FALSE(DecideNext(Diamond(), steps, kNow).record);
  Find(steps, "join").state = StepState::kSuccess;
  EXPECT_TRUE(DecideNext(Diamond(), steps, kNow).record);
}

}  // namespace
}  // namespace latecomer::engine
