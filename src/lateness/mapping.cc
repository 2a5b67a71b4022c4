#include "lateness/mapping.h"

#include <algorithm>
#include <cstdint>

namespace latecomer::lateness {
namespace {

using Kind = Mapping::Kind;

// No zone moves its clock by more than a day at once.
constexpr std::chrono::hours kMostChange{26};

bool SameZone(const Calendar& a, const Calendar& b) {
  return a.zone().name() == b.zone().name();
}

LocalTime RolledUp(const Calendar& source, const Calendar& output, LocalTime source_start) {
  if (SameZone(source, output)) return output.Floor(source_start);
  return output.Floor(output.zone().ToLocal(source.zone().ToInstant(source_start)));
}

std::vector<LocalTime> RollupSources(const Calendar& source, const Calendar& output, LocalTime output_start) {
  LocalTime first = output_start;
  LocalTime last = output.Step(output_start, 1);
  if (!SameZone(source, output)) {
    const Interval interval = output.IntervalAt(output_start);
    first = source.zone().ToLocal(interval.start) - kMostChange;
    last = source.zone().ToLocal(interval.end) + kMostChange;
  }
  std::vector<LocalTime> starts;
  for (LocalTime start = source.Floor(first); start < last; start = source.Step(start, 1)) {
    if (RolledUp(source, output, start) == output_start) starts.push_back(start);
  }
  return starts;
}

// The length of a cadence that is counted in hours from some midnight; 0 for months.
std::int64_t HoursOf(const Cadence& cadence) {
  switch (cadence.unit) {
    case CadenceUnit::kHour: return cadence.count;
    case CadenceUnit::kDay: return std::int64_t{24} * cadence.count;
    case CadenceUnit::kWeek: return std::int64_t{168} * cadence.count;
    case CadenceUnit::kMonth: return 0;
  }
  return 0;
}

bool IsLonger(const Cadence& a, const Cadence& b) {
  const bool a_months = a.unit == CadenceUnit::kMonth;
  const bool b_months = b.unit == CadenceUnit::kMonth;
  if (a_months && b_months) return a.count > b.count;
  // A month has 28 days at least.
  if (a_months) return std::int64_t{672} * a.count >= HoursOf(b);
  if (b_months) return HoursOf(a) > std::int64_t{744} * b.count;
  return HoursOf(a) > HoursOf(b);
}

Error DoesNotFit(std::string message, std::string hint) {
  return Error(ErrorKind::kInvalidArgument, std::move(message)).Hint(std::move(hint));
}

// Cadences that nest in `longer` and are likely meant.
std::string NestingIn(const Cadence& longer) {
  std::string names;
  for (const CadenceUnit unit : {CadenceUnit::kHour, CadenceUnit::kDay, CadenceUnit::kWeek, CadenceUnit::kMonth}) {
    const Cadence candidate{unit, 1};
    if (IsLonger(longer, candidate) && Nests(candidate, longer)) {
      names += (names.empty() ? "" : " or ") + FormatCadence(candidate);
    }
  }
  return names;
}

Status CheckEqual(const Mapping& mapping, const Calendar& source, const Calendar& output) {
  const std::string name = mapping.kind == Kind::kWindow ? "a window" : "identity";
  const std::string source_cadence = FormatCadence(source.cadence());
  const std::string output_cadence = FormatCadence(output.cadence());
  if (!(source.cadence() == output.cadence())) {
    const std::string message = name + " needs source and output of one cadence; the source is by " + source_cadence +
                                ", the output by " + output_cadence;
    if (IsLonger(output.cadence(), source.cadence()) && Nests(source.cadence(), output.cadence())) {
      return Fail(DoesNotFit(message, "write `mapping: {rollup: " + output_cadence + "}`"));
    }
    return Fail(DoesNotFit(message, "give the output `cadence: " + source_cadence +
                                        "`, or read the source as `mapping: all` or `latest`"));
  }
  if (SameZone(source, output)) return {};
  return Fail(DoesNotFit(name + " needs source and output in one time zone; the source counts in " +
                             source.zone().name() + ", the output in " + output.zone().name(),
                         "give both the same `time_zone`"));
}

Status CheckRollup(const Calendar& source, const Calendar& output) {
  const std::string from = FormatCadence(source.cadence());
  const std::string to = FormatCadence(output.cadence());
  if (source.cadence() == output.cadence()) {
    return Fail(DoesNotFit("a roll-up makes a longer interval; source and output are both by " + to,
                           "write `mapping: identity`"));
  }
  if (!IsLonger(output.cadence(), source.cadence())) {
    return Fail(DoesNotFit("a roll-up makes a longer interval; the source is by " + from + ", the output by " + to,
                           "give `rollup` a cadence longer than " + from));
  }
  if (!Nests(source.cadence(), output.cadence())) {
    const std::string nesting = NestingIn(output.cadence());
    return Fail(DoesNotFit("intervals of " + from + " don't lie within those of " + to + ": some belong to two",
                           nesting.empty() ? "choose another cadence" : "roll up from " + nesting));
  }
  const bool by_hour = source.cadence() == Cadence{CadenceUnit::kHour, 1};
  if (SameZone(source, output) || by_hour) return {};
  return Fail(DoesNotFit("intervals of " + from + " in " + source.zone().name() + " don't lie within those of " + to +
                             " in " + output.zone().name(),
                         "give both the same `time_zone`; only hours can be rolled up into another zone"));
}

}  // namespace

bool GoesByTime(const Mapping& mapping) {
  return mapping.kind != Kind::kAll && mapping.kind != Kind::kLatest;
}

std::string FormatMapping(const Mapping& mapping) {
  switch (mapping.kind) {
    case Kind::kIdentity: return "identity";
    case Kind::kWindow: return "window: " + std::to_string(mapping.window);
    case Kind::kRollup: return "rollup";
    case Kind::kAll: return "all";
    case Kind::kLatest: return "latest";
  }
  return "identity";
}

std::vector<LocalTime> SourceStarts(const Mapping& mapping, const Calendar& source, const Calendar& output,
                                    LocalTime output_start) {
  if (mapping.kind == Kind::kRollup) return RollupSources(source, output, output_start);
  std::vector<LocalTime> starts;
  const int before = mapping.kind == Kind::kWindow ? mapping.window : 0;
  for (int steps = -before; steps <= 0; ++steps) starts.push_back(source.Step(output_start, steps));
  return starts;
}

std::vector<LocalTime> OutputStarts(const Mapping& mapping, const Calendar& source, const Calendar& output,
                                    LocalTime source_start) {
  if (mapping.kind == Kind::kRollup) return {RolledUp(source, output, source_start)};
  std::vector<LocalTime> starts;
  const int after = mapping.kind == Kind::kWindow ? mapping.window : 0;
  for (int steps = 0; steps <= after; ++steps) starts.push_back(output.Step(source_start, steps));
  return starts;
}

LocalTime OwnOutput(const Mapping& mapping, const Calendar& source, const Calendar& output, LocalTime source_start) {
  return mapping.kind == Kind::kRollup ? RolledUp(source, output, source_start) : source_start;
}

bool Nests(const Cadence& shorter, const Cadence& longer) {
  constexpr std::int64_t kDayHours = 24;
  constexpr std::int64_t kMondayHours =
      72;  // weeks count from three days before the day that hours and days count from
  const std::int64_t part = HoursOf(shorter);
  const std::int64_t whole = HoursOf(longer);
  const bool by_weeks = shorter.unit == CadenceUnit::kWeek;
  if (longer.unit == CadenceUnit::kMonth) {
    if (shorter.unit == CadenceUnit::kMonth) return longer.count % shorter.count == 0;
    return !by_weeks && kDayHours % part == 0;
  }
  if (shorter.unit == CadenceUnit::kMonth) return false;
  if (whole % part != 0) return false;
  const bool one_origin = by_weeks == (longer.unit == CadenceUnit::kWeek);
  return one_origin || kMondayHours % part == 0;
}

Status CheckMapping(const Mapping& mapping, const Calendar& source, const Calendar& output) {
  switch (mapping.kind) {
    case Kind::kIdentity:
    case Kind::kWindow: return CheckEqual(mapping, source, output);
    case Kind::kRollup: return CheckRollup(source, output);
    case Kind::kAll:
    case Kind::kLatest: return {};
  }
  return {};
}

}  // namespace latecomer::lateness
