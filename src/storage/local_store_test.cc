#include "storage/local_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "testing/temporary_folder.h"

namespace latecomer::storage {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

void WriteFile(const std::string& path, std::string_view bytes = "x") {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

std::vector<std::string> Keys(const ObjectStore& store, std::string_view prefix = "") {
  std::vector<std::string> keys;
  const auto listed = store.List(prefix, {.direct_only = false});
  if (!listed) ADD_FAILURE() << listed.error().ToString();
  for (const ObjectInfo& info : listed.value_or(std::vector<ObjectInfo>{})) keys.push_back(info.key);
  return keys;
}

TEST(LocalStore, OpensPathsAndFileUris) {
  const TemporaryFolder folder;
  WriteFile(folder / "my table/a", "content");
  const std::string plain = folder / "my table";
  std::string encoded = plain;
  encoded.replace(encoded.find(' '), 1, "%20");
  for (const std::string& location :
       {plain, plain + "/", plain + "//", "file://" + encoded, "file:" + encoded, "file://localhost" + encoded}) {
    const auto store = OpenLocalStore(location);
    ASSERT_TRUE(store) << store.error().ToString();
    EXPECT_EQ((*store)->Read("a").value_or("?"), "content") << location;
    EXPECT_EQ((*store)->local_root(), plain) << location;
  }
}

TEST(LocalStore, APercentSignInAPathIsNoEncoding) {
  const TemporaryFolder folder;
  WriteFile(folder / "a%20b/x", "content");
  EXPECT_EQ((*OpenLocalStore(folder / "a%20b"))->Read("x").value_or("?"), "content");
}

TEST(LocalStore, RefusesOtherSchemesByName) {
  for (const char* location : {"s3://bucket/table", "gs://b/t", "abfss://c@a.dfs.core.windows.net/t", "hdfs://n/t"}) {
    const auto store = OpenLocalStore(location);
    ASSERT_FALSE(store) << location;
    EXPECT_EQ(store.error().kind, ErrorKind::kUnsupported);
    EXPECT_THAT(store.error().message, HasSubstr(std::string(location).substr(0, std::string(location).find(':'))));
  }
  for (const char* location : {"file://otherhost/x", "file:relative", "file://", "file:"}) {
    const auto store = OpenLocalStore(location);
    ASSERT_FALSE(store) << location;
    EXPECT_EQ(store.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST(LocalStore, TheEmptyPathIsHereAndNotTheRootOfTheDisk) {
  const auto store = OpenLocalStore("");
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->location(), ".");
}

TEST(LocalStore, LeftOversOfACrashAreNoObjects) {
  const TemporaryFolder folder;
  const auto store = MakeLocalStore(folder.path());
  ASSERT_TRUE(store->PutIfAbsent("_delta_log/0.json", "x"));
  // What a writer that was killed leaves behind: the same name that a writer at work has.
  auto writer = store->OpenForWrite("_delta_log/1.json");
  ASSERT_TRUE(writer);
  std::string left_over;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "_delta_log")) {
    if (entry.path().filename() != "0.json") left_over = entry.path().filename();
  }
  ASSERT_FALSE(left_over.empty());
  EXPECT_EQ(left_over.front(), '.');
  EXPECT_EQ(Keys(*store), std::vector<std::string>{"_delta_log/0.json"});
  // Nobody can put an object where List wouldn't show it.
  EXPECT_FALSE(store->PutIfAbsent("_delta_log/" + left_over + "x", "x"));
  EXPECT_FALSE(store->PutIfAbsent("_delta_log/", "x"));
}

TEST(LocalStore, TheEtagTellsAReplacedFileOfEqualSizeAndTime) {
  const TemporaryFolder folder;
  const auto store = MakeLocalStore(folder.path());
  WriteFile(folder / "a", "one");
  const auto time = std::filesystem::last_write_time(folder / "a");
  const std::string etag = store->Stat("a")->etag;
  WriteFile(folder / "b", "two");
  std::filesystem::rename(folder / "b", folder / "a");
  std::filesystem::last_write_time(folder / "a", time);
  EXPECT_NE(store->Stat("a")->etag, etag);
}

TEST(LocalStore, ModificationTimeIsInMilliseconds) {
  const TemporaryFolder folder;
  WriteFile(folder / "a");
  const timespec times[2] = {{0, UTIME_OMIT}, {1'704'362'400, 123'999'999}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder / "a").c_str(), times, 0), 0);
  EXPECT_EQ(FormatInstant(MakeLocalStore(folder.path())->Stat("a")->modified), "2024-01-04T10:00:00.123Z");
  const timespec before_1970[2] = {{0, UTIME_OMIT}, {-1, 500'000'000}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder / "a").c_str(), before_1970, 0), 0);
  EXPECT_EQ(FormatInstant(MakeLocalStore(folder.path())->Stat("a")->modified), "1969-12-31T23:59:59.500Z");
}

TEST(LocalStore, FollowsLinksButNotInCircles) {
  const TemporaryFolder folder;
  WriteFile(folder / "elsewhere/file", "linked");
  WriteFile(folder / "table/sub/a");
  std::filesystem::create_directory_symlink(folder / "elsewhere", folder / "table/other");
  std::filesystem::create_directory_symlink(folder / "table", folder / "table/sub/up");
  std::filesystem::create_directory_symlink(folder / "table", folder / "table/sub/up too");
  std::filesystem::create_symlink(folder / "gone", folder / "table/dead");
  std::filesystem::create_symlink("self", folder / "table/self");
  const auto store = MakeLocalStore(folder / "table");
  EXPECT_EQ(Keys(*store), (std::vector<std::string>{"other/file", "sub/a"}));
  EXPECT_EQ(store->Read("other/file").value_or("?"), "linked");
  const auto put = store->PutIfAbsent("dead", "x");
  ASSERT_TRUE(put);
  EXPECT_EQ(*put, PutOutcome::kExists) << "the name is taken, if only by a dead link";
}

TEST(LocalStore, TwoNamesOfOneFolderAreBothListed) {
  const TemporaryFolder folder;
  WriteFile(folder / "elsewhere/file");
  std::filesystem::create_directory(folder / "table");
  std::filesystem::create_directory_symlink(folder / "elsewhere", folder / "table/a");
  std::filesystem::create_directory_symlink(folder / "elsewhere", folder / "table/b");
  EXPECT_EQ(Keys(*MakeLocalStore(folder / "table")), (std::vector<std::string>{"a/file", "b/file"}));
}

TEST(LocalStore, WhatIsNoFileIsNoObject) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "folder");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto store = MakeLocalStore(folder.path());
  EXPECT_TRUE(Keys(*store).empty());
  for (const char* key : {"folder", "pipe"}) {
    const auto read = store->Read(key);  // opening a pipe must not wait for its writer
    ASSERT_FALSE(read) << key;
    EXPECT_EQ(read.error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(store->Stat(key).error().kind, ErrorKind::kNotFound);
  }
}

TEST(LocalStore, ARootThatIsAFileIsNoTable) {
  const TemporaryFolder folder;
  WriteFile(folder / "file");
  const auto store = MakeLocalStore(folder / "file");
  const auto listed = store->List("", {});
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(store->Read("a").error().kind, ErrorKind::kNotFound);
  const auto put = store->PutIfAbsent("_delta_log/0.json", "x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().file, folder / "file");
  EXPECT_EQ(Keys(*MakeLocalStore(folder.path())), std::vector<std::string>{"file"});
}

TEST(LocalStore, AKeyThroughAFileIsMissingAndCantBeWritten) {
  const TemporaryFolder folder;
  const auto store = MakeLocalStore(folder.path());
  ASSERT_TRUE(store->PutIfAbsent("a", "x"));
  EXPECT_EQ(store->Read("a/b").error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(store->PutIfAbsent("a/b", "y"));
  EXPECT_FALSE(store->OpenForWrite("a/b"));
  EXPECT_EQ(store->Read("a").value_or("?"), "x");
}

TEST(LocalStore, ANameThatIsTooLongIsAnErrorWithThePath) {
  const TemporaryFolder folder;
  const auto put = MakeLocalStore(folder.path())->PutIfAbsent(std::string(300, 'a'), "x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().file, folder / std::string(300, 'a'));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "left-overs";
}

TEST(LocalStore, ReadsPartsOfFilesLargerThanMemory) {
  const TemporaryFolder folder;
  WriteFile(folder / "sparse");
  std::error_code refused;
  std::filesystem::resize_file(folder / "sparse", 1ULL << 43, refused);
  if (refused) GTEST_SKIP() << "no file of 8 TiB on this disk, not even an empty one";
  const auto store = MakeLocalStore(folder.path());
  EXPECT_EQ(store->ReadRange("sparse", (1LL << 43) - 2, 10).value_or("?"), std::string(2, '\0'));
}

}  // namespace
}  // namespace latecomer::storage
