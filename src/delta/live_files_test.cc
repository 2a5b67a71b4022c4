#include "delta/live_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace latecomer::delta {
namespace {

FileAction File(std::string_view path, std::string_view partition, std::int64_t size,
                std::optional<std::int64_t> records, const DeletionVector* vector = nullptr) {
  FileAction file;
  file.path = path;
  file.partition_values = partition;
  file.size_bytes = size;
  file.records = records;
  file.deletion_vector = vector;
  return file;
}

TEST(LiveFiles, SumsPerPartition) {
  LiveFiles files;
  files.Add(File("a", "{}", 10, 3), Version{0});
  files.Add(File("b", "{}", 5, std::nullopt), Version{1});
  ASSERT_EQ(files.partitions().size(), 1U);
  EXPECT_EQ(files.partitions()[0].files, 2);
  EXPECT_EQ(files.partitions()[0].bytes, 15);
  EXPECT_EQ(files.partitions()[0].rows, 3);
  EXPECT_EQ(files.partitions()[0].files_without_rows, 1);
  EXPECT_EQ(files.partitions()[0].last_changed, Version{1});
  const std::uint64_t both = files.partitions()[0].fingerprint;
  files.Remove(File("b", "{}", 5, std::nullopt), Version{2});
  EXPECT_EQ(files.partitions()[0].files_without_rows, 0);
  EXPECT_NE(files.partitions()[0].fingerprint, both);
  files.Add(File("b", "{}", 5, std::nullopt), Version{3});
  EXPECT_EQ(files.partitions()[0].fingerprint, both);
}

TEST(LiveFiles, AddingAFileAgainReplacesIt) {
  LiveFiles files;
  files.Add(File("a", "{}", 10, 3), Version{0});
  files.Add(File("a", "{}", 12, 4), Version{1});
  EXPECT_EQ(files.size(), 1U);
  EXPECT_EQ(files.partitions()[0].bytes, 12);
  EXPECT_EQ(files.partitions()[0].rows, 4);
}

TEST(LiveFiles, APathWithAnotherVectorIsAnotherFile) {
  const DeletionVector vector{"u", "x", 1, 40, 2};
  LiveFiles files;
  files.Add(File("a", "{}", 10, 5), Version{0});
  files.Add(File("a", "{}", 10, 5, &vector), Version{1});  // in any order with the remove
  files.Remove(File("a", "{}", 10, 5), Version{1});
  EXPECT_EQ(files.size(), 1U);
  EXPECT_EQ(files.partitions()[0].rows, 3);
  EXPECT_NE(files.Find("a", &vector), nullptr);
  EXPECT_EQ(files.Find("a", nullptr), nullptr);
}

TEST(LiveFiles, SpellingsOfALocalPathAreOneFile) {
  LiveFiles files;
  files.Add(File("/x/a", "{}", 1, 1), Version{0});
  files.Remove(File("file:///x/a", "{}", 1, 1), Version{1});
  EXPECT_EQ(files.size(), 0U);
  EXPECT_EQ(CanonicalPath("file:/x/a"), "/x/a");
  EXPECT_EQ(CanonicalPath("s3://b/a"), "s3://b/a");
}

TEST(LiveFiles, RemovingWhatIsNotThereChangesNothing) {
  LiveFiles files;
  files.Remove(File("a", "{}", 1, 1), Version{0});
  files.Add(File("a", "{}", 1, 1), Version{1});
  files.Remove(File("b", "{}", 1, 1), Version{2});
  EXPECT_EQ(files.size(), 1U);
  EXPECT_EQ(files.partitions()[0].last_changed, Version{1});
}

// Batches as checkpoints give them, also with files that stand in two of them, then commits on top.
TEST(LiveFiles, BatchesGiveWhatSingleFilesGive) {
  std::mt19937 random(11);
  LiveFiles whole(Details::kKeep);
  LiveFiles one_by_one(Details::kKeep);
  const auto file_of = [](std::uint32_t number, std::string& path, std::string& partition) {
    path = "f" + std::to_string(number);
    partition = R"({"p":")" + std::to_string(number % 7) + R"("})";
    return File(path, partition, number, number % 3 == 0 ? std::nullopt : std::optional<std::int64_t>(number));
  };
  std::string path;
  std::string partition;
  for (int round = 0; round < 20; ++round) {
    LiveFileBatch batch(Details::kKeep);
    for (int i = 0; i < 500; ++i) {
      const FileAction file = file_of(random() % 4000, path, partition);
      batch.Add(file);
      one_by_one.Add(file, Version{0});
    }
    whole.Take(batch);
  }
  for (int i = 0; i < 1000; ++i) {
    const FileAction file = file_of(random() % 4000, path, partition);
    whole.Remove(file, Version{1});
    one_by_one.Remove(file, Version{1});
  }
  ASSERT_EQ(whole.size(), one_by_one.size());
  ASSERT_EQ(whole.partitions().size(), 7U);
  for (const PartitionSum& sum : whole.partitions()) {
    const auto same = std::find_if(one_by_one.partitions().begin(), one_by_one.partitions().end(),
                                   [&](const PartitionSum& other) { return other.raw == sum.raw; });
    ASSERT_NE(same, one_by_one.partitions().end());
    EXPECT_EQ(sum.files, same->files);
    EXPECT_EQ(sum.bytes, same->bytes);
    EXPECT_EQ(sum.rows, same->rows);
    EXPECT_EQ(sum.files_without_rows, same->files_without_rows);
    EXPECT_EQ(sum.fingerprint, same->fingerprint);
  }
  for (const LiveFile& file : whole.all()) {
    EXPECT_NE(one_by_one.Find(whole.detail(file).path, nullptr), nullptr);
    EXPECT_EQ(whole.partitions()[file.partition].raw, R"({"p":")" + std::to_string(file.size_bytes % 7) + R"("})");
  }
}

// The table of hashes against a map, over long random histories.
TEST(LiveFiles, BehavesLikeAMap) {
  std::mt19937 random(7);
  LiveFiles files(Details::kKeep);
  std::map<std::string, std::int64_t> model;
  for (int step = 0; step < 200000; ++step) {
    const std::string path = "f" + std::to_string(random() % 3000);
    if (random() % 5 < 3) {
      const auto size = static_cast<std::int64_t>(random() % 1000);
      files.Add(File(path, path.back() < '5' ? R"({"p":"1"})" : R"({"p":"2"})", size, 1), Version{step});
      model[path] = size;
    } else {
      files.Remove(File(path, "{}", 0, 1), Version{step});
      model.erase(path);
    }
  }
  EXPECT_EQ(files.size(), model.size());
  std::size_t seen = 0;
  for (const LiveFile& file : files.all()) {
    ++seen;
    EXPECT_EQ(model.at(files.detail(file).path), file.size_bytes);
  }
  EXPECT_EQ(seen, model.size());
  std::int64_t bytes = 0;
  for (const auto& [path, size] : model) bytes += size;
  EXPECT_EQ(files.partitions()[0].bytes + files.partitions()[1].bytes, bytes);
}

}  // namespace
}  // namespace latecomer::delta
