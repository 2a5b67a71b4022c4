// Older schemas brought up to date with data in them, and copies put back.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ledger/ledger_contract.h"
#include "ledger/schema.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::ledger {
namespace {

namespace fs = std::filesystem;

class SqliteUpkeepTest : public testing::Test {
 protected:
  SqliteUpkeepTest() {
    std::string pattern = testing::TempDir() + "/ledger-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    file_ = folder_ / "ledger.db";
    copy_ = folder_ / "copy.db";
    aside_ = folder_ / "aside.db";
  }
  ~SqliteUpkeepTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  static void Execute(const fs::path& file, const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_free(message);
    sqlite3_close(handle);
  }
  std::unique_ptr<Ledger> Open() {
    auto ledger = OpenSqliteLedger(file_, OpenMode::kCreate, random_);
    EXPECT_TRUE(ledger) << ledger.error().ToString();
    return ledger ? std::move(*ledger) : nullptr;
  }
  static void AddRun(Ledger& ledger, const std::string& name) {
    const Status done = ledger.Write([&](Writer& writer) -> Status {
      LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun(name, name, name)));
      return {};
    });
    ASSERT_TRUE(done) << done.error().ToString();
  }
  static std::vector<std::string> RunsOf(Ledger& ledger) {
    std::vector<std::string> names;
    const Status read = ledger.Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({}));
      for (const RunRecord& run : runs) names.push_back(run.run_id);
      return {};
    });
    EXPECT_TRUE(read) << read.error().ToString();
    return names;
  }
  static Status Claim(Ledger& ledger, std::int64_t expires_ms) {
    return ledger.Write([&](Writer& writer) -> Status {
      RunRecord run = SomeRun("held", "held", "held");
      LATECOMER_ASSIGN_OR_RETURN(const std::int64_t id, writer.InsertRun(run));
      LATECOMER_RETURN_IF_ERROR(writer.InsertTry(SomeTry(id, 1)));
      ClaimRecord claim;
      claim.pipeline = run.pipeline;
      claim.partition = run.partition;
      claim.token = 1;
      claim.expires = Instant(Duration(expires_ms));
      claim.run = id;
      claim.try_number = 1;
      return writer.PutClaim(claim);
    });
  }
  Status Restore() { return RestoreSqliteLedger(file_, copy_, aside_, Instant(Duration(1000))); }

  SystemRandom random_;
  fs::path folder_, file_, copy_, aside_;
};

// One JSON line for each record, the ledger's own (with its schema's number) left out.
std::vector<std::string> Records(const fs::path& file) {
  std::vector<std::string> lines;
  const Status done = ExportSqliteLedger(file, [&](std::string_view line) -> Status {
    if (!line.starts_with(R"({"record":"ledger")")) lines.emplace_back(line);
    return {};
  });
  EXPECT_TRUE(done) << done.error().ToString();
  return lines;
}

TEST_F(SqliteUpkeepTest, EachReleasedSchemaIsBroughtUpToDateWithItsData) {
  for (int schema = 1; schema < CurrentSchema(); ++schema) {
    std::ifstream dump(LATECOMER_SOURCE_DIR "/src/ledger/testdata/schema_" + std::to_string(schema) + ".sql");
    ASSERT_TRUE(dump) << "keep a dump of each released schema, with data in it";
    Execute(file_, {std::istreambuf_iterator<char>(dump), {}});
    auto ledger = Open();
    ASSERT_NE(ledger, nullptr);
    EXPECT_EQ(ledger->id(), "d7e4c4bd-0000-4000-8000-000000000001");
    EXPECT_EQ(RunsOf(*ledger),
              (std::vector<std::string>{"scheduled_2024-01-01", "scheduled_2024-01-02", "backfill_2024-01-01_v3"}));
    const auto check = CheckSqliteLedger(file_);
    ASSERT_TRUE(check);
    EXPECT_EQ(check->problems, std::vector<std::string>());
    EXPECT_EQ(check->partitions, 1);
    // What is new can be written, and the old stays.
    const std::vector<std::string> before = Records(file_);
    EXPECT_GT(before.size(), 50U);
    ASSERT_TRUE(ledger->Write([](Writer& writer) { return writer.PutPredecessor({.ledger_id = "other"}); }));
    EXPECT_EQ(Records(file_).size(), before.size() + 1);
    ledger.reset();
    fs::remove(file_);
  }
}

