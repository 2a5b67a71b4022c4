// A ledger moved from its file into PostgreSQL.
#include <sqlite3.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "base/text.h"
#include "ledger/accounts.h"
#include "ledger/copy.h"
#include "ledger/ledger_contract.h"
#include "ledger/postgres_test_schema.h"
#include "ledger/sqlite_database.h"
#include "ledger/sqlite_ledger.h"
#include "testing/temporary_folder.h"

namespace latecomer::ledger {
namespace {

const Instant kNow = At(1704067200000);

class OnPostgresCopy : public ::testing::Test {
 protected:
  // A file with rows in every table: what an older program left, and what has come since.
  void SetUp() override {
    std::ifstream dump(LATECOMER_SOURCE_DIR "/src/ledger/testdata/schema_5.sql");
    const std::string sql{std::istreambuf_iterator<char>(dump), {}};
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
    auto opened = OpenSqliteLedger(file_, OpenMode::kExisting, random_);
    ASSERT_TRUE(opened) << opened.error().ToString();
    ledger_ = std::move(*opened);
    ASSERT_TRUE(ledger_->Write(Fill));
    const auto accounts = MakeAccounts(Connect());
    ASSERT_TRUE(accounts->InsertUser({.name = "ada", .role = Role::kAdmin, .password_hash = "h", .created = kNow}));
    ASSERT_TRUE(accounts->InsertSession({.hash = "s", .user = "ada", .created = kNow, .expires = kNow}));
    ASSERT_TRUE(accounts->InsertToken({.user = "ada", .name = "t", .hash = "x", .created = kNow, .expires = kNow}));
    ASSERT_TRUE(accounts->AppendAudit({.at = kNow, .user = "ada", .action = "clear", .outcome = "ok"}));
    ASSERT_TRUE(accounts->PutReply({.user = "ada", .key = "k", .request_hash = "r", .body = "{}", .at = kNow}));
  }
  static Status Fill(Writer& writer) {
    LATECOMER_RETURN_IF_ERROR(writer.PutPredecessor({.ledger_id = "before", .at = kNow}));
    RunRecord run = SomeRun("odd", "p", "c");
    run.note = std::string("a zero \0 and no UTF-8: \xFF \xF4\x8F\xB8\x80", 30);
    LATECOMER_RETURN_IF_ERROR(writer.InsertRun(run));
    for (int i = 0; i < 123; ++i) {
      LATECOMER_RETURN_IF_ERROR(
          writer.AppendEvent({.at = kNow, .pipeline = "devices", .what = "made", .detail = "{}"}));
    }
    LATECOMER_RETURN_IF_ERROR(writer.PutHold({.pipeline = "devices", .partition = "p", .reason = "r", .by = "ada"}));
    LATECOMER_RETURN_IF_ERROR(
        writer.PutRelease({.pipeline = "devices", .partition = "p", .up_to = {{"s", Version{1}}}}));
    LATECOMER_RETURN_IF_ERROR(writer.PutSettled({.pipeline = "devices", .shape = "{}", .up_to = {}}));
    LATECOMER_RETURN_IF_ERROR(writer.Mark("devices", "p"));
    TableRecord table;
    table.location = "/t";
    LATECOMER_RETURN_IF_ERROR(writer.PutTable(table));
    LATECOMER_RETURN_IF_ERROR(writer.PutSourcePartitions("/t", {{.key = "k", .log_json = "{}", .fingerprint = ~0ULL}}));
    return writer.AddReading("/t", "{}").map([](ReadingId) {});
  }
  std::unique_ptr<SqliteDatabase> Connect() {
    auto database = SqliteDatabase::Open(file_, SqliteAccess::kReadWrite);
    EXPECT_TRUE(database);
    return database ? std::move(*database) : nullptr;
  }
  Result<std::vector<CopiedRows>> Copy(Instant now = kNow) {
    return CopyToPostgres(*Connect(), file_, schema_.address(), random_, now);
  }

