#include "ledger/sqlite_ledger.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "ledger/copy.h"
#include "ledger/schema.h"
#include "ledger/sql_export.h"
#include "ledger/sql_ledger.h"
#include "ledger/sqlite_database.h"

namespace latecomer::ledger {
namespace {

constexpr std::string_view kMemory = ":memory:";

Status IgnoreRow(const Row& /*row*/) {
  return {};
}

// Makes a new name in a folder survive a power cut.
Status SyncFolder(const std::filesystem::path& folder) {
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return Fail(SystemError(errno, "open", folder.string()));
  const int synced = ::fsync(handle);
  const int cause = errno;
  ::close(handle);
  // Some file systems can't sync a folder (EINVAL); they have nothing to promise here.
  if (synced != 0 && cause != EINVAL) return Fail(SystemError(cause, "sync", folder.string()));
  return {};
}

std::filesystem::path FolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? std::filesystem::path(".") : folder;
}

enum class Creation { kCreated, kWasThere };

// An empty file that only this user can read; SQLite gives its helper files the same mode.
Result<Creation> CreateFile(const std::string& path) {
  constexpr mode_t kOnlyOwner = 0600;
  const std::filesystem::path folder = FolderOf(path);
  std::error_code failed;
  const bool new_folder = std::filesystem::create_directories(folder, failed);
  if (failed) return Fail(SystemError(failed.value(), "create folder", folder.string()));
  const int handle = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOnlyOwner);
  if (handle < 0 && errno == EEXIST) return Creation::kWasThere;
  if (handle < 0) return Fail(SystemError(errno, "create", path));
  ::close(handle);
  LATECOMER_RETURN_IF_ERROR(SyncFolder(folder));
  if (new_folder) LATECOMER_RETURN_IF_ERROR(SyncFolder(FolderOf(folder.string())));
  return Creation::kCreated;
}

Status CheckThere(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Fail(NoLedger(path));
    return Fail(SystemError(errno, "look at", path));
  }
  if (S_ISDIR(info.st_mode)) {
    return Fail(Error(ErrorKind::kInvalidArgument, "a ledger is a file, and this is a folder")
                    .In(path)
                    .Hint("name the file: " + path + "/ledger.db"));
  }
  return {};
}

enum class Content { kEmpty, kLedger };

// Tells a ledger from another program's database before anything is changed.
Result<Content> ContentOf(SqliteDatabase& database) {
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t mark, database.IntegerPragma("application_id"));
  if (mark == kSqliteApplicationId) return Content::kLedger;
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t pages, database.IntegerPragma("schema_version"));
  if (mark == 0 && pages == 0) return Content::kEmpty;
  return Fail(Error(ErrorKind::kDamaged, "the file is an SQLite database, but no latecomer ledger")
                  .In(database.path())
                  .Hint("name another file with --ledger"));
}

// The schema as it should be, made or migrated in one transaction. Another process may do the same
// at this moment: what counts is seen again inside the transaction.
Result<LedgerHead> BringUpToDate(SqliteDatabase& database, OpenMode mode, Random& random) {
  LATECOMER_RETURN_IF_ERROR(database.Begin(Intent::kWrite));
  const auto work = [&]() -> Result<LedgerHead> {
    LATECOMER_ASSIGN_OR_RETURN(const Content content, ContentOf(database));
    int schema = 0;
    if (content == Content::kLedger) {
      LATECOMER_ASSIGN_OR_RETURN(const LedgerHead head, ReadHead(database));
      LATECOMER_RETURN_IF_ERROR(CheckNotTooNew(head, database.path()));
      schema = head.schema;
    } else if (mode != OpenMode::kCreate) {
      return Fail(NoLedger(database.path()));
    } else {
      LATECOMER_RETURN_IF_ERROR(
          database.Execute("PRAGMA application_id = " + std::to_string(kSqliteApplicationId), {}, IgnoreRow));
    }
    if (schema < CurrentSchema()) {
      LATECOMER_RETURN_IF_ERROR(Migrate(database, schema, random));
    }
    return ReadHead(database);
  };
  auto head = work();
  if (!head) {
    database.Rollback();
    return head;
  }
  LATECOMER_RETURN_IF_ERROR(database.Commit());
  return head;
}

// Without changing anything.
Result<LedgerHead> ReadCurrent(SqliteDatabase& database) {
  LATECOMER_ASSIGN_OR_RETURN(const Content content, ContentOf(database));
  if (content == Content::kEmpty) return Fail(NoLedger(database.path()));
  LATECOMER_ASSIGN_OR_RETURN(LedgerHead head, ReadHead(database));
  LATECOMER_RETURN_IF_ERROR(CheckReadable(head, database.path()));
  return head;
}

Result<LedgerHead> Prepare(SqliteDatabase& database, OpenMode mode, Random& random) {
  if (mode == OpenMode::kReadOnly) return ReadCurrent(database);
  LATECOMER_ASSIGN_OR_RETURN(const Content content, ContentOf(database));
  if (content == Content::kEmpty && mode != OpenMode::kCreate) {
    return Fail(NoLedger(database.path()));
  }
  if (database.path() != kMemory) LATECOMER_RETURN_IF_ERROR(database.UseWriteAheadLog());
  if (content == Content::kLedger) {
    LATECOMER_ASSIGN_OR_RETURN(const LedgerHead head, ReadHead(database));
    if (head.schema == CurrentSchema()) return head;
  }
  return BringUpToDate(database, mode, random);
}

}  // namespace

