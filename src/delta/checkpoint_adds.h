// The adds of a checkpoint's Parquet file. They are nearly all of it, so they are read column by column and straight
// into what is kept of a live file.
#pragma once

#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <optional>
#include <vector>

#include "base/result.h"
#include "delta/live_files.h"

namespace latecomer::delta {

// Where the columns of `add` are in a file. Those that a file doesn't have are left out.
struct AddColumns {
  // kDamaged when one has a wrong type.
  static Result<AddColumns> In(const parquet::SchemaDescriptor& schema);

  std::optional<int> path, size, stats, parsed_records;
  std::optional<int> partition_names, partition_texts;  // the map's keys and values
  std::optional<int> vector_type, vector_text, vector_offset, vector_size, vector_cardinality;
};

// Appends the adds of one row group to `files`. kDamaged when an add lacks what it must have; throws as Parquet does on
// pages that can't be read.
Status ReadAdds(parquet::RowGroupReader& group, const AddColumns& columns, LiveFileBatch& files);

}  // namespace latecomer::delta
