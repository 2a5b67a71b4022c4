// Every choice of a simulation comes from here, so a seed replays it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace latecomer::simulation {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

  // 0 to below `limit`, which is at least 1.
  std::int64_t Below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_.Next() % static_cast<std::uint64_t>(limit));
  }
  // Both ends included.
  std::int64_t Between(std::int64_t low, std::int64_t high) { return low + Below(high - low + 1); }
  bool OneIn(std::int64_t n) { return Below(n) == 0; }
  bool Percent(std::int64_t percent) { return Below(100) < percent; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(Below(static_cast<std::int64_t>(from.size())))];
  }

 private:
  SeededRandom random_;
};

}  // namespace latecomer::simulation
