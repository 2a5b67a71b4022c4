// A Database on one SQLite connection (SQLiteCpp). Its exceptions stop here.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "ledger/database.h"

namespace latecomer::ledger {

// Marks the file as a latecomer ledger (PRAGMA application_id): "LATE".
inline constexpr std::int64_t kSqliteApplicationId = 0x4C415445;

// How long to wait for another process's transaction. Ledger transactions take milliseconds; only a stopped or badly
// stuck process holds one this long.
inline constexpr std::chrono::seconds kBusyPatience{60};

enum class SqliteAccess { kReadWrite, kReadOnly };

class SqliteDatabase : public Database {
 public:
  // Opens an existing file, or ":memory:", and sets the connection up. Doesn't change the file, but
  // may recover it after a crash. kDamaged when it is no SQLite database.
  // Who holds the database longer than `patience` makes a transaction fail with kConflict.
  static Result<std::unique_ptr<SqliteDatabase>> Open(const std::string& path, SqliteAccess access,
                                                      std::chrono::milliseconds patience = kBusyPatience);

  virtual const std::string& path() const = 0;
  // The value of a PRAGMA that gives one integer.
  virtual Result<std::int64_t> IntegerPragma(const std::string& name) = 0;
  virtual Status UseWriteAheadLog() = 0;
  // Copies everything, consistently, into the new file `target`.
  virtual Status BackupTo(const std::string& target) = 0;
  // Becomes a copy of the file `source`.
  virtual Status CopyFrom(const std::string& source) = 0;
};

}  // namespace latecomer::ledger
