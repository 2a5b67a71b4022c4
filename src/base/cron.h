// Cron lines: the times at which something is due, as crontab(5) writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/cadence.h"
#include "base/result.h"

namespace latecomer {

// Five fields (minute, hour, day of the month, month, day of the week): `*`, numbers, ranges, lists, steps, and the
// English names of months and weekdays; 0 and 7 are Sunday. When both days are restricted, either is enough.
// @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually stand for such lines.
class CronLine {
 public:
  // kInvalidArgument for what is no such line, and for one whose times never come (February 30).
  static Result<CronLine> Parse(std::string_view text);

  const std::string& text() const { return text_; }  // as it was written
  // The first time that the line names at or after `from`, on the same wall clock.
  LocalTime NextFrom(LocalTime from) const;

 private:
  bool IsOnDay(std::chrono::local_days day) const;

  std::string text_;
  std::uint64_t minutes_ = 0;  // bit n: n is among them
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t weekdays_ = 0;  // 0: Sunday
  bool any_day_ = false;        // its field begins with `*`
  bool any_weekday_ = false;
};

}  // namespace latecomer
