// Outputs that were built before the ledger at hand began: adopted, or rebuilt from what they say themselves.
#include <algorithm>

#include "engine/adopt.h"
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
  Append(kFirst);
  Append(kFirst + 1);
  Append(kFirst + 2);
  const auto before = Start();
  WorkAndWait(*before);
  ASSERT_EQ(Processed(kFirst), 2);
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
  Append(kFirst);
  Append(kFirst + 1);
  AppendTo(other_, kFirst - 5);
  AppendTo(other_, kFirst - 4);
  const std::string others = "  others: {table: /sim/other, partition: event_date, mapping: all}\n";
  const auto before = Start(0, others);
  WorkAndWait(*before);
  ASSERT_EQ(Processed(kFirst), 1);
  Delete(other_, kFirst - 5);
  Lose(*before);
  const auto after = Start(0, others);
  ASSERT_EQ(Rebuild(after->engine().pipeline()).recorded.size(), 1U);
  const std::vector<std::int64_t> stale = ContentOf(kFirst);
  WorkAndWait(*after);
  EXPECT_NE(ContentOf(kFirst), stale) << RuleOf(*after, kFirst);
}

TEST_F(TakeOver, AnOutputWhoseSourceForgotItStaysAsItIsAndIsNamed) {
  Append(kFirst);
  Append(kFirst + 1);
  const auto before = Start();
  WorkAndWait(*before);
  ASSERT_EQ(Processed(kFirst), 1);
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
  Append(kFirst);
  Append(kFirst + 1);
  Append(kFirst + 2);
  const auto before = Start();
  WorkAndWait(*before);
  ASSERT_EQ(Processed(kFirst), 2);
  ASSERT_EQ(Processed(kFirst + 1), 2);
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

TEST_F(TakeOver, VersionsThatTheSourceDoesNotHaveAreOfAnotherTable) {
  Append(kFirst);
  Append(kFirst + 1);
  Append(kFirst + 2);
  const auto before = Start();
  WorkAndWait(*before);
  ASSERT_EQ(Processed(kFirst), 2);
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
