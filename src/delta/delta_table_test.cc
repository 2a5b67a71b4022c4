// Whole tables: histories, missing versions, checkpoints, and states crossed with each other.
#include "delta/delta_table.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "storage/local_store.h"
#include "testing/delta_table_builder.h"
#include "testing/fake_clock.h"
#include "testing/memory_store.h"

namespace latecomer::delta {
namespace {

using testing::AddLine;
using testing::BareRemoveLine;
using testing::CommitInfoLine;
using testing::DeltaTableBuilder;
using ::testing::ElementsAre;
using testing::FileSpec;
using ::testing::HasSubstr;
using testing::RemoveLine;

std::string Day(int day) {
  return R"({"day":"2024-01-0)" + std::to_string(day) + "\"}";
}

FileSpec File(const std::string& path, int day, std::optional<std::int64_t> rows = 10) {
  FileSpec file;
  file.path = path;
  file.partition = Day(day);
  file.rows = rows;
  return file;
}

std::shared_ptr<table::TableHistory> Open(const DeltaTableBuilder& table, ReadOptions options = {}) {
  return *OpenDeltaTable(storage::MakeLocalStore(table.path()), storage::OpenLocalStore, options);
}

std::string Number(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "?";
}

// "3 2024-01-01 +1/10 -0/0" for each partition of each commit; "3" alone for one without files.
std::vector<std::string> Changes(const table::TableHistory& history, VersionRange range, Status* end = nullptr) {
  std::vector<std::string> lines;
  const Status status = history.ReadCommits(range, [&](table::Commit&& commit) -> Status {
    if (commit.partitions.empty()) lines.push_back(std::to_string(commit.version.value));
    for (const table::PartitionChange& change : commit.partitions) {
      const table::ChangeCounts& counts = change.counts;
      lines.push_back(
          std::to_string(commit.version.value) + " " + change.key.Display() + " +" +
          std::to_string(counts.files_added) + "/" + Number(counts.rows_added) + " -" +
          std::to_string(counts.files_removed) + "/" + Number(counts.rows_removed) +
          (change.data_change ? "" : " no change") +
          (counts.deletion_vector_updates > 0 ? " dv" + std::to_string(counts.deletion_vector_updates) : ""));
    }
    return {};
  });
  if (end != nullptr) {
    *end = status;
  } else {
    EXPECT_TRUE(status) << status.error().ToString();
  }
  return lines;
}

std::vector<std::string> Partitions(const table::TableHistory& history, std::optional<Version> at = {}) {
  std::vector<std::string> lines;
  const auto snapshot = history.ReadSnapshot(at);
  EXPECT_TRUE(snapshot) << snapshot.error().ToString();
  if (!snapshot) return lines;
  for (const table::PartitionState& state : snapshot->partitions) {
    lines.push_back(state.key.Display() + " " + std::to_string(state.files) + "/" + Number(state.rows));
  }
  return lines;
}

ErrorKind KindOf(const Status& status) {
  return status ? ErrorKind::kUnexpected : status.error().kind;
}
template <typename T>
ErrorKind KindOf(const Result<T>& result) {
  return result ? ErrorKind::kUnexpected : result.error().kind;
}

class DeltaTableTest : public ::testing::Test {
 protected:
  DeltaTableTest() { table_.Create({"day date"}); }
  DeltaTableBuilder& AddDay(const std::string& path, int day) {
    return table_.Commit({CommitInfoLine(1704067200000 + day, "WRITE"), AddLine(File(path, day))});
  }
  DeltaTableBuilder table_;
};

TEST_F(DeltaTableTest, ChangesAndSnapshot) {
  AddDay("a", 1);
  AddDay("b", 2);
  table_.Commit({RemoveLine(File("a", 1)), AddLine(File("c", 1, 7))});
  const auto history = Open(table_);
  EXPECT_EQ(*history->LatestVersion(), Version{3});
  EXPECT_EQ(*history->OldestCommit(), Version{0});
  EXPECT_THAT(
      Changes(*history, {kBeforeFirst, Version{3}}),
      ElementsAre("0", "1 day=2024-01-01 +1/10 -0/0", "2 day=2024-01-02 +1/10 -0/0", "3 day=2024-01-01 +1/7 -1/10"));
  EXPECT_THAT(Changes(*history, {Version{1}, Version{2}}), ElementsAre("2 day=2024-01-02 +1/10 -0/0"));
  EXPECT_THAT(Changes(*history, {Version{2}, Version{2}}), ElementsAre());
  EXPECT_THAT(Partitions(*history), ElementsAre("day=2024-01-01 1/7", "day=2024-01-02 1/10"));
  EXPECT_THAT(Partitions(*history, Version{1}), ElementsAre("day=2024-01-01 1/10"));
}

TEST_F(DeltaTableTest, TimestampsAndTheirSources) {
  table_.Commit({R"({"commitInfo":{"timestamp":1000,"inCommitTimestamp":2000,"operation":"WRITE"}})"});
  table_.Commit({CommitInfoLine(3000, "MERGE")});
  table_.Commit({R"({"txn":{"appId":"a","version":1}})"});
  std::vector<table::TimestampSource> sources;
  std::vector<std::int64_t> times;
  ASSERT_TRUE(Open(table_)->ReadCommits({Version{0}, Version{3}}, [&](table::Commit&& commit) -> Status {
    sources.push_back(commit.timestamp_source);
    times.push_back(commit.timestamp.time_since_epoch().count());
    return {};
  }));
  EXPECT_THAT(sources, ElementsAre(table::TimestampSource::kInCommit, table::TimestampSource::kCommitInfo,
                                   table::TimestampSource::kFile));
  EXPECT_EQ(times[0], 2000);
  EXPECT_EQ(times[1], 3000);
  EXPECT_GT(times[2], 1'500'000'000'000);
}

TEST_F(DeltaTableTest, WithoutTheCommitsInfoTheChangesAreTheSame) {
  AddDay("a", 1);
  table_.Commit({R"({"commitInfo":"of no known form"})", AddLine(File("b", 2))});
  ReadOptions options;
  options.info = ReadOptions::Info::kSkip;
  const auto history = Open(table_, options);
  EXPECT_THAT(Changes(*history, {Version{0}, Version{2}}),
              ElementsAre("1 day=2024-01-01 +1/10 -0/0", "2 day=2024-01-02 +1/10 -0/0"));
  ASSERT_TRUE(history->ReadCommits({Version{0}, Version{2}}, [](table::Commit&& commit) -> Status {
    EXPECT_EQ(commit.timestamp, Instant{});
    EXPECT_EQ(commit.operation, "");
    return {};
  }));
}

TEST_F(DeltaTableTest, RemovesWithoutPartitionOrRowsAreLookedUp) {
  AddDay("a", 1);
  AddDay("b", 2);
  FileSpec without_rows = File("b", 2, std::nullopt);
  table_.Commit({BareRemoveLine("a"), RemoveLine(without_rows)});
  EXPECT_THAT(Changes(*Open(table_), {Version{2}, Version{3}}),
              ElementsAre("3 day=2024-01-01 +0/0 -1/10", "3 day=2024-01-02 +0/0 -1/10"));
  ReadOptions options;
  options.removed_rows = ReadOptions::RemovedRows::kLeaveUnknown;
  EXPECT_THAT(Changes(*Open(table_, options), {Version{2}, Version{3}}),
              ElementsAre("3 day=2024-01-01 +0/0 -1/10", "3 day=2024-01-02 +0/0 -1/?"));
}

TEST_F(DeltaTableTest, ARemoveOfAFileTheTableNeverHadChangesNothing) {
  table_.Commit({BareRemoveLine("nowhere"), RemoveLine(File("b", 2, std::nullopt))});
  EXPECT_THAT(Changes(*Open(table_), {Version{0}, Version{1}}), ElementsAre("1 day=2024-01-02 +0/0 -1/?"));
}

TEST_F(DeltaTableTest, ABareRemoveWhoseStateIsGoneIsAnErrorAndNoSkip) {
  AddDay("a", 1);
  table_.Commit({BareRemoveLine("a")});
  table_.CheckpointFile("_delta_log/00000000000000000002.checkpoint.parquet",
                        {testing::CheckpointProtocol(), testing::CheckpointMetadata("table-id", {"day date"})});
  table_.RemoveCommit(0).RemoveCommit(1);
  Status status;
  Changes(*Open(table_), {Version{1}, Version{2}}, &status);
  ASSERT_EQ(KindOf(status), ErrorKind::kHistoryGone);
  EXPECT_THAT(status.error().message, HasSubstr("'a'"));
  EXPECT_EQ(status.error().line, 1);
}

TEST_F(DeltaTableTest, DeletionVectorsHideRows) {
  AddDay("a", 1);
  FileSpec hidden = File("a", 1);
  hidden.vector = testing::VectorJson("0000000000000000000x", 4);
  table_.Commit({AddLine(hidden), RemoveLine(File("a", 1))});
  FileSpec more = hidden;
  more.vector = testing::VectorJson("0000000000000000000y", 9);
  table_.Commit({RemoveLine(hidden), AddLine(more)});
  EXPECT_THAT(Changes(*Open(table_), {Version{1}, Version{3}}),
              ElementsAre("2 day=2024-01-01 +1/6 -1/10 dv1", "3 day=2024-01-01 +1/1 -1/6 dv1"));
  EXPECT_THAT(Partitions(*Open(table_)), ElementsAre("day=2024-01-01 1/1"));
}

TEST_F(DeltaTableTest, RewritesWithoutDataChangeAreSeenAsSuch) {
  AddDay("a", 1);
  FileSpec in = File("a", 1);
  FileSpec out = File("compacted", 1);
  in.data_change = out.data_change = false;
  table_.Commit({RemoveLine(in), AddLine(out)});
  EXPECT_THAT(Changes(*Open(table_), {Version{1}, Version{2}}), ElementsAre("2 day=2024-01-01 +1/10 -1/10 no change"));
  const auto snapshot = Open(table_)->ReadSnapshot(std::nullopt);
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->partitions[0].last_changed, Version{1});
}

