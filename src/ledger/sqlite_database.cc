#include "ledger/sqlite_database.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "ledger/sqlite_statement.h"
#include "ledger/stamp.h"

namespace latecomer::ledger {
namespace {

constexpr int kSlotBytes = 1200;
constexpr int kSlots = 300;

constexpr Dialect kSqliteDialect{.integer = "INTEGER", .identity = "INTEGER PRIMARY KEY", .table_suffix = " STRICT"};

ErrorKind KindOfCode(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorKind::kDamaged;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return ErrorKind::kIo;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return ErrorKind::kPermission;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorKind::kConflict;
    default: return ErrorKind::kUnexpected;
  }
}

std::string HintOfKind(ErrorKind kind, int code) {
  switch (kind) {
    case ErrorKind::kDamaged:
      return "`latecomer ledger check` shows the damage; put back a copy that `latecomer ledger "
             "backup` made";
    case ErrorKind::kIo:
      return (code & 0xff) == SQLITE_FULL ? "free space on the ledger's disk; nothing was changed"
                                          : "check the disk that holds the ledger";
    case ErrorKind::kPermission: return "the ledger, and the folder it lies in, must be writable for this user";
    case ErrorKind::kConflict: return "find the process that holds the ledger, for example with `fuser`";
    default: return "";
  }
}

Error SqliteError(sqlite3* handle, int code, std::string text, const std::string& path) {
  // A file that can't be opened has its cause in errno.
  if ((code & 0xff) == SQLITE_CANTOPEN && handle != nullptr) {
    const int system = sqlite3_system_errno(handle);
    if (system != 0) return SystemError(system, "open", path);
  }
  const ErrorKind kind = KindOfCode(code);
  std::string message = kind == ErrorKind::kDamaged && (code & 0xff) == SQLITE_NOTADB
                            ? "the file is no ledger: it is not an SQLite database"
                            : "the ledger's database says: " + std::move(text);
  if (kind == ErrorKind::kConflict) message = "another process holds the ledger for too long";
  return Error(kind, std::move(message)).In(path).Hint(HintOfKind(kind, code));
}

// Called by SQLite while another connection holds the lock. Short, even waits are fairer between
// processes than SQLite's own growing ones.
int WaitWhileBusy(void* patience, int times) {
  using std::chrono::milliseconds;
  constexpr int kShortWaits = 20;
  const milliseconds pause(times < kShortWaits ? 1 : 5);
  if (times * pause > *static_cast<const milliseconds*>(patience)) return 0;
  ::usleep(static_cast<useconds_t>(std::chrono::microseconds(pause).count()));
  return 1;
}

// Statements are found by text that isn't copied for it.
struct HashOfText {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// Another number for each connection, and each time it becomes another database.
std::int64_t NextGeneration() {
  static std::atomic<std::int64_t> generations{0};
  return ++generations;
}

class SqliteDatabaseImpl final : public SqliteDatabase, public Stamped {
 public:
  SqliteDatabaseImpl(const std::string& name, int flags, std::string path, std::chrono::milliseconds patience)
      : path_(std::move(path)), patience_(patience), connection_(name, flags) {
    // A plan reads hundreds of short rows: their memory comes from slots that the connection keeps.
    sqlite3_db_config(connection_.getHandle(), SQLITE_DBCONFIG_LOOKASIDE, nullptr, kSlotBytes, kSlots);
    sqlite3_extended_result_codes(connection_.getHandle(), 1);
    sqlite3_busy_handler(connection_.getHandle(), WaitWhileBusy, &patience_);
  }

  const std::string& path() const override { return path_; }
  const Dialect& dialect() const override { return kSqliteDialect; }

  Status SetUp() {
    return Guard([&]() -> Status {
      connection_.exec("PRAGMA foreign_keys = ON");
      connection_.exec("PRAGMA synchronous = FULL");
      connection_.exec("PRAGMA trusted_schema = OFF");
      connection_.exec("PRAGMA application_id");  // reads the header: says if it is a database
      return {};
    });
  }

