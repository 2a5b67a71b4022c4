// What `latecomer ledger check` looks for in a file.
#include "ledger/check.h"
#include "ledger/sqlite_database.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::ledger {
namespace {

// SQLite's own checks; what they say is a problem of the file, not an error of this program.
Status CheckFile(Database& database, std::vector<std::string>& problems) {
  LATECOMER_RETURN_IF_ERROR(database.Execute("PRAGMA integrity_check", {}, [&](const Row& row) -> Status {
    if (row.Text(0) != "ok") problems.push_back("the file is damaged: " + std::string(row.Text(0)));
    return {};
  }));
  return database.Execute("PRAGMA foreign_key_check", {}, [&](const Row& row) -> Status {
    problems.push_back("an entry is gone that is named in table " + std::string(row.Text(0)));
    return {};
  });
}

// A check writes nothing, so it needs no randomness.
class NoRandom final : public Random {
 public:
  std::uint64_t Next() override { return 0; }
};

}  // namespace

Result<LedgerCheck> CheckSqliteLedger(const std::string& path) {
  NoRandom random;
  // Says what is wrong with a file that is no ledger at all.
  LATECOMER_RETURN_IF_ERROR(OpenSqliteLedger(path, OpenMode::kReadOnly, random));
  LATECOMER_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDatabase> database,
                             SqliteDatabase::Open(path, SqliteAccess::kReadOnly));
  LedgerCheck check;
  LATECOMER_RETURN_IF_ERROR(CheckFile(*database, check.problems));
  if (Status read = CheckContent(*database, check); !read) {
    if (read.error().kind != ErrorKind::kDamaged) return Fail(std::move(read).error());
    check.problems.push_back(read.error().message);
  }
  return check;
}

}  // namespace latecomer::ledger
