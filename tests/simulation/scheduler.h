// One scheduler process: an engine with everything it reaches the world through.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "broken.h"
#include "engine/engine.h"
#include "sim_clock.h"
#include "sim_executor.h"
#include "watched_ledger.h"

namespace latecomer::simulation {

// What schedulers share.
struct SharedWorld {
  SimJobs& jobs;
  ledger::Ledger*& ledger;
  Random& random;
  std::function<SimTable*(const std::string& location)> find_table;
  std::set<std::string>& dead_holders;
  const Variant& variant;
};

class Scheduler {
 public:
  using Observer = std::function<void(const LedgerEffects&, std::int64_t now_ms)>;

  Scheduler(SharedWorld& world, pipeline::Pipeline pipeline, int pipeline_index, int machine, SimClock& clock,
            Observer observer);

  // The file says something else from now on; who is at work has read what it said before.
  void Redefine(pipeline::Pipeline pipeline) { pipeline_ = std::move(pipeline); }
  bool has_registered() const { return registered_; }
  // A process with another identity.
  void Start();
  void StartAs(std::string holder, Duration lease);
  // The process is gone; its jobs are not.
  void Die();
  bool alive() const { return engine_ != nullptr; }

  // One look of the engine. An error that was not thrown comes back.
  Result<engine::TickReport> Tick();
  // What `latecomer claim` does.
  Result<engine::OutsideClaims> Claim(const engine::OutsideRequest& request);

  engine::Engine& engine() { return *engine_; }
  const pipeline::Pipeline& pipeline() const { return pipeline_; }
  int pipeline_index() const { return pipeline_index_; }
  const std::string& holder() const { return holder_; }
  SimClock& clock() { return clock_; }
  std::int64_t transactions() const { return ledger_->transactions(); }
  FaultPoints points;
  std::int64_t hangs_until_ms = 0;  // true time
  bool retired = false;             // never started again

 private:
  class Catalog;

  engine::HolderState Probe(const std::string& holder) const;

  SharedWorld& world_;
  pipeline::Pipeline pipeline_;
  int pipeline_index_;
  int machine_;
  SimClock& clock_;
  std::unique_ptr<table::Catalog> catalog_;
  std::unique_ptr<executor::Executor> executor_;
  std::unique_ptr<WatchedLedger> ledger_;
  std::unique_ptr<engine::Engine> engine_;
  std::string holder_;
  bool registered_ = false;
};

}  // namespace latecomer::simulation
