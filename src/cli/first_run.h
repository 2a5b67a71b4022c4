// A first run over a long past is more often a forgotten `adopt` than a wish.
#pragma once

#include <optional>

#include "cli/workspace.h"
#include "engine/engine.h"

namespace latecomer::cli {

// Set when this pipeline has no run yet and would process more than 100 partitions at once: what to ask, as
// the error of whoever can't ask.
Result<std::optional<Error>> FirstRunDoubt(Workspace& workspace, engine::Engine& engine);

}  // namespace latecomer::cli
