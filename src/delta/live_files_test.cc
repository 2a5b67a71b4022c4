#include "delta/live_files.h"

#include <gtest/gtest.h>

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

// The table of hashes against a map, over long random histories.
TEST(LiveFiles, BehavesLikeAMap) {
  std::mt19937 random(7);
  LiveFiles files(LiveFiles::Details::kKeep);
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
  files.ForEach([&](const LiveFile& file) {
    ++seen;
    EXPECT_EQ(model.at(files.detail(file).path), file.size_bytes);
  });
  EXPECT_EQ(seen, model.size());
  std::int64_t bytes = 0;
  for (const auto& [path, size] : model) bytes += size;
  EXPECT_EQ(files.partitions()[0].bytes + files.partitions()[1].bytes, bytes);
}

}  // namespace
}  // namespace latecomer::delta
