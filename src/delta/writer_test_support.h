// A table in memory for tests of the writer, and Parquet files to put into it.
#pragma once

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "delta/delta_table.h"
#include "delta/table_writer.h"
#include "testing/fake_clock.h"
#include "testing/memory_store.h"

namespace latecomer::delta {

class WriterTest : public ::testing::Test {
 protected:
  using Row = std::pair<std::string, std::int64_t>;  // type, devices

  WriterTest()
      : clock_(std::make_shared<latecomer::testing::FakeClock>()),
        store_(std::make_shared<latecomer::testing::MemoryStore>(clock_)),
        history_(*OpenDeltaTable(store_, {})) {}
  ~WriterTest() override {
    for (const std::string& file : files_) ::unlink(file.c_str());
  }

  // One for each thread: random numbers are no shared thing.
  std::shared_ptr<DeltaWriter> NewWriter() {
    randoms_.push_back(std::make_unique<SeededRandom>(++seed_));
    return *OpenDeltaWriter(store_, {}, *clock_, *randoms_.back());
  }

  static std::shared_ptr<arrow::Schema> FileSchema() {
    return arrow::schema({arrow::field("type", arrow::utf8()), arrow::field("devices", arrow::int64())});
  }
  static std::shared_ptr<arrow::RecordBatch> Batch(const std::vector<Row>& rows) {
    arrow::StringBuilder types;
    arrow::Int64Builder devices;
    for (const auto& [type, count] : rows) {
      EXPECT_TRUE(types.Append(type).ok());
      EXPECT_TRUE(devices.Append(count).ok());
    }
    return arrow::RecordBatch::Make(FileSchema(), static_cast<std::int64_t>(rows.size()),
                                    {*types.Finish(), *devices.Finish()});
  }
  // A local Parquet file, as a SQL step leaves it.
  std::string ParquetOf(const std::vector<Row>& rows) {
    const std::string path = ::testing::TempDir() + "/writer_test_" + std::to_string(::getpid()) + "_" +
                             std::to_string(files_.size()) + ".parquet";
    files_.push_back(path);
    const auto table = *arrow::Table::FromRecordBatches({Batch(rows)});
    const auto out = *arrow::io::FileOutputStream::Open(path);
    EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 2).ok());
    EXPECT_TRUE(out->Close().ok());
    return path;
  }

  static table::PartitionSchema Partitions() { return {{"event_time", table::DataType{}}}; }
  static table::PartitionKey Day(const std::string& day) {
    return *table::PartitionKey::ParsePath(Partitions(), "event_time=" + day);
  }
  static WriteSchema Schema() {
    return {{{"type", "\"string\""}, {"devices", "\"long\""}, {"event_time", "\"string\""}}, {"event_time"}};
  }

  static Result<AppendReport> AppendRows(DeltaWriter& writer, const std::string& day, const std::vector<Row>& rows) {
    LATECOMER_ASSIGN_OR_RETURN(const auto file,
                               writer.OpenDataFile(Day(day), 0, FileSchema(), DataFileWriter::Threads::kOne));
    LATECOMER_RETURN_IF_ERROR(file->Write(*Batch(rows)));
    LATECOMER_ASSIGN_OR_RETURN(NewFile done, file->Close());
    return writer.Append({Schema(), {std::move(done)}});
  }

  table::ReplaceRequest Replacement(const std::string& day, const std::vector<Row>& rows, std::int64_t token) {
    table::ReplaceRequest request;
    request.key = Day(day);
    request.parquet_file = ParquetOf(rows);
    request.partition_columns = Partitions();
    request.transaction = {"latecomer/p/" + day + "/s",    token, "ledger-1",
                           "run-" + std::to_string(token), 1,     {{"devices", token}}};
    return request;
  }

  std::vector<std::string> DataKeys() const {
    std::vector<std::string> keys;
    for (std::string& key : store_->Keys()) {
      if (!key.starts_with("_delta_log/")) keys.push_back(std::move(key));
    }
    return keys;
  }
  std::int64_t Rows(const std::string& day) const {
    const auto snapshot = history_->ReadSnapshot(std::nullopt);
    if (!snapshot) return -1;
    for (const auto& partition : snapshot->partitions) {
      if (partition.key == Day(day)) return partition.rows.value_or(-1);
    }
    return 0;
  }
  std::string CommitTextOf(std::int64_t version) const {
    std::string digits = std::to_string(version);
    digits.insert(0, 20 - digits.size(), '0');
    return store_->Read("_delta_log/" + digits + ".json").value_or("");
  }

  std::shared_ptr<latecomer::testing::FakeClock> clock_;
  std::shared_ptr<latecomer::testing::MemoryStore> store_;
  std::shared_ptr<table::TableHistory> history_;

 private:
  std::vector<std::unique_ptr<Random>> randoms_;
  std::vector<std::string> files_;
  std::uint64_t seed_ = 0;
};

}  // namespace latecomer::delta
