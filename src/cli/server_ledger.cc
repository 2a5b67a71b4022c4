#include "cli/server_ledger.h"

#include "ledger/sqlite_database.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::cli {

Result<std::unique_ptr<ledger::Ledger>> OpenServerLedger(const std::string& file, Random& random) {
  return ledger::OpenSqliteLedger(file, ledger::OpenMode::kCreate, random);
}

Result<std::unique_ptr<server::Store>> OpenStore(const std::string& file, Random& random) {
  auto store = std::make_unique<server::Store>();
  LATECOMER_ASSIGN_OR_RETURN(store->ledger, OpenServerLedger(file, random));
  LATECOMER_ASSIGN_OR_RETURN(auto accounts, ledger::SqliteDatabase::Open(file, ledger::SqliteAccess::kReadWrite));
  store->accounts = ledger::MakeAccounts(std::move(accounts));
  LATECOMER_ASSIGN_OR_RETURN(auto activity, ledger::SqliteDatabase::Open(file, ledger::SqliteAccess::kReadWrite));
  store->activity = ledger::MakeActivity(std::move(activity));
  return store;
}

}  // namespace latecomer::cli
