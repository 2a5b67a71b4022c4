// The SQLite flavours of the contract that every ledger keeps.
#include <cstdlib>
#include <filesystem>
#include <string>

#include "ledger/ledger_contract.h"
#include "ledger/sqlite_database.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::ledger {
namespace {

std::unique_ptr<Ledger> OpenOrFail(const std::string& path) {
  SystemRandom random;
  auto ledger = OpenSqliteLedger(path, OpenMode::kCreate, random);
  EXPECT_TRUE(ledger) << ledger.error().ToString();
  return ledger ? std::move(*ledger) : nullptr;
}

class MemoryPlace final : public LedgerPlace {
 public:
  std::unique_ptr<Ledger> Open() override { return OpenOrFail(":memory:"); }
};

class FilePlace final : public LedgerPlace {
 public:
  FilePlace() {
    std::string pattern = testing::TempDir() + "/ledger-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FilePlace() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Ledger> Open() override { return OpenOrFail(folder_ / "new" / "ledger.db"); }
  std::unique_ptr<Database> Connect() override {
    auto database = SqliteDatabase::Open(folder_ / "new" / "ledger.db", SqliteAccess::kReadWrite);
    EXPECT_TRUE(database);
    return database ? std::move(*database) : nullptr;
  }

 private:
  std::filesystem::path folder_;
};

LedgerFlavour InMemory() {
  return {.name = "Memory", .many_connections = false, .make = [] { return std::make_unique<MemoryPlace>(); }};
}
LedgerFlavour InAFile() {
  return {.name = "File", .many_connections = true, .make = [] { return std::make_unique<FilePlace>(); }};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, LedgerContract, testing::Values(InMemory(), InAFile()), NameOfParameter);
INSTANTIATE_TEST_SUITE_P(Sqlite, AccountsContract, testing::Values(InAFile()), NameOfParameter);

}  // namespace
}  // namespace latecomer::ledger
