#include "cli/server_ledger.h"

#include "ledger/postgres_ledger.h"

namespace latecomer::cli {
namespace {

// Who asks the server over HTTP is told soon that the database is away, rather than kept waiting.
constexpr ledger::PostgresPatience kForRequests{
    .reconnect = std::chrono::seconds(2), .lock = std::chrono::seconds(10), .statement = std::chrono::seconds(30)};

Result<std::unique_ptr<ledger::Ledger>> OpenForRequests(const LedgerPlace& place, Random& random) {
  if (!place.postgres) return OpenServerLedger(place, random);
  return ledger::OpenPostgresLedger(*place.postgres, ledger::OpenMode::kCreate, random, kForRequests);
}

Result<std::unique_ptr<ledger::Database>> ConnectForRequests(const LedgerPlace& place) {
  if (!place.postgres) return OpenLedgerDatabase(place);
  return ledger::OpenPostgresDatabase(*place.postgres, kForRequests);
}

}  // namespace

Result<std::unique_ptr<ledger::Ledger>> OpenServerLedger(const LedgerPlace& place, Random& random) {
  return OpenLedger(place, ledger::OpenMode::kCreate, random);
}

Result<std::unique_ptr<server::Store>> OpenStore(const LedgerPlace& place, Random& random) {
  auto store = std::make_unique<server::Store>();
  LATECOMER_ASSIGN_OR_RETURN(store->ledger, OpenForRequests(place, random));
  LATECOMER_ASSIGN_OR_RETURN(auto accounts, ConnectForRequests(place));
  store->accounts = ledger::MakeAccounts(std::move(accounts));
  LATECOMER_ASSIGN_OR_RETURN(auto activity, ConnectForRequests(place));
  store->activity = ledger::MakeActivity(std::move(activity));
  return store;
}

}  // namespace latecomer::cli
