// OpenLineage events (https://openlineage.io, 2-0-2) about each try of a run: START, COMPLETE, FAIL, ABORT, with the
// tables, their pinned versions, and the partition as facets. To a file, one JSON object a line, or to an HTTP address.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "ledger/records.h"
#include "server/fleet.h"
#include "server/json.h"
#include "server/store.h"

namespace latecomer::server {

struct LineageSettings {
  std::string ledger_id;
  std::string job_namespace = "latecomer";
};

// The event of a run that came into its present state; nullopt when it is none of OpenLineage's. `tries` are the run's.
std::optional<Json> LineageEvent(const LineageSettings& settings, const pipeline::Pipeline& pipeline,
                                 const ledger::RunRecord& run, const std::vector<ledger::TryRecord>& tries, Instant at);

// Sends events from a thread of its own. What can't be sent is tried again a few times, then dropped and said: lineage
// never holds up a run.
class LineageSender {
 public:
  // `target`: a path, file:path, http:// or https://…
  LineageSender(std::string target, LineageSettings settings, StorePool& stores, Fleet& fleet, Clock& clock,
                std::function<void(const std::string&)> log);
  ~LineageSender();  // sends what is left, for ten seconds at most

  void OnRun(const ledger::RunRecord& run);

 private:
  struct Item {
    ledger::RunRecord run;
    Instant at{};
  };
  void Loop();
  bool TooLate() const;  // with mutex_ held
  Status Send(const Item& item);
  Status Deliver(const std::string& event);

  const std::string target_;
  const LineageSettings settings_;
  StorePool& stores_;
  Fleet& fleet_;
  Clock& clock_;
  std::function<void(const std::string&)> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> waiting_;
  bool ending_ = false;
  std::chrono::steady_clock::time_point last_moment_;  // of sending, once ending_
  std::thread thread_;
};

}  // namespace latecomer::server