TEST_F(SqliteUpkeepTest, ACopyIsPutBackUnderWhoeverHasTheLedgerOpen) {
  const auto open = Open();
  AddRun(*open, "first");
  ASSERT_TRUE(BackupSqliteLedger(file_, copy_));
  AddRun(*open, "second");
  const Status restored = Restore();
  ASSERT_TRUE(restored) << restored.error().ToString();
  EXPECT_EQ(RunsOf(*open), std::vector<std::string>{"first"});
  AddRun(*open, "third");
  EXPECT_EQ(RunsOf(*Open()), (std::vector<std::string>{"first", "third"}));
  const auto kept = OpenSqliteLedger(aside_, OpenMode::kReadOnly, random_);
  ASSERT_TRUE(kept) << kept.error().ToString();
  EXPECT_EQ(RunsOf(**kept), (std::vector<std::string>{"first", "second"}));
}

TEST_F(SqliteUpkeepTest, ACopyTakesThePlaceOfALostOrDamagedLedger) {
  AddRun(*Open(), "first");
  ASSERT_TRUE(BackupSqliteLedger(file_, copy_));
  std::ofstream(file_, std::ios::binary | std::ios::trunc) << "no database, but longer than a header could ever be "
                                                              "and so on and so on and so on and so on and so on";
  ASSERT_TRUE(Restore());
  EXPECT_EQ(RunsOf(*Open()), std::vector<std::string>{"first"});
  EXPECT_TRUE(fs::exists(aside_)) << "what was there may be of use to somebody";

  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file_.string() + suffix);
  fs::remove(aside_);
  ASSERT_TRUE(Restore());
  EXPECT_EQ(RunsOf(*Open()), std::vector<std::string>{"first"});
  EXPECT_FALSE(fs::exists(aside_));
}

TEST_F(SqliteUpkeepTest, NothingIsReplacedWhileARunIsAtWork) {
  const auto open = Open();
  ASSERT_TRUE(BackupSqliteLedger(file_, copy_));
  ASSERT_TRUE(Claim(*open, 1001));
  const Status refused = Restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(RunsOf(*open), std::vector<std::string>{"held"});
  EXPECT_FALSE(fs::exists(aside_));
}

TEST_F(SqliteUpkeepTest, ARunThatDiedLongAgoDoesNotHinder) {
  const auto open = Open();
  ASSERT_TRUE(BackupSqliteLedger(file_, copy_));
  ASSERT_TRUE(Claim(*open, 1000));
  EXPECT_TRUE(Restore());
  EXPECT_TRUE(RunsOf(*open).empty());
}

TEST_F(SqliteUpkeepTest, WhatIsNoSoundCopyOfThisLedgerIsRefused) {
  AddRun(*Open(), "first");
  {
    const auto other = OpenSqliteLedger(copy_, OpenMode::kCreate, random_);
    ASSERT_TRUE(other);
  }
  Status refused = Restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict) << refused.error().ToString();
  EXPECT_NE(refused.error().message.find("another ledger"), std::string::npos);

  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(copy_.string() + suffix);
  ASSERT_TRUE(BackupSqliteLedger(file_, copy_));
  Execute(copy_, "UPDATE runs SET state = 'dancing'");
  refused = Restore();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kDamaged) << refused.error().ToString();
  EXPECT_EQ(RunsOf(*Open()), std::vector<std::string>{"first"});
}

}  // namespace
}  // namespace latecomer::ledger
