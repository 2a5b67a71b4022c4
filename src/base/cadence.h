// Calendar arithmetic: the length of one partition and the zone it is counted in.
//
// Local calendar positions are std::chrono civil values; only TimeZone turns them into instants, so
// days of 23 and 25 hours come out right. Zones by cctz (see docs/decisions).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace latecomer {

// Seconds since 1970-01-01T00:00:00 on the wall clock of some zone.
using LocalTime = std::chrono::local_seconds;

class TimeZone {
 public:
  // "UTC", "Europe/Berlin", … kInvalidArgument when the zone database has no such name.
  static Result<TimeZone> Load(std::string_view name);
  static TimeZone Utc();

  const std::string& name() const { return name_; }
  // A local time that a change of offset skips means the instant of the change; one that occurs twice
  // means the first. Later local times never give earlier instants, so intervals don't overlap.
  Instant ToInstant(LocalTime local) const;
  LocalTime ToLocal(Instant at) const;

 private:
  struct Impl;
  TimeZone(std::string name, std::shared_ptr<const Impl> impl);
  std::string name_;
  std::shared_ptr<const Impl> impl_;
};

enum class CadenceUnit { kHour, kDay, kWeek, kMonth };

// N units; weeks begin on Monday, N-month cadences count from January of year 0, N-day and N-week
// ones from 1970-01-01 and 1969-12-29 (a Monday), N-hour ones from midnight 1970-01-01.
struct Cadence {
  CadenceUnit unit = CadenceUnit::kDay;
  int count = 1;
  friend bool operator==(const Cadence&, const Cadence&) = default;
};

// "hour", "day", "week", "month", "3 hours", "2 weeks", also "hourly", "daily", "weekly", "monthly".
Result<Cadence> ParseCadence(std::string_view text);
// "day", "3 hours"
std::string FormatCadence(const Cadence& cadence);

// A cadence in a zone: which local times begin an interval, and which instants an interval covers.
class Calendar {
 public:
  Calendar() : zone_(TimeZone::Utc()) {}  // days in UTC
  Calendar(Cadence cadence, TimeZone zone) : cadence_(cadence), zone_(std::move(zone)) {}

  const Cadence& cadence() const { return cadence_; }
  const TimeZone& zone() const { return zone_; }

  // The start of the interval that holds `local`.
  LocalTime Floor(LocalTime local) const;
  // `steps` intervals later (earlier when negative); `start` must be aligned (Floor(start) == start).
  LocalTime Step(LocalTime start, int steps) const;
  // [start, next start) as instants.
  Interval IntervalAt(LocalTime start) const;
  // The interval that holds the instant.
  Interval Containing(Instant at) const;

 private:
  Cadence cadence_;
  TimeZone zone_;
};

// "2024-01-01" for whole days, "2024-01-01T05:00:00" otherwise.
std::string FormatLocal(LocalTime local);

}  // namespace latecomer
