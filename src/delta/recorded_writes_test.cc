#include "delta/recorded_writes.h"

#include <gtest/gtest.h>

#include <map>

#include "delta/writer_test_support.h"

namespace latecomer::delta {
namespace {

class RecordedWritesTest : public WriterTest {
 protected:
  std::map<std::string, table::RecordedWrite> Writes(const std::string& prefix) {
    const auto writes = history_->ReadRecordedWrites(prefix);
    EXPECT_TRUE(writes) << writes.error().ToString();
    std::map<std::string, table::RecordedWrite> by_id;
    if (!writes) return by_id;
    for (const table::RecordedWrite& write : *writes) by_id[write.transaction.app_id] = write;
    EXPECT_EQ(by_id.size(), writes->size()) << "one each";
    return by_id;
  }
};

TEST_F(RecordedWritesTest, TheNewestOfEachApplicationWithWhatItsCommitSays) {
  const auto writer = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-02", {{"pixel", 2}}, 2)));
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 5)));  // equal rows: the txn alone
  const auto writes = Writes("latecomer/p/");
  ASSERT_EQ(writes.size(), 2U);
  const table::RecordedWrite& first = writes.at("latecomer/p/2024-01-01/s");
  EXPECT_EQ(first.version.value, 2);
  EXPECT_EQ(first.transaction.version, 5);
  EXPECT_EQ(first.transaction.ledger_id, "ledger-1");
  EXPECT_EQ(first.transaction.run_id, "run-5");
  EXPECT_EQ(first.transaction.vector.at("devices"), 5);
  EXPECT_EQ(first.at, clock_->Now());
  EXPECT_EQ(writes.at("latecomer/p/2024-01-02/s").transaction.version, 2);
  EXPECT_TRUE(Writes("latecomer/p2/").empty());
}

TEST_F(RecordedWritesTest, OfAWriteByAnotherProgramOnlyTheTransactionIsKnown) {
  const auto writer = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  const std::string foreign = R"({"commitInfo":{"timestamp":1,"operation":"WRITE"}})"
                              "\n"
                              R"({"txn":{"appId":"latecomer/p/2024-01-01/s","version":7}})"
                              "\n";
  ASSERT_TRUE(store_->PutIfAbsent("_delta_log/00000000000000000001.json", foreign));
  const auto writes = Writes("latecomer/");
  ASSERT_EQ(writes.size(), 1U);
  EXPECT_EQ(writes.begin()->second.transaction.version, 7);
  EXPECT_EQ(writes.begin()->second.transaction.run_id, "");
  EXPECT_TRUE(writes.begin()->second.transaction.vector.empty());
}

TEST_F(RecordedWritesTest, ASparkJobSaysItInTheTextThatIsTheUsers) {
  const auto writer = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  const std::string spark =
      R"({"commitInfo":{"timestamp":7,"operation":"WRITE","operationMetrics":{"numOutputRows":"3"},"userMetadata":)"
      R"("{\"latecomer\":{\"ledgerId\":\"l\",\"runId\":\"r\",\"try\":2,\"vector\":{\"devices\":4}}}"}})"
      "\n"
      R"({"txn":{"appId":"latecomer/p/2024-01-01/s","version":7}})"
      "\n";
  ASSERT_TRUE(store_->PutIfAbsent("_delta_log/00000000000000000001.json", spark));
  const table::RecordedWrite write = Writes("latecomer/p/").at("latecomer/p/2024-01-01/s");
  EXPECT_EQ(write.version, Version{1});
  EXPECT_EQ(write.rows, 3);
  EXPECT_EQ(write.transaction.ledger_id, "l");
  EXPECT_EQ(write.transaction.run_id, "r");
  EXPECT_EQ(write.transaction.try_number, 2);
  EXPECT_EQ(write.transaction.vector.at("devices"), 4);
}

TEST_F(RecordedWritesTest, FewAndManyApplicationsSayTheSame) {
  const auto writer = NewWriter();
  std::map<std::string, std::int64_t> versions;
  for (int i = 0; i < 20; ++i) {
    const std::string day = "2024-01-" + std::to_string(10 + i);
    const auto report = writer->ReplacePartition(Replacement(day, {{"galaxy", i}}, i + 1));
    ASSERT_TRUE(report) << report.error().ToString();
    versions["latecomer/p/" + day + "/s"] = report->version.value;
  }
  const auto all = Writes("latecomer/p/");
  ASSERT_EQ(all.size(), 20U);
  for (const auto& [app_id, version] : versions) {
    EXPECT_EQ(all.at(app_id).version.value, version);
    const auto alone = Writes(app_id);
    ASSERT_EQ(alone.size(), 1U);
    EXPECT_EQ(alone.at(app_id).version.value, version);
    EXPECT_EQ(alone.at(app_id).transaction.version, all.at(app_id).transaction.version);
    EXPECT_EQ(alone.at(app_id).transaction.run_id, all.at(app_id).transaction.run_id);
    EXPECT_EQ(alone.at(app_id).rows, all.at(app_id).rows);
  }
}

TEST_F(RecordedWritesTest, OtherTextsOfUsersSayNothing) {
  const auto writer = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  for (const char* text : {R"("by hand")", R"("[]")", R"("{\"latecomer\":1}")", "7"}) {
    const Version next = *history_->LatestVersion();
    const std::string commit = R"({"commitInfo":{"timestamp":7,"operation":"WRITE","userMetadata":)" +
                               std::string(text) + "}}\n" +
                               R"({"txn":{"appId":"latecomer/p/2024-01-01/s","version":7}})" + "\n";
    ASSERT_TRUE(
        store_->PutIfAbsent("_delta_log/0000000000000000000" + std::to_string(next.value + 1) + ".json", commit));
    EXPECT_EQ(Writes("latecomer/p/").at("latecomer/p/2024-01-01/s").transaction.ledger_id, "") << text;
  }
}

}  // namespace
}  // namespace latecomer::delta
