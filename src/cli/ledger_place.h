// Where the ledger of a command lies: an SQLite file, or a schema of a PostgreSQL database.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "ledger/database.h"
#include "ledger/ledger.h"
#include "ledger/postgres_address.h"
#include "ledger/postgres_watch.h"
#include "ledger/sqlite_ledger.h"  // OpenMode

namespace latecomer::cli {

inline constexpr const char* kLedgerOptionHelp =
    "The ledger: sqlite:FILE or postgresql://USER@HOST/DATABASE (default: .latecomer/ledger.db)";

struct LedgerPlace {
  std::string shown;                                // for people: the file, or the address without its password
  std::string state_folder;                         // logs/ and work/ lie in it
  std::string file;                                 // of SQLite; else empty
  std::optional<ledger::PostgresAddress> postgres;  // else
};

// What `option` (--ledger) names, else LATECOMER_LEDGER, else the file found upward from `folder`. A ledger in
// PostgreSQL has its logs and work in `.latecomer`, found the same way.
Result<LedgerPlace> FindLedger(const std::string& option, const std::string& folder);

// An error means that it can't be seen whether there is one; it is never taken for "none".
Result<bool> LedgerExists(const LedgerPlace& place);
Result<std::unique_ptr<ledger::Ledger>> OpenLedger(const LedgerPlace& place, ledger::OpenMode mode, Random& random);
// A further connection to a ledger that was opened before.
Result<std::unique_ptr<ledger::Database>> OpenLedgerDatabase(const LedgerPlace& place);

// Tells when other processes change it, as WatchPostgresLedger does; null with SQLite, where nobody tells.
std::unique_ptr<ledger::PostgresWatch> WatchLedger(const LedgerPlace& place, const std::string& ledger_id,
                                                   std::function<void(const std::string& pipeline)> on_change);

}  // namespace latecomer::cli
