// Writes the rows of a spec.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "generate/output_file.h"
#include "generate/spec.h"

namespace latecomer::generate {

struct GenerateReport {
  std::int64_t rows = 0;
  std::int64_t late_rows = 0;
  std::int64_t bytes = 0;
};

// The output is closed when this returns without error. The same spec, seed and format give the same bytes, whatever
// the machine; memory is bounded whatever the number of rows. `progress`, when given, hears of rows now and then.
Result<GenerateReport> Generate(const Spec& spec, std::uint64_t seed, Format format, Output& output,
                                const std::function<void(std::int64_t)>& progress = {});

}  // namespace latecomer::generate
