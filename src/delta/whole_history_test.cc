#include "delta/whole_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "delta/log_path.h"
#include "storage/local_store.h"
#include "testing/delta_table_builder.h"

namespace latecomer::delta {
namespace {

using ::testing::ElementsAre;
using testing::FileSpec;

// "0", "1", … for commits, "before>base" for the beginning of a range.
struct Walk {
  std::vector<std::string> seen;
  Status end;
};

Walk Read(const testing::DeltaTableBuilder& table, std::int64_t stop_at = -1) {
  Walk walk;
  const auto begin = [&](Version before, Version base) -> Status {
    walk.seen.push_back(std::to_string(before.value) + ">" + std::to_string(base.value));
    return {};
  };
  const auto sink = [&](table::Commit&& commit) -> Status {
    if (commit.version.value == stop_at) return Fail(ErrorKind::kCancelled, "enough");
    walk.seen.push_back(std::to_string(commit.version.value));
    return {};
  };
  walk.end = ReadWholeHistory(storage::MakeLocalStore(table.path()), {}, {}, begin, sink);
  return walk;
}

class WholeHistory : public ::testing::Test {
 protected:
  WholeHistory() {
    table_.Create({"day date"});
    for (int version = 1; version <= 5; ++version) {
      FileSpec file;
      file.path = "f" + std::to_string(version);
      file.partition = R"({"day":"2024-01-01"})";
      table_.Commit({testing::CommitInfoLine(version, "WRITE"), testing::AddLine(file)});
    }
  }
  void WriteCheckpoint(std::int64_t version) {
    table_.CheckpointFile(ClassicCheckpointKey(Version{version}),
                          {testing::CheckpointProtocol(), testing::CheckpointMetadata("table-id", {"day date"})});
  }
  testing::DeltaTableBuilder table_;
};

TEST_F(WholeHistory, EndsWithTheNewestCommit) {
  const Walk walk = Read(table_);
  EXPECT_TRUE(walk.end) << walk.end.error().ToString();
  EXPECT_THAT(walk.seen, ElementsAre("-1>-1", "0", "1", "2", "3", "4", "5"));
}

TEST_F(WholeHistory, AGapThatNothingBridgesIsDamageAfterWhatIsRight) {
  table_.RemoveCommit(3);
  const Walk walk = Read(table_);
  ASSERT_FALSE(walk.end);
  EXPECT_EQ(walk.end.error().kind, ErrorKind::kDamaged);
  EXPECT_THAT(walk.end.error().message, ::testing::HasSubstr("version 3"));
  EXPECT_THAT(walk.seen, ElementsAre("-1>-1", "0", "1", "2"));
}

TEST_F(WholeHistory, AGapThatACheckpointBridgesBeginsAnotherRange) {
  table_.RemoveCommit(3);
  WriteCheckpoint(4);
  const Walk walk = Read(table_);
  EXPECT_TRUE(walk.end) << walk.end.error().ToString();
  EXPECT_THAT(walk.seen, ElementsAre("-1>-1", "0", "1", "2", "2>3", "4", "5"));
}

TEST_F(WholeHistory, ACleanedLogBeginsWithWhatIsLeft) {
  WriteCheckpoint(3);
  for (std::int64_t version = 0; version < 4; ++version) table_.RemoveCommit(version);
  const Walk walk = Read(table_);
  EXPECT_TRUE(walk.end) << walk.end.error().ToString();
  EXPECT_THAT(walk.seen, ElementsAre("-1>3", "4", "5"));
}

TEST_F(WholeHistory, OnlyACheckpointIsNoHistory) {
  WriteCheckpoint(5);
  for (std::int64_t version = 0; version <= 5; ++version) table_.RemoveCommit(version);
  const Walk walk = Read(table_);
  EXPECT_TRUE(walk.end) << walk.end.error().ToString();
  EXPECT_THAT(walk.seen, ElementsAre());
}

TEST_F(WholeHistory, AFolderNamedLikeTheNextCommitIsNone) {
  std::filesystem::create_directory(table_.path() + "/" + CommitKey(Version{6}));
  const Walk walk = Read(table_);
  EXPECT_TRUE(walk.end) << walk.end.error().ToString();
  EXPECT_EQ(walk.seen.back(), "5");
}

TEST_F(WholeHistory, DamageIsNamedAfterTheCommitsBeforeIt) {
  table_.Overwrite(4, "{\"add\":\n");
  const Walk walk = Read(table_);
  ASSERT_FALSE(walk.end);
  EXPECT_EQ(walk.end.error().kind, ErrorKind::kDamaged);
  EXPECT_TRUE(walk.end.error().file.ends_with("00000000000000000004.json")) << walk.end.error().file;
  EXPECT_EQ(walk.seen.back(), "3");
}

TEST_F(WholeHistory, TheReaderMayEndIt) {
  const Walk walk = Read(table_, 2);
  ASSERT_FALSE(walk.end);
  EXPECT_EQ(walk.end.error().message, "enough");
  EXPECT_THAT(walk.seen, ElementsAre("-1>-1", "0", "1"));
}

TEST(WholeHistoryOfNothing, IsNoTable) {
  const testing::DeltaTableBuilder empty;
  const Walk walk = Read(empty);
  ASSERT_FALSE(walk.end);
  EXPECT_EQ(walk.end.error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace latecomer::delta
