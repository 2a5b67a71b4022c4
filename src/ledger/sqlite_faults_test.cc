// Crashes and faults of the disk under the SQLite ledger: whatever happens, a transaction is there as a
// whole or not at all.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "ledger/ledger_contract.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::ledger {
namespace {

namespace fs = std::filesystem;

// A VFS that passes everything to the system's, except that the n-th call that writes, syncs or
// truncates fails, and each after it until `Heal`.
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

 private:
  struct File {
    sqlite3_file base;  // first: SQLite sees only this
    sqlite3_file* real;
  };

  FaultyVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = "faulty";
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = Open;
    methods_.iVersion = 2;
    methods_.xClose = [](sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); };
    methods_.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
      return Real(f)->pMethods->xRead(Real(f), to, size, at);
    };
    methods_.xWrite = Write;
    methods_.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      return Get().Fails() ? Get().code_ : Real(f)->pMethods->xTruncate(Real(f), size);
    };
    methods_.xSync = [](sqlite3_file* f, int flags) {
      return Get().Fails() ? SQLITE_IOERR_FSYNC : Real(f)->pMethods->xSync(Real(f), flags);
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
    own->base.pMethods = opened == SQLITE_OK ? &Get().methods_ : nullptr;
    return opened;
  }

  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    if (!Get().Fails()) return Real(file)->pMethods->xWrite(Real(file), bytes, size, at);
    if (size > 1) Real(file)->pMethods->xWrite(Real(file), bytes, size / 2, at);
    return Get().code_;
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
};

class SqliteFaultsTest : public testing::Test {
 protected:
  SqliteFaultsTest() {
    std::string pattern = testing::TempDir() + "/ledger-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    file_ = folder_ / "ledger.db";
  }
  ~SqliteFaultsTest() override { fs::remove_all(folder_); }

  std::unique_ptr<Ledger> Open() {
    auto ledger = OpenSqliteLedger(file_, OpenMode::kCreate, random_);
    EXPECT_TRUE(ledger) << ledger.error().ToString();
    return ledger ? std::move(*ledger) : nullptr;
  }

  SystemRandom random_;
  fs::path folder_;
  fs::path file_;
};

// One transaction: a run, its try, and an event, always together; `filler` makes it large.
Status WriteTogether(Ledger& ledger, int number, std::size_t filler) {
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
int CountTogether(Ledger& ledger) {
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

void ExpectSound(const fs::path& file) {
  const auto check = CheckSqliteLedger(file);
  ASSERT_TRUE(check) << check.error().ToString();
  EXPECT_EQ(check->problems, std::vector<std::string>());
}

// Every write and sync of a transaction fails once, as a full disk and as a broken one.
TEST_F(SqliteFaultsTest, AFailingDiskLeavesWholeTransactionsOnly) {
  FaultyVfs& disk = FaultyVfs::Get();
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE}) {
    int known = 0;
    int number = 0;
    bool failed = true;
    for (int call = 1; failed; ++call) {
      ASSERT_LT(call, 500);
      {
        const auto ledger = Open();
        ASSERT_NE(ledger, nullptr);
        known = CountTogether(*ledger);
        disk.FailFrom(call, code);
        const Status written = WriteTogether(*ledger, code * 10'000 + ++number, 20'000);
        failed = disk.HasFailed();
        disk.Heal();
        if (written) {
          ++known;
        } else {
          EXPECT_EQ(written.error().kind, ErrorKind::kIo) << written.error().ToString();
          EXPECT_NE(written.error().hint, "");
        }
        // This connection goes on as if nothing had been.
        EXPECT_EQ(CountTogether(*ledger), known) << "call " << call;
        const Status next = WriteTogether(*ledger, code * 10'000 + ++number, 10);
        EXPECT_TRUE(next) << next.error().ToString();
        ++known;
      }
      const auto again = Open();
      ASSERT_NE(again, nullptr);
      EXPECT_EQ(CountTogether(*again), known) << "call " << call;
    }
    ExpectSound(file_);
  }
}

// A process is killed in the middle of its transactions, over and over.
TEST_F(SqliteFaultsTest, AKilledProcessLeavesWholeTransactionsOnly) {
  { ASSERT_NE(Open(), nullptr); }
  int known = 0;
  for (int round = 0; round < 15; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto ledger = Open();
      for (int i = 0; ledger != nullptr; ++i) {
        const Status written = WriteTogether(*ledger, round * 100'000 + i, 5'000);
        const char byte = written ? 'w' : 'e';
        if (::write(ends[1], &byte, 1) != 1) break;
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    // It is killed right after it said that some were written, at another point each round.
    char byte = 0;
    int said = 0;
    while (said < 1 + round % 4 && ::read(ends[0], &byte, 1) == 1) {
      EXPECT_EQ(byte, 'w');
      ++said;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(ends[0], &byte, 1) == 1) ++said;
    ::close(ends[0]);
    const auto ledger = Open();
    ASSERT_NE(ledger, nullptr);
    const int now = CountTogether(*ledger);
    EXPECT_GE(now, known + said) << "a committed transaction is gone";
    EXPECT_LE(now, known + said + 1);
    known = now;
    EXPECT_TRUE(WriteTogether(*ledger, round * 100'000 + 99'999, 10));
    ++known;
  }
  ExpectSound(file_);
}

// Processes, not only threads: each takes the next tokens of one claim.
TEST_F(SqliteFaultsTest, NoTokenIsLostBetweenProcesses) {
  { ASSERT_NE(Open(), nullptr); }
  constexpr int kTokens = 60;
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto ledger = Open();
      for (int n = 0; n < kTokens; ++n) {
        const Status done = ledger->Write([](Writer& writer) -> Status {
          LATECOMER_ASSIGN_OR_RETURN(const auto found, writer.FindClaim("devices", "a"));
          ClaimRecord claim = found.value_or(ClaimRecord{});
          claim.pipeline = "devices";
          claim.partition = "a";
          ++claim.token;
          return writer.PutClaim(claim);
        });
        if (!done) ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_TRUE(Open()->Read([&](Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto claim, reader.FindClaim("devices", "a"));
    EXPECT_EQ(claim->token, 3 * kTokens);
    return {};
  }));
}

}  // namespace
}  // namespace latecomer::ledger
