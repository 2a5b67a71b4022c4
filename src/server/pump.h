// Carries what the ledger says is new to those who watch, whoever wrote it: this server, another one, a command.
#pragma once

#include <map>
#include <string>

#include "base/version.h"
#include "server/app.h"

namespace latecomer::server {

class EventPump {
 public:
  explicit EventPump(App& app) : app_(app) {}

  // Before the first Step: what is in the ledger already is no news.
  Status Begin();
  // One look. Not to be called by two threads at once.
  Status Step();
  // Pipeline files were read again.
  void PublishFiles(const std::vector<std::string>& pipelines);

 private:
  void PublishTables(const std::map<std::string, Version>& seen);
  Status EndOldSessions(Store& store, Instant now);

  App& app_;
  std::map<std::string, Version> seen_;
  Instant checked_{};
  Instant pruned_{};
};

}  // namespace latecomer::server
