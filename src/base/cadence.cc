#include "base/cadence.h"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/civil.h"
#include "base/text.h"

namespace latecomer {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::seconds;

// 1969-12-29, the Monday before the epoch.
constexpr local_days kWeekOrigin{days(-3)};

std::int64_t FloorDiv(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

// Months since January of year 0.
std::int64_t MonthNumber(LocalTime local) {
  const CivilDate date = CivilFromDays(std::chrono::floor<days>(local).time_since_epoch().count());
  return date.year * 12 + date.month - 1;
}

LocalTime MonthStart(std::int64_t number) {
  const std::int64_t year = FloorDiv(number, 12);
  const auto month = static_cast<unsigned>(number - year * 12 + 1);
  return LocalTime(days(DaysFromCivil({year, month, 1})));
}

seconds FixedLength(const Cadence& cadence) {
  switch (cadence.unit) {
    case CadenceUnit::kHour: return hours(cadence.count);
    case CadenceUnit::kDay: return days(cadence.count);
    case CadenceUnit::kWeek: return days(7 * static_cast<std::int64_t>(cadence.count));
    case CadenceUnit::kMonth: return seconds(0);
  }
  return seconds(0);
}

LocalTime Origin(const Cadence& cadence) {
  return cadence.unit == CadenceUnit::kWeek ? LocalTime(kWeekOrigin) : LocalTime(seconds(0));
}

struct UnitName {
  CadenceUnit unit;
  std::string_view one, many, adverb;
};
constexpr std::array<UnitName, 4> kUnits{{{CadenceUnit::kHour, "hour", "hours", "hourly"},
                                          {CadenceUnit::kDay, "day", "days", "daily"},
                                          {CadenceUnit::kWeek, "week", "weeks", "weekly"},
                                          {CadenceUnit::kMonth, "month", "months", "monthly"}}};

}  // namespace

struct TimeZone::Impl {
  cctz::time_zone zone;
  bool is_utc = false;  // there is nothing to look up
};

TimeZone::TimeZone(std::string name, std::shared_ptr<const Impl> impl)
    : name_(std::move(name)), impl_(std::move(impl)) {}

TimeZone TimeZone::Utc() {
  static const auto impl = std::make_shared<const Impl>(Impl{cctz::utc_time_zone(), true});
  return TimeZone("UTC", impl);
}

Result<TimeZone> TimeZone::Load(std::string_view name) {
  if (name == "UTC") return Utc();
  cctz::time_zone zone;
  // A name is never a path: "../../x" or "/etc/x" would be opened as one. "localtime" is another zone on each
  // machine; those under right/ count leap seconds.
  const bool refused = name.empty() || name.front() == '/' || name.find("..") != std::string_view::npos ||
                       name.find_first_of(std::string_view(":\0", 2)) != std::string_view::npos ||
                       name == "localtime" || name.starts_with("right/");
  if (refused || !cctz::load_time_zone(std::string(name), &zone)) {
    return Fail(Error(ErrorKind::kInvalidArgument, "no time zone is called '" + Printable(name) + "'")
                    .Hint("use a name of the IANA database, such as UTC, Europe/Berlin or America/New_York"));
  }
  return TimeZone(std::string(name), std::make_shared<const Impl>(Impl{zone}));
}

Instant TimeZone::ToInstant(LocalTime local) const {
  if (impl_->is_utc) return Instant(local.time_since_epoch());
  const cctz::civil_second civil = cctz::civil_second(1970, 1, 1) + local.time_since_epoch().count();
  const auto lookup = impl_->zone.lookup(civil);
  const bool skipped = lookup.kind == cctz::time_zone::civil_lookup::SKIPPED;
  // `pre` counts with the offset before the change: of a repeated time, that is the first occurrence.
  return std::chrono::time_point_cast<Duration>(skipped ? lookup.trans : lookup.pre);
}

LocalTime TimeZone::ToLocal(Instant at) const {
  if (impl_->is_utc) return LocalTime(std::chrono::floor<seconds>(at).time_since_epoch());
  const cctz::civil_second civil =
      cctz::convert(std::chrono::time_point_cast<seconds>(std::chrono::floor<seconds>(at)), impl_->zone);
  return LocalTime(seconds(civil - cctz::civil_second(1970, 1, 1)));
}

Result<Cadence> ParseCadence(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  const std::size_t letters = trimmed.find_first_not_of("0123456789");
  int count = 1;
  std::string_view word = trimmed;
  if (letters != 0 && letters != std::string_view::npos) {
    const auto parsed = std::from_chars(trimmed.data(), trimmed.data() + letters, count);
    if (parsed.ec != std::errc()) count = 0;
    word = Trim(trimmed.substr(letters));
  }
  constexpr int kMost = 10'000;
  for (const UnitName& unit : kUnits) {
    if (count < 1 || count > kMost) break;
    if (word == unit.one || word == unit.many) return Cadence{unit.unit, count};
    if (word == unit.adverb && letters == 0) return Cadence{unit.unit, 1};
  }
  return Fail(Error(ErrorKind::kInvalidArgument, "'" + Printable(text) + "' is no cadence")
                  .Hint("use hour, day, week or month, or a number of them: 3 hours"));
}

std::string FormatCadence(const Cadence& cadence) {
  for (const UnitName& unit : kUnits) {
    if (unit.unit != cadence.unit) continue;
    return cadence.count == 1 ? std::string(unit.one) : std::to_string(cadence.count) + " " + std::string(unit.many);
  }
  return "";
}

LocalTime Calendar::Floor(LocalTime local) const {
  if (cadence_.unit == CadenceUnit::kMonth) {
    return MonthStart(FloorDiv(MonthNumber(local), cadence_.count) * cadence_.count);
  }
  const seconds length = FixedLength(cadence_);
  const LocalTime origin = Origin(cadence_);
  return origin + FloorDiv((local - origin).count(), length.count()) * length;
}

LocalTime Calendar::Step(LocalTime start, int steps) const {
  if (cadence_.unit == CadenceUnit::kMonth) {
    return MonthStart(MonthNumber(start) + static_cast<std::int64_t>(steps) * cadence_.count);
  }
  return start + steps * FixedLength(cadence_);
}

Interval Calendar::IntervalAt(LocalTime start) const {
  return {zone_.ToInstant(start), zone_.ToInstant(Step(start, 1))};
}

Interval Calendar::Containing(Instant at) const {
  // Further away than any calendar; the bounds of the interval still fit 64 bits.
  constexpr Instant kFar(Duration(1LL << 62));
  at = std::clamp(at, Instant(-kFar.time_since_epoch()), kFar);
  LocalTime start = Floor(zone_.ToLocal(at));
  Interval interval = IntervalAt(start);
  // In a repeated hour the wall clock shows a time whose first occurrence has passed already.
  while (at >= interval.end) {
    start = Step(start, 1);
    interval = IntervalAt(start);
  }
  while (at < interval.start) {
    start = Step(start, -1);
    interval = IntervalAt(start);
  }
  return interval;
}

std::string FormatLocal(LocalTime local) {
  const auto day = std::chrono::floor<days>(local);
  std::string text;
  AppendDate(CivilFromDays(day.time_since_epoch().count()), text);
  if (local == LocalTime(day)) return text;
  const auto second = static_cast<std::uint64_t>((local - day).count());
  text += 'T';
  AppendPadded(second / 3600, 2, text);
  text += ':';
  AppendPadded(second / 60 % 60, 2, text);
  text += ':';
  AppendPadded(second % 60, 2, text);
  return text;
}

}  // namespace latecomer
