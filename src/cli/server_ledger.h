// The ledger as the server and the commands on users open it.
#pragma once

#include <memory>

#include "base/ids.h"
#include "base/result.h"
#include "cli/ledger_place.h"
#include "server/store.h"

namespace latecomer::cli {

// Made when missing. Further connections to it come from OpenStore.
Result<std::unique_ptr<ledger::Ledger>> OpenServerLedger(const LedgerPlace& place, Random& random);
// A connection for each interface, to a ledger that OpenServerLedger opened before.
Result<std::unique_ptr<server::Store>> OpenStore(const LedgerPlace& place, Random& random);

}  // namespace latecomer::cli
