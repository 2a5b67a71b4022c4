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
#include "engine/accept.h"
#include "engine/observed_sources.h"
#include "ledger_place.h"
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
  std::int64_t transactions = 0;  // of the schedulers on the ledger
  std::int64_t commits = 0;
  std::int64_t processings = 0;
  std::int64_t crashes = 0;
  std::int64_t restores = 0;  // of the ledger
  std::int64_t losses = 0;    // … without a copy
  std::int64_t outside = 0;   // jobs of outside workers
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
  void RunSteps();
  void Step();
  void TickOne(Scheduler& scheduler);
  void OnTickError(Scheduler& scheduler, const Error& error);
  void OnCrash(Scheduler& scheduler, const SimulatedCrash& crash);
  void CommitTo(const std::string& source);
  void CommitToSource();
  bool AnyReplaced() const;
  bool ReadsReplaced(const PipelineFacts& facts) const;
  void OnJobWrite(const OutputWrite& write);
  void PassTime(std::int64_t ms);
  SimTable& Table(const std::string& location);
  SimTable* FindTable(const std::string& location);
  Scheduler& PickScheduler();
  void Say(const std::string& line) const;

  // faults.cc
  void ArmFaults(Scheduler& scheduler);
  void Interrupt(Scheduler& interrupted);
  void StartDead(std::int64_t percent);
  void Disturb();
  engine::AcceptAs DrawAcceptAs();
  engine::AcceptAs DrawAcceptTableAs();
  void CleanSomeLog();
  void PersonMeddles();
  void PersonClears(std::size_t pipeline, const std::string& run_id);
  void PersonHolds(std::size_t pipeline, const Slot& slot);
  void PersonMarks();
  void PersonUndoes();
  void RequestRun(std::size_t pipeline, const Slot& slot);

  // another_table.cc
  void ReplaceSource();
  const SourceFacts* PickReplaceable();
  bool PersonAcceptsTable(engine::AcceptAs as);

  // ledger_loss.cc
  void BackUpOrRestore();
  bool MayRebuild() const;
  void PeopleRebuild(bool take_over);

  // changes.cc
  void ChangeDefinition();
  bool PersonAccepts(std::size_t pipeline, engine::AcceptAs as);
  void CancelToAccept(std::size_t pipeline);
  void PutInForce(std::size_t pipeline, ChangedPipeline changed);
  bool WaitsForAccept(const Scheduler& scheduler, const Error& error) const;

  // outside.cc
  struct OutsideWork {
    std::size_t pipeline = 0;
    engine::OutsideClaim claim;
    std::string job;  // its handle; empty: there is none
  };
  void OutsideStep();
  bool ClaimWork(std::size_t pipeline);
  void BeginWork(std::size_t pipeline, engine::OutsideClaim claim);
  bool LookAtWork(std::size_t index);
  void CheckRefused(const std::string& what, const OutsideWork& work, const Error& why);
  bool WorkOutside();

  // look.cc
  std::vector<ledger::RunRecord> RunsOf(const std::string& pipeline);
  std::optional<engine::ObservedSources> SourcesOf(const pipeline::Pipeline& pipeline);
  lateness::Plan PlanOf(std::size_t pipeline, Versions* seen, std::map<Slot, VersionVector>* processed);
  void CheckNothingLost();
  void SayWhatIsLeft();

  // quiet.cc
  void Quiet();
  void RetireMost();
  void CompleteTheDays();
  bool WorkUntilStill();
  bool PersonHelps(bool stuck);
  bool ClearFailed(std::size_t pipeline, const std::string& run_id);
  bool Release(std::size_t pipeline, const lateness::PlanEntry& entry);

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
  LedgerPlace ledger_;
  std::unique_ptr<WatchedLedger> watched_by_people_;
  std::set<std::string> dead_holders_;
  SharedWorld shared_;
  std::vector<std::unique_ptr<SimClock>> clocks_;  // by machine
  std::vector<std::unique_ptr<Scheduler>> schedulers_;
  std::vector<std::unique_ptr<Scheduler>> claimers_;  // by pipeline: `latecomer claim`, each time another process
  std::vector<OutsideWork> outside_work_;
  std::map<std::size_t, ChangedPipeline> waiting_;  // by pipeline: what its file says and nobody has accepted yet
  std::vector<std::pair<std::string, std::int64_t>> marks_;  // of which pipeline, by which event
  SimulationCounts counts_;
  bool interrupted_ = false;  // in the middle of a scheduler's look
  bool quiet_ = false;
};

}  // namespace latecomer::simulation
