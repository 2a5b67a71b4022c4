// What every ObjectStore promises, tried on each of them.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <ostream>
#include <thread>

#include "http/environment.h"
#include "storage/local_store.h"
#include "storage/object_store.h"
#include "storage/open_store.h"
#include "testing/fake_clock.h"
#include "testing/memory_store.h"
#include "testing/temporary_folder.h"

namespace latecomer::storage {
namespace {

// A store, and what it stands on.
struct Place {
  std::unique_ptr<testing::TemporaryFolder> folder{};
  std::shared_ptr<ObjectStore> store{};
};

struct BackEnd {
  std::string name;
  std::function<Place()> make;
  bool is_tree = false;  // a name can't be an object's and a folder's at once
};

void PrintTo(const BackEnd& back_end, std::ostream* out) {
  *out << back_end.name;
}

// Each test has a table of its own in the object store that LATECOMER_TEST_STORE names, if any: a URI. Tests that
// start a store set it (tests/stores); LATECOMER_TEST_STORE_IS_TREE says that the store keeps objects as files.
std::vector<BackEnd> BackEnds() {
  std::vector<BackEnd> back_ends;
  back_ends.push_back({"local",
                       [] {
                         Place place;
                         place.folder = std::make_unique<testing::TemporaryFolder>();
                         place.store = MakeLocalStore(*place.folder / "a/table");
                         return place;
                       },
                       true});
  back_ends.push_back({"memory", [] {
                         Place place;
                         place.store = std::make_shared<testing::MemoryStore>(std::make_shared<testing::FakeClock>());
                         return place;
                       }});
  const http::Environment environment = http::ProcessEnvironment();
  if (const auto uri = environment("LATECOMER_TEST_STORE")) {
    const auto make = [uri] {
      SystemRandom random;
      Place place;
      place.store = ProcessStores()(*uri + "/" + MakeUuid(random)).value();
      return place;
    };
    back_ends.push_back({"cloud", make, http::IsTrue(environment("LATECOMER_TEST_STORE_IS_TREE"))});
  }
  return back_ends;
}

class ObjectStoreContract : public ::testing::TestWithParam<BackEnd> {
 protected:
  std::vector<std::string> Keys(std::string_view prefix, const ObjectStore::ListOptions& options = {}) {
    std::vector<std::string> keys;
    const auto listed = store_.List(prefix, options);
    if (!listed) {
      ADD_FAILURE() << listed.error().ToString();
      return keys;
    }
    for (const ObjectInfo& info : *listed) keys.push_back(info.key);
    return keys;
  }
  void Put(std::string_view key, std::string_view bytes = "x") {
    const auto put = store_.PutIfAbsent(key, bytes);
    ASSERT_TRUE(put) << put.error().ToString();
    ASSERT_EQ(*put, PutOutcome::kCreated) << key;
  }
  ErrorKind KindOf(const auto& result) { return result ? ErrorKind::kUnexpected : result.error().kind; }

  Place place_ = GetParam().make();
  ObjectStore& store_ = *place_.store;
};

TEST_P(ObjectStoreContract, NothingThereYet) {
  EXPECT_EQ(KindOf(store_.Stat("a")), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store_.Read("a/b")), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store_.ReadRange("a", 0, 1)), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store_.List("", {})), ErrorKind::kNotFound) << "a root that doesn't exist";
  EXPECT_EQ(KindOf(store_.List("_delta_log/", {})), ErrorKind::kNotFound);
  EXPECT_TRUE(store_.Remove("a/b"));
  const auto missing = store_.Read("a/b");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().file.find(store_.location()), std::string::npos) << missing.error().ToString();
}

TEST_P(ObjectStoreContract, WhatWasPutIsRead) {
  const std::string bytes("line 1\nline 2\r\n\0\xff end", 20);
  Put("_delta_log/00000000000000000000.json", bytes);
  EXPECT_EQ(store_.Read("_delta_log/00000000000000000000.json").value_or(""), bytes);
  const auto info = store_.Stat("_delta_log/00000000000000000000.json");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->key, "_delta_log/00000000000000000000.json");
  EXPECT_EQ(info->size_bytes, 20);
  EXPECT_FALSE(info->etag.empty());
  Put("empty", "");
  EXPECT_EQ(store_.Read("empty").value_or("?"), "");
  EXPECT_EQ(store_.Stat("empty")->size_bytes, 0);
}

