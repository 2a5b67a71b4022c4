// A clock that stands still until it is told.
#pragma once

#include <atomic>

#include "base/time.h"

namespace latecomer::testing {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant now = Instant(std::chrono::sys_days(std::chrono::year(2024) / 1 / 4)))
      : now_(now.time_since_epoch().count()) {}

  Instant Now() override { return Instant(Duration(now_.load())); }
  void Set(Instant now) { now_ = now.time_since_epoch().count(); }
  // Backwards too, as a clock that somebody set right.
  void Advance(Duration by) { now_ += by.count(); }

 private:
  std::atomic<Duration::rep> now_;
};

}  // namespace latecomer::testing
