// Promises of the calendar in any zone, at any time, for any cadence.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/cadence.h"

namespace latecomer {
namespace {

using std::chrono::seconds;

// East and west of UTC, whole and half hours, changes at midnight, of half an hour, of two hours, of a day.
Calendar AnyCalendar() {
  const std::string name = *rc::gen::elementOf(std::vector<std::string>{
      "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago",
      "America/Havana", "Antarctica/Troll", "Africa/Cairo", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca"});
  const auto zone = TimeZone::Load(name);
  RC_ASSERT(zone.has_value());
  Cadence cadence;
  cadence.unit = *rc::gen::element(CadenceUnit::kHour, CadenceUnit::kDay, CadenceUnit::kWeek, CadenceUnit::kMonth);
  cadence.count = *rc::gen::weightedOneOf<int>({{3, rc::gen::just(1)}, {1, rc::gen::inRange(2, 40)}});
  RC_LOG() << name << ", " << FormatCadence(cadence);
  return Calendar(cadence, *zone);
}

// From 1883 to 2100. Days of change are rare, so most times lie within a few hours of a day that is one.
LocalTime AnyLocal() {
  if (*rc::gen::inRange(0, 3) == 0) {
    return LocalTime(seconds(*rc::gen::inRange<std::int64_t>(-2'745'000'000, 4'102'444'800)));
  }
  const auto day = *rc::gen::elementOf(std::vector<std::int64_t>{
      15'338,                                                                  // 2011-12-30, skipped in Apia
      20'520, 20'541, 20'548, 20'567, 20'702, 20'730, 20'751, 20'755, 20'758,  // changes of 2026
      27'464, 27'478, 27'485, 27'639, 27'695, 27'702});                        // changes of 2045
  return LocalTime(seconds(day * 86'400 + *rc::gen::inRange(-93'600, 93'600)));
}

RC_GTEST_PROP(CalendarProperty, FloorIsIdempotentAndHoldsTheTime, ()) {
  const Calendar calendar = AnyCalendar();
  const LocalTime local = AnyLocal();
  const LocalTime start = calendar.Floor(local);
  RC_ASSERT(start <= local);
  RC_ASSERT(calendar.Floor(start) == start);
  RC_ASSERT(calendar.Step(start, 1) > local);
}

RC_GTEST_PROP(CalendarProperty, StepsAreUndoneAndAddUp, ()) {
  const Calendar calendar = AnyCalendar();
  const LocalTime start = calendar.Floor(AnyLocal());
  const int a = *rc::gen::inRange(-500, 500);
  const int b = *rc::gen::inRange(-500, 500);
  RC_ASSERT(calendar.Step(calendar.Step(start, a), -a) == start);
  RC_ASSERT(calendar.Step(calendar.Step(start, a), b) == calendar.Step(start, a + b));
  RC_ASSERT(calendar.Floor(calendar.Step(start, a)) == calendar.Step(start, a));
}

RC_GTEST_PROP(CalendarProperty, IntervalsTouchAndDontOverlap, ()) {
  const Calendar calendar = AnyCalendar();
  LocalTime start = calendar.Step(calendar.Floor(AnyLocal()), -5);
  Interval before = calendar.IntervalAt(start);
  for (int i = 0; i < 10; ++i) {
    start = calendar.Step(start, 1);
    const Interval interval = calendar.IntervalAt(start);
    RC_ASSERT(before.start <= before.end);
    RC_ASSERT(before.end == interval.start);
    before = interval;
  }
}

RC_GTEST_PROP(CalendarProperty, LaterLocalTimesAreNoEarlierInstants, ()) {
  const Calendar calendar = AnyCalendar();
  const LocalTime local = AnyLocal();
  const LocalTime later = local + seconds(*rc::gen::inRange(0, 200'000));
  RC_ASSERT(calendar.zone().ToInstant(local) <= calendar.zone().ToInstant(later));
}

RC_GTEST_PROP(CalendarProperty, EveryInstantIsInItsInterval, ()) {
  const Calendar calendar = AnyCalendar();
  const Instant at = calendar.zone().ToInstant(AnyLocal()) + Duration(*rc::gen::inRange(-90'000'000, 90'000'000));
  const Interval interval = calendar.Containing(at);
  RC_ASSERT(interval.Contains(at));
  RC_ASSERT(calendar.Containing(interval.start) == interval);
  RC_ASSERT(calendar.Containing(interval.end - Duration(1)) == interval);
}

RC_GTEST_PROP(CalendarProperty, LocalTimesComeBackUnlessSkipped, ()) {
  const Calendar calendar = AnyCalendar();
  const LocalTime local = AnyLocal();
  const LocalTime back = calendar.zone().ToLocal(calendar.zone().ToInstant(local));
  // A skipped time comes back as the end of the gap.
  RC_ASSERT(back >= local);
  RC_ASSERT(back - local <= std::chrono::hours(24));
}

}  // namespace
}  // namespace latecomer
