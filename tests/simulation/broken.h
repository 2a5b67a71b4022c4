// Variants of the engine's surroundings in which one promise can't hold: the simulation has to find each.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "executor/executor.h"
#include "sim_jobs.h"
#include "table/table.h"
#include "watched_ledger.h"

namespace latecomer::simulation {

struct Variant {
  std::function<std::shared_ptr<table::TableHistory>(std::shared_ptr<table::TableHistory>)> history;
  std::function<std::unique_ptr<executor::Executor>(std::unique_ptr<executor::Executor>)> executor;
  std::shared_ptr<LedgerTwist> twist;
  TokenRule rule = JudgeToken;
};

struct VariantName {
  std::string name;
  std::string what;  // for people
};
std::vector<VariantName> BrokenVariants();
// Empty name: nothing is broken. Throws std::invalid_argument for an unknown one.
Variant MakeVariant(const std::string& name);

}  // namespace latecomer::simulation