TEST_P(ObjectStoreContract, TheFirstPutStays) {
  Put("a", "first");
  const std::string etag = store_.Stat("a")->etag;
  const auto second = store_.PutIfAbsent("a", "second, and longer");
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, PutOutcome::kExists);
  EXPECT_EQ(store_.Read("a").value_or(""), "first");
  EXPECT_EQ(store_.Stat("a")->etag, etag);
}

TEST_P(ObjectStoreContract, ANewContentHasANewEtag) {
  Put("a", "one");
  const std::string etag = store_.Stat("a")->etag;
  EXPECT_EQ(store_.Stat("a")->etag, etag) << "looking changes nothing";
  ASSERT_TRUE(store_.Remove("a"));
  Put("other", "takes a place that became free");
  Put("a", "two");
  EXPECT_NE(store_.Stat("a")->etag, etag);
}

TEST_P(ObjectStoreContract, Ranges) {
  Put("a", "0123456789");
  EXPECT_EQ(store_.ReadRange("a", 0, 3).value_or("?"), "012");
  EXPECT_EQ(store_.ReadRange("a", 7, 3).value_or("?"), "789");
  EXPECT_EQ(store_.ReadRange("a", 7, 100).value_or("?"), "789");
  EXPECT_EQ(store_.ReadRange("a", 10, 1).value_or("?"), "");
  EXPECT_EQ(store_.ReadRange("a", 1LL << 40, 1).value_or("?"), "");
  EXPECT_EQ(store_.ReadRange("a", 3, 0).value_or("?"), "");
  EXPECT_EQ(KindOf(store_.ReadRange("a", -1, 2)), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(store_.ReadRange("a", 1, -1)), ErrorKind::kInvalidArgument);
}

TEST_P(ObjectStoreContract, ListsInByteOrder) {
  for (const char* key : {"_delta_log/10.json", "_delta_log/9.json", "_delta_log/_sidecars/a.parquet", "b.parquet",
                          "_delta_log/\xc3\xa4.json", "_delta_log/A.json", "_delta_log.old/1.json"}) {
    Put(key);
  }
  EXPECT_EQ(Keys("_delta_log/"), (std::vector<std::string>{"_delta_log/10.json", "_delta_log/9.json",
                                                           "_delta_log/A.json", "_delta_log/\xc3\xa4.json"}));
  EXPECT_EQ(Keys(""), std::vector<std::string>{"b.parquet"});
  EXPECT_EQ(
      Keys("", {.direct_only = false}),
      (std::vector<std::string>{"_delta_log.old/1.json", "_delta_log/10.json", "_delta_log/9.json", "_delta_log/A.json",
                                "_delta_log/_sidecars/a.parquet", "_delta_log/\xc3\xa4.json", "b.parquet"}));
  EXPECT_EQ(Keys("_delta_log/_sidecars/"), std::vector<std::string>{"_delta_log/_sidecars/a.parquet"});
  EXPECT_TRUE(Keys("event_time=2024-01-01/").empty()) << "a prefix under which nothing lies";
  EXPECT_TRUE(Keys("b.parquet/").empty());
}

TEST_P(ObjectStoreContract, ListsStrictlyAfter) {
  for (const char* key : {"log/1", "log/2", "log/2/deeper", "log/3"}) {
    if (GetParam().is_tree && std::string_view(key) == "log/2/deeper") continue;  // 2 is a file there
    Put(key);
  }
  EXPECT_EQ(Keys("log/", {.start_after = "log/1"}), (std::vector<std::string>{"log/2", "log/3"}));
  EXPECT_EQ(Keys("log/", {.start_after = "log/1x"}), (std::vector<std::string>{"log/2", "log/3"}));
  EXPECT_EQ(Keys("log/", {.start_after = "log/"}), (std::vector<std::string>{"log/1", "log/2", "log/3"}));
  EXPECT_TRUE(Keys("log/", {.start_after = "log/3"}).empty());
}

TEST_P(ObjectStoreContract, StartAfterCountsTheWholeKeyInDeeperFolders) {
  for (const char* key : {"a/z", "b/a", "c"}) Put(key);
  EXPECT_EQ(Keys("", {.start_after = "b", .direct_only = false}), (std::vector<std::string>{"b/a", "c"}));
  EXPECT_EQ(Keys("", {.start_after = "a/z", .direct_only = false}), (std::vector<std::string>{"b/a", "c"}));
}

