// What is particular to the SQLite ledger: its file, damage, backups, checks.
#include "ledger/sqlite_ledger.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ledger_contract.h"
#include "ledger/sql_ledger.h"
#include "ledger/sqlite_database.h"

namespace latecomer::ledger {
namespace {

namespace fs = std::filesystem;

class SqliteLedgerTest : public testing::Test {
 protected:
  SqliteLedgerTest() {
    std::string pattern = testing::TempDir() + "/ledger-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    file_ = folder_ / "ledger.db";
  }
  ~SqliteLedgerTest() override {
    std::error_code ignored;
    fs::permissions(folder_, fs::perms::owner_all, ignored);
    fs::remove_all(folder_, ignored);
  }

  Result<std::unique_ptr<Ledger>> Open(OpenMode mode = OpenMode::kCreate) {
    return OpenSqliteLedger(file_, mode, random_);
  }
  ErrorKind KindOfOpen(OpenMode mode) {
    const auto ledger = Open(mode);
    EXPECT_FALSE(ledger);
    if (ledger) return ErrorKind::kCancelled;
    EXPECT_EQ(ledger.error().file, file_.string());
    EXPECT_NE(ledger.error().hint, "") << ledger.error().ToString();
    return ledger.error().kind;
  }
  static Status InsertRuns(Ledger& ledger, const std::string& prefix, int count) {
    return ledger.Write([&](Writer& writer) -> Status {
      for (int i = 0; i < count; ++i) {
        const std::string name = prefix + std::to_string(i);
        LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun(name, name, name)));
      }
      return {};
    });
  }
  static std::size_t CountRuns(Ledger& ledger) {
    std::size_t count = 0;
    const Status read = ledger.Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({}));
      count = runs.size();
      return {};
    });
    EXPECT_TRUE(read) << read.error().ToString();
    return count;
  }
  void Sql(const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_free(message);
    sqlite3_close(handle);
  }
  std::string Bytes() const {
    std::ifstream file(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void SetBytes(const std::string& bytes) const { std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes; }

  SystemRandom random_;
  fs::path folder_;
  fs::path file_;
};

TEST_F(SqliteLedgerTest, OnlyItsOwnerMayReadIt) {
  file_ = folder_ / "a" / "b" / "ledger.db";
  const auto ledger = Open();
  ASSERT_TRUE(ledger) << ledger.error().ToString();
  ASSERT_TRUE(InsertRuns(**ledger, "r", 1));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat info {};
    ASSERT_EQ(::stat((file_.string() + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << suffix;
  }
  EXPECT_EQ((*ledger)->location(), file_.string());
}

TEST_F(SqliteLedgerTest, NoneIsMadeUnlessAsked) {
  EXPECT_EQ(KindOfOpen(OpenMode::kExisting), ErrorKind::kNotFound);
  EXPECT_EQ(KindOfOpen(OpenMode::kReadOnly), ErrorKind::kNotFound);
  EXPECT_FALSE(fs::exists(file_));
  // What a process that died in between may leave behind.
  SetBytes("");
  EXPECT_EQ(KindOfOpen(OpenMode::kExisting), ErrorKind::kNotFound);
  EXPECT_EQ(KindOfOpen(OpenMode::kReadOnly), ErrorKind::kNotFound);
  EXPECT_TRUE(Open());
}

TEST_F(SqliteLedgerTest, SettingsHoldOnEachConnection) {
  const auto ledger = Open();
  ASSERT_TRUE(ledger);
  Database& database = dynamic_cast<SqlLedger&>(**ledger).database();
  const auto setting = [&](const std::string& name) {
    std::string value;
    EXPECT_TRUE(database.Execute("PRAGMA " + name, {}, [&](const Row& row) -> Status {
      value = row.Text(0);
      return {};
    }));
    return value;
  };
  EXPECT_EQ(setting("journal_mode"), "wal");
  EXPECT_EQ(setting("synchronous"), "2");
  EXPECT_EQ(setting("foreign_keys"), "1");
  EXPECT_EQ(setting("application_id"), std::to_string(0x4C415445));
}

TEST_F(SqliteLedgerTest, ReadingOnlyNeverWrites) {
  { ASSERT_TRUE(InsertRuns(**Open(), "r", 2)); }
  const std::string before = Bytes();
  {
    const auto ledger = Open(OpenMode::kReadOnly);
    ASSERT_TRUE(ledger) << ledger.error().ToString();
    EXPECT_EQ(CountRuns(**ledger), 2U);
    const Status written = InsertRuns(**ledger, "s", 1);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, ErrorKind::kPermission);
  }
  EXPECT_EQ(Bytes(), before);
}

TEST_F(SqliteLedgerTest, AReaderSeesWhatAWriterWroteMeanwhile) {
  const auto writer = Open();
  ASSERT_TRUE(writer);
  ASSERT_TRUE(InsertRuns(**writer, "r", 2));
  const auto reader = Open(OpenMode::kReadOnly);
  ASSERT_TRUE(reader) << reader.error().ToString();
  EXPECT_EQ(CountRuns(**reader), 2U);
  ASSERT_TRUE(InsertRuns(**writer, "s", 3));
  EXPECT_EQ(CountRuns(**reader), 5U);
}

TEST_F(SqliteLedgerTest, WithoutPermission) {
  if (::geteuid() == 0) return;  // for root there is no such thing
  { ASSERT_TRUE(InsertRuns(**Open(), "r", 1)); }
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  fs::permissions(file_, fs::perms::owner_read);
  EXPECT_EQ(KindOfOpen(OpenMode::kExisting), ErrorKind::kPermission);
  const auto reader = Open(OpenMode::kReadOnly);  // the folder can't take SQLite's helper files
  ASSERT_TRUE(reader) << reader.error().ToString();
  EXPECT_EQ(CountRuns(**reader), 1U);
  fs::permissions(file_, fs::perms::none);
  EXPECT_EQ(KindOfOpen(OpenMode::kReadOnly), ErrorKind::kPermission);
}

TEST_F(SqliteLedgerTest, OtherFilesAreNoLedgersAndStayAsTheyAre) {
  const std::string text(5000, 'x');
  SetBytes(text);
  for (const OpenMode mode : {OpenMode::kCreate, OpenMode::kExisting, OpenMode::kReadOnly}) {
    EXPECT_EQ(KindOfOpen(mode), ErrorKind::kDamaged);
  }
  EXPECT_EQ(Bytes(), text);
  SetBytes("short");
  EXPECT_EQ(KindOfOpen(OpenMode::kCreate), ErrorKind::kDamaged);
  fs::remove(file_);
  Sql("CREATE TABLE somebodys (thing TEXT); INSERT INTO somebodys VALUES ('precious')");
  const std::string database = Bytes();
  for (const OpenMode mode : {OpenMode::kCreate, OpenMode::kExisting, OpenMode::kReadOnly}) {
    EXPECT_EQ(KindOfOpen(mode), ErrorKind::kDamaged);
  }
  EXPECT_EQ(Bytes(), database);
  fs::remove(file_);
  fs::create_directory(file_);
  EXPECT_EQ(KindOfOpen(OpenMode::kExisting), ErrorKind::kInvalidArgument);
}

TEST_F(SqliteLedgerTest, ANewerSchemaIsLeftAlone) {
  { ASSERT_TRUE(Open()); }
  Sql("UPDATE ledger SET schema_version = 999");
  for (const OpenMode mode : {OpenMode::kCreate, OpenMode::kExisting, OpenMode::kReadOnly}) {
    EXPECT_EQ(KindOfOpen(mode), ErrorKind::kUnsupported);
  }
}

TEST_F(SqliteLedgerTest, DamageIsSaidAndFound) {
  { ASSERT_TRUE(InsertRuns(**Open(), "r", 500)); }
  std::string bytes = Bytes();
  ASSERT_GT(bytes.size(), 40'000U);
  for (std::size_t i = 8192; i < bytes.size(); i += 3) bytes[i] = static_cast<char>(i * 7);
  SetBytes(bytes);
  const auto ledger = Open(OpenMode::kExisting);
  if (ledger) {
    const Status read = (*ledger)->Read([](Reader& reader) -> Status {
      LATECOMER_RETURN_IF_ERROR(reader.Runs({}));
      LATECOMER_RETURN_IF_ERROR(reader.Pipelines());
      return {};
    });
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::kDamaged) << read.error().ToString();
  } else {
    EXPECT_EQ(ledger.error().kind, ErrorKind::kDamaged) << ledger.error().ToString();
  }
  const auto check = CheckSqliteLedger(file_);
  if (check) {
    EXPECT_FALSE(check->problems.empty());
  } else {
    EXPECT_EQ(check.error().kind, ErrorKind::kDamaged) << check.error().ToString();
  }
}

TEST_F(SqliteLedgerTest, WhoeverHoldsTheLedgerTooLongIsNamedAsTheCause) {
  const auto holder = Open();
  ASSERT_TRUE(holder);
  auto other = SqliteDatabase::Open(file_, SqliteAccess::kReadWrite, std::chrono::milliseconds(20));
  ASSERT_TRUE(other);
  const Status held = (*holder)->Write([&](Writer& writer) -> Status {
    const Status busy = (*other)->Begin(Intent::kWrite);
    EXPECT_FALSE(busy);
    if (!busy) {
      EXPECT_EQ(busy.error().kind, ErrorKind::kConflict);
      EXPECT_EQ(busy.error().file, file_.string());
      EXPECT_NE(busy.error().hint.find("fuser"), std::string::npos);
    }
    EXPECT_TRUE((*other)->Begin(Intent::kRead)) << "readers don't wait";
    (*other)->Rollback();
    return writer.InsertRun(SomeRun("r", "r", "r")).map([](auto) {});
  });
  EXPECT_TRUE(held);
  EXPECT_TRUE((*other)->Begin(Intent::kWrite));
  (*other)->Rollback();
  EXPECT_EQ(CountRuns(**holder), 1U);
}

TEST_F(SqliteLedgerTest, ManyOpenOneAtOnce) {
  std::vector<std::thread> threads;
  std::vector<std::string> ids(8);
  for (std::string& id : ids) {
    threads.emplace_back([&] {
      SystemRandom random;
      const auto ledger = OpenSqliteLedger(file_, OpenMode::kCreate, random);
      if (ledger) id = (*ledger)->id();
      EXPECT_TRUE(ledger) << ledger.error().ToString();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& id : ids) EXPECT_EQ(id, ids.front());
}

TEST_F(SqliteLedgerTest, BackupsAreWholeWhileOthersWrite) {
  const auto ledger = Open();
  ASSERT_TRUE(ledger);
  ASSERT_TRUE(InsertRuns(**ledger, "first", 10));
  const fs::path copy = folder_ / "copies" / "copy.db";
  const Status done = BackupSqliteLedger(file_, copy);
  ASSERT_TRUE(done) << done.error().ToString();
  ASSERT_TRUE(InsertRuns(**ledger, "later", 1));
  const auto again = BackupSqliteLedger(file_, copy);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
  const auto opened = OpenSqliteLedger(copy, OpenMode::kExisting, random_);
  ASSERT_TRUE(opened) << opened.error().ToString();
  EXPECT_EQ(CountRuns(**opened), 10U);
  EXPECT_EQ((*opened)->id(), (*ledger)->id());
  struct stat info {};
  ASSERT_EQ(::stat(copy.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(BackupSqliteLedger(folder_ / "none.db", folder_ / "c2.db").error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(fs::exists(folder_ / "c2.db"));
}

TEST_F(SqliteLedgerTest, CheckCountsAndFindsContradictions) {
  {
    const auto ledger = Open();
    ASSERT_TRUE((*ledger)->Write([](Writer& writer) -> Status {
      RunRecord run = SomeRun("r", "p", "c");
      run.state = RunState::kRunning;
      LATECOMER_ASSIGN_OR_RETURN(const std::int64_t id, writer.InsertRun(run));
      LATECOMER_RETURN_IF_ERROR(writer.InsertTry(SomeTry(id, 1)));
      ClaimRecord claim;
      claim.pipeline = run.pipeline;
      claim.partition = run.partition;
      claim.token = 7;
      claim.run = id;
      LATECOMER_RETURN_IF_ERROR(writer.PutClaim(claim));
      ProcessedRecord processed;
      processed.pipeline = run.pipeline;
      processed.partition = "p";
      processed.run_id = "r";
      processed.try_number = 1;
      LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(processed));
      processed.partition = "adopted";
      processed.run_id = "adopt";
      processed.try_number = 0;
      LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(processed));
      return writer.AppendEvent({.what = "x"});
    }));
  }
  const auto sound = CheckSqliteLedger(file_);
  ASSERT_TRUE(sound) << sound.error().ToString();
  EXPECT_EQ(sound->problems, std::vector<std::string>());
  EXPECT_EQ(sound->runs, 1);
  EXPECT_EQ(sound->tries, 1);
  EXPECT_EQ(sound->partitions, 2);
  EXPECT_EQ(sound->events, 1);

  const std::vector<std::pair<std::string, std::string>> harm{
      {"UPDATE runs SET state = 'dancing'", "dancing"},
      {"UPDATE tries SET state = 'failed'", "no running try"},
      {"UPDATE runs SET state = 'success'", "a try runs"},
      {"UPDATE claims SET token = 6", "smaller token"},
      {"UPDATE processed SET try_number = 9 WHERE run_id = 'r'", "try that isn't known"},
      {"PRAGMA foreign_keys = OFF; UPDATE tries SET run = 55", "tries"},
  };
  const std::string good = Bytes();
  for (const auto& [sql, expected] : harm) {
    SetBytes(good);
    Sql(sql);
    const auto check = CheckSqliteLedger(file_);
    ASSERT_TRUE(check) << check.error().ToString();
    std::string all;
    for (const std::string& problem : check->problems) all += problem + "\n";
    EXPECT_NE(all.find(expected), std::string::npos) << sql << ": " << all;
  }
}

TEST_F(SqliteLedgerTest, ExportsEveryRecordAsALine) {
  {
    const auto ledger = Open();
    ASSERT_TRUE((*ledger)->Write([](Writer& writer) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const std::int64_t id, writer.InsertRun(SomeRun("r", R"({"d":"2024-01-01"})", "c")));
      LATECOMER_RETURN_IF_ERROR(writer.InsertTry(SomeTry(id, 1)));
      TableRecord table;
      table.location = "/t";
      table.seen.content_hash = 0xffff'ffff'ffff'ffff;
      return writer.PutTable(table);
    }));
  }
  std::vector<std::string> lines;
  const Status done = ExportSqliteLedger(file_, [&](std::string_view line) -> Status {
    lines.emplace_back(line);
    return {};
  });
  ASSERT_TRUE(done) << done.error().ToString();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_TRUE(lines[0].starts_with(R"({"record":"ledger","id":")")) << lines[0];
  EXPECT_NE(lines[1].find(R"("seen_content_hash":18446744073709551615)"), std::string::npos);
  EXPECT_NE(lines[2].find(R"("partition":{"d":"2024-01-01"})"), std::string::npos) << lines[2];
  EXPECT_NE(lines[2].find(R"("created":"2024-01-01T00:00:00.000Z")"), std::string::npos);
  EXPECT_NE(lines[3].find(R"("versions":{"devices":3})"), std::string::npos) << lines[3];
  const Status stopped =
      ExportSqliteLedger(file_, [](std::string_view) -> Status { return Fail(ErrorKind::kIo, "pipe closed"); });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().message, "pipe closed");
}

// The statements that a large ledger runs often must find their rows by an index.
TEST_F(SqliteLedgerTest, FrequentQueriesUseIndices) {
  const auto ledger = Open();
  ASSERT_TRUE(ledger);
  Database& database = dynamic_cast<SqlLedger&>(**ledger).database();
  const std::vector<std::pair<std::string, std::string>> expected{
      {"runs WHERE pipeline = 'p' ORDER BY id DESC LIMIT 500", "runs_by_pipeline (pipeline=?)"},
      {"runs WHERE pipeline = 'p' AND state IN ('queued', 'running') ORDER BY id DESC", "runs_open (pipeline=?)"},
      {"runs WHERE state IN ('queued', 'running') ORDER BY id DESC", "runs_open_everywhere"},
      {"runs WHERE pipeline = 'p' AND (created, id) < (5, 6) ORDER BY created DESC, id DESC LIMIT 500",
       "runs_by_creation (pipeline=? AND created<?)"},
      {"runs WHERE pipeline = 'p' AND kind = 'k' AND state = 's' AND created >= 5 ORDER BY created DESC, id DESC",
       "runs_by_kind (pipeline=? AND kind=? AND state=? AND created>?)"},
      {"runs WHERE pipeline = 'p' AND state = 'failed' ORDER BY id DESC LIMIT 50", "(pipeline=? AND state=?)"},
      {"runs WHERE pipeline = 'p' AND partition_key = 'k' ORDER BY +id DESC", "(pipeline=? AND partition_key=?)"},
      {"processed WHERE pipeline = 'p' AND interval_start IS NULL",
       "processed_by_interval (pipeline=? AND interval_start=?)"},
      {"runs WHERE pipeline = 'p' AND partition_key = 'k' AND cause = 'c'", "AND partition_key=? AND cause=?)"},
      {"changes WHERE table_key = 1 AND version > 5 ORDER BY version, partition_key", "(table_key=? AND version>?)"},
      {"changes WHERE table_key = 1 AND version > 5 AND partition_key = 'k' ORDER BY version",
       "changes_by_partition (table_key=? AND partition_key=? AND version>?)"},
      {"events WHERE pipeline = 'p' AND run_id = 'r' ORDER BY sequence", "events_by_run"},
      {"events WHERE pipeline = 'p' AND partition_key = 'k' ORDER BY sequence", "events_by_partition"},
      {"claims WHERE pipeline = 'p' AND released = 0 ORDER BY partition_key", "(pipeline=?"},
      {"steps WHERE run = 1 AND try_number = 1 ORDER BY position", "(run=? AND try_number=?)"},
      {"source_partitions WHERE table_key = 1 AND last_changed > 5", "(table_key=? AND last_changed>?)"},
      {"partition_starts WHERE reading = 1 AND start IS NULL", "partition_starts_by_start (reading=? AND start=?)"},
      {"partition_starts WHERE reading = 1 AND start >= 5 AND start <= 6 ORDER BY start, part",
       "(reading=? AND start>? AND start<?)"},
      {"runs WHERE pipeline = 'p' AND interval_start < 5 AND interval_start > -5 AND state <> 'skipped' "
       "ORDER BY interval_start DESC, id DESC LIMIT 1",
       "runs_by_interval (pipeline=? AND interval_start>? AND interval_start<?)"},
      {"processed WHERE pipeline = 'p' AND interval_start < 5 AND interval_start > -5 ORDER BY interval_start DESC",
       "processed_by_interval (pipeline=? AND interval_start>? AND interval_start<?)"},
      {"runs WHERE pipeline = 'p' AND interval_start IS NULL ORDER BY id", "(pipeline=? AND interval_start=?)"},
  };
  for (const auto& [query, index] : expected) {
    std::string plan;
    ASSERT_TRUE(database.Execute("EXPLAIN QUERY PLAN SELECT * FROM " + query, {}, [&](const Row& row) -> Status {
      plan += std::string(row.Text(3)) + "\n";
      return {};
    }));
    EXPECT_NE(plan.find(index), std::string::npos) << query << "\n" << plan;
  }
}

}  // namespace
}  // namespace latecomer::ledger
