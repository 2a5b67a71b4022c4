// Rows of a text format, value by value, from a reader to a sink.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "load/input_blocks.h"

namespace latecomer::load {

enum class ValueKind {
  kText,    // a JSON string, a quoted CSV field
  kField,   // an unquoted CSV field: could be anything
  kNumber,  // a JSON number, as it is written
  kTrue,
  kFalse,
  kNull,
  kNested,  // a JSON object or array; the text is empty
};

// Errors come without a place; the reader adds file, line and column.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // `position` counts the row's values from 0: a hint where `name` may be found.
  virtual Status OnValue(std::size_t position, std::string_view name, ValueKind kind, std::string_view text) = 0;
  virtual Status OnRowEnd(std::int64_t line) = 0;
};

// Reads blocks of one format; one reader per thread. kInvalidFile with file, line and column.
class RowReader {
 public:
  virtual ~RowReader() = default;
  virtual Status Read(const Block& block, RowSink& sink) = 0;
};

// One JSON object per line; blank lines are passed over.
std::unique_ptr<RowReader> MakeJsonReader(const std::vector<std::string>& files);

// RFC 4180 with a header line; an empty field without quotes is null. `headers`: the names, for each file.
using CsvHeaders = std::vector<std::vector<std::string>>;
std::unique_ptr<RowReader> MakeCsvReader(const std::vector<std::string>& files, const CsvHeaders& headers);
Result<CsvHeaders> ReadCsvHeaders(const std::vector<std::string>& files);

}  // namespace latecomer::load