TEST_P(ObjectStoreContract, ListTellsWhatStatTells) {
  Put("log/1", "12345");
  const auto listed = store_.List("log/", {});
  const auto info = store_.Stat("log/1");
  ASSERT_TRUE(listed && info);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ((*listed)[0].size_bytes, 5);
  EXPECT_EQ((*listed)[0].etag, info->etag);
  EXPECT_EQ((*listed)[0].modified, info->modified);
}

TEST_P(ObjectStoreContract, KeysAreTakenAsTheyAre) {
  for (const char* key : {"event_time=2024-01-01 00%3A00%3A00/a.parquet", "k=caf\xc3\xa9/a", "k=a+b&c?d#e/a", "k=./a",
                          "k=..../a", "-rf", "a\\b", "new\nline", "...", "..a/b.."}) {
    Put(key, key);
    EXPECT_EQ(store_.Read(key).value_or("?"), key);
    EXPECT_TRUE(store_.Remove(key));
    EXPECT_EQ(KindOf(store_.Stat(key)), ErrorKind::kNotFound) << key;
  }
}

TEST_P(ObjectStoreContract, NoKeyLeavesTheRoot) {
  Put("inside");
  for (const std::string& key :
       {std::string(""), std::string("/etc/passwd"), std::string(".."), std::string("../a"), std::string("a/../../b"),
        std::string("a/.."), std::string("a/./b"), std::string("."), std::string("a\0b", 3)}) {
    EXPECT_EQ(KindOf(store_.Read(key)), ErrorKind::kInvalidArgument) << key;
    EXPECT_EQ(KindOf(store_.ReadRange(key, 0, 1)), ErrorKind::kInvalidArgument) << key;
    EXPECT_EQ(KindOf(store_.Stat(key)), ErrorKind::kInvalidArgument) << key;
    EXPECT_EQ(KindOf(store_.PutIfAbsent(key, "x")), ErrorKind::kInvalidArgument) << key;
    EXPECT_EQ(KindOf(store_.OpenForWrite(key)), ErrorKind::kInvalidArgument) << key;
    EXPECT_EQ(KindOf(store_.Remove(key)), ErrorKind::kInvalidArgument) << key;
    if (!key.empty()) EXPECT_EQ(KindOf(store_.List(key + "/", {})), ErrorKind::kInvalidArgument) << key;
  }
}

TEST_P(ObjectStoreContract, AWriterShowsNothingBeforeItsClose) {
  auto writer = store_.OpenForWrite("event_time=2024-01-01/part.parquet");
  ASSERT_TRUE(writer) << writer.error().ToString();
  ASSERT_TRUE((*writer)->Write("one "));
  ASSERT_TRUE((*writer)->Write(""));
  ASSERT_TRUE((*writer)->Write("two"));
  EXPECT_EQ(KindOf(store_.Stat("event_time=2024-01-01/part.parquet")), ErrorKind::kNotFound);
  if (const auto listed = store_.List("event_time=2024-01-01/", {})) EXPECT_TRUE(listed->empty());
  ASSERT_TRUE((*writer)->Close());
  EXPECT_EQ(store_.Read("event_time=2024-01-01/part.parquet").value_or("?"), "one two");
  writer->reset();
  EXPECT_EQ(Keys("", {.direct_only = false}), std::vector<std::string>{"event_time=2024-01-01/part.parquet"});
}

TEST_P(ObjectStoreContract, AWriterThatIsGivenUpLeavesNothing) {
  Put("a");
  {
    auto writer = store_.OpenForWrite("b");
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->Write("half"));
  }
  EXPECT_EQ(Keys("", {.direct_only = false}), std::vector<std::string>{"a"});
}

TEST_P(ObjectStoreContract, AWriterReplacesNothing) {
  auto writer = store_.OpenForWrite("a");
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->Write("mine"));
  Put("a", "theirs");
  EXPECT_EQ(KindOf((*writer)->Close()), ErrorKind::kConflict);
  EXPECT_EQ(store_.Read("a").value_or("?"), "theirs");
}

