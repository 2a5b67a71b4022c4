#include "executor/pod_log.h"

#include <gtest/gtest.h>

#include <string>

#include "executor/executor_test_support.h"

namespace latecomer::executor {
namespace {

class PodLogTest : public ::testing::Test {
 protected:
  PodLog Log() const { return PodLog(folder_ / "pod-log"); }
  std::string Written() const { return ReadAll(folder_ / "log"); }

  TemporaryFolder folder_;
  AttemptLog log_{folder_ / "log"};
};

TEST_F(PodLogTest, LinesLoseTheirTimesWhereverTheyAreCut) {
  const std::string text =
      "2024-01-01T10:00:00.000000001Z one\n2024-01-01T10:00:00.1Z\n2024-01-01T10:00:01Z two three\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    WriteAll(folder_ / "log", "");
    PodLog log = Log();
    log.Begin("pod " + std::to_string(cut));
    log.Take(text.substr(0, cut), log_);
    log.Take(text.substr(cut), log_);
    EXPECT_EQ(Written(), "one\n\ntwo three\n") << cut;
  }
}

// After a break the server tells what came since a whole second.
TEST_F(PodLogTest, WhatCameBeforeABreakDoesNotComeTwice) {
  PodLog log = Log();
  log.Begin("a");
  EXPECT_EQ(log.Since(), "");
  log.Take("2024-01-01T10:00:00.2Z one\n2024-01-01T10:00:00.25Z tw", log_);
  log.Begin("a");
  EXPECT_EQ(log.Since(), "2024-01-01T10:00:00Z");
  log.Take("2024-01-01T10:00:00.2Z one\n2024-01-01T10:00:00.25Z two\n", log_);
  EXPECT_EQ(Written(), "one\ntwo\n");
}

TEST_F(PodLogTest, ALaterProcessGoesOnWhereThisOneWas) {
  {
    PodLog log = Log();
    log.Begin("a");
    log.Take("2024-01-01T10:00:00Z one\n", log_);
  }
  PodLog log = Log();
  log.Begin("a");
  EXPECT_EQ(log.Since(), "2024-01-01T10:00:00Z");
  log.Take("2024-01-01T10:00:00Z one\n2024-01-01T10:00:00.000000001Z two\n", log_);
  EXPECT_EQ(Written(), "one\ntwo\n");
}

TEST_F(PodLogTest, AnotherPodBeginsAtItsBeginning) {
  PodLog log = Log();
  log.Begin("a");
  log.Take("2024-01-01T10:00:09Z of a\n", log_);
  log.Begin("b");
  EXPECT_EQ(log.Since(), "");
  log.Take("2024-01-01T10:00:00Z of b\n", log_);
  EXPECT_EQ(Written(), "of a\nof b\n");
}

TEST_F(PodLogTest, ALastLineWithoutAnEndIsKept) {
  PodLog log = Log();
  log.Begin("a");
  log.Take("2024-01-01T10:00:00Z no newline", log_);
  EXPECT_EQ(Written(), "");
  log.Flush(log_);
  log.Flush(log_);
  EXPECT_EQ(Written(), "no newline\n");
}

TEST_F(PodLogTest, WhatHasNoTimeIsTakenAsItIs) {
  PodLog log = Log();
  log.Begin("a");
  log.Take("unable to retrieve container logs\n\nx\n", log_);
  EXPECT_EQ(Written(), "unable to retrieve container logs\n\nx\n");
}

TEST_F(PodLogTest, ALineWithoutEndDoesNotFillTheMemory) {
  PodLog log = Log();
  log.Begin("a");
  for (int i = 0; i < 40; ++i) log.Take(std::string(64 * 1024, 'x'), log_);
  EXPECT_GT(Written().size(), std::size_t{2} << 20);
}

}  // namespace
}  // namespace latecomer::executor
