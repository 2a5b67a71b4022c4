// Random identifiers; the source of randomness is given, so that a simulation can replay.
#pragma once

#include <cstdint>
#include <string>

namespace latecomer {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t Next() = 0;  // 64 uniform bits
};

// getrandom(2).
class SystemRandom final : public Random {
 public:
  std::uint64_t Next() override;
};

// Repeatable (SplitMix64).
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() override;

 private:
  std::uint64_t state_;
};

// RFC 9562 version 4, lower case with dashes.
std::string MakeUuid(Random& random);

}  // namespace latecomer
