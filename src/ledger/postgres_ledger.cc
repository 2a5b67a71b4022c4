#include "ledger/postgres_ledger.h"

#include <utility>

#include "ledger/check.h"
#include "ledger/schema.h"
#include "ledger/sql_export.h"
#include "ledger/sql_ledger.h"
#include "ledger/transaction.h"

namespace latecomer::ledger {
namespace {

const std::string& Where(const PostgresDatabase& database) {
  return database.address().shown;
}

// The ledger's row; kDamaged when the table of that name is another program's.
Result<LedgerHead> HeadOf(PostgresDatabase& database) {
  Result<LedgerHead> head = ReadHead(database);
  if (head || head.error().kind != ErrorKind::kUnexpected) return head;
  return Fail(
      Error(ErrorKind::kDamaged, "schema " + database.address().schema + " has a table `ledger` of something else")
          .In(Where(database))
          .Hint("name another schema: …?schema=NAME"));
}

// Writers exclude each other, also while the tables aren't there yet: what counts is seen inside the transaction.
Result<LedgerHead> BringUpToDate(PostgresDatabase& database, OpenMode mode, Random& random) {
  LedgerHead head;
  LATECOMER_RETURN_IF_ERROR(RunTransaction(database, Intent::kWrite, [&]() -> Status {
    head = LedgerHead{};
    LATECOMER_ASSIGN_OR_RETURN(const bool there, database.HasSchema());
    if (there) {
      LATECOMER_ASSIGN_OR_RETURN(head, HeadOf(database));
      LATECOMER_RETURN_IF_ERROR(CheckNotTooNew(head, Where(database)));
    } else if (mode != OpenMode::kCreate) {
      return Fail(NoLedger(Where(database)));
    } else {
      LATECOMER_RETURN_IF_ERROR(database.CreateSchema());
    }
    if (head.schema < CurrentSchema()) LATECOMER_RETURN_IF_ERROR(Migrate(database, head.schema, random));
    LATECOMER_ASSIGN_OR_RETURN(head, ReadHead(database));
    return {};
  }));
  return head;
}

// Without changing anything.
Result<std::optional<LedgerHead>> ReadWhatIsThere(PostgresDatabase& database) {
  std::optional<LedgerHead> head;
  LATECOMER_RETURN_IF_ERROR(RunTransaction(database, Intent::kRead, [&]() -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const bool there, database.HasSchema());
    if (!there) return {};
    LATECOMER_ASSIGN_OR_RETURN(head, HeadOf(database));
    return {};
  }));
  return head;
}

Result<LedgerHead> Prepare(PostgresDatabase& database, OpenMode mode, Random& random) {
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<LedgerHead> head, ReadWhatIsThere(database));
  if (mode == OpenMode::kReadOnly) {
    if (!head) return Fail(NoLedger(Where(database)));
    LATECOMER_RETURN_IF_ERROR(CheckReadable(*head, Where(database)));
    return *head;
  }
  if (head && head->schema == CurrentSchema()) return *head;
  return BringUpToDate(database, mode, random);
}

// A ledger where there was none, filled from another database.
Result<std::vector<CopiedRows>> FillNew(PostgresDatabase& database, Database& from, Random& random) {
  LATECOMER_ASSIGN_OR_RETURN(const bool there, database.HasSchema());
  if (there) {
    return Fail(Error(ErrorKind::kConflict, "there is a ledger already")
                    .In(Where(database))
                    .Hint("name another schema (…?schema=NAME), or remove this one with DROP SCHEMA " +
                          database.address().schema + " CASCADE"));
  }
  LATECOMER_RETURN_IF_ERROR(database.CreateSchema());
  LATECOMER_RETURN_IF_ERROR(Migrate(database, 0, random));
  LATECOMER_ASSIGN_OR_RETURN(std::vector<CopiedRows> copied, CopyRecords(from, database));
  for (const CopiedTable& table : CopiedTables()) {
    if (table.identity.empty()) continue;
    // The next one is counted on from the largest that came along.
    const Parameter values[] = {table.name, table.identity};
    const std::string sql = "SELECT setval(pg_get_serial_sequence($1, $2), max(" + std::string(table.identity) +
                            ")) FROM " + std::string(table.name);
    LATECOMER_RETURN_IF_ERROR(database.Execute(sql, values, [](const Row&) { return Status(); }));
  }
  return copied;
}

// What is only read needs no randomness.
class NoRandom final : public Random {
 public:
  std::uint64_t Next() override { return 0; }
};

}  // namespace

Result<std::unique_ptr<Ledger>> OpenPostgresLedger(const PostgresAddress& address, OpenMode mode, Random& random,
                                                   const PostgresPatience& patience) {
  LATECOMER_ASSIGN_OR_RETURN(std::unique_ptr<PostgresDatabase> database, PostgresDatabase::Open(address, patience));
  LATECOMER_ASSIGN_OR_RETURN(LedgerHead head, Prepare(*database, mode, random));
  database->TellOn(PostgresChannel(head.id));
  return std::make_unique<SqlLedger>(std::move(database), std::move(head.id), address.shown);
}

Result<std::unique_ptr<PostgresDatabase>> OpenPostgresDatabase(const PostgresAddress& address,
                                                               const PostgresPatience& patience) {
  NoRandom random;
  LATECOMER_ASSIGN_OR_RETURN(std::unique_ptr<PostgresDatabase> database, PostgresDatabase::Open(address, patience));
  LATECOMER_RETURN_IF_ERROR(Prepare(*database, OpenMode::kReadOnly, random));
  return database;
}

Result<LedgerCheck> CheckPostgresLedger(const PostgresAddress& address) {
  LATECOMER_ASSIGN_OR_RETURN(const auto database, OpenPostgresDatabase(address));
  LedgerCheck check;
  LATECOMER_RETURN_IF_ERROR(RunTransaction(*database, Intent::kRead, [&] {
    check = LedgerCheck{};
    return CheckContent(*database, check);
  }));
  return check;
}

Status ExportPostgresLedger(const PostgresAddress& address, const std::function<Status(std::string_view line)>& sink) {
  LATECOMER_ASSIGN_OR_RETURN(const auto database, OpenPostgresDatabase(address));
  LATECOMER_RETURN_IF_ERROR(database->Begin(Intent::kRead));  // once: lines that are out can't be taken back
  Status exported = ExportRecords(*database, sink);
  database->Rollback();  // nothing was written
  return exported;
}

Result<std::vector<CopiedRows>> CopyToPostgres(Database& from, const std::string& from_shown, const PostgresAddress& to,
                                               Random& random, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const auto database, PostgresDatabase::Open(to));
  std::vector<CopiedRows> copied;
  LATECOMER_RETURN_IF_ERROR(RunTransaction(from, Intent::kRead, [&]() -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const LedgerHead head, ReadHead(from));
    LATECOMER_RETURN_IF_ERROR(CheckReadable(head, from_shown));
    LATECOMER_RETURN_IF_ERROR(CheckNobodyWorks(from, from_shown, now.time_since_epoch().count()));
    return RunTransaction(*database, Intent::kWrite, [&]() -> Status {
      LATECOMER_ASSIGN_OR_RETURN(copied, FillNew(*database, from, random));
      return {};
    });
  }));
  return copied;
}

std::string PostgresChannel(const std::string& ledger_id) {
  return "latecomer " + ledger_id;
}

}  // namespace latecomer::ledger
