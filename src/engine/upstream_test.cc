#include "engine/upstream.h"

#include <gtest/gtest.h>

namespace latecomer::engine {
namespace {

using lateness::Decision;
using lateness::Mapping;

struct Reads {
  std::string table;
  Mapping mapping{};
  Cadence cadence{};
};

// One that reads tables and writes `into`, by days, or by what `output` says.
pipeline::Pipeline Make(const std::string& id, const std::vector<Reads>& reads, const std::string& into,
                        Cadence output = {}, std::vector<std::string> extras = {}) {
  pipeline::Pipeline pipeline;
  pipeline.id = id;
  for (const Reads& one : reads) {
    pipeline.sources.push_back({.name = one.table,
                                .table = one.table,
                                .location = "/t/" + one.table,
                                .partition = {.columns = {"day"}, .format = ""},
                                .cadence = one.cadence,
                                .mapping = one.mapping});
  }
  pipeline.output.columns = {"day"};
  for (const std::string& name : extras) pipeline.output.columns.push_back(name);
  pipeline.output.partition.columns = {"day"};
  pipeline.output.cadence = output;
  pipeline.rules.calendar = Calendar(output, TimeZone::Utc());
  pipeline.steps.push_back(
      {.id = "build",
       .needs = {},
       .action = pipeline::SqlStep{.query = "", .file = "", .into = into, .into_location = "/t/" + into}});
  return pipeline;
}

table::PartitionKey Key(const std::string& day, const std::string& country = "") {
  table::PartitionSchema schema{{"day", {.kind = table::TypeKind::kDate}}};
  std::map<std::string, std::optional<std::string>> texts{{"day", day}};
  if (!country.empty()) {
    schema.push_back({"country", {.kind = table::TypeKind::kString}});
    texts["country"] = country;
  }
  return table::PartitionKey::FromTexts(schema, texts).value();
}

// Plans by pipeline id; a pipeline without one has nothing to do.
using Plans = std::map<std::string, std::vector<lateness::PlanEntry>>;

lateness::PlanEntry Entry(const table::PartitionKey& key, Decision decision, const std::string& rule = "") {
  lateness::PlanEntry entry;
  entry.key = key;
  entry.decision = decision;
  entry.rule = rule;
  entry.late = true;
  entry.blocking_run = "some_run";
  return entry;
}

UpstreamWaits Look(const pipeline::Pipeline& pipeline, const std::vector<pipeline::Pipeline>& others,
                   const Plans& plans, std::map<std::string, int>* asked = nullptr) {
  std::vector<KnownPipeline> known;
  for (const pipeline::Pipeline& one : others) known.push_back({one, false});
  const auto waits = LookUpstream(pipeline, known, [&](const pipeline::Pipeline& one) -> Result<UpstreamLook> {
    if (asked != nullptr) ++(*asked)[one.id];
    UpstreamLook look;
    if (const auto there = plans.find(one.id); there != plans.end()) look.plan.entries = there->second;
    return look;
  });
  EXPECT_TRUE(waits) << waits.error().ToString();
  return waits.value_or(UpstreamWaits());
}

const auto kClean = Make("clean", {{"raw"}}, "clean");

TEST(Upstream, AnIntervalWaitsForTheSameOneOnly) {
  const auto report = Make("report", {{"clean"}}, "report");
  const UpstreamWaits waits =
      Look(report, {kClean, report}, {{"clean", {Entry(Key("2024-01-01"), Decision::kProcess)}}});
  EXPECT_EQ(waits.Of(report, Key("2024-01-01")), "upstream clean: day=2024-01-01 is late");
  EXPECT_EQ(waits.Of(report, Key("2024-01-02")), "");
}

TEST(Upstream, WhatIsOpenFailedOrWaitsForItsTurnIsWaitedFor) {
  const auto report = Make("report", {{"clean"}}, "report");
  const auto waits_for = [&](Decision decision, const std::string& rule = "") {
    return !Look(report, {kClean}, {{"clean", {Entry(Key("2024-01-01"), decision, rule)}}})
                .Of(report, Key("2024-01-01"))
                .empty();
  };
  EXPECT_TRUE(waits_for(Decision::kOpen));
  EXPECT_TRUE(waits_for(Decision::kFailed));
  EXPECT_TRUE(waits_for(Decision::kWaiting, "settle"));
  EXPECT_TRUE(waits_for(Decision::kWaiting, "max_backfills"));
  EXPECT_FALSE(waits_for(Decision::kWaiting, "ready"));
  EXPECT_FALSE(waits_for(Decision::kWaiting, "future"));
  EXPECT_FALSE(waits_for(Decision::kHeld, "allowed_lateness"));
  EXPECT_FALSE(waits_for(Decision::kUpToDate));
  EXPECT_FALSE(waits_for(Decision::kIgnored));
}

TEST(Upstream, OverSeveralPipelinesAndEachIsAskedOnce) {
  // A diamond: clean → left, right → both.
  const auto left = Make("left", {{"clean"}}, "left");
  const auto right = Make("right", {{"clean"}}, "right");
  const auto both = Make("both", {{"left"}, {"right"}}, "both");
  std::map<std::string, int> asked;
  const UpstreamWaits waits =
      Look(both, {kClean, left, right}, {{"clean", {Entry(Key("2024-01-01"), Decision::kOpen)}}}, &asked);
  EXPECT_EQ(waits.Of(both, Key("2024-01-01")), "upstream clean: day=2024-01-01 is with some_run");
  EXPECT_EQ(asked, (std::map<std::string, int>{{"clean", 1}, {"left", 1}, {"right", 1}}));
}

TEST(Upstream, ThroughAWindowAndARollUp) {
  const auto week = Make("week", {{"clean", {.kind = Mapping::Kind::kWindow, .window = 2}}}, "week");
  const Plans plans{{"clean", {Entry(Key("2024-01-05"), Decision::kProcess)}}};
  const UpstreamWaits by_window = Look(week, {kClean}, plans);
  for (const char* day : {"2024-01-05", "2024-01-06", "2024-01-07"}) EXPECT_NE(by_window.Of(week, Key(day)), "") << day;
  for (const char* day : {"2024-01-04", "2024-01-08"}) EXPECT_EQ(by_window.Of(week, Key(day)), "") << day;

  const auto month =
      Make("month", {{"clean", {.kind = Mapping::Kind::kRollup}}}, "month", {.unit = CadenceUnit::kMonth});
  const UpstreamWaits by_month = Look(month, {kClean}, plans);
  EXPECT_NE(by_month.Of(month, Key("2024-01-01")), "");
  EXPECT_EQ(by_month.Of(month, Key("2024-02-01")), "");
}

TEST(Upstream, ThroughAllEverythingWaitsAndThroughLatestNothing) {
  const Plans plans{{"clean", {Entry(Key("2024-01-05"), Decision::kProcess)}}};
  const auto all = Make("all", {{"other"}, {"clean", {.kind = Mapping::Kind::kAll}}}, "out");
  EXPECT_NE(Look(all, {kClean}, plans).Of(all, Key("2023-06-01")), "");
  const auto latest = Make("latest", {{"other"}, {"clean", {.kind = Mapping::Kind::kLatest}}}, "out");
  EXPECT_TRUE(Look(latest, {kClean}, plans).Empty());
}

TEST(Upstream, OtherColumnsHaveToFit) {
  const auto clean = Make("clean", {{"raw"}}, "clean", {}, {"country"});
  const Plans plans{{"clean", {Entry(Key("2024-01-01", "DE"), Decision::kProcess)}}};
  const auto same = Make("same", {{"clean"}}, "same", {}, {"country"});
  EXPECT_NE(Look(same, {clean}, plans).Of(same, Key("2024-01-01", "DE")), "");
  EXPECT_EQ(Look(same, {clean}, plans).Of(same, Key("2024-01-01", "FR")), "");
  // Folded into days, each country counts.
  const auto folded = Make("folded", {{"clean"}}, "folded");
  EXPECT_NE(Look(folded, {clean}, plans).Of(folded, Key("2024-01-01")), "");
}

TEST(Upstream, ARunOfWhatIsUpToDateIsWaitedForToo) {
  const auto report = Make("report", {{"clean"}}, "report");
  const auto waits = LookUpstream(report, {{kClean, false}}, [](const pipeline::Pipeline&) -> Result<UpstreamLook> {
    return UpstreamLook{.plan = {}, .open = {{Key("2024-01-01"), "scheduled_2024-01-01"}}};
  });
  ASSERT_TRUE(waits);
  EXPECT_EQ(waits->Of(report, Key("2024-01-01")), "upstream clean: day=2024-01-01 is with scheduled_2024-01-01");
  EXPECT_EQ(waits->Of(report, Key("2024-01-02")), "");
}

TEST(Upstream, APausedOneIsNamedAsSuch) {
  const auto report = Make("report", {{"clean"}}, "report");
  const auto waits = LookUpstream(report, {{kClean, true}}, [](const pipeline::Pipeline&) -> Result<UpstreamLook> {
    UpstreamLook look;
    look.plan.entries.push_back(Entry(Key("2024-01-01"), Decision::kProcess));
    return look;
  });
  ASSERT_TRUE(waits);
  EXPECT_NE(waits->Of(report, Key("2024-01-01")).find("paused"), std::string::npos);
}

TEST(Upstream, OneThatStoppedHoldsUpEverythingAndSaysWhy) {
  const auto report = Make("report", {{"clean"}}, "report");
  const auto with = [&](ErrorKind kind) {
    return LookUpstream(report, {{kClean, false}}, [&](const pipeline::Pipeline&) -> Result<UpstreamLook> {
      return Fail(kind, "the table was replaced");
    });
  };
  EXPECT_EQ(with(ErrorKind::kHistoryGone)->Of(report, Key("2024-01-01")),
            "upstream clean, which has stopped: the table was replaced");
  EXPECT_EQ(with(ErrorKind::kIo).error().kind, ErrorKind::kIo);
}

TEST(Upstream, ARingEnds) {
  const auto one = Make("one", {{"b"}}, "a");
  const auto two = Make("two", {{"a"}}, "b");
  const Plans plans{{"two", {Entry(Key("2024-01-01"), Decision::kProcess)}}};
  EXPECT_NE(Look(one, {two}, plans).Of(one, Key("2024-01-01")), "");
}

TEST(Upstream, WithoutPipelinesUpstreamNobodyIsAsked) {
  std::map<std::string, int> asked;
  EXPECT_TRUE(Look(kClean, {Make("report", {{"clean"}}, "report")}, {}, &asked).Empty());
  EXPECT_TRUE(asked.empty());
}

}  // namespace
}  // namespace latecomer::engine
