#include "engine/run_names.h"

#include <gtest/gtest.h>

namespace latecomer::engine {
namespace {

table::PartitionKey Key(std::vector<std::string> names, const std::vector<std::string>& texts) {
  std::vector<table::PartitionValue> values;
  for (const std::string& text : texts) values.push_back(*table::PartitionValue::Parse({}, text));
  return table::PartitionKey(std::move(names), std::move(values));
}

TEST(RunNames, SayThePartitionAndTheCause) {
  const auto key = Key({"event_time"}, {"2024-01-01"});
  lateness::PlanEntry entry;
  entry.changes.resize(2);
  entry.changes[0].version = Version{3};
  entry.changes[1].version = Version{7};
  EXPECT_EQ(ScheduledRunId(key, "interval"), "scheduled_2024-01-01");
  EXPECT_EQ(ScheduledRunId(key, "interval~2"), "scheduled_2024-01-01~2");
  EXPECT_EQ(BackfillRunId(key, nullptr, entry, Instant{}), "backfill_2024-01-01_v7");
  entry.cause = "devices@7~3";
  EXPECT_EQ(BackfillRunId(key, nullptr, entry, Instant{}), "backfill_2024-01-01_v7~3");
  ledger::RunRecord parent;
  parent.partition_display = "2024-01-02";
  EXPECT_EQ(BackfillRunId(key, &parent, entry, *ParseInstant("2024-01-04T10:00:00.123Z")),
            "backfill_2024-01-01_from_2024-01-02_20240104T100000.123Z");
}

TEST(RunNames, NeverLeadOutOfTheirFolder) {
  for (const char* text : {"..", "../../etc", "a/b", "\n", ".", "...", "a\\b", "%2F"}) {
    const std::string name = PartitionName(Key({"p"}, {text}));
    EXPECT_EQ(name.find('/'), std::string::npos) << text;
    EXPECT_EQ(name.find('\n'), std::string::npos) << text;
    EXPECT_NE(name.find_first_not_of('.'), std::string::npos) << text;
  }
}

TEST(RunNames, AttemptsLieInFoldersWithoutColons) {
  ledger::RunRecord run;
  run.pipeline = "p";
  run.run_id = "scheduled_2024-01-01%2005:00:00";
  ledger::AttemptRecord attempt;
  attempt.try_number = 2;
  attempt.step = "s.0";
  attempt.number = 3;
  const std::string folder = "p/scheduled_2024-01-01%2005%3A00%3A00/";
  EXPECT_EQ(WorkFolder("/state", run, attempt), "/state/work/" + folder + "2.s.0.3");
  EXPECT_EQ(LogFile("/state", run, attempt), "/state/logs/" + folder + "2/s.0/3.log");
}

TEST(RunNames, DifferentPartitionsHaveDifferentNames) {
  EXPECT_NE(PartitionName(Key({"a", "b"}, {"x-y", "z"})), PartitionName(Key({"a", "b"}, {"x", "y-z"})));
  const std::string stem(200, 'x');
  EXPECT_NE(PartitionName(Key({"a"}, {stem + "1"})), PartitionName(Key({"a"}, {stem + "2"})));
  EXPECT_NE(TransactionAppId("p", Key({"a"}, {stem + "1"}), "s"), TransactionAppId("p", Key({"a"}, {stem + "2"}), "s"));
}

}  // namespace
}  // namespace latecomer::engine
