// Promises of the planner on arbitrary input.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "lateness/plan_builder.h"
#include "lateness/plan_names.h"

namespace latecomer::lateness {
namespace {

int Pick(int from, int to) {
  return *rc::gen::inRange(from, to + 1);
}
bool Maybe() {
  return *rc::gen::arbitrary<bool>();
}

Instant AnyInstant() {
  return At("2023-12-30T00:00:00Z") + std::chrono::hours(Pick(0, 24 * 45));
}

// A partition in any state the ledger can show, plausible or not.
OutputFacts AnyFacts(const std::string& date) {
  OutputFacts facts = Partition(date);
  facts.has_rows = Pick(0, 4) > 0;
  facts.gap = Pick(0, 9) == 0;
  if (Maybe()) facts.first_seen = AnyInstant();
  if (Pick(0, 3) == 0) facts.first_seen.reset();
  std::int64_t version = 0;
  if (Maybe()) {
    version = Pick(0, 9);
    facts.processed = ProcessedFact{{{"devices", Version{version++}}}, "run_" + date, AnyInstant()};
  }
  for (int changes = Pick(0, 3); changes > 0; --changes) {
    Change change;
    change.source = "devices";
    version += Pick(facts.unseen.empty() ? 0 : 1, 3);
    change.version = Version{version};
    change.timestamp = AnyInstant();
    change.source_partition = facts.key;
    change.counts.files_added = 1;
    change.counts.rows_added = Maybe() ? std::optional<std::int64_t>(Pick(0, 50)) : std::nullopt;
    facts.unseen.push_back(change);
  }
  for (int runs = Pick(0, 2); runs > 0; --runs) {
    const std::string cause = Maybe() ? "interval" : "devices@" + std::to_string(Pick(0, 15));
    facts.runs.push_back({"run_" + std::to_string(runs),
                          cause == "interval" ? RunFact::Kind::kScheduled : RunFact::Kind::kBackfill,
                          static_cast<RunFact::State>(Pick(0, 4)), cause, Maybe()});
    if (facts.runs.back().state != RunFact::State::kOpen) facts.runs.back().ended = AnyInstant();
  }
  if (Pick(0, 3) == 0) facts.released = VersionVector{{"devices", Version{Pick(0, 15)}}};
  return facts;
}

Rules AnyRules() {
  Rules rules;
  const auto any_day = [] { return Day("2024-01-0" + std::to_string(Pick(1, 9))); };
  if (Maybe()) rules.start = any_day();
  if (Maybe()) rules.end = any_day();
  if (Maybe()) rules.frozen_before = any_day();
  rules.ready.kind = static_cast<Ready::Kind>(Pick(0, 3));
  rules.ready.cron = CronLine::Parse("30 */6 * * mon-fri").value();
  if (Maybe()) rules.ready.at_latest = std::chrono::hours(Pick(0, 50));
  rules.ready.delay = std::chrono::hours(Pick(0, 50));
  rules.catch_up = Maybe();
  rules.detect = static_cast<Detect>(Pick(0, 2));
  rules.lookback = Pick(0, 3);
  if (Maybe()) rules.allowed_lateness = std::chrono::hours(Pick(0, 100));
  if (Maybe()) rules.settle_quiet = std::chrono::hours(Pick(0, 20));
  rules.min_rows = Pick(0, 40);
  rules.emptied = Maybe() ? HoldOrProcess::kHold : HoldOrProcess::kProcess;
  if (Maybe()) rules.no_interval = HoldOrProcess::kProcess;
  if (Maybe()) rules.retry_failed_after = std::chrono::hours(Pick(1, 100));
  if (Maybe() && rules.detect == Detect::kChanges) rules.propagate = Propagate::kFollowing;
  rules.max_backfills = Pick(1, 4);
  rules.order = static_cast<Order>(Pick(0, 2));
  return rules;
}

PlanInput AnyInput() {
  PlanInput input;
  input.now = AnyInstant();
  for (int day = 1; day <= 9; ++day) {
    if (Maybe()) input.outputs.push_back(AnyFacts("2024-01-0" + std::to_string(day)));
  }
  if (Maybe()) input.outputs.push_back(AnyFacts(""));
  input.newest["devices"] = Version{20};
  return input;
}

std::string Shape(const Plan& plan) {
  std::string shape;
  for (const PlanEntry& entry : plan.entries) {
    shape += entry.key.Display() + "|" + std::to_string(static_cast<int>(entry.decision)) + "|" + entry.rule + "|" +
             entry.cause + "|" + entry.reason + "\n";
  }
  return shape;
}

const OutputFacts& FactsOf(const PlanInput& input, const PlanEntry& entry) {
  return *std::find_if(input.outputs.begin(), input.outputs.end(), [&](const auto& f) { return f.key == entry.key; });
}

TEST(PlanProperty, EachOutputHasExactlyOneEntryWithAReason) {
  EXPECT_TRUE(rc::check([] {
    const PlanInput input = AnyInput();
    const Plan plan = MakePlan(AnyRules(), input);
    RC_ASSERT(plan.entries.size() == input.outputs.size());
    std::set<table::PartitionKey> keys;
    for (const PlanEntry& entry : plan.entries) {
      RC_ASSERT(keys.insert(entry.key).second);
      RC_ASSERT(!entry.reason.empty());
      RC_ASSERT(entry.rule.empty() || std::ranges::find(kRuleNames, entry.rule) != std::end(kRuleNames));
    }
  }));
}

TEST(PlanProperty, NoUnseenChangeIsLost) {
  EXPECT_TRUE(rc::check([] {
    const PlanInput input = AnyInput();
    const Rules rules = AnyRules();
    for (const PlanEntry& entry : MakePlan(rules, input).entries) {
      if (FactsOf(input, entry).unseen.empty()) continue;
      RC_ASSERT(entry.decision != Decision::kUpToDate);
      RC_ASSERT(entry.changes.size() == FactsOf(input, entry).unseen.size());
      // What is ignored lies outside the schedule, or was passed over on purpose; then it says so.
      if (entry.decision == Decision::kIgnored) RC_ASSERT(entry.rule == "after_end" || entry.rule == "catch_up");
      if (entry.decision == Decision::kWaiting || entry.decision == Decision::kHeld) RC_ASSERT(!entry.rule.empty());
      if (entry.decision == Decision::kFailed || entry.decision == Decision::kOpen)
        RC_ASSERT(!entry.blocking_run.empty());
    }
  }));
}

TEST(PlanProperty, NothingIsProcessedWithoutCause) {
  EXPECT_TRUE(rc::check([] {
    const PlanInput input = AnyInput();
    const Rules rules = AnyRules();
    for (const PlanEntry& entry : MakePlan(rules, input).entries) {
      if (entry.decision != Decision::kProcess) continue;
      const OutputFacts& facts = FactsOf(input, entry);
      const bool asked = facts.released.has_value();
      RC_ASSERT(facts.start || asked || rules.no_interval == HoldOrProcess::kProcess);
      RC_ASSERT(!rules.start || !facts.start || asked || *facts.start >= *rules.start);
      RC_ASSERT(!rules.end || !facts.start || asked || *facts.start <= *rules.end);
      if (facts.processed) {
        RC_ASSERT(!facts.unseen.empty() || rules.propagate == Propagate::kFollowing);
        RC_ASSERT(entry.kind == RunFact::Kind::kBackfill);
      }
      if (entry.kind == RunFact::Kind::kBackfill) RC_ASSERT(entry.late && (asked || rules.detect == Detect::kChanges));
      if (entry.cause.starts_with("following:")) RC_ASSERT(rules.propagate == Propagate::kFollowing && facts.processed);
      for (const RunFact& run : facts.runs) RC_ASSERT(run.state != RunFact::State::kOpen);
    }
  }));
}

TEST(PlanProperty, TheOrderOfTheInputDoesNotMatter) {
  EXPECT_TRUE(rc::check([] {
    PlanInput input = AnyInput();
    const Rules rules = AnyRules();
    const std::string before = Shape(MakePlan(rules, input));
    for (std::size_t i = input.outputs.size(); i > 1; --i) {
      std::swap(input.outputs[i - 1], input.outputs[static_cast<std::size_t>(Pick(0, static_cast<int>(i) - 1))]);
    }
    RC_ASSERT(Shape(MakePlan(rules, input)) == before);
  }));
}

TEST(PlanProperty, AtMostMaxBackfillsStartUnasked) {
  EXPECT_TRUE(rc::check([] {
    const PlanInput input = AnyInput();
    const Rules rules = AnyRules();
    int unasked = 0;
    for (const PlanEntry& entry : MakePlan(rules, input).entries) {
      const bool backfill = entry.decision == Decision::kProcess && entry.kind == RunFact::Kind::kBackfill;
      if (backfill && !FactsOf(input, entry).released) ++unasked;
    }
    RC_ASSERT(unasked <= rules.max_backfills);
  }));
}

// Once everything that a plan starts is processed at the newest version, the next plan starts no backfill of it.
TEST(PlanProperty, ProcessingWhatThePlanSaysSettlesIt) {
  EXPECT_TRUE(rc::check([] {
    PlanInput input = AnyInput();
    Rules rules = AnyRules();
    rules.propagate = Propagate::kNone;  // then what follows comes after it
    const Plan plan = MakePlan(rules, input);
    for (OutputFacts& facts : input.outputs) {
      const PlanEntry& entry = *std::find_if(plan.entries.begin(), plan.entries.end(),
                                             [&](const PlanEntry& e) { return e.key == facts.key; });
      if (entry.decision != Decision::kProcess) continue;
      facts.processed = ProcessedFact{input.newest, "r", {}};
      facts.unseen.clear();
      facts.runs.push_back({"r", entry.kind, RunFact::State::kSucceeded, entry.cause, true});
    }
    for (const PlanEntry& entry : MakePlan(rules, input).entries) {
      if (FactsOf(input, entry).processed && FactsOf(input, entry).unseen.empty()) {
        RC_ASSERT(entry.decision == Decision::kUpToDate);
      }
    }
  }));
}

}  // namespace
}  // namespace latecomer::lateness
