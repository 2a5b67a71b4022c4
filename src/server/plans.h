// The plan of each pipeline as the API shows it, made anew when something changed.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/observed_sources.h"
#include "lateness/plan.h"
#include "pipeline/pipeline.h"
#include "server/fleet.h"
#include "server/store.h"

namespace latecomer::server {

enum class Scope {
  kOpen,  // without what is settled: costs what there is to plan, not what was ever processed
  kAll,
};

struct PlanView {
  lateness::Plan plan;                    // entries ordered by interval, those without one last
  engine::ObservedSources sources;        // what the ledger knew of the tables
  std::map<std::string, std::size_t> at;  // canonical key → place in plan.entries
  Instant made{};
  bool known = false;  // false: some table was never looked at, and the plan is empty
  std::int64_t late = 0, held = 0, failed = 0;

  const lateness::PlanEntry* Find(const std::string& canonical) const;
};

class Plans {
 public:
  // What the ledger says at `now`, or said so short a time ago that nobody can tell. `fleet`: the pipelines it may wait
  // for.
  Result<std::shared_ptr<const PlanView>> Of(Store& store, const FleetView& fleet, const pipeline::Pipeline& pipeline,
                                             Instant now, Scope scope);

 private:
  struct Entry {
    std::mutex making;
    std::shared_ptr<const PlanView> view;
    std::string basis;  // what it was made from
    Duration cost{0};
  };

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_[2];  // by scope, by pipeline id
};

}  // namespace latecomer::server
