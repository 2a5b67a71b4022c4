#include "ledger/states.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace latecomer::ledger {
namespace {

template <typename State>
std::vector<State> Every(State last) {
  std::vector<State> states;
  for (int i = 0; i <= static_cast<int>(last); ++i) states.push_back(static_cast<State>(i));
  return states;
}

template <typename State>
void ExpectNamesRoundTrip(State last, Result<State> (*parse)(std::string_view)) {
  for (const State state : Every(last)) {
    const Result<State> parsed = parse(Name(state));
    ASSERT_TRUE(parsed) << Name(state);
    EXPECT_EQ(*parsed, state);
  }
  for (const std::string_view wrong : {"", "Running", "success ", "running\n", "1"}) {
    const Result<State> parsed = parse(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kDamaged);
  }
}

TEST(States, NamesRoundTrip) {
  ExpectNamesRoundTrip(RunKind::kManual, ParseRunKind);
  ExpectNamesRoundTrip(RunState::kCancelled, ParseRunState);
  ExpectNamesRoundTrip(TryState::kLost, ParseTryState);
  ExpectNamesRoundTrip(StepState::kCancelled, ParseStepState);
  ExpectNamesRoundTrip(AttemptState::kLost, ParseAttemptState);
}

TEST(States, StayingIsAlwaysAllowed) {
  for (const auto state : Every(RunState::kCancelled)) EXPECT_TRUE(MayFollow(state, state));
  for (const auto state : Every(StepState::kCancelled)) EXPECT_TRUE(MayFollow(state, state));
}

TEST(States, WhatEndedRunsAgainOnlyThroughTheQueue) {
  for (const auto state : Every(RunState::kCancelled)) {
    if (IsOpen(state)) continue;
    EXPECT_TRUE(MayFollow(state, RunState::kQueued)) << Name(state);
    EXPECT_FALSE(MayFollow(state, RunState::kRunning)) << Name(state);
  }
  for (const auto state : Every(StepState::kCancelled)) {
    if (!IsDone(state)) continue;
    EXPECT_TRUE(MayFollow(state, StepState::kWaiting)) << Name(state);
    for (const auto next : {StepState::kRunning, StepState::kQueued, StepState::kUpForRetry, StepState::kDeferred}) {
      EXPECT_FALSE(MayFollow(state, next)) << Name(state) << " " << Name(next);
    }
  }
}

TEST(States, TriesAndAttemptsEndOnce) {
  for (const auto from : Every(TryState::kLost)) {
    for (const auto to : Every(TryState::kLost)) {
      // An outside worker whose lease ran out may report as long as nobody was granted the partition since.
      const bool late_report = from == TryState::kLost && (to == TryState::kSuccess || to == TryState::kFailed);
      EXPECT_EQ(MayFollow(from, to), from == to || from == TryState::kRunning || late_report);
    }
  }
  for (const auto from : Every(AttemptState::kLost)) {
    EXPECT_EQ(MayFollow(from, AttemptState::kStarting), from == AttemptState::kStarting);
    const bool open = from == AttemptState::kStarting || from == AttemptState::kRunning;
    for (const auto to : {AttemptState::kSuccess, AttemptState::kFailed, AttemptState::kLost}) {
      EXPECT_EQ(MayFollow(from, to), open || from == to);
    }
  }
}

TEST(States, EveryOpenStateLeadsToAnEnd) {
  for (const auto state : Every(StepState::kCancelled)) {
    if (IsDone(state)) continue;
    for (const auto end : {StepState::kSuccess, StepState::kFailed, StepState::kCancelled}) {
      EXPECT_TRUE(MayFollow(state, end)) << Name(state) << " " << Name(end);
    }
  }
}

}  // namespace
}  // namespace latecomer::ledger
