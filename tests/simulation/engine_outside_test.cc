// What the simulation found once of workers outside: each case with the shortest way to it.
#include <algorithm>

#include "engine/mark.h"
#include "outside_case.h"

namespace latecomer::simulation {
namespace {

// Seed 8979: the record's time alone said which of two was built later, and a clock had been set back.
TEST_F(OutsideCase, WhatFollowsAnOutputIsBuiltAfterItAlsoWhenAClockGoesBack) {
  const std::string rest = kOutside + "late_data: {propagate: following}\n";
  for (Day day = kFirst; day < kFirst + 3; ++day) Append(day);
  WriteAndSayDone(rest, Claim(rest));
  PassTime(kHour);
  WriteAndSayDone(rest, Claim(rest));
  ASSERT_NE(Processed(kFirst + 1), -1);
  Append(kFirst);
  clock_.SetSkew(-5 * kHour);
  const engine::OutsideClaim late = Claim(rest);
  ASSERT_EQ(SlotOf(late.key).day, kFirst);
  WriteAndSayDone(rest, late);
  EXPECT_EQ(SlotOf(Claim(rest).key).day, kFirst + 1) << "it was built before the day that it follows";
}

// Seed 12301: what a late worker made of the day before is recorded after that day was built again.
TEST_F(OutsideCase, WhatIsLateIsNotRecordedWhenTheDayThatItFollowsWasBuiltSince) {
  const std::string rest = "schedule: {workers: outside, depends_on_past: true}\nlate_data: {propagate: following}\n";
  for (Day day = kFirst; day < kFirst + 3; ++day) Append(day);
  WriteAndSayDone(rest, Claim(rest));
  WriteAndSayDone(rest, Claim(rest));
  Append(kFirst + 1);
  const engine::OutsideClaim late = Claim(rest);
  ASSERT_EQ(SlotOf(late.key).day, kFirst + 1);
  Write(late, {1});
  PassTime(2 * kHour);
  Append(kFirst);
  const engine::OutsideClaim before = Claim(rest);
  ASSERT_EQ(SlotOf(before.key).day, kFirst);
  clock_.SetSkew(-5 * kHour);
  WriteAndSayDone(rest, before);
  const std::int64_t processed = Processed(kFirst + 1);
  const auto done = Done(rest, late);
  ASSERT_FALSE(done) << "it holds what the day before was";
  EXPECT_EQ(done.error().kind, ErrorKind::kConflict);
  EXPECT_NE(done.error().message.find(before.run.run_id), std::string::npos) << done.error().message;
  EXPECT_EQ(Processed(kFirst + 1), processed);
  clock_.SetSkew(0);
  const engine::OutsideClaim again = Claim(rest);
  EXPECT_EQ(SlotOf(again.key).day, kFirst + 1);
  WriteAndSayDone(rest, again);
}

// … and without such a day it counts.
TEST_F(OutsideCase, WhatIsLateIsRecordedWhenNoDayThatItFollowsWasBuiltSince) {
  const std::string rest = kOutside + "late_data: {propagate: following}\n";
  for (Day day = kFirst; day < kFirst + 3; ++day) Append(day);
  WriteAndSayDone(rest, Claim(rest));
  const engine::OutsideClaim late = Claim(rest);
  Write(late, {1});
  PassTime(2 * kHour);
  Work(*Start(0, rest));  // its lease ran out
  const auto done = Done(rest, late);
  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_FALSE(done->note.empty());
}

TEST_F(OutsideCase, WhatAPersonVouchesForCountsAsBuiltNowAlsoWhenAClockGoesBack) {
  const std::string rest = kOutside + "late_data: {propagate: following}\n";
  for (Day day = kFirst; day < kFirst + 3; ++day) Append(day);
  WriteAndSayDone(rest, Claim(rest));
  PassTime(kHour);
  WriteAndSayDone(rest, Claim(rest));
  Append(kFirst);
  clock_.SetSkew(-5 * kHour);
  const auto scheduler = Start(0, rest);
  Work(*scheduler);  // the run of the first day is queued
  const auto runs = Runs();
  const auto queued =
      std::ranges::find_if(runs, [](const auto& run) { return run.state == ledger::RunState::kQueued; });
  ASSERT_NE(queued, runs.end());
  const auto marked = engine::ApplyMark(*ledger_.now(), scheduler->engine().pipeline(),
                                        {.which = {.runs = {queued->run_id}}}, "", {.now = clock_.Now()});
  ASSERT_TRUE(marked) << marked.error().ToString();
  ASSERT_EQ(Processed(kFirst), 3);
  EXPECT_EQ(SlotOf(Claim(rest).key).day, kFirst + 1) << "it was built before the day that it follows";
}

// Seed 9732: a ledger that was put back grants a token once more, and the first one's worker still has it.
TEST_F(OutsideCase, ACommitOfAClaimThatTheLedgerForgotIsNotTheOneThatItGranted) {
  Append(kFirst);
  Append(kFirst + 1);
  {
    const auto known = Start(0, kOutside);
    Work(*known);
  }
  ledger_.BackUp();
  const engine::OutsideClaim forgotten = Claim(kOutside);
  ledger_.Restore();
  Append(kFirst);
  const engine::OutsideClaim now = Claim(kOutside);
  ASSERT_EQ(now.attempt.token, forgotten.attempt.token);
  ASSERT_NE(now.attempt.vector, forgotten.attempt.vector);
  Write(forgotten, {1});
  const auto done = Done(kOutside, now);
  ASSERT_FALSE(done) << "the output holds what the other one read";
  EXPECT_EQ(done.error().kind, ErrorKind::kRunFailed);
  EXPECT_EQ(Processed(kFirst), -1);
}

}  // namespace
}  // namespace latecomer::simulation
