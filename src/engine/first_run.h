// A first run over a long past is more often a forgotten `adopt` than a wish: it is asked about before it starts.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "engine/engine.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// A first run of more partitions than this is asked about.
inline constexpr std::int64_t kFirstRunAsksAbove = 100;

// How many partitions a pipeline without any run would process now; nullopt when it has runs, or when they are few.
Result<std::optional<std::int64_t>> LongFirstRun(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                                 Engine& engine);

enum class FirstRun {
  kBegan,  // it has runs
  kMayBegin,
  kWaits,  // paused, until somebody resumes it
};
// For a scheduler that nobody watches: pauses the pipeline, once, before such a run. Who resumes it has said yes.
Result<FirstRun> AskByPausing(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, Engine& engine, Instant now);

}  // namespace latecomer::engine
