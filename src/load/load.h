// Appends the rows of files to a table, in one commit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/version.h"
#include "delta/table_writer.h"
#include "load/input_blocks.h"
#include "load/target.h"

namespace latecomer::load {

struct LoadRequest {
  std::vector<std::string> inputs;
  std::optional<InputFormat> format;  // none: by each file's name
  Partitioning partitioning;
  std::size_t threads = 0;  // 0: as many as the machine has
  // Bytes of input read so far, and in all; called from the calling thread.
  std::function<void(std::int64_t, std::int64_t)> progress;
};

struct LoadReport {
  Version version;
  bool created = false;  // the table
  std::int64_t rows = 0;
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  struct Partition {
    table::PartitionKey key;
    std::int64_t rows = 0;
  };
  std::vector<Partition> partitions;  // ordered by key
};

// The table is created when it is missing, its columns found in the rows. A row that can't be taken ends it with
// kInvalidFile, naming file, line and column; on any error nothing is committed and no file stays. Memory is bounded
// whatever the input's size.
Result<LoadReport> Load(delta::DeltaWriter& writer, const LoadRequest& request);

}  // namespace latecomer::load
