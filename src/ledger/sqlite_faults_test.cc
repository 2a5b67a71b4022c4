// Crashes and faults of the disk under the SQLite ledger: whatever happens, a transaction is there as a
// whole or not at all.
#include "ledger/sqlite_faults.h"

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