TEST_F(DeltaTableTest, NullEmptyAndUnreadableKeys) {
  FileSpec null = File("n", 1);
  null.partition = R"({"day":null})";
  FileSpec empty = File("e", 1);
  empty.partition = R"({"day":""})";
  FileSpec rubbish = File("r", 1);
  rubbish.partition = R"({"day":"someday"})";
  table_.Commit({AddLine(null), AddLine(empty), AddLine(rubbish)});
  EXPECT_THAT(Changes(*Open(table_), {Version{0}, Version{1}}),
              ElementsAre("1 day=null +2/20 -0/0", "1 day=someday +1/10 -0/0"));
}

TEST_F(DeltaTableTest, RepartitioningKeepsOldAndNewKeysApart) {
  AddDay("a", 1);
  FileSpec added = File("b", 1);
  added.partition = R"({"month":"2024-01-01"})";
  table_.Commit({testing::MetadataLine("table-id", {"month date"}), RemoveLine(File("a", 1)), AddLine(added)});
  std::vector<bool> changed;
  ASSERT_TRUE(Open(table_)->ReadCommits({kBeforeFirst, Version{2}}, [&](table::Commit&& commit) -> Status {
    changed.push_back(commit.partitioning_changed);
    return {};
  }));
  EXPECT_THAT(changed, ElementsAre(false, false, true));
  EXPECT_THAT(Changes(*Open(table_), {Version{1}, Version{2}}),
              ::testing::UnorderedElementsAre("2 day=2024-01-01 +0/0 -1/10", "2 month=2024-01-01 +1/10 -0/0"));
}

