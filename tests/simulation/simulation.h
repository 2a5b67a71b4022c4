// The simulated world of one seed: tables, jobs, a ledger, schedulers, people, and time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "checks.h"
#include "scenario.h"
#include "scheduler.h"
#include "writers.h"

namespace latecomer::simulation {

struct SimulationOptions {
  std::uint64_t seed = 1;
  int steps = 500;
  std::string broken;                                  // name of a variant; empty: none
  std::function<void(const std::string& line)> trace;  // empty: not traced
};

struct SimulationCounts {
  std::int64_t ticks = 0;
  std::int64_t commits = 0;
  std::int64_t processings = 0;
  std::int64_t crashes = 0;
};

class Simulation {
 public:
  explicit Simulation(SimulationOptions options);
  ~Simulation();

  // Throws Violation where a promise is broken.
  void Run();
  const SimulationCounts& counts() const { return counts_; }

 private:
  // simulation.cc
  void Step();
  void TickOne(Scheduler& scheduler);
  void OnTickError(Scheduler& scheduler, const Error& error);
  void CommitToSource();
  void OnJobWrite(const OutputWrite& write);
  void PassTime(std::int64_t ms);
  SimTable& Table(const std::string& location);
  SimTable* FindTable(const std::string& location);
  Scheduler& PickScheduler();
  void Say(const std::string& line) const;

  // look.cc
  lateness::Plan PlanOf(std::size_t pipeline, std::int64_t* seen, std::map<Slot, std::int64_t>* processed);
  void CheckNothingLost();

  // quiet.cc
  void Quiet();
  bool WorkUntilStill();
  bool PersonHelps();

  SimulationOptions options_;
  Dice dice_;
  Variant variant_;
  Scenario scenario_;
  WorldTime time_;
  SeededRandom random_;
  std::map<std::string, std::unique_ptr<SimTable>> tables_;
  Truth truth_;
  Checks checks_;
  Writers writers_;
  SimJobs jobs_;
  std::unique_ptr<ledger::Ledger> ledger_;
  ledger::Ledger* ledger_now_ = nullptr;
  std::set<std::string> dead_holders_;
  SharedWorld shared_;
  std::vector<std::unique_ptr<SimClock>> clocks_;  // by machine
  std::vector<std::unique_ptr<Scheduler>> schedulers_;
  SimulationCounts counts_;
};

}  // namespace latecomer::simulation
