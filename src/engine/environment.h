// Everything the engine takes from outside: time, randomness, ledger, tables, executor.
#pragma once

#include <functional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "executor/executor.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/catalog.h"

namespace latecomer::engine {

enum class HolderState { kAlive, kDead, kUnknown };  // kUnknown: on another machine

// Told after each change was committed; for progress on a terminal, never for decisions.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void OnObserved(const std::string& location, Version newest, std::int64_t new_commits,
                          const std::string& note) = 0;
  virtual void OnRun(const ledger::RunRecord& run) = 0;  // created, or its state changed
  virtual void OnStep(const ledger::RunRecord& run, const ledger::StepRecord& step) = 0;
};

struct Environment {
  ledger::Ledger& ledger;
  table::Catalog& catalog;
  executor::Executor& executor;
  Clock& clock;
  Random& random;
  std::string holder;  // this scheduler, as claims name it
  std::function<HolderState(const std::string& holder)> probe_holder;
  std::string state_folder;  // absolute; logs/ and work/ lie in it
  Listener* listener = nullptr;
  Duration lease = std::chrono::minutes(1);
  // How often a source is looked at whose pipeline file doesn't say (`watch_every`); 0: with each Tick.
  Duration watch_every{0};
  // Before a long first run: pause the pipeline until somebody resumes it (engine/first_run.h).
  bool asks_before_first_run = false;
  // The definition of a pipeline that the ledger knows; nullopt when its file is gone: then nobody waits for it. Unset:
  // what its text in the ledger says.
  std::function<Result<std::optional<pipeline::Pipeline>>(const ledger::PipelineRecord&)> definition_of{};
};

}  // namespace latecomer::engine
