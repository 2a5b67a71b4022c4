// Column types in the three spellings a writer meets: JSON of the Delta schema, Arrow, and one text per
// type, by which types are compared.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"

namespace latecomer::delta {

struct WriteColumn {
  std::string name;
  std::string type_json;  // "\"string\"", "{\"type\":\"struct\",…}"
  bool nullable = true;
  std::string metadata_json = "{}";
};

// What a writer has to keep to. Partition columns are among `columns`.
struct WriteSchema {
  std::vector<WriteColumn> columns;
  std::vector<std::string> partition_columns;

  const WriteColumn* Find(std::string_view name) const;
  bool IsPartitionColumn(std::string_view name) const;
};

// kDamaged when schemaString is no Delta schema.
Result<WriteSchema> ReadWriteSchema(const Metadata& metadata);
std::string SchemaString(const WriteSchema& schema);
// What a new table can't have: no columns besides the partition's, two names that differ in case only, names
// with characters that Parquet files of Spark can't have. kInvalidArgument.
Status CheckNewSchema(const WriteSchema& schema);

// "long", "decimal(10,2)", "struct<a:long,b:array<string>>": equal for equal types; whether values inside may
// be null doesn't count.
std::string TypeText(const std::string& type_json);

// kUnsupported for types that a Delta table doesn't have (unsigned integers, times, …).
Result<std::string> TypeJsonOf(const arrow::DataType& type);
// kUnsupported for nested types.
Result<std::shared_ptr<arrow::DataType>> ArrowTypeOf(const std::string& type_json);

}  // namespace latecomer::delta
