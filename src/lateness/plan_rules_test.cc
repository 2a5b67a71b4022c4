// The rules that hold late data back, limit it or order it.
#include <gtest/gtest.h>

#include "lateness/plan_builder.h"

namespace latecomer::lateness {
namespace {

using State = RunFact::State;
using std::chrono::hours;
using std::chrono::minutes;

PlanEntry Only(const Rules& rules, OutputFacts facts, const std::string& now = "2024-01-10T12:00:00Z") {
  const Plan plan = MakePlan(rules, Input({std::move(facts)}, now));
  EXPECT_EQ(plan.entries.size(), 1u);
  return plan.entries.front();
}

// ----- allowed_lateness

TEST(AllowedLateness, HoldsOnlyWhatCameLater) {
  Rules rules;
  rules.allowed_lateness = hours(10);
  const auto changed = [](const std::string& when) { return Partition("2024-01-01").Processed(2).Changed(3, when); };
  EXPECT_EQ(Only(rules, changed("2024-01-02T10:00:00Z")).decision, Decision::kProcess);
  const PlanEntry held = Only(rules, changed("2024-01-02T10:00:00.001Z"));
  EXPECT_EQ(held.decision, Decision::kHeld);
  EXPECT_EQ(held.rule, "allowed_lateness");
  EXPECT_NE(held.reason.find("more than allowed_lateness 10h"), std::string::npos) << held.reason;
}

TEST(AllowedLateness, AFreeChangeTakesTheHeldOnesAlong) {
  Rules rules;
  rules.allowed_lateness = hours(10);
  const PlanEntry entry =
      Only(rules,
           Partition("2024-01-01").Processed(2).Changed(3, "2024-01-02T09:00:00Z").Changed(4, "2024-01-05T00:00:00Z"));
  EXPECT_EQ(entry.decision, Decision::kProcess);
  EXPECT_EQ(entry.cause, "devices@4");
  EXPECT_EQ(entry.changes.size(), 2u);
}

TEST(AllowedLateness, DoesNotTouchTheFirstScheduledRun) {
  Rules rules;
  rules.allowed_lateness = hours(10);
  const Plan plan = MakePlan(rules, Input({Partition("2024-01-01").Changed(0, "2024-01-09T00:00:00Z"),
                                           Partition("2024-01-02").Changed(0, "2024-01-09T00:00:00Z")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").decision, Decision::kProcess);
}

TEST(AllowedLateness, ReleaseCoversVersionsUpToItAndNoMore) {
  Rules rules;
  rules.allowed_lateness = hours(10);
  const auto changed = [] { return Partition("2024-01-01").Processed(2).Changed(3, "2024-01-05T00:00:00Z"); };
  EXPECT_EQ(Only(rules, changed().Released(3)).decision, Decision::kProcess);
  EXPECT_EQ(Only(rules, changed().Released(2)).decision, Decision::kHeld);
}

// ----- frozen_before

TEST(FrozenBefore, HoldsOlderPartitionsOnly) {
  Rules rules;
  rules.frozen_before = Day("2024-01-02");
  const auto late = [](const std::string& date) {
    return Partition(date).Processed(2).Changed(3, "2024-01-05T00:00:00Z");
  };
  EXPECT_EQ(Only(rules, late("2024-01-01")).rule, "frozen_before");
  EXPECT_EQ(Only(rules, late("2024-01-02")).decision, Decision::kProcess);
  EXPECT_EQ(Only(rules, late("2024-01-01").Released(3)).decision, Decision::kProcess);
}

TEST(FrozenBefore, HoldsNeverProcessedOnesToo) {
  Rules rules;
  rules.frozen_before = Day("2024-01-02");
  const Plan plan =
      MakePlan(rules, Input({Partition("2024-01-01").Changed(0, "2024-01-02T00:00:00Z"),
                             Partition("2024-01-02").Changed(1, "2024-01-03T00:00:00Z"), Partition("2024-01-03")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").rule, "frozen_before");
  EXPECT_EQ(EntryOf(plan, "2024-01-02").decision, Decision::kProcess);
}

// ----- settle

TEST(Settle, WaitsForQuietButNotForEver) {
  Rules rules;
  rules.settle_quiet = minutes(10);
  rules.settle_at_most = minutes(15);
  const auto at = [&](const std::string& now) {
    return Only(
        rules,
        Partition("2024-01-01").Processed(2).Changed(3, "2024-01-05T00:00:00Z").Changed(4, "2024-01-05T00:08:00Z"),
        now);
  };
  EXPECT_EQ(at("2024-01-05T00:14:59Z").decision, Decision::kWaiting);
  EXPECT_EQ(at("2024-01-05T00:14:59Z").rule, "settle");
  EXPECT_EQ(at("2024-01-05T00:15:00Z").decision, Decision::kProcess);  // at_most, counted from the first change
  rules.settle_at_most = Duration(0);
  EXPECT_EQ(at("2024-01-05T00:17:59Z").decision, Decision::kWaiting);
  EXPECT_EQ(at("2024-01-05T00:18:00Z").decision, Decision::kProcess);
}

// ----- min_rows

TEST(MinRows, SumsAllUnseenChanges) {
  Rules rules;
  rules.min_rows = 10;
  const auto rows = [](std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
    return Partition("2024-01-01")
        .Processed(2)
        .Changed(3, "2024-01-05T00:00:00Z", a)
        .Changed(4, "2024-01-05T01:00:00Z", b);
  };
  EXPECT_EQ(Only(rules, rows(5, 4)).rule, "min_rows");
  EXPECT_EQ(Only(rules, rows(5, 5)).decision, Decision::kProcess);
  EXPECT_EQ(Only(rules, rows(1, std::nullopt)).decision, Decision::kProcess);  // unknown counts as enough
  EXPECT_EQ(Only(rules, rows(5, 4).Released(3)).decision, Decision::kProcess);
}

TEST(MinRows, RemovedRowsCount) {
  Rules rules;
  rules.min_rows = 10;
  OutputFacts facts = Partition("2024-01-01").Processed(2).Changed(3, "2024-01-05T00:00:00Z", 0);
  facts.unseen[0].counts.rows_removed = 10;
  EXPECT_EQ(Only(rules, facts).decision, Decision::kProcess);
}

// ----- emptied

TEST(Emptied, HoldsWhatLostAllItsRows) {
  const auto emptied = [] { return Partition("2024-01-01").Processed(2).Changed(3, "2024-01-05T00:00:00Z").Empty(); };
  EXPECT_EQ(Only({}, emptied()).rule, "emptied");
  Rules process;
  process.emptied = HoldOrProcess::kProcess;
  EXPECT_EQ(Only(process, emptied()).decision, Decision::kProcess);
  EXPECT_EQ(Only({}, emptied().Released(3)).decision, Decision::kProcess);
}

TEST(Emptied, ReleasingAnEarlierChangeDoesNotReleaseTheEmptying) {
  const PlanEntry entry = Only({}, Partition("2024-01-01")
                                       .Processed(2)
                                       .Changed(3, "2024-01-05T00:00:00Z")
                                       .Changed(4, "2024-01-06T00:00:00Z")
                                       .Empty()
                                       .Released(3));
  EXPECT_EQ(entry.decision, Decision::kHeld);
  EXPECT_EQ(entry.rule, "emptied");
}

TEST(Emptied, NeverProcessedAndGoneIsHeldNotRun) {
  const Plan plan = MakePlan({}, Input({Partition("2024-01-01").Changed(0, "2024-01-02T00:00:00Z").Empty(),
                                        Partition("2024-01-02").Changed(1, "2024-01-03T00:00:00Z")}));
  EXPECT_EQ(EntryOf(plan, "2024-01-01").rule, "emptied");
}

// ----- max_backfills and mass_change

std::vector<OutputFacts> LateDays(int count, const std::function<std::int64_t(int)>& version) {
  std::vector<OutputFacts> outputs;
  for (int day = 1; day <= count; ++day) {
    const std::string date = std::string("2024-01-") + (day < 10 ? "0" : "") + std::to_string(day);
    outputs.push_back(Partition(date).Processed(2).Changed(version(day), "2024-01-29T00:00:00Z", 100 * (day % 4)));
  }
  return outputs;
}

std::map<Decision, int> CountDecisions(const Plan& plan) {
  std::map<Decision, int> counts;
  for (const PlanEntry& entry : plan.entries) ++counts[entry.decision];
  return counts;
}

TEST(MassChange, OneCommitOnMoreThanMaxBackfillsIsHeldAsAWhole) {
  Rules rules;
  rules.min_rows = 0;
  rules.max_backfills = 5;
  const auto same = [](int) { return 3; };
  EXPECT_EQ(CountDecisions(MakePlan(rules, Input(LateDays(5, same))))[Decision::kProcess], 5);
  const Plan held = MakePlan(rules, Input(LateDays(6, same)));
  EXPECT_EQ(CountDecisions(held)[Decision::kHeld], 6);
  for (const PlanEntry& entry : held.entries) EXPECT_EQ(entry.rule, "mass_change");
}

TEST(MassChange, APartitionWithAnotherChangeIsProcessed) {
  Rules rules;
  rules.min_rows = 0;
  rules.max_backfills = 5;
  std::vector<OutputFacts> outputs = LateDays(6, [](int) { return 3; });
  outputs[2] =
      Partition("2024-01-03").Processed(2).Changed(3, "2024-01-29T00:00:00Z").Changed(4, "2024-01-29T01:00:00Z");
  const Plan plan = MakePlan(rules, Input(outputs));
  EXPECT_EQ(EntryOf(plan, "2024-01-03").decision, Decision::kProcess);
  EXPECT_EQ(CountDecisions(plan)[Decision::kHeld], 5);
}

TEST(MassChange, ReleasingSomeDoesNotLetTheRestGo) {
  Rules rules;
  rules.min_rows = 0;
  rules.max_backfills = 5;
  std::vector<OutputFacts> outputs = LateDays(6, [](int) { return 3; });
  outputs[0].released = VersionVector{{"devices", Version{3}}};
  const Plan released = MakePlan(rules, Input(outputs));
  EXPECT_EQ(EntryOf(released, "2024-01-01").decision, Decision::kProcess);
  EXPECT_EQ(CountDecisions(released)[Decision::kHeld], 5);

  // Now it is processed, and only five with unseen changes are left.
  outputs[0] = Partition("2024-01-01").Processed(3).Released(3);
  EXPECT_EQ(CountDecisions(MakePlan(rules, Input(outputs)))[Decision::kHeld], 5);
}

TEST(MaxBackfills, StartsTheFirstInOrderAndLetsTheOthersWait) {
  Rules rules;
  rules.min_rows = 0;
  rules.max_backfills = 3;
  const auto own = [](int day) { return 2 + day; };
  const auto first = [&] {
    const Plan plan = MakePlan(rules, Input(LateDays(8, own)));
    std::vector<std::string> dates;
    for (const PlanEntry& entry : plan.entries) {
      if (entry.decision == Decision::kProcess) {
        dates.push_back(entry.key.value(0).text().substr(8));
      } else {
        EXPECT_EQ(entry.decision, Decision::kWaiting);
        EXPECT_EQ(entry.rule, "max_backfills");
      }
    }
    return dates;
  };
  EXPECT_EQ(first(), (std::vector<std::string>{"01", "02", "03"}));
  rules.order = Order::kNewestFirst;
  EXPECT_EQ(first(), (std::vector<std::string>{"08", "07", "06"}));
  rules.order = Order::kMostRows;
  EXPECT_EQ(first(), (std::vector<std::string>{"03", "07", "02"}));
}

TEST(MaxBackfills, OpenBackfillsUseTheRoomUp) {
  Rules rules;
  rules.min_rows = 0;
  rules.max_backfills = 3;
  std::vector<OutputFacts> outputs = LateDays(6, [](int day) { return 2 + day; });
  for (int i : {4, 5})
    outputs[i].runs.push_back({"b", RunFact::Kind::kBackfill, State::kOpen, outputs[i].key.Display()});
  const Plan plan = MakePlan(rules, Input(outputs));
  EXPECT_EQ(CountDecisions(plan)[Decision::kProcess], 1);
  EXPECT_EQ(CountDecisions(plan)[Decision::kOpen], 2);
  EXPECT_EQ(CountDecisions(plan)[Decision::kWaiting], 3);
}

TEST(MaxBackfills, WhatWasAskedForIsNotCounted) {
  Rules rules;
  rules.min_rows = 0;
  rules.max_backfills = 1;
  std::vector<OutputFacts> outputs = LateDays(4, [](int day) { return 2 + day; });
  for (OutputFacts& facts : outputs) facts.released = VersionVector{{"devices", Version{99}}};
  EXPECT_EQ(CountDecisions(MakePlan(rules, Input(outputs)))[Decision::kProcess], 4);
}

TEST(Order, ScheduledThenBackfillsThenTheRest) {
  const Plan plan = MakePlan({}, Input({Partition("2024-01-01").Processed(2), Partition("2024-01-05"),
                                        Partition("2024-01-04").Changed(4, "2024-01-05T00:00:00Z"),
                                        Partition("2024-01-02").Processed(2).Changed(3, "2024-01-05T00:00:00Z"),
                                        Partition("2024-01-03").Processed(2)}));
  std::vector<std::string> dates;
  for (const PlanEntry& entry : plan.entries) dates.push_back(entry.key.value(0).text().substr(8));
  EXPECT_EQ(dates, (std::vector<std::string>{"04", "02", "01", "03", "05"}));
}

}  // namespace
}  // namespace latecomer::lateness
