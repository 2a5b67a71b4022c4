// The data files of one load: one per partition, within a bound on memory and open files.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/table_writer.h"
#include "load/batches.h"

namespace latecomer::load {

class PartitionFiles {
 public:
  PartitionFiles(delta::DeltaWriter& writer, std::shared_ptr<arrow::Schema> schema)
      : writer_(writer), schema_(std::move(schema)) {}
  // Files that were not released are removed.
  ~PartitionFiles();
  PartitionFiles(const PartitionFiles&) = delete;
  PartitionFiles& operator=(const PartitionFiles&) = delete;

  Status Write(const PartitionBatch& rows);
  // Completes all files. A partition has more than one only when very many were written to at once.
  Result<std::vector<delta::NewFile>> Finish();
  // The files belong to the table, or may.
  void Release() { finished_.clear(); }

 private:
  struct Open {
    std::unique_ptr<delta::DataFileWriter> file;
    std::int64_t last_used = 0;
  };
  Result<delta::DataFileWriter*> FileFor(const table::PartitionKey& key);
  Status CloseOldest();
  Status BoundMemory();

  delta::DeltaWriter& writer_;
  std::shared_ptr<arrow::Schema> schema_;
  std::map<table::PartitionKey, Open> open_;
  std::map<table::PartitionKey, int> parts_;
  std::vector<delta::NewFile> finished_;
  std::int64_t pending_bytes_ = 0;  // of all open files
  std::int64_t uses_ = 0;
};

}  // namespace latecomer::load
