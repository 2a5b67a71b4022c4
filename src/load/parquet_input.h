// Parquet files as input of a load.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/column_types.h"
#include "load/batches.h"
#include "load/target.h"

namespace latecomer::load {

// The columns of a file, nested ones too.
Result<std::vector<delta::WriteColumn>> ParquetColumns(const std::string& path);

// Hands over the rows batch by batch, in the target's columns and types; missing columns are null. kInvalidFile for a
// column the target doesn't have or values that don't fit its type.
Status ReadParquet(const std::string& path, const Target& target, const std::function<Status(RowBatch&&)>& take);

}  // namespace latecomer::load