TEST_P(ObjectStoreContract, AWriterIsClosedOnce) {
  auto writer = store_.OpenForWrite("a");
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->Write("x"));
  ASSERT_TRUE((*writer)->Close());
  EXPECT_FALSE((*writer)->Close());
  EXPECT_FALSE((*writer)->Write("y"));
  EXPECT_EQ(store_.Read("a").value_or("?"), "x");
}

// More than a store takes at once.
std::string LargeContent() {
  std::string content;
  while (content.size() < (std::size_t{17} << 20) + 3) content += std::to_string(content.size()) + ";";
  return content;
}

TEST_P(ObjectStoreContract, LargeFilesAreWrittenInParts) {
  const std::string content = LargeContent();
  auto writer = store_.OpenForWrite("event_time=2024-01-01/large.parquet");
  ASSERT_TRUE(writer);
  constexpr std::size_t kWrite = 3'000'001;  // no part's size
  for (std::size_t at = 0; at < content.size(); at += kWrite) {
    const Status written = (*writer)->Write(std::string_view(content).substr(at, kWrite));
    ASSERT_TRUE(written) << written.error().ToString();
  }
  EXPECT_EQ(KindOf(store_.Stat("event_time=2024-01-01/large.parquet")), ErrorKind::kNotFound);
  const Status closed = (*writer)->Close();
  ASSERT_TRUE(closed) << closed.error().ToString();
  EXPECT_EQ(store_.Stat("event_time=2024-01-01/large.parquet")->size_bytes, static_cast<std::int64_t>(content.size()));
  EXPECT_EQ(store_.ReadRange("event_time=2024-01-01/large.parquet", 8'388'600, 100).value_or("?"),
            content.substr(8'388'600, 100));
  EXPECT_TRUE(store_.Read("event_time=2024-01-01/large.parquet").value_or("?") == content);
}

TEST_P(ObjectStoreContract, LargeFilesReplaceNothingAndLeaveNothing) {
  const std::string content = LargeContent();
  Put("a", "theirs");
  for (const char* key : {"a", "b"}) {
    auto writer = store_.OpenForWrite(key);
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->Write(content));
    if (std::string_view(key) == "a") EXPECT_EQ(KindOf((*writer)->Close()), ErrorKind::kConflict);
  }
  EXPECT_EQ(store_.Read("a").value_or("?"), "theirs");
  EXPECT_EQ(Keys("", {.direct_only = false}), std::vector<std::string>{"a"});
}

TEST_P(ObjectStoreContract, OfManyWritersOneIsFirst) {
  constexpr int kThreads = 10;
  constexpr int kVersions = 25;
  std::vector<std::atomic<int>> winners(kVersions);
  std::atomic<bool> failed = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int v = 0; v < kVersions; ++v) {
        const std::string content(static_cast<std::size_t>(1000 + t), static_cast<char>('a' + t));
        const auto put = store_.PutIfAbsent("_delta_log/" + std::to_string(v) + ".json", content);
        if (!put) failed = true;
        if (put && *put == PutOutcome::kCreated) ++winners[static_cast<std::size_t>(v)];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(failed);
  for (int v = 0; v < kVersions; ++v) {
    EXPECT_EQ(winners[static_cast<std::size_t>(v)], 1) << v;
    const std::string content = store_.Read("_delta_log/" + std::to_string(v) + ".json").value_or("");
    ASSERT_FALSE(content.empty());
    EXPECT_EQ(content, std::string(static_cast<std::size_t>(1000 + content[0] - 'a'), content[0])) << "parts of two";
  }
  EXPECT_EQ(Keys("", {.direct_only = false}).size(), static_cast<std::size_t>(kVersions)) << "left-overs";
}

TEST_P(ObjectStoreContract, ReadersSeeAllOrNothing) {
  const std::string content(1 << 18, 'x');
  std::atomic<bool> done = false;
  std::atomic<bool> partial = false;
  Put("root", "");
  std::thread reader([&] {
    while (!done) {
      for (int v = 0; v < 20; ++v) {
        const auto read = store_.Read(std::to_string(v));
        if (read ? read->size() != content.size() : read.error().kind != ErrorKind::kNotFound) partial = true;
      }
    }
  });
  for (int v = 0; v < 20; ++v) Put(std::to_string(v), content);
  done = true;
  reader.join();
  EXPECT_FALSE(partial);
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreContract, ::testing::ValuesIn(BackEnds()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace latecomer::storage
