// The faults do what tests order. What the store promises otherwise stands in storage/object_store_contract_test.cc.
#include "testing/memory_store.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace latecomer::testing {
namespace {

using storage::PutOutcome;

class MemoryStoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  MemoryStore store_{clock_};
};

TEST_F(MemoryStoreTest, TheClockGivesTheTimes) {
  ASSERT_TRUE(store_.PutIfAbsent("a", "x"));
  clock_->Advance(std::chrono::hours(1));
  ASSERT_TRUE(store_.PutIfAbsent("b", "x"));
  EXPECT_EQ(FormatInstant(store_.Stat("a")->modified), "2024-01-04T00:00:00.000Z");
  EXPECT_EQ(FormatInstant(store_.Stat("b")->modified), "2024-01-04T01:00:00.000Z");
}

TEST_F(MemoryStoreTest, TheNthCallFails) {
  store_.FailCall(Operation::kRead, 2, Error(ErrorKind::kIo, "bad sector"));
  ASSERT_TRUE(store_.PutIfAbsent("a", "x"));
  EXPECT_TRUE(store_.Read("a"));
  EXPECT_EQ(store_.Read("a").error().message, "bad sector");
  EXPECT_TRUE(store_.Read("a"));
  EXPECT_EQ(store_.Calls(Operation::kRead), 3);
  store_.FailCall(Operation::kPutIfAbsent, 1, Error(ErrorKind::kIo, "no"));
  EXPECT_FALSE(store_.PutIfAbsent("b", "x"));
  EXPECT_EQ(store_.Keys(), std::vector<std::string>{"a"});
}

TEST_F(MemoryStoreTest, AnAnswerIsLostWithTheEffectOrWithout) {
  store_.LoseAnswer(1, Landed::kYes);
  store_.LoseAnswer(2, Landed::kNo);
  EXPECT_EQ(store_.PutIfAbsent("a", "x").error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_EQ(store_.PutIfAbsent("b", "x").error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_EQ(store_.Keys(), std::vector<std::string>{"a"});
  EXPECT_EQ(*store_.PutIfAbsent("a", "y"), PutOutcome::kExists);
  EXPECT_EQ(*store_.PutIfAbsent("b", "y"), PutOutcome::kCreated);
}

TEST_F(MemoryStoreTest, AReadIsCutShortOnce) {
  ASSERT_TRUE(store_.PutIfAbsent("a", "0123456789"));
  store_.TruncateNextRead("a", 4);
  EXPECT_EQ(store_.Read("a").value_or("?"), "0123");
  EXPECT_EQ(store_.Read("a").value_or("?"), "0123456789");
}

TEST_F(MemoryStoreTest, TheDiskIsFull) {
  store_.LimitSpace(10);
  EXPECT_TRUE(store_.PutIfAbsent("a", "123456"));
  const auto put = store_.PutIfAbsent("b", "123456");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind, ErrorKind::kIo);
  EXPECT_FALSE(put.error().hint.empty());
  auto writer = store_.OpenForWrite("c");
  ASSERT_TRUE(writer);
  EXPECT_TRUE((*writer)->Write("1234"));
  EXPECT_FALSE((*writer)->Write("5"));
  EXPECT_EQ(store_.Keys(), std::vector<std::string>{"a"});
  store_.LimitSpace(std::nullopt);
  EXPECT_TRUE(store_.PutIfAbsent("b", "123456"));
}

TEST_F(MemoryStoreTest, AnotherWriterComesFirst) {
  store_.SetHook([&](Operation operation, std::string_view key) {
    if (operation != Operation::kPutIfAbsent) return;
    store_.SetHook({});
    ASSERT_TRUE(store_.PutIfAbsent(key, "theirs"));
  });
  EXPECT_EQ(*store_.PutIfAbsent("a", "mine"), PutOutcome::kExists);
  EXPECT_EQ(store_.Read("a").value_or("?"), "theirs");
}

TEST_F(MemoryStoreTest, ACrashKeepsWhatWasWrittenThrough) {
  ASSERT_TRUE(store_.PutIfAbsent("a", "x"));
  auto writer = store_.OpenForWrite("b");
  ASSERT_TRUE(writer && (*writer)->Write("half"));
  store_.Crash();
  EXPECT_FALSE((*writer)->Write("more"));
  EXPECT_FALSE((*writer)->Close());
  EXPECT_EQ(store_.Keys(), std::vector<std::string>{"a"});
}

TEST_F(MemoryStoreTest, ADiskThatLiesLosesWhatWasntSynced) {
  ASSERT_TRUE(store_.PutIfAbsent("before", "x"));
  store_.SetCache(DiskCache::kWriteBack);
  ASSERT_TRUE(store_.PutIfAbsent("a", "x"));
  store_.Sync();
  ASSERT_TRUE(store_.PutIfAbsent("b", "x"));
  ASSERT_TRUE(store_.Remove("a"));
  EXPECT_EQ(store_.Keys(), (std::vector<std::string>{"b", "before"}));
  store_.Crash();
  EXPECT_EQ(store_.Keys(), (std::vector<std::string>{"a", "before"}));
}

TEST_F(MemoryStoreTest, AReplacedObjectHasAnotherEtag) {
  ASSERT_TRUE(store_.PutIfAbsent("a", "x"));
  const std::string etag = store_.Stat("a")->etag;
  store_.Replace("a", "x");
  EXPECT_NE(store_.Stat("a")->etag, etag);
}

}  // namespace
}  // namespace latecomer::testing
