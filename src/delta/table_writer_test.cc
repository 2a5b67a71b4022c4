#include "delta/table_writer.h"

#include <nlohmann/json.hpp>
#include <thread>

#include "delta/writer_test_support.h"

namespace latecomer::delta {
namespace {

using latecomer::testing::Landed;
using latecomer::testing::Operation;

class AppendTest : public WriterTest {};

TEST_F(AppendTest, CreatesTheTableWithTheFirstRows) {
  const auto report = AppendRows(*NewWriter(), "2024-01-01", {{"galaxy", 1}, {"pixel", 2}});
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->version.value, 0);
  EXPECT_TRUE(report->created);
  EXPECT_EQ(Rows("2024-01-01"), 2);
  const auto info = history_->ReadInfo(std::nullopt);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->partition_columns, Partitions());
  ASSERT_EQ(DataKeys().size(), 1U);
  EXPECT_TRUE(DataKeys()[0].starts_with("event_time=2024-01-01/part-00000-"));
  EXPECT_TRUE(DataKeys()[0].ends_with(".c000.snappy.parquet"));
}

TEST_F(AppendTest, WritesCommitInfoAndStatsAsSparkDoes) {
  ASSERT_TRUE(AppendRows(*NewWriter(), "2024-01-01", {{"galaxy", 5}, {"pixel", 2}}));
  const std::string text = CommitTextOf(0);
  const auto first = nlohmann::json::parse(text.substr(0, text.find('\n')));
  const auto& info = first.at("commitInfo");
  EXPECT_EQ(info.at("operation"), "WRITE");
  EXPECT_EQ(info.at("operationParameters").at("partitionBy"), "[\"event_time\"]");
  EXPECT_EQ(info.at("operationMetrics").at("numOutputRows"), "2");
  const auto add = nlohmann::json::parse(text.substr(text.find("{\"add\"")));
  const auto stats = nlohmann::json::parse(add.at("add").at("stats").get<std::string>());
  EXPECT_EQ(stats.dump(),
            "{\"maxValues\":{\"devices\":5,\"type\":\"pixel\"},\"minValues\":{\"devices\":2,\"type\":\"galaxy\"},"
            "\"nullCount\":{\"devices\":0,\"type\":0},\"numRecords\":2}");
}

TEST_F(AppendTest, NamesOfSpecialPartitionsAreEncodedOnceInTheFolderAndOnceInTheLog) {
  const auto writer = NewWriter();
  const table::PartitionKey key = *table::PartitionKey::FromTexts(Partitions(), {{"event_time", "a/b c%"}});
  auto file = *writer->OpenDataFile(key, 0, FileSchema(), DataFileWriter::Threads::kOne);
  ASSERT_TRUE(file->Write(*Batch({{"x", 1}})));
  ASSERT_TRUE(writer->Append({Schema(), {*file->Close()}}));
  const auto files = history_->ReadFiles(Version{0}, [](const table::PartitionKey&) { return true; });
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().key, key);
  EXPECT_TRUE(files->front().path.ends_with(DataKeys()[0])) << files->front().path;
}

TEST_F(AppendTest, ManyAtOnceAllLandAlsoWhenAllCreateTheTable) {
  constexpr int kThreads = 8;
  constexpr int kEach = 5;
  std::vector<std::shared_ptr<DeltaWriter>> writers;
  for (int i = 0; i < kThreads; ++i) writers.push_back(NewWriter());
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (const auto& writer : writers) {
      threads.emplace_back([&, writer] {
        for (int i = 0; i < kEach; ++i) {
          if (!AppendRows(*writer, "2024-01-01", {{"galaxy", i}})) ++failed;
        }
      });
    }
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Rows("2024-01-01"), kThreads * kEach);
  EXPECT_EQ(history_->LatestVersion()->value, kThreads * kEach - 1);
}

TEST_F(AppendTest, AFaultAtAnyCallLeavesTheOldTableOrTheNew) {
  ASSERT_TRUE(AppendRows(*NewWriter(), "2024-01-01", {{"galaxy", 1}}));
  std::int64_t rows = 1;
  for (const Operation operation : {Operation::kStat, Operation::kRead, Operation::kList, Operation::kPutIfAbsent,
                                    Operation::kOpenForWrite, Operation::kWrite, Operation::kClose}) {
    for (int nth = 1; nth <= 4; ++nth) {
      store_->FailCall(operation, nth, Error(ErrorKind::kIo, "the disk is full"));
      const auto report = AppendRows(*NewWriter(), "2024-01-01", {{"galaxy", 1}});
      if (report) ++rows;
      store_->ForgetFaults();
      ASSERT_EQ(Rows("2024-01-01"), rows) << static_cast<int>(operation) << " call " << nth;
    }
  }
}

