// Rows as bytes of a format.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "generate/output_file.h"
#include "generate/row_source.h"
#include "generate/spec.h"

namespace latecomer::generate {

class RowFormat {
 public:
  virtual ~RowFormat() = default;
  virtual Status Add(const std::vector<Cell>& row) = 0;
  // Writes what is held back; the output is still to be closed.
  virtual Status Finish() = 0;
};

// JSON: one object per line, null written out. CSV: RFC 4180 with a header; null is an empty field, an empty text
// a pair of quotes.
std::unique_ptr<RowFormat> MakeTextFormat(Format format, const std::vector<ColumnInfo>& columns, Output& output);
Result<std::unique_ptr<RowFormat>> MakeParquetFormat(const std::vector<ColumnInfo>& columns, Output& output);

}  // namespace latecomer::generate
