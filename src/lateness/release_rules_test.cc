// Whatever a rule holds back is named, and goes once a person lets it go.
#include <gtest/gtest.h>

#include <functional>

#include "lateness/plan_builder.h"

namespace latecomer::lateness {
namespace {

using std::chrono::hours;

// One partition that a rule holds; `facts` makes it, released up to a version or not.
struct Held {
  const char* rule;
  Rules rules;
  std::function<OutputFacts(std::optional<std::int64_t>)> facts;
  std::vector<OutputFacts> others{};  // beside it
};

OutputFacts With(FactsBuilder builder, std::optional<std::int64_t> released) {
  if (released) std::move(builder).Released(*released);
  OutputFacts facts = std::move(builder);
  return facts;
}

// A change of version 3 on a day that was processed at 2.
FactsBuilder Late(const std::string& date = "2024-01-01") {
  return Partition(date).Processed(2).Changed(3, "2024-01-05T00:00:00Z");
}

std::vector<Held> Cases() {
  std::vector<Held> cases;
  const auto add = [&](const char* rule, const std::function<void(Rules&)>& set,
                       const std::function<FactsBuilder()>& make) {
    Rules rules;
    set(rules);
    cases.push_back({rule, rules, [make](std::optional<std::int64_t> released) { return With(make(), released); }});
  };
  const auto late = [] { return Late(); };
  add(
      "allowed_lateness", [](Rules& rules) { rules.allowed_lateness = hours(1); }, late);
  add(
      "frozen_before", [](Rules& rules) { rules.frozen_before = Day("2024-02-01"); }, late);
  add(
      "settle", [](Rules& rules) { rules.settle_quiet = hours(24 * 30); }, late);
  add(
      "min_rows", [](Rules& rules) { rules.min_rows = 1000; }, late);
  add(
      "emptied", [](Rules&) {}, [] { return Late().Empty(); });
  add(
      "before_start", [](Rules& rules) { rules.start = Day("2024-02-01"); }, late);
  add(
      "after_end", [](Rules& rules) { rules.end = Day("2023-12-01"); }, late);
  add(
      "detect", [](Rules& rules) { rules.detect = Detect::kOff; }, late);
  add(
      "no_interval", [](Rules&) {}, [] { return Late(""); });
  add(
      "no_interval", [](Rules&) {}, [] { return Partition("").Changed(3, "2024-01-05T00:00:00Z"); });
  add(
      "future", [](Rules&) {},
      [] { return Partition("2024-03-01").FirstSeen("2024-01-05T00:00:00Z").Changed(3, "2024-01-05T00:00:00Z"); });
  add(
      "max_backfills", [](Rules& rules) { rules.max_backfills = 1; }, late);
  // One run more than there may be: the older partition goes first.
  cases.back().others = {Partition("2023-12-31").Processed(1).Changed(2, "2024-01-05T00:00:00Z")};
  add(
      "mass_change", [](Rules& rules) { rules.max_backfills = 1; }, late);
  cases.back().others = {Late("2024-01-02")};
  // Never processed.
  const auto due = [] { return Partition("2024-01-01").Changed(3, "2024-01-05T00:00:00Z"); };
  const std::vector<OutputFacts> next = {Partition("2024-01-02")};
  add(
      "frozen_before", [](Rules& rules) { rules.frozen_before = Day("2024-02-01"); }, due);
  cases.back().others = next;
  add(
      "before_start", [](Rules& rules) { rules.start = Day("2024-01-02"); }, due);
  cases.back().others = next;
  // Rows that are older than the first look at the table.
  add(
      "before_start", [](Rules& rules) { rules.start = Day("2024-01-02"); }, [] { return Partition("2024-01-01"); });
  cases.back().others = next;
  add(
      "frozen_before", [](Rules& rules) { rules.frozen_before = Day("2024-02-01"); },
      [] { return Partition("2024-01-01"); });
  cases.back().others = next;
  return cases;
}

PlanEntry EntryIn(const Held& held, std::optional<std::int64_t> released) {
  std::vector<OutputFacts> outputs = held.others;
  outputs.push_back(held.facts(released));
  const table::PartitionKey key = outputs.back().key;
  for (const PlanEntry& entry : MakePlan(held.rules, Input(std::move(outputs))).entries) {
    if (entry.key == key) return entry;
  }
  return {};
}

TEST(Release, EveryRuleNamesWhatItHoldsAndLetsItGo) {
  for (const Held& held : Cases()) {
    const PlanEntry before = EntryIn(held, std::nullopt);
    EXPECT_TRUE(MayBeReleased(before)) << held.rule << ": " << before.reason;
    EXPECT_EQ(before.rule, held.rule) << before.reason;
    EXPECT_FALSE(before.reason.empty());
    const PlanEntry after = EntryIn(held, 3);
    EXPECT_EQ(after.decision, Decision::kProcess) << held.rule << ": " << after.reason;
  }
}

TEST(Release, WhatCameLaterIsJudgedAnew) {
  for (const Held& held : Cases()) {
    const OutputFacts facts = held.facts(2);  // before its change
    if (!facts.processed) continue;           // of one never processed, what was released is still to be done
    EXPECT_EQ(EntryIn(held, 2).rule, held.rule) << EntryIn(held, 2).reason;
  }
}

TEST(Release, WhatJustWaitsForItsTimeIsNotHeld) {
  const Plan plan = MakePlan(Rules(), Input({Partition("2024-01-01").Changed(0, "2024-01-01T10:00:00Z")}));
  EXPECT_EQ(plan.entries.front().rule, "ready");
  EXPECT_FALSE(MayBeReleased(plan.entries.front()));
}

}  // namespace
}  // namespace latecomer::lateness
