// What of a changed pipeline file needs somebody's word, and what goes on by itself.
#include "engine/definition.h"

#include <gtest/gtest.h>

#include "ledger/sqlite_ledger.h"

namespace latecomer::engine {
namespace {

const std::string kBase = R"(
pipeline: devices
sources:
  devices: {table: devices, partition: event_time}
steps:
  - id: build
    sql: {query: SELECT * FROM devices, into: out}
)";

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

pipeline::Pipeline Parsed(const std::string& text, const std::string& file = "/p/devices.yaml") {
  auto parsed = pipeline::ParsePipeline(text, file);
  EXPECT_TRUE(parsed) << parsed.error().ToString();
  return parsed ? std::move(*parsed) : pipeline::Pipeline{};
}

DefinitionChange Compared(const std::string& now) {
  return CompareDefinitions(Parsed(kBase), Parsed(now));
}

TEST(Definition, StepsRulesAndScheduleGoOnByThemselves) {
  for (const std::string& now :
       {Replaced(kBase, "SELECT *", "SELECT DISTINCT *"), kBase + "schedule: {start: 2024-01-01}\n",
        kBase + "late_data: {min_rows: 5}\n", kBase + "  - id: more\n    sql: {query: SELECT 1 AS a, into: more}\n",
        Replaced(kBase, "{query: SELECT * FROM devices, into: out}", "{query: SELECT * FROM devices, into: ./out}")}) {
    const DefinitionChange change = Compared(now);
    EXPECT_TRUE(change.needs_accept.empty()) << now << change.needs_accept.front();
    EXPECT_FALSE(change.AddsSources());
  }
}

TEST(Definition, OtherOutputsNeedSomebodysWord) {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {Replaced(kBase, "into: out", "into: elsewhere"), "`into` of step build (/p/out, now /p/elsewhere)"},
      {Replaced(kBase, "event_time}", "event_time, mapping: {window: 2}}"),
       "sources.devices.mapping (identity, now window: 2)"},
      {Replaced(kBase, "event_time}", "event_time, time_zone: Europe/Berlin}"),
       "sources.devices.time_zone (UTC, now Europe/Berlin)"},
      {Replaced(kBase, "table: devices", "table: others"), "sources.devices.table (/p/devices, now /p/others)"},
      {Replaced(kBase, "event_time}", "created}"), "sources.devices.partition (event_time, now created)"},
      {Replaced(kBase, "event_time}", "event_time, mapping: {rollup: month}}"),
       "sources.devices.mapping (identity, now rollup)"},
      {Replaced(kBase, "steps:", "output: {partition: [event_time, country]}\nsteps:"),
       "output.partition (event_time, now event_time, country)"}};
  for (const auto& [now, what] : changes) {
    const DefinitionChange change = Compared(now);
    ASSERT_FALSE(change.needs_accept.empty()) << now;
    EXPECT_EQ(change.needs_accept.front(), what);
  }
}

TEST(Definition, ANewSourceIsNoRenamedOne) {
  const std::string two = Replaced(kBase, "steps:", "  users: {table: users, partition: event_time}\nsteps:");
  EXPECT_EQ(Compared(two).new_sources, std::vector<std::string>{"users"});
  EXPECT_TRUE(Compared(two).needs_accept.empty());
  std::string renamed = Replaced(kBase, "  devices:", "  machines:");
  renamed = Replaced(renamed, "FROM devices", "FROM machines");
  const DefinitionChange change = Compared(renamed);
  EXPECT_TRUE(change.new_sources.empty());
  EXPECT_EQ(change.renamed, (std::map<std::string, std::string>{{"machines", "devices"}}));
  EXPECT_EQ(CarryOver(change, {}, {{"devices", Version{3}}}), (VersionVector{{"machines", Version{3}}}));
  // With another table under another name it is a new one.
  EXPECT_EQ(Compared(Replaced(renamed, "table: devices", "table: machines")).new_sources,
            std::vector<std::string>{"machines"});
}

TEST(Definition, AFolderThatMovedTookItsTablesAlong) {
  const DefinitionChange moved = CompareDefinitions(Parsed(kBase), Parsed(kBase, "/elsewhere/devices.yaml"));
  EXPECT_TRUE(moved.needs_accept.empty());
  const std::string absolute = Replaced(kBase, "into: out", "into: /data/out");
  EXPECT_FALSE(CompareDefinitions(Parsed(absolute), Parsed(kBase, "/elsewhere/devices.yaml")).needs_accept.empty());
}

TEST(Definition, OnlyWhatWasProcessedOrIsQueuedStopsIt) {
  SystemRandom random;
  auto ledger = ledger::OpenSqliteLedger(":memory:", ledger::OpenMode::kCreate, random).value();
  const auto before = Parsed(kBase);
  const auto now = Parsed(Replaced(kBase, "into: out", "into: elsewhere"));
  const auto check = [&] { return ledger->Read([&](ledger::Reader& reader) { return CheckDefinition(reader, now); }); };
  EXPECT_TRUE(check());
  ASSERT_TRUE(ledger->Write([&](ledger::Writer& writer) { return PutDefinition(writer, before, Instant{}); }));
  EXPECT_TRUE(check());
  ASSERT_TRUE(ledger->Write([&](ledger::Writer& writer) {
    return writer.PutProcessed({.pipeline = "devices", .partition = "p", .vector = {}, .run_id = "r", .at = {}});
  }));
  EXPECT_EQ(check().error().kind, ErrorKind::kConflict);
  EXPECT_NE(check().error().hint.find("latecomer accept"), std::string::npos);
}

}  // namespace
}  // namespace latecomer::engine
