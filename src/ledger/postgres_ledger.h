// The ledger in one schema of a PostgreSQL database, for schedulers on several machines.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/copy.h"
#include "ledger/ledger.h"
#include "ledger/postgres_database.h"
#include "ledger/sqlite_ledger.h"  // OpenMode, LedgerCheck

namespace latecomer::ledger {

// The schema of the database is made with the ledger. kDamaged when what is there is no ledger, kUnsupported when a
// newer latecomer made it; and what PostgresDatabase::Open says. Any number of processes may do the same at once.
Result<std::unique_ptr<Ledger>> OpenPostgresLedger(const PostgresAddress& address, OpenMode mode, Random& random,
                                                   const PostgresPatience& patience = {});

// A further connection to a ledger that was opened before.
Result<std::unique_ptr<PostgresDatabase>> OpenPostgresDatabase(const PostgresAddress& address,
                                                               const PostgresPatience& patience = {});

// References and content; whether the files of the database are whole is asked of PostgreSQL's own tools.
Result<LedgerCheck> CheckPostgresLedger(const PostgresAddress& address);

// As ExportSqliteLedger.
Status ExportPostgresLedger(const PostgresAddress& address, const std::function<Status(std::string_view line)>& sink);

// Makes the ledger in `to` as a copy of what `from` holds, with the same ids; all of it or nothing. `from_shown` is for
// people. kConflict when there is a ledger already, or while a claim on the other is held at `now`.
Result<std::vector<CopiedRows>> CopyToPostgres(Database& from, const std::string& from_shown, const PostgresAddress& to,
                                               Random& random, Instant now);

// The channel on which commits to the ledger of this id tell of changes.
std::string PostgresChannel(const std::string& ledger_id);

}  // namespace latecomer::ledger
