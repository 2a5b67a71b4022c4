// What the rows of a Parquet file are, whatever order and encoding they have.
#pragma once

#include <arrow/io/type_fwd.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/column_types.h"

namespace latecomer::delta {

struct ParquetContent {
  std::vector<WriteColumn> columns;
  std::set<std::string> with_null;  // columns that hold a null
  std::int64_t rows = 0;
  std::string hash;        // order-independent, over column names, types and values; "1-<32 hex digits>"
  std::string stats_json;  // of parquet_stats.h
};

// Reads the whole file, batch by batch. `name` is for errors: kDamaged when it is no Parquet file or can't be
// read, kUnsupported when a column's type is none of a Delta table.
Result<ParquetContent> ReadParquetContent(std::shared_ptr<arrow::io::RandomAccessFile> file, const std::string& name);

}  // namespace latecomer::delta
