#include "delta/replace_partition.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "delta/writer_test_support.h"

namespace latecomer::delta {
namespace {

using latecomer::testing::Landed;
using latecomer::testing::Operation;
using table::WriteOutcome;

class ReplaceTest : public WriterTest {};

TEST_F(ReplaceTest, CreatesTheTableFromTheFilesColumns) {
  const auto report =
      NewWriter()->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}, {"pixel", 2}, {"htc", 3}}, 1));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->outcome, WriteOutcome::kCommitted);
  EXPECT_EQ(report->version.value, 0);
  EXPECT_EQ(report->rows, 3);
  EXPECT_EQ(Rows("2024-01-01"), 3);
  EXPECT_EQ(history_->ReadInfo(std::nullopt)->columns.size(), 3U);
}

TEST_F(ReplaceTest, ReplacesOnlyItsPartition) {
  const auto writer = NewWriter();
  ASSERT_TRUE(AppendRows(*writer, "2024-01-01", {{"galaxy", 1}}));
  ASSERT_TRUE(AppendRows(*writer, "2024-01-01", {{"galaxy", 2}}));
  ASSERT_TRUE(AppendRows(*writer, "2024-01-02", {{"galaxy", 3}}));
  const auto report =
      writer->ReplacePartition(Replacement("2024-01-01", {{"pixel", 1}, {"htc", 2}, {"lg", 3}, {"x", 4}}, 1));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(Rows("2024-01-01"), 4);
  EXPECT_EQ(Rows("2024-01-02"), 1);
  int removes = 0;
  std::string text = CommitTextOf(3);
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const auto action = nlohmann::json::parse(text.substr(at, text.find('\n', at) - at));
    if (!action.contains("remove")) continue;
    ++removes;
    const auto& remove = action.at("remove");
    EXPECT_EQ(remove.at("partitionValues").at("event_time"), "2024-01-01");
    EXPECT_TRUE(remove.at("extendedFileMetadata").get<bool>());
    EXPECT_TRUE(remove.at("dataChange").get<bool>());
    EXPECT_GT(remove.at("size").get<int>(), 0);
  }
  EXPECT_EQ(removes, 2);
}

TEST_F(ReplaceTest, EqualRowsInAnyOrderCommitTheTransactionOnly) {
  const auto writer = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}, {"pixel", 2}, {"htc", 3}}, 1)));
  const auto report = writer->ReplacePartition(Replacement("2024-01-01", {{"htc", 3}, {"galaxy", 1}, {"pixel", 2}}, 2));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->outcome, WriteOutcome::kSameContent);
  EXPECT_EQ(report->version.value, 1);
  EXPECT_EQ(history_->FindTransaction("latecomer/p/2024-01-01/s")->value().version, 2);
  EXPECT_EQ(DataKeys().size(), 1U);
  // Rows that only look alike are others: the sums of their values are equal.
  const auto other = writer->ReplacePartition(Replacement("2024-01-01", {{"htc", 1}, {"galaxy", 3}, {"pixel", 2}}, 3));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->outcome, WriteOutcome::kCommitted);
}

TEST_F(ReplaceTest, EqualRowsAreFoundWithoutTheTagToo) {
  const auto writer = NewWriter();
  ASSERT_TRUE(AppendRows(*writer, "2024-01-01", {{"galaxy", 1}, {"pixel", 2}}));
  const auto report = writer->ReplacePartition(Replacement("2024-01-01", {{"pixel", 2}, {"galaxy", 1}}, 1));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->outcome, WriteOutcome::kSameContent);
}

TEST_F(ReplaceTest, ARepeatIsEqualInEverything) {
  const auto writer = NewWriter();
  const auto request = Replacement("2024-01-01", {{"galaxy", 1}}, 7);
  ASSERT_TRUE(writer->ReplacePartition(request));
  ASSERT_TRUE(AppendRows(*writer, "2024-01-02", {{"galaxy", 1}}));
  const auto again = writer->ReplacePartition(request);
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->outcome, WriteOutcome::kRepeat);
  EXPECT_EQ(again->version.value, 0);
  EXPECT_EQ(again->rows, 1);
  EXPECT_EQ(history_->LatestVersion()->value, 1);
  for (const auto change : {0, 1, 2, 3}) {
    auto other = request;
    if (change == 0) other.transaction.run_id = "another";
    if (change == 1) other.transaction.try_number = 2;
    if (change == 2) other.transaction.vector["devices"] = 8;
    if (change == 3) other.transaction.ledger_id = "ledger-2";
    const auto refused = writer->ReplacePartition(other);
    ASSERT_FALSE(refused) << change;
    EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  }
  EXPECT_EQ(history_->LatestVersion()->value, 1);
}

