// The loop of `latecomer run`: turns the engines of several pipelines, fairly, until none of them gets further.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
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
  // When it looks again: at once, or at this moment, or before it when something that it runs has ended.
  bool due = true;
  Instant next{};
};

// Pipelines that other processes changed. From any thread.
class Nudges {
 public:
  void Add(const std::string& pipeline);  // "": any of them
  std::set<std::string> Take();

 private:
  std::mutex mutex_;
  std::set<std::string> pipelines_;
};

// A lane looks when it got further itself, when one that it depends on did (pipeline/neighbours.h), when something that
// it runs has ended, when it was nudged, and once a second: so what one of them does costs nothing in the others.
// Before the end all look once more.
//
// SIGINT: no more runs are started; again: what is running is cancelled, as by SIGTERM; its runs go back to the queue,
// and kCancelled is returned. A lane that fails takes no other with it.
Status Drive(Context& context, executor::Executor& executor, Nudges& nudges, std::vector<Lane>& lanes);

}  // namespace latecomer::cli
