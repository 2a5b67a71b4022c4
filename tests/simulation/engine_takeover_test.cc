// Outputs that were built before the ledger at hand began: adopted, or rebuilt from what they say themselves.
#include <algorithm>

#include "engine/adopt.h"
#include "engine/later_changes.h"
#include "engine/observed_sources.h"
#include "engine/rebuild.h"
#include "engine_case.h"
#include "peoples_catalog.h"

namespace latecomer::simulation {
namespace {

constexpr Day kFirst = kDay - 4;  // all of them are over

class TakeOver : public EngineCase {
 protected:
  void Delete(SimTable& table, Day day) {
    SimCommit commit{.at_ms = time_.true_ms, .operation = "DELETE", .actions = {}, .write = {}};
    for (const FilePtr& file : table.Newest().at({day, Slot::kNoCountry}))
      commit.actions.push_back({file, false, true});
    table.Commit(std::move(commit));
  }

  engine::ObservedSources Observe(const pipeline::Pipeline& pipeline) {
    auto observed = engine::ObserveSources(*ledger_.now(), pipeline, catalog_, clock_.Now());
    EXPECT_TRUE(observed) << observed.error().ToString();
    const Status stored = ledger_.now()->Write([&](ledger::Writer& writer) -> Status {
      for (const auto& [location, table] : observed->tables) LATECOMER_RETURN_IF_ERROR(engine::Store(writer, table));
      return {};
    });
    EXPECT_TRUE(stored);
    return std::move(*observed);
  }

  engine::Rebuilt Rebuild(const pipeline::Pipeline& pipeline) {
    const engine::ObservedSources observed = Observe(pipeline);
    auto rebuilt = engine::RebuildProcessed(*ledger_.now(), pipeline, catalog_, observed, true, clock_.Now());
    EXPECT_TRUE(rebuilt) << rebuilt.error().ToString();
    return std::move(*rebuilt);
  }

  // So many days, one commit each, and all but the last are built.
  std::unique_ptr<Scheduler> Build(int days, const std::string& rest = "") {
    for (int i = 0; i < days; ++i) Append(kFirst + i);
    auto scheduler = Start(0, rest);
    WorkAndWait(*scheduler);
    for (int i = 0; i + 1 < days; ++i) EXPECT_EQ(Processed(kFirst + i), days - 1);
    return scheduler;
  }

  // The ledger and its schedulers are gone.
  void Lose(Scheduler& scheduler) {
    scheduler.Die();
    PassTime(kMinute);
    ledger_.Lose(random_);
  }

  static std::string RuleOf(Scheduler& scheduler, Day day) {
    const auto plan = scheduler.engine().PlanNow();
    EXPECT_TRUE(plan) << plan.error().ToString();
    for (const lateness::PlanEntry& entry : plan->entries) {
      if (SlotOf(entry.key).day != day) continue;
      return entry.decision == lateness::Decision::kHeld ? "held: " + entry.rule : entry.reason;
    }
    return "not in the plan";
  }

