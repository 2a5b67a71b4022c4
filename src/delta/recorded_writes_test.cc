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

}  // namespace
}  // namespace latecomer::delta