TEST_F(AppendTest, ALostAnswerIsSettledByReadingTheCommit) {
  const auto writer = NewWriter();
  store_->LoseAnswer(1, Landed::kYes);
  const auto created = AppendRows(*writer, "2024-01-01", {{"galaxy", 1}});
  ASSERT_TRUE(created) << created.error().ToString();
  EXPECT_EQ(created->version.value, 0);
  store_->LoseAnswer(1, Landed::kNo);
  const auto second = AppendRows(*writer, "2024-01-01", {{"galaxy", 1}});
  ASSERT_TRUE(second) << second.error().ToString();
  EXPECT_EQ(Rows("2024-01-01"), 2);
  EXPECT_EQ(history_->LatestVersion()->value, 1);
}

TEST_F(AppendTest, AnUnsettledAnswerIsSaid) {
  const auto writer = NewWriter();
  ASSERT_TRUE(AppendRows(*writer, "2024-01-01", {{"galaxy", 1}}));
  // From the put on, reading fails.
  bool armed = true;
  store_->SetHook([&](Operation operation, std::string_view key) {
    if (operation != Operation::kPutIfAbsent || !armed || !key.starts_with("_delta_log/")) return;
    armed = false;
    store_->FailCall(Operation::kRead, 1, Error(ErrorKind::kIo, "the network is gone"));
  });
  store_->LoseAnswer(1, Landed::kYes);
  const auto report = AppendRows(*writer, "2024-01-01", {{"galaxy", 1}});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kUnknownOutcome);
}

TEST_F(AppendTest, AChangedSchemaIsAConflict) {
  const auto writer = NewWriter();
  ASSERT_TRUE(AppendRows(*writer, "2024-01-01", {{"galaxy", 1}}));
  AppendRequest request;
  request.schema = Schema();
  request.schema.columns[1].type_json = "\"string\"";
  const auto report = writer->Append(request);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kConflict);
  EXPECT_NE(report.error().message.find("'devices' is now long"), std::string::npos) << report.error().message;
}

TEST_F(AppendTest, InCommitTimestampsGoOnEvenWhenTheClockGoesBack) {
  store_->Replace(
      "_delta_log/00000000000000000000.json",
      "{\"commitInfo\":{\"inCommitTimestamp\":4102444800000,\"timestamp\":1,\"operation\":\"CREATE TABLE\"}}\n"
      "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"inCommitTimestamp\"]}}\n"
      "{\"metaData\":{\"id\":\"t\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":"
      "\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"type\\\",\\\"type\\\":\\\"string\\\","
      "\\\"nullable\\\":true,"
      "\\\"metadata\\\":{}},{\\\"name\\\":\\\"devices\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,"
      "\\\"metadata\\\":{}},"
      "{\\\"name\\\":\\\"event_time\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}\","
      "\"partitionColumns\":[\"event_time\"],\"configuration\":{\"delta.enableInCommitTimestamps\":\"true\"}}}\n");
  const auto report = AppendRows(*NewWriter(), "2024-01-01", {{"galaxy", 1}});
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_TRUE(CommitTextOf(1).starts_with("{\"commitInfo\":{\"inCommitTimestamp\":4102444800001,")) << CommitTextOf(1);
}

TEST_F(AppendTest, NothingIsCreatedOverALogThatCantBeRead) {
  ASSERT_TRUE(AppendRows(*NewWriter(), "2024-01-01", {{"galaxy", 1}}));
  ASSERT_TRUE(AppendRows(*NewWriter(), "2024-01-01", {{"galaxy", 1}}));
  ASSERT_TRUE(store_->Remove("_delta_log/00000000000000000000.json"));
  EXPECT_FALSE(AppendRows(*NewWriter(), "2024-01-01", {{"galaxy", 1}}));
  EXPECT_EQ(CommitTextOf(0), "");
}

}  // namespace
}  // namespace latecomer::delta
