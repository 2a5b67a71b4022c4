// Promises of mappings and of keys made from intervals, for all cadences and zones.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "lateness/interval_key.h"
#include "lateness/mapping.h"

namespace latecomer::lateness {
namespace {

using std::chrono::seconds;
using Kind = Mapping::Kind;

// East and west of UTC, whole and half hours, changes at midnight, of half an hour, of two hours, of a day.
TimeZone AnyZone() {
  const std::string name = *rc::gen::elementOf(std::vector<std::string>{
      "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago",
      "America/Havana", "Antarctica/Troll", "Africa/Cairo", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca"});
  RC_LOG() << name << '\n';
  return TimeZone::Load(name).value();
}

Cadence AnyCadence(int most = 40) {
  Cadence cadence;
  cadence.unit = *rc::gen::element(CadenceUnit::kHour, CadenceUnit::kDay, CadenceUnit::kWeek, CadenceUnit::kMonth);
  cadence.count = *rc::gen::weightedOneOf<int>({{3, rc::gen::just(1)}, {1, rc::gen::inRange(2, most)}});
  RC_LOG() << FormatCadence(cadence) << '\n';
  return cadence;
}

// Days of change are rare, so most times lie within a few hours of a day that is one.
LocalTime AnyLocal() {
  if (*rc::gen::inRange(0, 3) == 0) {
    return LocalTime(seconds(*rc::gen::inRange<std::int64_t>(-2'208'988'800, 4'102'444'800)));
  }
  const auto day =
      *rc::gen::elementOf(std::vector<std::int64_t>{15'338, 20'520, 20'541, 20'548, 20'567, 20'702, 20'730, 20'751,
                                                    20'755, 20'758, 27'464, 27'478, 27'485, 27'639, 27'695, 27'702});
  return LocalTime(seconds(day * 86'400 + *rc::gen::inRange(-93'600, 93'600)));
}

struct Pair {
  Mapping mapping;
  Calendar source;
  Calendar output;
};

// Also those that a pipeline file may not have: weeks into months, days into another zone's months.
Pair AnyPair() {
  Pair pair;
  pair.mapping.kind = *rc::gen::element(Kind::kIdentity, Kind::kWindow, Kind::kRollup);
  pair.mapping.window = pair.mapping.kind == Kind::kWindow ? *rc::gen::inRange(1, 30) : 0;
  pair.source = Calendar(AnyCadence(), AnyZone());
  pair.output = pair.source;
  if (pair.mapping.kind != Kind::kRollup) return pair;
  const TimeZone zone = *rc::gen::arbitrary<bool>() ? pair.source.zone() : AnyZone();
  pair.output = Calendar(AnyCadence(3), zone);
  return pair;
}

bool Holds(const std::vector<LocalTime>& starts, LocalTime start) {
  return std::find(starts.begin(), starts.end(), start) != starts.end();
}

RC_GTEST_PROP(MappingProperty, WhatChangedTouchesWhatIsMadeFromIt, ()) {
  const Pair pair = AnyPair();
  const LocalTime source = pair.source.Floor(AnyLocal());
  const std::vector<LocalTime> outputs = OutputStarts(pair.mapping, pair.source, pair.output, source);
  RC_ASSERT(!outputs.empty());
  RC_ASSERT(std::is_sorted(outputs.begin(), outputs.end()));
  RC_ASSERT(Holds(outputs, OwnOutput(pair.mapping, pair.source, pair.output, source)));
  for (const LocalTime output : outputs) {
    RC_ASSERT(pair.output.Floor(output) == output);
    RC_ASSERT(Holds(SourceStarts(pair.mapping, pair.source, pair.output, output), source));
  }
  // And nothing beside it.
  for (const int steps : {-1, 1}) {
    const LocalTime beside = pair.output.Step(steps < 0 ? outputs.front() : outputs.back(), steps);
    RC_ASSERT(!Holds(SourceStarts(pair.mapping, pair.source, pair.output, beside), source));
  }
}

RC_GTEST_PROP(MappingProperty, WhatAnOutputIsMadeFromTouchesIt, ()) {
  const Pair pair = AnyPair();
  const LocalTime output = pair.output.Floor(AnyLocal());
  const std::vector<LocalTime> sources = SourceStarts(pair.mapping, pair.source, pair.output, output);
  RC_ASSERT(std::is_sorted(sources.begin(), sources.end()));
  for (const LocalTime source : sources) {
    RC_ASSERT(pair.source.Floor(source) == source);
    RC_ASSERT(Holds(OutputStarts(pair.mapping, pair.source, pair.output, source), output));
  }
  if (sources.empty()) return;
  for (const int steps : {-1, 1}) {
    const LocalTime beside = pair.source.Step(steps < 0 ? sources.front() : sources.back(), steps);
    RC_ASSERT(!Holds(OutputStarts(pair.mapping, pair.source, pair.output, beside), output));
  }
}

// Roll-ups that a pipeline file may have lose nothing and count nothing twice.
RC_GTEST_PROP(MappingProperty, RollUpsThatFitCoverTheirIntervalExactly, ()) {
  const TimeZone zone = AnyZone();
  const Calendar source(AnyCadence(), zone);
  const Calendar output(AnyCadence(), zone);
  RC_PRE(CheckMapping({Kind::kRollup}, source, output).has_value());
  const LocalTime start = output.Floor(AnyLocal());
  const std::vector<LocalTime> sources = SourceStarts({Kind::kRollup}, source, output, start);
  RC_ASSERT(sources.front() == start);
  RC_ASSERT(source.Step(sources.back(), 1) == output.Step(start, 1));
  for (std::size_t i = 1; i < sources.size(); ++i) RC_ASSERT(source.Step(sources[i - 1], 1) == sources[i]);
}

// Columns of one type that hold an interval's start, as tables have them.
struct Columns {
  TimeColumns time;
  table::PartitionSchema schema;
};

Columns AnyColumns(const Cadence& cadence) {
  using table::TypeKind;
  const auto one = [](const std::string& name, TypeKind kind, std::string format = "") {
    return Columns{{{name}, std::move(format)}, {{name, {kind}}}};
  };
  std::vector<Columns> all{one("t", TypeKind::kString), one("t", TypeKind::kTimestampNtz),
                           one("t", TypeKind::kString, "%Y%m%dT%H")};
  const bool one_week = cadence == Cadence{CadenceUnit::kWeek, 1};
  if (cadence.unit != CadenceUnit::kHour) all.push_back(one("t", TypeKind::kDate));
  if (cadence.unit != CadenceUnit::kWeek) all.push_back(one("t", TypeKind::kLong));
  if (one_week) all.push_back(one("t", TypeKind::kInteger));
  if (one_week) all.push_back({{{"y", "w"}, ""}, {{"y", {TypeKind::kInteger}}, {"w", {TypeKind::kString}}}});
  all.push_back({{{"d", "h"}, ""}, {{"d", {TypeKind::kDate}}, {"h", {TypeKind::kInteger}}}});
  Columns parts;
  for (const char* name : {"year", "month", "day", "hour"}) {
    parts.time.columns.emplace_back(name);
    parts.schema.push_back({name, {*rc::gen::element(TypeKind::kInteger, TypeKind::kString)}});
  }
  all.push_back(parts);
  return *rc::gen::elementOf(all);
}

RC_GTEST_PROP(IntervalKeyProperty, AMadeKeyIsReadAsItsInterval, ()) {
  const Calendar calendar(AnyCadence(), AnyZone());
  const LocalTime start = calendar.Floor(AnyLocal());
  const Columns columns = AnyColumns(calendar.cadence());
  const auto values = ValuesOfStart(start, columns.time, columns.schema, calendar);
  RC_ASSERT(values.has_value());
  const table::PartitionKey key(columns.time.columns, *values);
  RC_LOG() << key.Display();
  RC_ASSERT(StartOfKey(key, columns.time, calendar) == start);
}

}  // namespace
}  // namespace latecomer::lateness
