#include "ledger_place.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "ledger/sql_ledger.h"
#include "ledger/sqlite_database.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::simulation {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInMemory = ":memory:";

// A folder in memory, where the machine has one.
std::string ScratchFile(const std::string& name) {
  static std::atomic<int> files = 0;
  std::error_code ignored;
  const fs::path memory = "/dev/shm";
  const fs::path folder = fs::is_directory(memory, ignored) ? memory : fs::temp_directory_path();
  return (folder / ("latecomer-sim-" + std::to_string(::getpid()) + "-" + std::to_string(++files) + "-" + name))
      .string();
}

void RemoveLedger(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path + suffix);
}

}  // namespace

LedgerPlace::LedgerPlace(Random& random) : backup_(ScratchFile("backup.db")) {
  Create(random);
}

void LedgerPlace::Create(Random& random) {
  auto ledger = ledger::OpenSqliteLedger(kInMemory, ledger::OpenMode::kCreate, random);
  if (!ledger) throw std::runtime_error(ledger.error().ToString());
  ledger_ = std::move(*ledger);
  now_ = ledger_.get();
}

LedgerPlace::~LedgerPlace() {
  RemoveLedger(backup_);
}

void LedgerPlace::BackUp() {
  RemoveLedger(backup_);
  std::ofstream(backup_).close();  // a copy goes into a file that is there
  auto& database = dynamic_cast<ledger::SqliteDatabase&>(dynamic_cast<ledger::SqlLedger&>(*ledger_).database());
  const Status copied = database.BackupTo(backup_);
  if (!copied) throw std::runtime_error(copied.error().ToString());
  has_backup_ = true;
}

void LedgerPlace::Lose(Random& random) {
  RemoveLedger(backup_);
  has_backup_ = false;
  Create(random);
}

void LedgerPlace::Restore() {
  const std::string id = ledger_->id();
  auto database = ledger::SqliteDatabase::Open(kInMemory, ledger::SqliteAccess::kReadWrite);
  if (!database) throw std::runtime_error(database.error().ToString());
  const Status copied = (*database)->CopyFrom(backup_);
  if (!copied) throw std::runtime_error(copied.error().ToString());
  ledger_ = std::make_unique<ledger::SqlLedger>(std::move(*database), id, kInMemory);
  now_ = ledger_.get();
}

}  // namespace latecomer::simulation
