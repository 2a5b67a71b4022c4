// Writes one Parquet data file into a table's folder, batch by batch.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "delta/commit_writer.h"
#include "storage/object_store.h"
#include "table/partition_key.h"

namespace parquet::arrow {
class FileWriter;
}

namespace latecomer::delta {

// "event_time=2024-01-01/part-00000-<uuid>.c000.snappy.parquet"
std::string DataFileKey(const table::PartitionKey& partition, int part, const std::string& uuid);

class DataFileWriter {
 public:
  // Columns of one batch may be encoded by several threads at once, or by the calling one alone; the latter is
  // a must where writers work in several threads.
  enum class Threads { kOne, kMany };

  static Result<std::unique_ptr<DataFileWriter>> Open(storage::ObjectStore& store, std::string key,
                                                      table::PartitionKey partition,
                                                      std::shared_ptr<arrow::Schema> schema, Threads threads);
  ~DataFileWriter();  // without Close: nothing is left of the file
  DataFileWriter(const DataFileWriter&) = delete;
  DataFileWriter& operator=(const DataFileWriter&) = delete;

  Status Write(const arrow::RecordBatch& batch);
  // Writes out what is held in memory, as a row group.
  Status EndRowGroup();
  // Bytes of batches since the last row group ended, as they were in memory.
  std::int64_t pending_bytes() const { return pending_bytes_; }
  const std::string& key() const { return key_; }

  // The file is there, whole and durable, when this returns without error.
  Result<NewFile> Close();

 private:
  class Output;
  DataFileWriter(std::string key, table::PartitionKey partition);
  Status Check(const arrow::Status& status);

  std::string key_;
  table::PartitionKey partition_;
  std::shared_ptr<Output> output_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::set<std::string> with_nan_;
  std::int64_t pending_bytes_ = 0;
};

}  // namespace latecomer::delta
