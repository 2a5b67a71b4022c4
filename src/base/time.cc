#include "base/time.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "base/civil.h"
#include "base/text.h"

namespace latecomer {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Reads exactly `count` digits and moves on.
bool TakeDigits(std::string_view& text, std::size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool TakeDate(std::string_view& text, std::chrono::sys_days& day) {
  int year = 0;
  int month = 0;
  int dom = 0;
  if (!TakeDigits(text, 4, year) || !TakeChar(text, '-') || !TakeDigits(text, 2, month) || !TakeChar(text, '-') ||
      !TakeDigits(text, 2, dom)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(dom))};
  if (!date.ok()) return false;
  day = date;
  return true;
}

bool TakeFraction(std::string_view& text, Duration& fraction) {
  fraction = Duration(0);
  if (!TakeChar(text, '.')) return true;
  int digits = 0;
  int value = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9' && digits < 9) {
    if (digits < 3) value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return false;
  for (int i = digits; i < 3; ++i) value *= 10;
  fraction = Duration(value);
  return true;
}

bool TakeOffset(std::string_view& text, minutes& offset) {
  offset = minutes(0);
  if (TakeChar(text, 'Z') || TakeChar(text, 'z')) return true;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  const int sign = text.front() == '+' ? 1 : -1;
  text.remove_prefix(1);
  int hour = 0;
  int minute = 0;
  if (!TakeDigits(text, 2, hour) || !TakeChar(text, ':') || !TakeDigits(text, 2, minute)) return false;
  if (hour > 23 || minute > 59) return false;
  offset = sign * (hours(hour) + minutes(minute));
  return true;
}

tl::unexpected<Error> NoTime(std::string_view text) {
  return Fail(Error(ErrorKind::kInvalidArgument, "'" + Printable(text) + "' is no point in time")
                  .Hint("write it as 2024-01-04, or 2024-01-04T10:00:00Z"));
}

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr std::array<Unit, 6> kUnits{
    {{"w", days(7)}, {"d", days(1)}, {"h", hours(1)}, {"m", minutes(1)}, {"s", seconds(1)}, {"ms", Duration(1)}}};

}  // namespace

Instant SystemClock::Now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

std::string FormatInstant(Instant at) {
  constexpr std::int64_t kDay = 86'400'000;
  const std::int64_t total = at.time_since_epoch().count();
  // Not by std::chrono::floor: the midnight before the least instant is none.
  const std::int64_t millisecond = (total % kDay + kDay) % kDay;
  const std::int64_t day = total / kDay - (total % kDay < 0 ? 1 : 0);
  const auto part = [&](std::int64_t length, std::int64_t count) {
    return static_cast<std::uint64_t>(millisecond / length % count);
  };
  std::string text;
  text.reserve(24);
  AppendDate(CivilFromDays(day), text);
  text += 'T';
  AppendPadded(part(3'600'000, 24), 2, text);
  text += ':';
  AppendPadded(part(60'000, 60), 2, text);
  text += ':';
  AppendPadded(part(1'000, 60), 2, text);
  text += '.';
  AppendPadded(part(1, 1'000), 3, text);
  text += 'Z';
  return text;
}

Result<Instant> ParseInstant(std::string_view text) {
  std::string_view rest = text;
  std::chrono::sys_days day;
  if (!TakeDate(rest, day)) return NoTime(text);
  if (rest.empty()) return Instant(day);
  if (!TakeChar(rest, 'T') && !TakeChar(rest, 't') && !TakeChar(rest, ' ')) return NoTime(text);
  int hour = 0;
  int minute = 0;
  int second = 0;
  Duration fraction{0};
  minutes offset{0};
  if (!TakeDigits(rest, 2, hour) || !TakeChar(rest, ':') || !TakeDigits(rest, 2, minute) || !TakeChar(rest, ':') ||
      !TakeDigits(rest, 2, second) || !TakeFraction(rest, fraction) || !TakeOffset(rest, offset) || !rest.empty()) {
    return NoTime(text);
  }
  if (hour > 23 || minute > 59 || second > 60) return NoTime(text);
  const Instant at = Instant(day) + hours(hour) + minutes(minute) + seconds(second) - offset;
  // A leap second, the last one of a day in UTC, is the second after it.
  if (second == 60 && at != std::chrono::floor<days>(at)) return NoTime(text);
  return at + fraction;
}

Result<Duration> ParseDuration(std::string_view text) {
  const auto no_duration = [&] {
    return Fail(Error(ErrorKind::kInvalidArgument, "'" + Printable(text) + "' is no duration")
                    .Hint("write it as 90d, 2h, 1h30m or 250ms; units are w d h m s ms"));
  };
  std::string_view rest = Trim(text);
  if (rest == "0") return Duration(0);
  if (rest.empty()) return no_duration();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;
  std::int64_t total = 0;
  while (!rest.empty()) {
    const std::size_t digits = rest.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos || digits > 12) return no_duration();
    const std::int64_t number = std::strtoll(std::string(rest.substr(0, digits)).c_str(), nullptr, 10);
    rest.remove_prefix(digits);
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789 "));
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (candidate.name == name) unit = &candidate;
    }
    if (unit == nullptr || number > (kMost - total) / unit->length.count()) return no_duration();
    total += number * unit->length.count();
    rest.remove_prefix(name.size());
    rest = Trim(rest);
  }
  return Duration(total);
}

std::string FormatDuration(Duration duration) {
  if (duration == Duration(0)) return "0";
  std::string text = duration < Duration(0) ? "-" : "";
  for (const Unit& unit : kUnits) {
    if (unit.name == "w") continue;  // 14 days read better than 2 weeks
    const auto count = duration / unit.length;
    if (count == 0) continue;
    text += std::to_string(std::abs(count)) + std::string(unit.name);
    duration -= count * unit.length;
  }
  return text;
}

std::string HumanDuration(Duration duration) {
  const std::string sign = duration < Duration(0) ? "-" : "";
  // The least duration has no positive counterpart.
  if (duration < Duration(0)) duration = -std::max(duration, -Duration::max());
  const auto two = [&](Duration large, std::string_view large_name, Duration small, std::string_view small_name) {
    std::string text = sign + std::to_string(duration / large) + " " + std::string(large_name);
    const auto rest = duration % large / small;
    // "2 d 0 h" says no more than "2 d".
    return rest == 0 ? text : text + " " + std::to_string(rest) + " " + std::string(small_name);
  };
  if (duration < seconds(1)) return sign + std::to_string(duration.count()) + " ms";
  if (duration < minutes(1)) {
    // Cut and not rounded, so that 59.99 s don't become 60.0 s.
    const auto tenths = duration.count() / 100;
    return sign + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
  }
  if (duration < hours(1)) return two(minutes(1), "min", seconds(1), "s");
  if (duration < days(1)) return two(hours(1), "h", minutes(1), "min");
  return two(days(1), "d", hours(1), "h");
}

}  // namespace latecomer
