// The ledger as the server and the commands on users open it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "server/store.h"

namespace latecomer::cli {

// Made when missing. Further connections to it come from OpenStore.
Result<std::unique_ptr<ledger::Ledger>> OpenServerLedger(const std::string& file, Random& random);
// A connection for each interface, to a ledger that OpenServerLedger opened before.
Result<std::unique_ptr<server::Store>> OpenStore(const std::string& file, Random& random);

}  // namespace latecomer::cli
