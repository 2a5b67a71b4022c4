// Told when others change the ledger: a connection of its own that listens for what their commits tell.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ledger/postgres_address.h"

namespace latecomer::ledger {

// Changes come again and again until the object is gone. What this process commits itself is left out.
class PostgresWatch {
 public:
  virtual ~PostgresWatch() = default;
};

// `on_change` is called on a thread of the watch, with the pipeline, or with "" when any may have changed: after each
// time the connection was lost and made again. At most about twenty times a second for all pipelines together; what
// comes faster comes together. It must not block.
std::unique_ptr<PostgresWatch> WatchPostgresLedger(const PostgresAddress& address, const std::string& ledger_id,
                                                   std::function<void(const std::string& pipeline)> on_change);

}  // namespace latecomer::ledger
