#include "generate/generate.h"

#include <memory>
#include <vector>

#include "generate/row_format.h"
#include "generate/row_source.h"

namespace latecomer::generate {
namespace {

constexpr std::int64_t kProgressRows = 100'000;

}  // namespace

Result<GenerateReport> Generate(const Spec& spec, std::uint64_t seed, Format format, Output& output,
                                const std::function<void(std::int64_t)>& progress) {
  LATECOMER_RETURN_IF_ERROR(CheckSpec(spec));
  RowSource source(spec, seed);
  std::unique_ptr<RowFormat> rows;
  if (format == Format::kParquet) {
    LATECOMER_ASSIGN_OR_RETURN(rows, MakeParquetFormat(source.columns(), output));
  } else {
    rows = MakeTextFormat(format, source.columns(), output);
  }
  GenerateReport report;
  report.late_rows = source.late_rows();
  std::vector<Cell> row;
  while (source.Next(row)) {
    LATECOMER_RETURN_IF_ERROR(rows->Add(row));
    if (++report.rows % kProgressRows == 0 && progress) progress(report.rows);
  }
  LATECOMER_RETURN_IF_ERROR(rows->Finish());
  LATECOMER_RETURN_IF_ERROR(output.Close());
  report.bytes = output.bytes();
  return report;
}

}  // namespace latecomer::generate