TEST_F(DeltaTableTest, UnknownReaderFeatureEndsTheWalkAtItsCommit) {
  AddDay("a", 1);
  table_.Commit({testing::FeatureProtocolLine({"teleportation"})});
  Status status;
  EXPECT_EQ(Changes(*Open(table_), {kBeforeFirst, Version{2}}, &status).size(), 2U);
  ASSERT_EQ(KindOf(status), ErrorKind::kUnsupported);
  EXPECT_THAT(status.error().message, HasSubstr("teleportation"));
  EXPECT_EQ(KindOf(Open(table_)->ReadInfo(std::nullopt)), ErrorKind::kUnsupported);
}

TEST_F(DeltaTableTest, DamageIsNamedWithFileAndLine) {
  AddDay("a", 1);
  table_.Commit({AddLine(File("b", 2)), "{\"add\":{\"path\":"});
  Status status;
  EXPECT_EQ(Changes(*Open(table_), {kBeforeFirst, Version{2}}, &status).size(), 2U);
  ASSERT_EQ(KindOf(status), ErrorKind::kDamaged);
  EXPECT_THAT(status.error().file, HasSubstr("00000000000000000002.json"));
  EXPECT_EQ(status.error().line, 2);
  EXPECT_EQ(KindOf(Open(table_)->ReadSnapshot(std::nullopt)), ErrorKind::kDamaged);
  EXPECT_TRUE(Open(table_)->ReadSnapshot(Version{1}));
}