  testing::TemporaryFolder folder_;
  const std::string file_ = folder_ / "ledger.db";
  SystemRandom random_;
  std::unique_ptr<Ledger> ledger_;
  TestSchema schema_;
};

TEST_F(OnPostgresCopy, HoldsTheSameRecords) {
  const auto copied = Copy();
  ASSERT_TRUE(copied) << copied.error().ToString();
  for (const CopiedRows& table : *copied) {
    EXPECT_GT(table.rows, 0) << table.table << ": the test says nothing of it";
    const auto count = schema_.Query("SELECT count(*) FROM " + std::string(table.table));
    EXPECT_EQ(count, std::vector<std::string>{std::to_string(table.rows)}) << table.table;
  }
  std::vector<std::string> before, after;
  ASSERT_TRUE(ExportSqliteLedger(file_, [&](std::string_view line) -> Status {
    before.emplace_back(line);
    return {};
  }));
  const Status exported = ExportPostgresLedger(schema_.address(), [&](std::string_view line) -> Status {
    after.emplace_back(line);
    return {};
  });
  ASSERT_TRUE(exported) << exported.error().ToString();
  EXPECT_GT(before.size(), 150U);
  EXPECT_EQ(before, after);
  const auto check = CheckPostgresLedger(schema_.address());
  ASSERT_TRUE(check);
  EXPECT_EQ(check->problems, CheckSqliteLedger(file_)->problems);
}

TEST_F(OnPostgresCopy, IsTheSameLedgerAndCountsOnWhereTheOtherStopped) {
  ASSERT_TRUE(Copy());
  const auto copy = schema_.Open(OpenMode::kExisting);
  EXPECT_EQ(copy->id(), ledger_->id());
  for (Ledger* ledger : {ledger_.get(), copy.get()}) {
    std::int64_t run = 0, event = 0;
    const Status done = ledger->Write([&](Writer& writer) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(run, writer.InsertRun(SomeRun("next", "n", "n")));
      LATECOMER_RETURN_IF_ERROR(writer.AppendEvent({.pipeline = "devices", .what = "next"}));
      LATECOMER_ASSIGN_OR_RETURN(event, writer.LastEvent());
      return {};
    });
    ASSERT_TRUE(done) << done.error().ToString();
    ASSERT_TRUE(ledger->Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({}));
      EXPECT_EQ(runs.back().id, run);
      EXPECT_EQ(run, static_cast<std::int64_t>(runs.size())) << "none left out";
      return {};
    }));
  }
}

TEST_F(OnPostgresCopy, IsRefusedWhereThereIsALedgerOrWhileARunIsAtWork) {
  ASSERT_TRUE(ledger_->Write([](Writer& writer) {
    return writer.PutClaim({.pipeline = "devices", .partition = "busy", .token = 1, .expires = kNow + Duration(1)});
  }));
  const auto busy = Copy();
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().kind, ErrorKind::kConflict);
  EXPECT_NE(busy.error().message.find("at work"), std::string::npos);
  ASSERT_TRUE(Copy(kNow + Duration(1))) << "its lease has run out";
  const auto again = Copy(kNow + Duration(1));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
  EXPECT_NE(again.error().hint.find(schema_.address().schema), std::string::npos);
}

TEST_F(OnPostgresCopy, ThatFailsLeavesNothing) {
  // A reference that leads nowhere, which a file written past the program can have.
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "INSERT INTO sessions VALUES ('h', 'nobody', 1, 2)", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(handle);
  EXPECT_FALSE(Copy());
  EXPECT_TRUE(
      schema_.Query("SELECT nspname FROM pg_namespace WHERE nspname = '" + schema_.address().schema + "'").empty());
}

TEST_F(OnPostgresCopy, LeavesNoTableAndNoColumnOut) {
  std::map<std::string, std::set<std::string>> actual, copied;
  ASSERT_TRUE(
      Connect()->Execute("SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
                         "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'",
                         {}, [&](const Row& row) -> Status {
                           actual[std::string(row.Text(0))].emplace(row.Text(1));
                           return {};
                         }));
  for (const CopiedTable& table : CopiedTables()) {
    for (const std::string_view column : Split(table.columns, ',')) {
      EXPECT_TRUE(copied[std::string(table.name)].emplace(Trim(column)).second) << table.name << column;
    }
  }
  EXPECT_EQ(actual, copied);
}

}  // namespace
}  // namespace latecomer::ledger
