// The loop of `latecomer run`: turns the engines of several pipelines, fairly, until none of them gets further.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "engine/engine.h"
#include "executor/executor.h"

namespace latecomer::cli {

// A pipeline's engine, how its last look went, and what stopped it.
struct Lane {
  std::string pipeline;
  std::unique_ptr<engine::Engine> engine;
  engine::TickReport last;
  // kNotFound: a table isn't there; it is looked for again as long as other lanes get further, since they may make it.
  // Anything else ends the lane.
  std::optional<Error> error;
  bool ended = false;
};

// SIGINT: no more runs are started; again: what is running is cancelled, as by SIGTERM; its runs go back to the queue,
// and kCancelled is returned. A lane that fails takes no other with it.
Status Drive(Context& context, executor::Executor& executor, std::vector<Lane>& lanes);

}  // namespace latecomer::cli