TEST_F(DeltaTableTest, AGapWithoutCheckpointIsDamage) {
  AddDay("a", 1);
  AddDay("b", 2);
  AddDay("c", 3);
  table_.RemoveCommit(2);
  const auto history = Open(table_);
  EXPECT_EQ(KindOf(history->CommitRanges()), ErrorKind::kDamaged);
  EXPECT_EQ(KindOf(history->ReadSnapshot(std::nullopt)), ErrorKind::kDamaged);
  Status status;
  EXPECT_EQ(Changes(*history, {kBeforeFirst, Version{3}}, &status).size(), 2U);
  EXPECT_EQ(KindOf(status), ErrorKind::kDamaged);
}

TEST_F(DeltaTableTest, VersionsThatAreNotThereYet) {
  const auto history = Open(table_);
  EXPECT_EQ(KindOf(history->ReadSnapshot(Version{5})), ErrorKind::kNotFound);
  Status status;
  Changes(*history, {kBeforeFirst, Version{5}}, &status);
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
}

TEST_F(DeltaTableTest, AFolderThatIsNoTable) {
  const testing::TemporaryFolder empty;
  const auto history = *OpenDeltaTable(storage::MakeLocalStore(empty.path()), {});
  EXPECT_EQ(KindOf(history->LatestVersion()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(history->ReadInfo(std::nullopt)), ErrorKind::kNotFound);
  std::filesystem::create_directory(empty.path() + "/_delta_log");
  EXPECT_EQ(KindOf(history->LatestVersion()), ErrorKind::kNotFound);
}

TEST_F(DeltaTableTest, TheFirstCommitMustSayWhatTheTableIs) {
  DeltaTableBuilder bare;
  bare.Commit({testing::ProtocolLine(), AddLine(File("a", 1))});
  Status status;
  Changes(*Open(bare), {kBeforeFirst, Version{0}}, &status);
  EXPECT_EQ(KindOf(status), ErrorKind::kDamaged);
  EXPECT_EQ(KindOf(Open(bare)->ReadSnapshot(std::nullopt)), ErrorKind::kDamaged);
}

// The look after a seen commit (design, section 4): what may be believed to be "nothing new".
class LatestAfter : public DeltaTableTest {
 protected:
  LatestAfter() {
    AddDay("a", 1);
    AddDay("b", 2);
  }
  table::SeenCommit Seen(std::int64_t version) {
    auto identity = Open(table_)->IdentityOf(Version{version});
    EXPECT_TRUE(identity);
    return {*identity, "table-id"};
  }
};

TEST_F(LatestAfter, FindsWhatIsNew) {
  const table::SeenCommit seen = Seen(1);
  EXPECT_EQ(*Open(table_)->LatestVersionAfter(seen), Version{2});
  AddDay("c", 3);
  EXPECT_EQ(*Open(table_)->LatestVersionAfter(seen), Version{3});
  EXPECT_EQ(*Open(table_)->LatestVersionAfter(Seen(3)), Version{3});
}

TEST_F(LatestAfter, ACopyOfTheSameLogIsTheSameLog) {
  table::SeenCommit seen = Seen(2);
  seen.identity.etag = "another inode";
  EXPECT_EQ(*Open(table_)->LatestVersionAfter(seen), Version{2});
}

// The content is compared once; then the file need not be read again as long as it is that one.
TEST(LatestAfterMove, TheSeenCommitIsReadOnceWhereItsEtagIsAnother) {
  const auto store = std::make_shared<testing::MemoryStore>(std::make_shared<testing::FakeClock>());
  const std::string key = "_delta_log/00000000000000000000.json";
  store->Replace(key, testing::ProtocolLine() + "\n");
  const auto table = *OpenDeltaTable(store, nullptr);
  table::SeenCommit seen{*table->IdentityOf(Version{0}), "table-id"};
  store->Replace(key, testing::ProtocolLine() + "\n");  // a copy, with an etag of its own
  const auto reads = [&] { return store->Calls(testing::Operation::kRead); };
  const std::int64_t before = reads();
  EXPECT_EQ(*table->LatestVersionAfter(seen), Version{0});
  EXPECT_EQ(reads(), before + 1);
  EXPECT_EQ(*table->LatestVersionAfter(seen), Version{0});
  EXPECT_EQ(reads(), before + 1);
  table::SeenCommit other = seen;
  ++other.identity.content_hash;
  EXPECT_EQ(KindOf(table->LatestVersionAfter(other)), ErrorKind::kHistoryGone) << "what was found was about another";
  store->Replace(key, testing::ProtocolLine() + " ");
  EXPECT_EQ(KindOf(table->LatestVersionAfter(seen)), ErrorKind::kHistoryGone);
}

TEST_F(LatestAfter, AReplacedCommitIsNoticed) {
  const table::SeenCommit seen = Seen(2);
  table_.Overwrite(2, AddLine(File("other", 1)) + "\n");
  EXPECT_EQ(KindOf(Open(table_)->LatestVersionAfter(seen)), ErrorKind::kHistoryGone);
}

TEST_F(LatestAfter, ACleanedLogIsNoticed) {
  const table::SeenCommit seen = Seen(1);
  table_.RemoveCommit(0).RemoveCommit(1);
  EXPECT_EQ(KindOf(Open(table_)->LatestVersionAfter(seen)), ErrorKind::kHistoryGone);
}

TEST_F(LatestAfter, ARecreatedTableIsNoticed) {
  const table::SeenCommit seen = Seen(2);
  std::filesystem::remove_all(table_.path() + "/_delta_log");
  EXPECT_EQ(KindOf(Open(table_)->LatestVersionAfter(seen)), ErrorKind::kNotFound);
  table_.Overwrite(0, testing::ProtocolLine() + "\n");
  EXPECT_EQ(KindOf(Open(table_)->LatestVersionAfter(seen)), ErrorKind::kHistoryGone);
}

TEST_F(LatestAfter, ACheckpointAheadOfAMissingCommitIsNoEnd) {
  const table::SeenCommit seen = Seen(1);
  table_.Write("_delta_log/_last_checkpoint", R"({"version":4,"size":1})");
  EXPECT_EQ(*Open(table_)->LatestVersionAfter(seen), Version{2}) << "a hint that nothing in the folder bears out";
  AddDay("c", 3);
  AddDay("d", 4);
  table_.RemoveCommit(3);
  EXPECT_EQ(KindOf(Open(table_)->LatestVersionAfter(seen)), ErrorKind::kHistoryGone);
}

// Knowing the base, nothing before the range is read: not even when it is damaged or gone.
TEST_F(DeltaTableTest, AKnownBaseNeedsNoLookBack) {
  AddDay("a", 1);
  AddDay("b", 2);
  const auto info = Open(table_)->ReadInfo(Version{1});
  ASSERT_TRUE(info);
  table_.RemoveCommit(0);
  const table::TableHistory::KnownBase base{info->id, info->partition_columns};
  std::vector<std::string> seen;
  const auto take = [&](table::Commit&& commit) -> Status {
    for (const auto& change : commit.partitions) {
      seen.push_back(change.key.Display());
      EXPECT_TRUE(change.key.value(0).AsCivil());
    }
    return {};
  };
  EXPECT_TRUE(Open(table_)->ReadCommitsAfter(base, {Version{1}, Version{2}}, take));
  EXPECT_THAT(seen, ElementsAre("day=2024-01-02"));
}

TEST_F(DeltaTableTest, AKnownBaseNoticesNewPartitioning) {
  AddDay("a", 1);
  const auto info = Open(table_)->ReadInfo(Version{1});
  ASSERT_TRUE(info);
  table_.Commit({testing::MetadataLine("table-id", {"month date"}), RemoveLine(File("a", 1))});
  bool changed = false;
  std::string key;
  ASSERT_TRUE(Open(table_)->ReadCommitsAfter({info->id, info->partition_columns}, {Version{1}, Version{2}},
                                             [&](table::Commit&& commit) -> Status {
                                               changed = commit.partitioning_changed;
                                               key = commit.partitions.at(0).key.Display();
                                               return {};
                                             }));
  EXPECT_TRUE(changed);
  EXPECT_EQ(key, "day=2024-01-01");
}

TEST_F(DeltaTableTest, TransactionsAndCommitInfo) {
  table_.Commit({R"({"txn":{"appId":"a","version":5}})"});
  table_.Commit({R"({"commitInfo":{"operation":"X","tags":{"k":"}"}}})", R"({"txn":{"appId":"b","version":1}})"});
  const auto history = Open(table_);
  const auto found = history->FindTransaction("a");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->version, 5);
  EXPECT_EQ((*found)->recorded_at, Version{1});
  EXPECT_EQ(*history->FindTransaction("c"), std::nullopt);
  EXPECT_EQ(*history->ReadCommitInfo(Version{2}), R"({"operation":"X","tags":{"k":"}"}})");
  EXPECT_EQ(*history->ReadCommitInfo(Version{1}), "{}");
}

