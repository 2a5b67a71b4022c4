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

std::unique_ptr<ledger::Ledger> Open(const std::string& path, Random& random) {
  auto ledger = ledger::OpenSqliteLedger(path, ledger::OpenMode::kCreate, random);
  if (!ledger) throw std::runtime_error(ledger.error().ToString());
  return std::move(*ledger);
}

}  // namespace

LedgerPlace::LedgerPlace(Random& random)
    : random_(random), backup_(ScratchFile("backup.db")), file_(ScratchFile("ledger.db")) {
  ledger_ = Open(":memory:", random);
  now_ = ledger_.get();
}

LedgerPlace::~LedgerPlace() {
  ledger_.reset();
  RemoveLedger(backup_);
  RemoveLedger(file_);
}

void LedgerPlace::BackUp() {
  RemoveLedger(backup_);
  std::ofstream(backup_).close();  // a copy goes into a file that is there
  auto& database = dynamic_cast<ledger::SqliteDatabase&>(dynamic_cast<ledger::SqlLedger&>(*ledger_).database());
  const Status copied = database.BackupTo(backup_);
  if (!copied) throw std::runtime_error(copied.error().ToString());
  has_backup_ = true;
}

void LedgerPlace::Restore() {
  ledger_.reset();
  RemoveLedger(file_);
  fs::copy_file(backup_, file_);
  ledger_ = Open(file_, random_);
  now_ = ledger_.get();
}

}  // namespace latecomer::simulation
