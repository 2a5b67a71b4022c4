// For tests: a disk under SQLite that fails on demand and remembers what was written, and transactions that are whole
// or not.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ledger/ledger_contract.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::ledger {

// A VFS that passes everything to the system's, except that the n-th call that writes, syncs or
// truncates fails, and each after it until `Heal`; and that what was done to files can be told afterwards.
class FaultyVfs {
 public:
  static FaultyVfs& Get() {
    static FaultyVfs vfs;
    return vfs;
  }

  // `code` is what the failing call returns; a failing write leaves half of its bytes.
  void FailFrom(int call, int code) {
    calls_ = 0;
    fail_from_ = call;
    code_ = code;
  }
  void Heal() { fail_from_ = 0; }
  bool HasFailed() const { return fail_from_ > 0 && calls_ >= fail_from_; }

  struct Operation {
    enum class Kind { kWrite, kTruncate, kSync, kRemove } kind = Kind::kWrite;
    std::string file;     // its name, without folder
    std::int64_t at = 0;  // offset of a write, size after a truncation
    std::string bytes;
  };
  // From here on what reaches the disk is noted, in its order.
  void Note() {
    noting_ = true;
    operations_.clear();
  }
  const std::vector<Operation>& operations() const { return operations_; }

 private:
  struct File {
    sqlite3_file base;  // first: SQLite sees only this
    sqlite3_file* real;
    const char* name;  // lives as long as the file is open
  };

  FaultyVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = "faulty";
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = Open;
    vfs_.xDelete = [](sqlite3_vfs* /*vfs*/, const char* name, int sync_folder) {
      Get().Add(name, Operation::Kind::kRemove, 0, {});
      return Get().real_->xDelete(Get().real_, name, sync_folder);
    };
    methods_.iVersion = 2;
    methods_.xClose = [](sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); };
    methods_.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
      return Real(f)->pMethods->xRead(Real(f), to, size, at);
    };
    methods_.xWrite = Write;
    methods_.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      if (Get().Fails()) return Get().code_;
      Get().Add(NameOf(f), Operation::Kind::kTruncate, size, {});
      return Real(f)->pMethods->xTruncate(Real(f), size);
    };
    methods_.xSync = [](sqlite3_file* f, int flags) {
      if (Get().Fails()) return SQLITE_IOERR_FSYNC;
      Get().Add(NameOf(f), Operation::Kind::kSync, 0, {});
      return Real(f)->pMethods->xSync(Real(f), flags);
    };
    methods_.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return Real(f)->pMethods->xFileSize(Real(f), size);
    };
    methods_.xLock = [](sqlite3_file* f, int lock) { return Real(f)->pMethods->xLock(Real(f), lock); };
    methods_.xUnlock = [](sqlite3_file* f, int lock) { return Real(f)->pMethods->xUnlock(Real(f), lock); };
    methods_.xCheckReservedLock = [](sqlite3_file* f, int* out) {
      return Real(f)->pMethods->xCheckReservedLock(Real(f), out);
    };
    methods_.xFileControl = [](sqlite3_file* f, int op, void* argument) {
      return Real(f)->pMethods->xFileControl(Real(f), op, argument);
    };
    methods_.xSectorSize = [](sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); };
    methods_.xDeviceCharacteristics = [](sqlite3_file* f) {
      return Real(f)->pMethods->xDeviceCharacteristics(Real(f));
    };
    methods_.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, out);
    };
    methods_.xShmLock = [](sqlite3_file* f, int offset, int count, int flags) {
      return Real(f)->pMethods->xShmLock(Real(f), offset, count, flags);
    };
    methods_.xShmBarrier = [](sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); };
    methods_.xShmUnmap = [](sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); };
    sqlite3_vfs_register(&vfs_, 1);
  }

  static sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real; }

  static int Open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags, int* out) {
    auto* own = reinterpret_cast<File*>(file);
    own->real = reinterpret_cast<sqlite3_file*>(own + 1);
    std::memset(own->real, 0, static_cast<std::size_t>(Get().real_->szOsFile));
    const int opened = Get().real_->xOpen(Get().real_, name, own->real, flags, out);
    own->name = name;
    own->base.pMethods = opened == SQLITE_OK ? &Get().methods_ : nullptr;
    return opened;
  }

  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    if (!Get().Fails()) {
      Get().Add(NameOf(file), Operation::Kind::kWrite, at,
                {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
      return Real(file)->pMethods->xWrite(Real(file), bytes, size, at);
    }
    if (size > 1) Real(file)->pMethods->xWrite(Real(file), bytes, size / 2, at);
    return Get().code_;
  }

  static const char* NameOf(sqlite3_file* file) { return reinterpret_cast<File*>(file)->name; }
  void Add(const char* name, Operation::Kind kind, std::int64_t at, std::string bytes) {
    if (!noting_ || name == nullptr) return;
    operations_.push_back({kind, std::filesystem::path(name).filename().string(), at, std::move(bytes)});
  }

  bool Fails() {
    if (fail_from_ == 0) return false;
    ++calls_;
    return calls_ >= fail_from_;
  }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  sqlite3_io_methods methods_{};
  int calls_ = 0;
  int fail_from_ = 0;
  int code_ = SQLITE_OK;
  bool noting_ = false;
  std::vector<Operation> operations_;
};

// One transaction: a run, its try, and an event, always together; `filler` makes it large.
inline Status WriteTogether(Ledger& ledger, int number, std::size_t filler) {
  return ledger.Write([&](Writer& writer) -> Status {
    const std::string name = "r" + std::to_string(number);
    RunRecord run = SomeRun(name, name, name);
    run.note = std::string(filler, 'n');
    LATECOMER_ASSIGN_OR_RETURN(const std::int64_t id, writer.InsertRun(run));
    TryRecord ended = SomeTry(id, 1);
    ended.state = TryState::kLost;
    LATECOMER_RETURN_IF_ERROR(writer.InsertTry(ended));
    return writer.AppendEvent({.pipeline = "devices", .run_id = name, .what = "made"});
  });
}

// How many there are; every one whole.
inline int CountTogether(Ledger& ledger) {
  int count = 0;
  const Status read = ledger.Read([&](Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({}));
    LATECOMER_ASSIGN_OR_RETURN(const auto events, reader.Events("devices", {}, {}));
    EXPECT_EQ(runs.size(), events.size());
    for (const RunRecord& run : runs) {
      LATECOMER_ASSIGN_OR_RETURN(const auto tries, reader.Tries(run.id));
      EXPECT_EQ(tries.size(), 1U);
    }
    count = static_cast<int>(runs.size());
    return {};
  });
  EXPECT_TRUE(read) << read.error().ToString();
  return count;
}

inline void ExpectSound(const std::filesystem::path& file) {
  const auto check = CheckSqliteLedger(file);
  ASSERT_TRUE(check) << check.error().ToString();
  EXPECT_EQ(check->problems, std::vector<std::string>());
}

}  // namespace latecomer::ledger