  PeoplesCatalog catalog_{[this](const std::string& location) { return &Table(location); }};
};

TEST_F(TakeOver, WhatWasDeletedAfterTheAdoptedVersionIsLate) {
  Append(kFirst);
  Append(kFirst + 1);
  Append(kFirst + 2);
  const auto scheduler = Start();
  ASSERT_TRUE(scheduler->engine().Register());
  const pipeline::Pipeline& pipeline = scheduler->engine().pipeline();
  Append(kFirst + 3);
  Delete(source_, kFirst + 1);
  Append(kFirst + 4);
  Delete(source_, kFirst + 3);  // nothing was made of it
  const engine::ObservedSources observed = Observe(pipeline);
  const auto adopted =
      engine::Adopt(*ledger_.now(), pipeline, catalog_, observed, {{"events", Version{2}}}, std::nullopt, clock_.Now());
  ASSERT_TRUE(adopted) << adopted.error().ToString();
  EXPECT_EQ(adopted->partitions.size(), 3U);
  EXPECT_EQ(RuleOf(*scheduler, kFirst + 1), "held: emptied");
  EXPECT_EQ(RuleOf(*scheduler, kFirst + 3), "not in the plan");
  EXPECT_NE(RuleOf(*scheduler, kFirst), "held: emptied");
}

TEST_F(TakeOver, WhatWasDeletedBeforeTheLedgerWasLostIsLate) {
  const auto before = Build(3);
  Append(kFirst + 3);
  Delete(source_, kFirst);
  Delete(source_, kFirst + 3);  // nothing was made of it
  Lose(*before);
  const auto after = Start();
  const engine::Rebuilt rebuilt = Rebuild(after->engine().pipeline());
  EXPECT_EQ(rebuilt.recorded.size(), 2U);
  EXPECT_TRUE(rebuilt.without_source.empty());
  EXPECT_EQ(RuleOf(*after, kFirst), "held: emptied");
  EXPECT_EQ(RuleOf(*after, kFirst + 3), "not in the plan");
}

TEST_F(TakeOver, WhatWasDeletedOfASourceThatIsReadAsAWholeIsLate) {
  AppendTo(other_, kFirst - 5);
  AppendTo(other_, kFirst - 4);
  const std::string others = "  others: {table: /sim/other, partition: event_date, mapping: all}\n";
  const auto before = Build(2, others);
  Delete(other_, kFirst - 5);
  Lose(*before);
  const auto after = Start(0, others);
  ASSERT_EQ(Rebuild(after->engine().pipeline()).recorded.size(), 1U);
  const std::vector<std::int64_t> stale = ContentOf(kFirst);
  WorkAndWait(*after);
  EXPECT_NE(ContentOf(kFirst), stale) << RuleOf(*after, kFirst);
}

// Seed 61666: to a ledger that was put back it is as the copy knew it, and the output was built between.
TEST_F(TakeOver, WhatCameBackToWhatTheCopyKnewIsLateForAnOutputThatWasBuiltBetween) {
  const auto before = Build(2);
  ledger_.BackUp();
  Append(kFirst);
  const FilePtr file = source_.Newest().at({kFirst, Slot::kNoCountry}).back();
  WorkAndWait(*before);
  ASSERT_EQ(Processed(kFirst), 2);
  const std::vector<std::int64_t> between = ContentOf(kFirst);
  source_.Commit({.at_ms = time_.true_ms, .operation = "RESTORE", .actions = {{file, false, true}}, .write = {}});
  source_.CleanLog(3);  // what the copy saw ends before that
  before->Die();
  PassTime(kMinute);
  ledger_.Restore();
  const auto after = Start();
  ASSERT_EQ(Rebuild(after->engine().pipeline()).recorded.size(), 1U);
  ASSERT_EQ(Processed(kFirst), 2);
  WorkAndWait(*after);
  EXPECT_EQ(Processed(kFirst), 3) << RuleOf(*after, kFirst);
  EXPECT_NE(ContentOf(kFirst), between);
}

TEST_F(TakeOver, AnOutputWhoseSourceForgotItStaysAsItIsAndIsNamed) {
  const auto before = Build(2);
  Delete(source_, kFirst);
  Append(kFirst + 2);
  source_.CleanLog(3);  // the commit that deleted it is gone, too
  Lose(*before);
  const auto after = Start();
  const std::vector<std::int64_t> content = ContentOf(kFirst);
  const engine::Rebuilt rebuilt = Rebuild(after->engine().pipeline());
  EXPECT_EQ(rebuilt.without_source, std::vector<std::string>{"event_date=" + DayText(kFirst)});
  WorkAndWait(*after);
  EXPECT_EQ(ContentOf(kFirst), content);
}

TEST_F(TakeOver, WhatDidNotChangeSinceIsNotMadeAgainThoughTheLogWasCleaned) {
  const auto before = Build(3);
  Append(kFirst + 3);
  Append(kFirst + 1);
  source_.CleanLog(2);
  Lose(*before);
  const auto after = Start();
  ASSERT_EQ(Rebuild(after->engine().pipeline()).recorded.size(), 2U);
  WorkAndWait(*after);
  EXPECT_EQ(Processed(kFirst), 2) << RuleOf(*after, kFirst);
  EXPECT_EQ(Processed(kFirst + 1), 4) << RuleOf(*after, kFirst + 1);
}

// Its partitions may have had other columns, so nothing is known of what changed in it.
TEST_F(TakeOver, WhatChangedSinceIsKnownOnlyAfterACommitThatReplacedTheTable) {
  const auto before = Build(3);
  SimCommit commit{.at_ms = time_.true_ms, .operation = "CREATE OR REPLACE TABLE", .actions = {}, .write = {}};
  commit.replaces_table = true;
  const SimFile file{.id = ++files_, .slot = {kFirst, Slot::kNoCountry}, .padded = false, .rows = {files_}};
  commit.actions.push_back({std::make_shared<SimFile>(file), true, true});
  source_.Commit(std::move(commit));
  Append(kFirst + 3);
  Lose(*before);
  const auto after = Start();
  const pipeline::Pipeline& pipeline = after->engine().pipeline();
  const auto later = engine::ReadLaterChanges(pipeline, catalog_, Observe(pipeline), {{"events", Version{2}}}, true);
  ASSERT_TRUE(later) << later.error().ToString();
  const engine::LaterChanges& changes = later->at(kSource);
  EXPECT_EQ(changes.since, Version{3});
  ASSERT_EQ(changes.emptied.size(), 1U);
  EXPECT_EQ(changes.emptied.begin()->second.last_changed, Version{4});
}

TEST_F(TakeOver, VersionsThatTheSourceDoesNotHaveAreOfAnotherTable) {
  const auto before = Build(3);
  source_.Recreate();
  Append(kFirst);
  Append(kFirst + 1);
  Lose(*before);
  const auto after = Start();
  const engine::Rebuilt rebuilt = Rebuild(after->engine().pipeline());
  EXPECT_EQ(rebuilt.ahead.size(), 2U);
  EXPECT_TRUE(rebuilt.recorded.empty());
  WorkAndWait(*after);
  EXPECT_EQ(Processed(kFirst), 1);
}

TEST_F(TakeOver, AJobOfTheLostLedgerWritesUntilTheNewOneHasWritten) {
  Append(kFirst);
  Append(kFirst + 1);
  const auto before = Start();
  Work(*before);  // its job runs
  Lose(*before);
  const auto after = Start();
  const auto refused = engine::RebuildProcessed(*ledger_.now(), after->engine().pipeline(), catalog_,
                                                Observe(after->engine().pipeline()), true, clock_.Now());
  ASSERT_FALSE(refused);  // there is no output yet
  EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound);
  PassTime(11 * kMinute);
  ASSERT_FALSE(ContentOf(kFirst).empty()) << "the old job has written";
  WorkAndWait(*after);
  EXPECT_EQ(Processed(kFirst), -1) << "the output is another ledger's";
  const engine::Rebuilt rebuilt = Rebuild(after->engine().pipeline());
  EXPECT_EQ(rebuilt.took_over.size(), 1U);
  EXPECT_TRUE(Rebuild(after->engine().pipeline()).took_over.empty()) << "it is ours by now";
}

}  // namespace
}  // namespace latecomer::simulation
