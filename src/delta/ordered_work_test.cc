#include "delta/ordered_work.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace latecomer::delta {
namespace {

class OrderedWorkTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(OrderedWorkTest, EachPieceOnceAndInOrder) {
  constexpr std::size_t kCount = 500;
  std::vector<std::atomic<int>> made(kCount);
  std::vector<std::size_t> taken;
  const auto make = [&](std::size_t thread, std::size_t number, std::size_t& piece) {
    EXPECT_LT(thread, GetParam());
    if (number % 7 == 0) std::this_thread::yield();
    ++made[number];
    piece = number;
  };
  const Status status = RunInOrder<std::size_t>(kCount, GetParam(), make, [&](std::size_t piece) -> Status {
    taken.push_back(piece);
    return {};
  });
  EXPECT_TRUE(status);
  std::vector<std::size_t> all(kCount);
  std::iota(all.begin(), all.end(), std::size_t{0});
  EXPECT_EQ(taken, all);
  for (const auto& times : made) EXPECT_EQ(times, 1);
}

TEST_P(OrderedWorkTest, AnErrorEndsItAfterThePiecesBefore) {
  std::vector<std::size_t> taken;
  const auto make = [](std::size_t, std::size_t number, std::size_t& piece) { piece = number; };
  const Status status = RunInOrder<std::size_t>(1'000'000, GetParam(), make, [&](std::size_t piece) -> Status {
    if (piece == 20) return Fail(ErrorKind::kDamaged, "twenty");
    taken.push_back(piece);
    return {};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "twenty");
  EXPECT_EQ(taken.size(), 20U);
}

TEST_P(OrderedWorkTest, StopsWhereTheConsumerSaysAndDoesNotRunFarAhead) {
  std::atomic<std::size_t> furthest{0};
  std::size_t taken = 0;
  const auto make = [&](std::size_t, std::size_t number, std::size_t& piece) {
    std::size_t known = furthest;
    while (known < number && !furthest.compare_exchange_weak(known, number)) {
    }
    piece = number;
  };
  const auto consume = [&](std::size_t piece) -> Result<AfterPiece> {
    ++taken;
    return piece == 30 ? AfterPiece::kStop : AfterPiece::kGoOn;
  };
  EXPECT_TRUE(RunUntilStopped<std::size_t>(1'000'000, GetParam(), 4, make, consume));
  EXPECT_EQ(taken, 31U);
  EXPECT_LE(furthest, 30 + 4 * GetParam());
}

// Threads that find nothing more to make empty the places of pieces that were taken, and no others.
TEST_P(OrderedWorkTest, WhatIsStillToBeTakenStays) {
  const auto make = [](std::size_t, std::size_t number, std::unique_ptr<std::size_t>& piece) {
    piece = std::make_unique<std::size_t>(number);
  };
  for (std::size_t count = 1; count < 200; ++count) {
    std::size_t taken = 0;
    const auto take = [&](std::unique_ptr<std::size_t>& piece) -> Status {
      if (piece == nullptr || *piece != taken) return Fail(ErrorKind::kUnexpected, std::to_string(taken));
      ++taken;
      if (count % 3 == 0) std::this_thread::yield();
      return {};
    };
    const Status status = RunInOrder<std::unique_ptr<std::size_t>>(count, GetParam(), make, take);
    ASSERT_TRUE(status) << status.error().message << " of " << count;
    EXPECT_EQ(taken, count);
  }
}

TEST_P(OrderedWorkTest, NothingToDo) {
  const auto make = [](std::size_t, std::size_t, int&) { FAIL() << "there is no piece"; };
  EXPECT_TRUE(RunInOrder<int>(0, GetParam(), make, [](int) -> Status { return {}; }));
}

INSTANTIATE_TEST_SUITE_P(Threads, OrderedWorkTest, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace latecomer::delta
