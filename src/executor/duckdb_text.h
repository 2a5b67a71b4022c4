// Values, names and types of a table as DuckDB writes them. Everything from outside is quoted here.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "table/partition_key.h"
#include "table/table.h"

namespace latecomer::executor {

// 'it''s'
std::string QuoteText(std::string_view text);
// "a ""name"""
std::string QuoteName(std::string_view name);

// DATE → "DATE", decimal(10,2) → "DECIMAL(10,2)"
std::string DuckDbType(const table::DataType& type);

// The value as a constant of its column's type; null as a typed null.
std::string DuckDbConstant(const table::DataType& type, const table::PartitionValue& value);

// How a column of a data file becomes a column of the view.
struct ColumnReader {
  std::string type;        // of the view's column
  std::string expression;  // of the file's column, converted
};

// Whether timestamps that a file stores without saying that they are UTC (INT96 does) may be cast:
// the cast takes them as local times of the session, which is right only when that is UTC.
enum class SessionZone { kUtc, kOther };

// `file_column` is how the SQL names the file's column. Nested fields get their logical names.
// kUnsupported, naming the column, for a type that DuckDB has none for.
Result<ColumnReader> ReaderOf(const table::Column& column, const std::string& file_column, SessionZone zone);

// True when the column holds a timestamp somewhere.
bool HoldsTimestamp(const table::Column& column);

}  // namespace latecomer::executor
