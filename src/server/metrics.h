// What Prometheus reads at /metrics.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "ledger/records.h"
#include "server/store.h"

namespace latecomer::server {

struct App;

// Counters that this process keeps. Thread-safe.
class Counters {
 public:
  Counters();
  ~Counters();

  void RequestDone(std::string_view method, int status, Duration took);
  void RunEnded(const ledger::RunRecord& run);

 private:
  friend Result<std::string> MetricsText(App& app, Store& store);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Prometheus' text format: the process's counters, and what the ledger says at this moment.
Result<std::string> MetricsText(App& app, Store& store);

}  // namespace latecomer::server
