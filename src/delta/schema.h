// The table's schema and partition columns from its metaData, and the names its log uses for them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "table/partition_key.h"
#include "table/table.h"

namespace latecomer::delta {

struct TableSchema {
  std::string table_id;
  table::PartitionSchema partition_columns;  // logical names, in the table's order
  std::vector<table::Column> columns;
  std::map<std::string, std::string> configuration;
  // Physical name in partitionValues → logical name; equal without column mapping.
  std::map<std::string, std::string, std::less<>> logical_names;
};

// kDamaged when the schema is no Delta schema or a partition column isn't in it; kUnsupported for a
// partition column of a type that none can have, or a column mapping mode that isn't known.
Result<TableSchema> ParseSchema(const Metadata& metadata, const Protocol& protocol);

// kUnsupported, naming version and features, unless the log can be read by these rules. kDamaged when
// features and version contradict each other so that the rules are not known.
Status CheckProtocol(const Protocol& protocol);

}  // namespace latecomer::delta