TEST_F(ReplaceTest, ASmallerTokenIsRefusedAndLeavesNoFile) {
  const auto writer = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 5)));
  const auto late = writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 9}}, 4));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(DataKeys().size(), 1U);
}

TEST_F(ReplaceTest, AnotherLedgersOutputIsRefusedWhateverTheToken) {
  const auto writer = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 5)));
  for (const std::int64_t token : {4, 5, 6}) {
    auto request = Replacement("2024-01-01", {{"galaxy", 9}}, token);
    request.transaction.ledger_id = "ledger-2";
    const auto refused = writer->ReplacePartition(request);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
    EXPECT_NE(refused.error().message.find("ledger-1"), std::string::npos);
    EXPECT_FALSE(refused.error().hint.empty());
  }
}

TEST_F(ReplaceTest, AnEmptyResultEmptiesThePartition) {
  const auto writer = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  const auto emptied = writer->ReplacePartition(Replacement("2024-01-01", {}, 2));
  ASSERT_TRUE(emptied) << emptied.error().ToString();
  EXPECT_EQ(emptied->outcome, WriteOutcome::kCommitted);
  EXPECT_EQ(Rows("2024-01-01"), 0);
  auto without_file = Replacement("2024-01-01", {}, 3);
  without_file.parquet_file.clear();
  const auto still = writer->ReplacePartition(without_file);
  ASSERT_TRUE(still);
  EXPECT_EQ(still->outcome, WriteOutcome::kSameContent);
}

TEST_F(ReplaceTest, WhatDoesntFitTheTableIsRefused) {
  const auto writer = NewWriter();
  AppendRequest request;
  request.schema = Schema();
  request.schema.columns[1].type_json = "\"integer\"";
  ASSERT_TRUE(writer->Append(request));
  const auto other_type = writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1));
  ASSERT_FALSE(other_type);
  EXPECT_EQ(other_type.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(other_type.error().message.find("'devices' is integer in the table, but long"), std::string::npos);
  EXPECT_TRUE(DataKeys().empty());
}

TEST_F(ReplaceTest, AFileThatIsNoParquetChangesNothing) {
  auto request = Replacement("2024-01-01", {{"galaxy", 1}}, 1);
  std::ofstream(request.parquet_file) << "not the bytes of a Parquet file";
  const auto report = NewWriter()->ReplacePartition(request);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kDamaged);
  EXPECT_TRUE(store_->Keys().empty());
}

TEST_F(ReplaceTest, ACommitThatCameFirstIsTakenIntoAccount) {
  const auto writer = NewWriter();
  const auto other = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  bool armed = true;
  store_->SetHook([&](Operation operation, std::string_view key) {
    if (operation != Operation::kPutIfAbsent || !armed || !key.starts_with("_delta_log/")) return;
    armed = false;
    ASSERT_TRUE(AppendRows(*other, "2024-01-01", {{"late", 1}, {"late", 2}}));
  });
  const auto report = writer->ReplacePartition(Replacement("2024-01-01", {{"pixel", 1}}, 2));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->version.value, 2);
  EXPECT_EQ(Rows("2024-01-01"), 1);  // the appended rows were replaced too
}

TEST_F(ReplaceTest, ANewerClaimThatCameFirstWins) {
  const auto writer = NewWriter();
  const auto other = NewWriter();
  const auto newer = Replacement("2024-01-01", {{"newer", 1}, {"newer", 2}}, 3);
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  bool armed = true;
  store_->SetHook([&](Operation operation, std::string_view key) {
    if (operation != Operation::kPutIfAbsent || !armed || !key.starts_with("_delta_log/")) return;
    armed = false;
    ASSERT_TRUE(other->ReplacePartition(newer));
  });
  const auto report = writer->ReplacePartition(Replacement("2024-01-01", {{"older", 1}}, 2));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(Rows("2024-01-01"), 2);
  EXPECT_EQ(DataKeys().size(), 2U);  // the first and the newer one's; the older one's copy is gone
}

TEST_F(ReplaceTest, ALostAnswerIsNotWrittenTwice) {
  const auto writer = NewWriter();
  store_->LoseAnswer(1, Landed::kYes);
  const auto report = writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->outcome, WriteOutcome::kCommitted);
  EXPECT_EQ(history_->LatestVersion()->value, 0);
  EXPECT_EQ(DataKeys().size(), 1U);
}

