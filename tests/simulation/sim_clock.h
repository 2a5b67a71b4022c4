// Time as the simulation lets it pass. True time only goes on; the clocks people set may jump.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace latecomer::simulation {

struct WorldTime {
  std::int64_t true_ms = 0;  // since 1970
};

// The clock of one machine.
class SimClock final : public Clock {
 public:
  explicit SimClock(const WorldTime& time) : time_(time) {}
  Instant Now() override { return Instant(Duration(time_.true_ms + skew_ms_)); }
  std::int64_t NowMs() const { return time_.true_ms + skew_ms_; }
  void SetSkew(std::int64_t ms) { skew_ms_ = ms; }

 private:
  const WorldTime& time_;
  std::int64_t skew_ms_ = 0;
};

}  // namespace latecomer::simulation
