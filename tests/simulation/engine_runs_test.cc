// What the simulation found once of single runs, their tries and names: each case with the shortest way to it.
#include <algorithm>

#include "engine/clear.h"
#include "engine/controls.h"
#include "engine/mark.h"
#include "engine/run_names.h"
#include "engine/trigger.h"
#include "engine_case.h"

namespace latecomer::simulation {
namespace {

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

// Seed 34429: who marks a run as failed doesn't want it done again when another one has done its work.
TEST_F(EngineCase, ARunThatWasMarkedFailedIsSkippedWhenAnotherOneDidItsWork) {
  Append(kDay);
  Append(kDay + 1);
  const std::string rules = "late_data: {retry_failed_after: 10h}\n";
  const auto scheduler = Start(0, rules);
  WorkAndWait(*scheduler);
  const ledger::RunRecord marked = Runs().front();
  ASSERT_TRUE(engine::ApplyMark(*ledger_.now(), scheduler->engine().pipeline(),
                                {.which = {.runs = {marked.run_id}}, .mark = engine::Mark::kFailed}, "",
                                {.now = clock_.Now()}));
  ASSERT_EQ(Processed(kDay), -1);
  PassTime(10 * kHour);
  scheduler->points.script = [](const std::string& where) -> Status {
    if (where.starts_with("txn")) throw SimulatedCrash{where};  // it is queued again, and its claim not yet granted
    return {};
  };
  EXPECT_THROW(Work(*scheduler), SimulatedCrash);
  scheduler->Die();
  ASSERT_EQ(Runs().front().state, ledger::RunState::kQueued);
  // Another run does what it was queued for.
  ASSERT_TRUE(ledger_.now()->Write([&](ledger::Writer& writer) {
    return writer.PutProcessed({.pipeline = "case",
                                .partition = marked.partition,
                                .vector = {{"events", Version{source_.newest()}}},
                                .run_id = "another",
                                .try_number = 1,
                                .token = 2,
                                .at = clock_.Now()});
  }));
  const auto second = Start(0, rules);
  WorkAndWait(*second);
  EXPECT_EQ(Runs().front().state, ledger::RunState::kSkipped);
  EXPECT_EQ(Runs().front().tries, marked.tries);
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
