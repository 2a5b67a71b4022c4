// Instants, durations and the clock seam. All instants are UTC with millisecond resolution.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace latecomer {

using Duration = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<Duration>;

// Half-open [start, end).
struct Interval {
  Instant start;
  Instant end;
  bool Contains(Instant at) const { return start <= at && at < end; }
  friend bool operator==(const Interval&, const Interval&) = default;
};

// Where the present comes from. Only cli/ makes the real one; value types never ask for it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() = 0;
};

// The system's real-time clock.
class SystemClock final : public Clock {
 public:
  Instant Now() override;
};

// "2024-01-04T10:00:00.000Z", always with three decimals.
std::string FormatInstant(Instant at);
// Takes RFC 3339 with any offset and 0 to 9 decimals (further digits are cut), also a plain date
// (its midnight, UTC). kInvalidArgument otherwise; impossible dates included.
Result<Instant> ParseInstant(std::string_view text);

// "90d", "2h", "26h", "1h30m", "10m", "250ms", "0". Units: ms s m h d w. kInvalidArgument otherwise.
Result<Duration> ParseDuration(std::string_view text);
// The shortest exact form ParseDuration takes: "1h30m".
std::string FormatDuration(Duration duration);
// At most two units, for people: "2 d 4 h", "3.1 s", "240 ms".
std::string HumanDuration(Duration duration);

}  // namespace latecomer
