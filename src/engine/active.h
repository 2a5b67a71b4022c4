// Private to the engine: a run whose claim this scheduler holds.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace latecomer::engine {

struct Engine::Active {
  // How an attempt ended, as the executor told.
  struct Finished {
    std::string step;
    executor::AttemptStatus status;
  };

  ledger::RunRecord run;
  ledger::TryRecord attempt;  // the try
  table::PartitionKey key;
  std::vector<ledger::StepRecord> steps;
  std::map<int, std::int64_t> kept_tokens;                // by try whose success some step keeps
  std::vector<std::string> predecessors;                  // ledgers whose writes this one's may follow
  std::map<std::string, ledger::AttemptRecord> attempts;  // running ones, by step
  std::map<std::string, std::string> handles;             // the executor's, by step
  std::vector<Finished> finished;                         // seen, not yet in the ledger
  std::vector<std::string> to_launch;                     // in the ledger as starting, not yet started
  std::set<std::string> resumed;                          // of those, what another scheduler may have started
  std::map<std::string, std::string> outside;             // what jobs outside do or wait for, by step
  bool detected = false;
  bool fresh = true;        // not yet advanced once
  bool record_due = false;  // every step succeeded, and the record isn't in the ledger yet
  std::string checked_at;   // the ledger's stamp when the run was last found to be still ours
  Instant renewed{};
  std::optional<Instant> wake_at;

  // Without anything having happened to its attempts meanwhile.
  bool HasMoreToDo() const { return fresh || record_due || !finished.empty(); }

  ledger::StepRecord* Find(const std::string& step) {
    for (ledger::StepRecord& record : steps) {
      if (record.step == step && record.map_index < 0) return &record;
    }
    return nullptr;
  }
};

struct Engine::Granted {
  std::unique_ptr<Active> active;  // null when the run was skipped
  ledger::RunRecord run;
  Status in_force{};  // whether the definition still is
};

}  // namespace latecomer::engine
