// Taking over what another system processed: recorded without running anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cadence.h"
#include "engine/observed_sources.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/catalog.h"

namespace latecomer::engine {

struct Adopted {
  std::vector<std::string> partitions;  // newly recorded
  int already = 0;                      // had a record and kept it
};
// Records the output partitions that exist at `at` (a version for each source) and begin no later than `last` (all when
// nullopt) as processed at `at`, without running anything. Changes after `at` make them late.
Result<Adopted> Adopt(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                      const ObservedSources& sources, const VersionVector& at, std::optional<LocalTime> last,
                      Instant now);

}  // namespace latecomer::engine
