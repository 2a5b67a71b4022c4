// Writes Delta tables: appends of data files, and partitions replaced in one commit.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "delta/column_types.h"
#include "delta/commit_writer.h"
#include "delta/data_file_writer.h"
#include "storage/object_store.h"
#include "table/partition_key.h"
#include "table/table_writer.h"

namespace latecomer::delta {

struct AppendRequest {
  // Columns of the files and partition columns: what a missing table is created with, and what an existing one
  // must have.
  WriteSchema schema;
  std::vector<NewFile> files;
};

struct AppendReport {
  Version version;
  bool created = false;  // the table
};

// Safe to use from several threads.
class DeltaWriter : public table::TableWriter {
 public:
  struct Shape {
    WriteSchema schema;
    table::PartitionSchema partition_columns;
  };
  // The newest schema; nullopt when there is no table. kUnsupported when this program can't append to it.
  virtual Result<std::optional<Shape>> ReadShape() = 0;

  // A data file of a new name. Not part of the table before Append.
  virtual Result<std::unique_ptr<DataFileWriter>> OpenDataFile(const table::PartitionKey& partition, int part,
                                                               std::shared_ptr<arrow::Schema> schema,
                                                               DataFileWriter::Threads threads) = 0;

  // One commit that adds the files; it never changes what is there. Tries again when another commit came first,
  // also when that one created the table. kConflict when the schema doesn't fit any more.
  virtual Result<AppendReport> Append(const AppendRequest& request) = 0;

  // Removes files that no commit names, after a failure.
  virtual void Discard(const std::vector<std::string>& keys) = 0;
};

// `store` is rooted at the table's folder, which need not exist. `random` makes names and ids; it is used
// by one thread at a time.
Result<std::shared_ptr<DeltaWriter>> OpenDeltaWriter(std::shared_ptr<storage::ObjectStore> store,
                                                     storage::StoreOpener open_store, Clock& clock, Random& random);

}  // namespace latecomer::delta