TEST_F(DeltaTableTest, FilesToRead) {
  FileSpec odd = File("day=2024-01-01/a%20b.parquet", 1);
  FileSpec absolute = File("file:///elsewhere/c.parquet", 1);
  table_.Commit({AddLine(odd), AddLine(absolute), AddLine(File("other.parquet", 2))});
  const auto files = Open(table_)->ReadFiles(
      Version{1}, [](const table::PartitionKey& key) { return key.Display() == "day=2024-01-01"; });
  ASSERT_TRUE(files) << files.error().ToString();
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].path, "/elsewhere/c.parquet");
  EXPECT_EQ((*files)[1].path, table_.path() + "/day=2024-01-01/a b.parquet");
  EXPECT_EQ((*files)[1].rows, 10);
}

// Long enough that several threads share the range, with a change of metadata in the middle.
TEST_F(DeltaTableTest, ManyCommitsComeInOrder) {
  constexpr int kCommits = 1000;
  for (int i = 1; i < kCommits; ++i) {
    if (i == 500) {
      table_.Commit({testing::MetadataLine("table-id", {"day string"})});
    } else {
      AddDay("f" + std::to_string(i), 1 + i % 9);
    }
  }
  ReadOptions options;
  options.threads = 4;
  std::int64_t next = 0;
  ASSERT_TRUE(
      Open(table_, options)->ReadCommits({kBeforeFirst, Version{kCommits - 1}}, [&](table::Commit&& commit) -> Status {
        EXPECT_EQ(commit.version.value, next++);
        return {};
      }));
  EXPECT_EQ(next, kCommits);
  table_.RemoveCommit(700);
  next = 0;
  EXPECT_FALSE(
      Open(table_, options)->ReadCommits({kBeforeFirst, Version{kCommits - 1}}, [&](table::Commit&&) -> Status {
        ++next;
        return {};
      }));
  EXPECT_EQ(next, 700);
  const Status stopped =
      Open(table_, options)->ReadCommits({kBeforeFirst, Version{600}}, [&](table::Commit&& commit) -> Status {
        if (commit.version.value == 100) return Fail(ErrorKind::kCancelled, "enough");
        return {};
      });
  EXPECT_EQ(KindOf(stopped), ErrorKind::kCancelled);
}

// Threads that read have numbers of their own for the files they open, which mean other files here.
TEST_F(DeltaTableTest, FilesThatAreOpenedWhileCommitsAreReadStayOpen) {
  constexpr int kCommits = 1000;
  for (int i = 1; i < kCommits; ++i) AddDay("f" + std::to_string(i), 1 + i % 9);
  ReadOptions options;
  options.threads = 4;
  std::vector<int> files;
  ASSERT_TRUE(Open(table_, options)->ReadCommits({kBeforeFirst, Version{kCommits - 1}}, [&](table::Commit&&) -> Status {
    if (files.size() < 200) files.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    return {};
  }));
  ASSERT_EQ(files.size(), 200U);
  for (const int file : files) {
    EXPECT_GE(fcntl(file, F_GETFD), 0) << file;
    close(file);
  }
}

}  // namespace
}  // namespace latecomer::delta
