#include "cli/ledger_place.h"

#include <cstdlib>
#include <filesystem>

#include "cli/workspace.h"
#include "ledger/postgres_ledger.h"
#include "ledger/sqlite_database.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateFolder = ".latecomer";

// The nearest `.latecomer` at or above the folder; the folder's own when there is none.
std::string StateFolderOf(const std::string& start) {
  std::error_code ignored;
  for (fs::path folder = start;; folder = folder.parent_path()) {
    if (fs::is_directory(folder / kStateFolder, ignored)) return (folder / kStateFolder).string();
    if (folder == folder.parent_path()) return (fs::path(start) / kStateFolder).string();
  }
}

LedgerPlace InFile(const std::string& file) {
  return {.shown = file, .state_folder = fs::path(file).parent_path().string(), .file = file, .postgres = {}};
}

}  // namespace

Result<LedgerPlace> FindLedger(const std::string& option, const std::string& folder) {
  std::string url = option;
  if (url.empty()) {
    if (const char* from_environment = std::getenv("LATECOMER_LEDGER")) url = from_environment;
  }
  if (ledger::IsPostgresUrl(url)) {
    LATECOMER_ASSIGN_OR_RETURN(ledger::PostgresAddress address, ledger::ParsePostgresUrl(url));
    LedgerPlace place;
    place.shown = address.shown;
    place.state_folder = StateFolderOf(folder);
    place.postgres = std::move(address);
    return place;
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::string file, LedgerFile(option, folder));
  return InFile(file);
}

Result<bool> LedgerExists(const LedgerPlace& place) {
  if (place.postgres) {
    LATECOMER_ASSIGN_OR_RETURN(const auto database, ledger::PostgresDatabase::Open(*place.postgres));
    return database->HasSchema();
  }
  std::error_code unseen;
  const bool exists = fs::exists(place.file, unseen);
  if (!unseen) return exists;
  return Fail(Error(ErrorKind::kPermission, "the ledger can't be reached: " + unseen.message()).In(place.file));
}

Result<std::unique_ptr<ledger::Ledger>> OpenLedger(const LedgerPlace& place, ledger::OpenMode mode, Random& random) {
  if (place.postgres) return ledger::OpenPostgresLedger(*place.postgres, mode, random);
  return ledger::OpenSqliteLedger(place.file, mode, random);
}

Result<std::unique_ptr<ledger::Database>> OpenLedgerDatabase(const LedgerPlace& place) {
  if (place.postgres) return ledger::OpenPostgresDatabase(*place.postgres);
  return ledger::SqliteDatabase::Open(place.file, ledger::SqliteAccess::kReadWrite);
}

std::unique_ptr<ledger::PostgresWatch> WatchLedger(const LedgerPlace& place, const std::string& ledger_id,
                                                   std::function<void(const std::string& pipeline)> on_change) {
  if (!place.postgres) return nullptr;
  return ledger::WatchPostgresLedger(*place.postgres, ledger_id, std::move(on_change));
}

}  // namespace latecomer::cli