  Result<std::int64_t> IntegerPragma(const std::string& name) override {
    std::int64_t value = 0;
    LATECOMER_RETURN_IF_ERROR(Guard([&]() -> Status {
      SQLite::Statement statement(connection_, "PRAGMA " + name);
      if (statement.executeStep()) value = statement.getColumn(0).getInt64();
      return {};
    }));
    return value;
  }

  Status UseWriteAheadLog() override {
    return Guard([&]() -> Status {
      SQLite::Statement statement(connection_, "PRAGMA journal_mode = WAL");
      if (!statement.executeStep()) return {};
      const std::string mode = statement.getColumn(0).getString();
      if (mode == "wal") return {};
      return Fail(Error(ErrorKind::kUnsupported,
                        "the ledger can't use a write-ahead log here (journal mode stays '" + mode + "')")
                      .In(path_)
                      .Hint("put the ledger on a local disk (--ledger)"));
    });
  }

  Status Begin(Intent intent) override {
    failed_ = false;
    return Guard([&]() -> Status {
      RunAlone(intent == Intent::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
      open_ = true;
      return {};
    });
  }

  Status Commit() override {
    if (failed_ || !InTransaction()) {
      Rollback();
      return Fail(
          Error(ErrorKind::kUnexpected, "a statement of the transaction failed before; nothing was changed").In(path_));
    }
    Status done = Guard([&]() -> Status {
      RunAlone("COMMIT");
      return {};
    });
    if (!done) Rollback();
    open_ = false;
    return done;
  }

  void Rollback() noexcept override {
    // What is taken back was counted as a change before; SQLite may have done it by itself.
    if (std::exchange(open_, false)) ++rollbacks_;
    if (InTransaction()) connection_.tryExec("ROLLBACK");
  }

  Status Execute(std::string_view sql, std::span<const Parameter> parameters, const RowSink& sink) override {
    // SQLite ends a transaction by itself after some errors; statements after that would each be
    // committed alone.
    if (failed_) {
      return Fail(Error(ErrorKind::kUnexpected, "a statement of the transaction failed before").In(path_));
    }
    Status done = Guard([&]() -> Status {
      SqliteStatement& statement = Prepared(sql);
      const RewindAtEnd rewind(statement);
      statement.Bind(parameters);
      const SqliteRow row(statement);
      while (statement.Step()) {
        if (Status taken = sink(row); !taken) {
          sink_failed_ = true;
          return taken;
        }
      }
      return {};
    });
    // What the sink objected to isn't the transaction's failure.
    if (!done && !std::exchange(sink_failed_, false)) failed_ = true;
    return done;
  }

  // What other connections committed changes data_version; what this one did, its own counts.
  Result<std::string> Stamp() override {
    std::string stamp = std::to_string(generation_) + "-" + std::to_string(rollbacks_) + "-" +
                        std::to_string(sqlite3_total_changes64(connection_.getHandle()));
    LATECOMER_RETURN_IF_ERROR(Execute("PRAGMA data_version", {}, [&](const Row& row) -> Status {
      stamp += "-" + std::to_string(row.Integer(0));
      return {};
    }));
    return stamp;
  }

  Status BackupTo(const std::string& target) override {
    return Guard([&]() -> Status {
      SQLite::Database copy(target, SQLite::OPEN_READWRITE,
                            static_cast<int>(std::chrono::milliseconds(kBusyPatience).count()));
      return CopyPages(copy, connection_);
    });
  }

  Status CopyFrom(const std::string& source) override {
    return Guard([&]() -> Status {
      generation_ = NextGeneration();
      SQLite::Database copy(source, SQLite::OPEN_READONLY);
      return CopyPages(connection_, copy);
    });
  }

 private:
  static Status CopyPages(SQLite::Database& to, SQLite::Database& from) {
    SQLite::Backup backup(to, from);
    constexpr int kAllPages = -1;  // in one go: a consistent copy that no writer can restart
    const int code = backup.executeStep(kAllPages);
    if (code != SQLITE_DONE) throw SQLite::Exception("the copy was not finished", code);
    return {};
  }

  bool InTransaction() noexcept { return sqlite3_get_autocommit(connection_.getHandle()) == 0; }

  SqliteStatement& Prepared(std::string_view sql) {
    const auto found = statements_.find(sql);
    if (found != statements_.end()) return found->second;
    return statements_.emplace(std::string(sql), SqliteStatement(connection_.getHandle(), sql)).first->second;
  }

  void RunAlone(std::string_view sql) {
    SqliteStatement& statement = Prepared(sql);
    const RewindAtEnd rewind(statement);
    statement.Step();
  }

  // Runs `work` and turns what it throws into an Error.
  template <typename Work>
  Status Guard(const Work& work) {
    try {
      return work();
    } catch (const SQLite::Exception& e) {
      const int code = e.getExtendedErrorCode() > 0 ? e.getExtendedErrorCode() : std::max(e.getErrorCode(), 0);
      return Fail(SqliteError(connection_.getHandle(), code, e.what(), path_));
    } catch (const std::exception& e) {
      return Fail(Error(ErrorKind::kUnexpected, e.what()).In(path_));
    }
  }

  std::string path_;
  std::chrono::milliseconds patience_;
  SQLite::Database connection_;
  std::unordered_map<std::string, SqliteStatement, HashOfText, std::equal_to<>> statements_;
  std::int64_t generation_ = NextGeneration();
  std::int64_t rollbacks_ = 0;
  bool open_ = false;         // in a transaction, if SQLite didn't end it
  bool failed_ = false;       // a statement of this transaction failed
  bool sink_failed_ = false;  // … or only the reader of its rows
};

Result<std::unique_ptr<SqliteDatabase>> OpenAs(const std::string& name, int flags, const std::string& path,
                                               std::chrono::milliseconds patience) {
  // Statistics of memory that nobody asks for lock each allocation of all connections.
  static std::once_flag configured;
  std::call_once(configured, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
  try {
    // A connection has one user at a time, as the ledger above it; SQLite needn't lock it for each call.
    auto database = std::make_unique<SqliteDatabaseImpl>(name, flags | SQLite::OPEN_NOMUTEX, path, patience);
    LATECOMER_RETURN_IF_ERROR(database->SetUp());
    return database;
  } catch (const SQLite::Exception& e) {
    // The connection is gone with the exception; ask the system itself for the cause.
    if ((e.getErrorCode() & 0xff) == SQLITE_CANTOPEN) {
      const bool writes = (flags & SQLite::OPEN_READWRITE) != 0;
      const int file = ::open(path.c_str(), (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC);
      if (file < 0) return Fail(SystemError(errno, "open", path));
      ::close(file);
    }
    return Fail(SqliteError(nullptr, e.getErrorCode(), e.what(), path));
  } catch (const std::exception& e) {
    return Fail(Error(ErrorKind::kUnexpected, e.what()).In(path));
  }
}

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path, SqliteAccess access,
                                                             std::chrono::milliseconds patience) {
  if (path == ":memory:" || access == SqliteAccess::kReadWrite) {
    return OpenAs(path, SQLite::OPEN_READWRITE, path, patience);
  }
  auto database = OpenAs(path, SQLite::OPEN_READONLY, path, patience);
  if (database || ::access((path + "-wal").c_str(), F_OK) == 0) return database;
  if (database.error().kind == ErrorKind::kDamaged) return database;
  // In a folder that can't be written, SQLite can't make the files a write-ahead log needs. Without
  // one, nobody is writing: the file can be read as it is.
  const std::string uri = "file:" + PercentEncode(path, "/") + "?immutable=1";
  return OpenAs(uri, SQLite::OPEN_READONLY | SQLite::OPEN_URI, path, patience);
}

}  // namespace latecomer::ledger
