// Partitions as Spark's SQL writes them. Everything from outside is quoted here.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "table/partition_key.h"

namespace latecomer::executor {

// `a ``name```
std::string SparkName(std::string_view name);
// DATE → "DATE", long → "BIGINT", decimal(10,2) → "DECIMAL(10,2)"
std::string SparkType(const table::DataType& type);
// The text that, cast to the column's type, is the value.
std::string SparkText(const table::DataType& type, const table::PartitionValue& value);

// Which rows are of this partition: "`event_time` = CAST('2024-01-01' AS DATE)"; "true" without columns. kUnsupported
// for a binary column, whose values have no text.
Result<std::string> SparkCondition(const table::PartitionSchema& schema, const table::PartitionKey& key);
// The same for any of several: "false" for none.
Result<std::string> SparkCondition(const table::PartitionSchema& schema, const std::set<table::PartitionKey>& keys);

}  // namespace latecomer::executor