TEST_F(ReplaceTest, AFaultAtAnyCallLeavesTheOldTableOrTheNew) {
  const auto writer = NewWriter();
  ASSERT_TRUE(writer->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  std::int64_t token = 1;
  std::int64_t rows = 1;
  for (const Operation operation : {Operation::kStat, Operation::kRead, Operation::kList, Operation::kPutIfAbsent,
                                    Operation::kOpenForWrite, Operation::kWrite, Operation::kClose}) {
    for (int nth = 1; nth <= 4; ++nth) {
      ++token;
      const std::vector<Row> wanted(static_cast<std::size_t>(token), Row{"galaxy", token});
      store_->FailCall(operation, nth, Error(ErrorKind::kIo, "the disk is full"));
      if (writer->ReplacePartition(Replacement("2024-01-01", wanted, token))) rows = token;
      store_->ForgetFaults();
      ASSERT_EQ(Rows("2024-01-01"), rows) << static_cast<int>(operation) << " call " << nth;
    }
  }
}

// Cuts the power before the nth call from now that writes; the process is dead from there on.
class PowerCut {
 public:
  PowerCut(latecomer::testing::MemoryStore& store, int nth) : store_(store), left_(nth) {
    store_.SetHook([this](Operation operation, std::string_view) {
      const bool writes = operation >= Operation::kPutIfAbsent;
      if (!writes || left_ == 0 || --left_ > 0) return;
      store_.Crash();
      for (std::size_t any = 0; any < latecomer::testing::kOperations; ++any) {
        for (int call = 1; call <= kCallsOfTheDead; ++call) {
          store_.FailCall(static_cast<Operation>(any), call, Error(ErrorKind::kIo, "the power is off"));
        }
      }
    });
  }
  PowerCut(const PowerCut&) = delete;
  PowerCut& operator=(const PowerCut&) = delete;
  ~PowerCut() {
    store_.SetHook(nullptr);
    store_.ForgetFaults();
  }
  bool happened() const { return left_ == 0; }

 private:
  static constexpr int kCallsOfTheDead = 50;
  latecomer::testing::MemoryStore& store_;
  int left_;
};

TEST_F(ReplaceTest, APowerCutAtAnyWriteLeavesTheOldTableOrTheNew) {
  ASSERT_TRUE(NewWriter()->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  std::int64_t rows = 1;
  bool happened = true;
  for (int nth = 1; happened; ++nth) {
    const std::int64_t token = nth + 1;
    const std::vector<Row> wanted(static_cast<std::size_t>(token), Row{"galaxy", token});
    bool written = false;
    {
      const PowerCut cut(*store_, nth);
      written = NewWriter()->ReplacePartition(Replacement("2024-01-01", wanted, token)).has_value();
      happened = cut.happened();
    }
    const std::int64_t found = Rows("2024-01-01");
    if (found != rows) EXPECT_EQ(found, token) << "call " << nth;
    if (written) EXPECT_EQ(found, token) << "what was reported as written is gone; call " << nth;
    rows = found;
    const auto files = history_->ReadFiles(*history_->LatestVersion(), [](const auto&) { return true; });
    ASSERT_TRUE(files);
    for (const table::DataFile& file : *files) {
      const auto there = store_->Stat(file.path.substr(store_->location().size() + 1));
      ASSERT_TRUE(there) << file.path << " is live and isn't there; call " << nth;
      EXPECT_EQ(there->size_bytes, file.size_bytes);
    }
  }
}

TEST_F(ReplaceTest, WhatADiskOnlySaidItHadWrittenIsWrittenAgain) {
  ASSERT_TRUE(NewWriter()->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 1}}, 1)));
  store_->SetCache(latecomer::testing::DiskCache::kWriteBack);
  ASSERT_TRUE(NewWriter()->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 2}, {"htc", 2}}, 2)));
  store_->Crash();
  EXPECT_EQ(Rows("2024-01-01"), 1);
  const auto again = NewWriter()->ReplacePartition(Replacement("2024-01-01", {{"galaxy", 2}, {"htc", 2}}, 2));
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->outcome, WriteOutcome::kCommitted) << "no repeat: the table has forgotten it";
  EXPECT_EQ(Rows("2024-01-01"), 2);
}

TEST_F(ReplaceTest, AnAppendOnlyTableIsNotReplaced) {
  const auto writer = NewWriter();
  ASSERT_TRUE(AppendRows(*writer, "2024-01-01", {{"galaxy", 1}}));
  std::string text = CommitTextOf(0);
  const std::string mark = "\"configuration\":{";
  text.insert(text.find(mark) + mark.size(), "\"delta.appendOnly\":\"true\"");
  store_->Replace("_delta_log/00000000000000000000.json", text);
  const auto report = writer->ReplacePartition(Replacement("2024-01-01", {{"pixel", 1}}, 1));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kUnsupported);
  EXPECT_TRUE(writer->ReplacePartition(Replacement("2024-01-02", {{"pixel", 1}}, 1)));  // nothing to remove there
}

}  // namespace
}  // namespace latecomer::delta