Result<std::unique_ptr<Ledger>> OpenSqliteLedger(const std::string& path, OpenMode mode, Random& random) {
  if (path.empty()) return Fail(ErrorKind::kInvalidArgument, "the ledger's path is empty");
  if (path != kMemory) {
    if (mode == OpenMode::kCreate) LATECOMER_RETURN_IF_ERROR(CreateFile(path));
    LATECOMER_RETURN_IF_ERROR(CheckThere(path));
  }
  const auto access = mode == OpenMode::kReadOnly ? SqliteAccess::kReadOnly : SqliteAccess::kReadWrite;
  LATECOMER_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDatabase> database, SqliteDatabase::Open(path, access));
  LATECOMER_ASSIGN_OR_RETURN(LedgerHead head, Prepare(*database, mode, random));
  return std::make_unique<SqlLedger>(std::move(database), std::move(head.id), path);
}

Status BackupSqliteLedger(const std::string& path, const std::string& target) {
  LATECOMER_RETURN_IF_ERROR(CheckThere(path));
  LATECOMER_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDatabase> database,
                             SqliteDatabase::Open(path, SqliteAccess::kReadOnly));
  LATECOMER_ASSIGN_OR_RETURN(const Content content, ContentOf(*database));
  if (content == Content::kEmpty) return Fail(NoLedger(path));
  LATECOMER_ASSIGN_OR_RETURN(const Creation made, CreateFile(target));
  if (made == Creation::kWasThere) {
    return Fail(Error(ErrorKind::kConflict, "there is a file already")
                    .In(target)
                    .Hint("give the copy another name, or remove that file first"));
  }
  Status copied = database->BackupTo(target);
  if (!copied) {
    std::error_code ignored;
    std::filesystem::remove(target, ignored);
  }
  return copied;
}

namespace {

Result<LedgerHead> SoundHead(const std::string& copy) {
  LATECOMER_ASSIGN_OR_RETURN(const LedgerCheck check, CheckSqliteLedger(copy));
  if (!check.problems.empty()) {
    return Fail(Error(ErrorKind::kDamaged, "the copy is not sound: " + check.problems.front())
                    .In(copy)
                    .Hint("put back another one; nothing was changed"));
  }
  LATECOMER_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDatabase> database,
                             SqliteDatabase::Open(copy, SqliteAccess::kReadOnly));
  LATECOMER_ASSIGN_OR_RETURN(LedgerHead head, ReadHead(*database));
  LATECOMER_RETURN_IF_ERROR(CheckNotTooNew(head, copy));
  return head;
}

// Nothing that a run at work would then record may be lost, and no other ledger's history overwritten.
Status CheckReplaceable(SqliteDatabase& database, const LedgerHead& copy, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const LedgerHead head, ReadHead(database));
  if (head.id != copy.id) {
    return Fail(Error(ErrorKind::kConflict, "the copy is of another ledger, " + copy.id + "; this one is " + head.id)
                    .In(database.path())
                    .Hint("move this one away first, or name the other's file with --ledger"));
  }
  return CheckNobodyWorks(database, database.path(), now.time_since_epoch().count());
}

Status MoveAside(const std::string& path, const std::string& aside) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code failed;
    std::filesystem::rename(path + suffix, aside + suffix, failed);
    if (failed && failed != std::errc::no_such_file_or_directory) {
      return Fail(SystemError(failed.value(), "move away", path + suffix));
    }
  }
  return {};
}

// The ledger that is there: copied when it can be read, moved when it can't.
Status KeepAside(const std::string& path, const LedgerHead& copy, const std::string& aside, Instant now) {
  auto opened = SqliteDatabase::Open(path, SqliteAccess::kReadOnly);
  Status replaceable = opened ? CheckReplaceable(**opened, copy, now) : Status(Fail(opened.error()));
  if (replaceable) return BackupSqliteLedger(path, aside);
  if (replaceable.error().kind != ErrorKind::kDamaged) return replaceable;
  if (opened) opened->reset();
  return MoveAside(path, aside);
}

}  // namespace

Status RestoreSqliteLedger(const std::string& path, const std::string& copy, const std::string& aside, Instant now) {
  LATECOMER_RETURN_IF_ERROR(CheckThere(copy));
  LATECOMER_ASSIGN_OR_RETURN(const LedgerHead head, SoundHead(copy));
  std::error_code failed;
  if (std::filesystem::exists(aside, failed)) {
    return Fail(Error(ErrorKind::kConflict, "there is a file already").In(aside).Hint("move it away first"));
  }
  if (std::filesystem::exists(path, failed) && std::filesystem::file_size(path, failed) > 0) {
    LATECOMER_RETURN_IF_ERROR(KeepAside(path, head, aside, now));
  }
  LATECOMER_RETURN_IF_ERROR(CreateFile(path));
  LATECOMER_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDatabase> database,
                             SqliteDatabase::Open(copy, SqliteAccess::kReadOnly));
  return database->BackupTo(path);
}

Status ExportSqliteLedger(const std::string& path, const std::function<Status(std::string_view line)>& sink) {
  LATECOMER_RETURN_IF_ERROR(CheckThere(path));
  LATECOMER_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDatabase> database,
                             SqliteDatabase::Open(path, SqliteAccess::kReadOnly));
  LATECOMER_RETURN_IF_ERROR(database->Begin(Intent::kRead));
  const auto work = [&]() -> Status {
    LATECOMER_RETURN_IF_ERROR(ReadCurrent(*database));
    return ExportRecords(*database, sink);
  };
  Status exported = work();
  database->Rollback();  // nothing was written
  return exported;
}

}  // namespace latecomer::ledger
