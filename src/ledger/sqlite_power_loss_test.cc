// The power fails: of what was written some is on the disk and some isn't.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ledger/sqlite_faults.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::ledger {
namespace {

namespace fs = std::filesystem;

using Operation = FaultyVfs::Operation;

class SqlitePowerLossTest : public testing::Test {
 protected:
  SqlitePowerLossTest() {
    std::string pattern = testing::TempDir() + "/ledger-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SqlitePowerLossTest() override { fs::remove_all(folder_); }

  // Transactions large enough that the log is also copied back into the database, noted by the disk.
  void Work() {
    FaultyVfs::Get().Note();
    fs::create_directory(folder_ / "first");
    const auto ledger = OpenSqliteLedger(folder_ / "first/ledger.db", OpenMode::kCreate, random_);
    ASSERT_TRUE(ledger) << ledger.error().ToString();
    for (int number = 1; number <= kTransactions; ++number) {
      const Status written = WriteTogether(**ledger, number, 300'000);
      ASSERT_TRUE(written) << written.error().ToString();
      returned_.push_back(FaultyVfs::Get().operations().size());
    }
    operations_ = FaultyVfs::Get().operations();  // before it is closed
  }
  int ReturnedBefore(std::size_t operation) const {
    int count = 0;
    for (const std::size_t at : returned_) count += at <= operation ? 1 : 0;
    return count;
  }

  // What is on the disk when `there` says of each operation whether it came to be, or came to be by half.
  enum class There { kNo, kHalf, kYes };
  fs::path DiskAfter(std::size_t cut, const std::function<There(std::size_t)>& there) {
    const fs::path disk = folder_ / ("disk" + std::to_string(++disks_));
    fs::create_directory(disk);
    for (std::size_t i = 0; i < cut; ++i) {
      const Operation& operation = operations_[i];
      const There how = there(i);
      const fs::path file = disk / operation.file;
      if (operation.kind == Operation::Kind::kRemove) fs::remove(file);
      const bool changes = operation.kind == Operation::Kind::kWrite || operation.kind == Operation::Kind::kTruncate;
      if (!changes || how == There::kNo) continue;
      if (!fs::exists(file)) std::ofstream(file).flush();
      if (operation.kind == Operation::Kind::kTruncate) {
        fs::resize_file(file, static_cast<std::uintmax_t>(operation.at));
        continue;
      }
      std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
      out.seekp(operation.at);
      const std::size_t size = how == There::kHalf ? operation.bytes.size() / 2 : operation.bytes.size();
      out.write(operation.bytes.data(), static_cast<std::streamsize>(size));
    }
    return disk / "ledger.db";
  }
  // How many transactions the ledger at `file` has, all whole.
  std::optional<int> Count(const fs::path& file) {
    const auto ledger = OpenSqliteLedger(file, OpenMode::kExisting, random_);
    EXPECT_TRUE(ledger) << ledger.error().ToString();
    if (!ledger) return std::nullopt;
    const int count = CountTogether(**ledger);
    ExpectSound(file);
    return count;
  }

  static constexpr int kTransactions = 40;
  SystemRandom random_;
  fs::path folder_;
  std::vector<Operation> operations_;
  std::vector<std::size_t> returned_;  // by transaction: how many operations there were when it returned
  int disks_ = 0;
};

// A disk that keeps the order of writes but says of none of them too early that it is done; also what a disk that lied
// about its syncs leaves: an older ledger, and a whole one.
TEST_F(SqlitePowerLossTest, WhatIsLeftOfOrderedWritesIsAWholeLedgerOfThatMoment) {
  Work();
  std::mt19937 dice(1);
  const std::size_t made = returned_.front();
  for (int i = 0; i < 25; ++i) {
    const std::size_t cut = std::uniform_int_distribution<std::size_t>(made, operations_.size())(dice);
    const auto count = Count(DiskAfter(cut, [](std::size_t) { return There::kYes; }));
    ASSERT_TRUE(count) << "cut " << cut;
    EXPECT_GE(*count, ReturnedBefore(cut)) << "a transaction that had returned is lost";
    EXPECT_LE(*count, ReturnedBefore(cut) + 1);
  }
}

// What was written since the last sync of a file is there, isn't, or is torn, in any mixture.
TEST_F(SqlitePowerLossTest, NothingThatReturnedIsLostWhateverBecomesOfLaterWrites) {
  Work();
  std::mt19937 dice(2);
  for (int i = 0; i < 25; ++i) {
    const std::size_t cut = std::uniform_int_distribution<std::size_t>(returned_.front(), operations_.size())(dice);
    std::map<std::string, std::size_t> synced;  // by file: operations before this one are safe
    for (std::size_t at = 0; at < cut; ++at) {
      if (operations_[at].kind == Operation::Kind::kSync) synced[operations_[at].file] = at;
    }
    const fs::path file = DiskAfter(cut, [&](std::size_t at) {
      if (at < synced[operations_[at].file]) return There::kYes;
      return static_cast<There>(std::uniform_int_distribution<int>(0, 2)(dice));
    });
    const auto count = Count(file);
    ASSERT_TRUE(count) << "cut " << cut;
    EXPECT_GE(*count, ReturnedBefore(cut)) << "cut " << cut;
  }
}

}  // namespace
}  // namespace latecomer::ledger
