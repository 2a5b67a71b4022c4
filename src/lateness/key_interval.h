// From partition keys to intervals of time, and back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cadence.h"
#include "base/result.h"
#include "table/partition_key.h"

namespace latecomer::lateness {

// Which columns of a key hold time, and how their text reads.
struct TimeColumns {
  std::vector<std::string> columns;  // one ("event_time"), or several parts in order (year, month, day, hour)
  // Of the columns' texts joined by a space, in strptime-like letters: %Y %m %d %H %M %G %V (ISO week).
  // Empty: by type and cadence (dates and timestamps as they are; "2024-01-01", "20240101", "2024-01",
  // "2024-W05", "2024-01-01T05", "2024-01-01-05", 20240101 as an integer, year/month/day parts, …).
  std::string format;
};

// Aligned local start of the interval a key stands for; nullopt when the key has a null or unreadable
// time column, or a time that is not on the calendar's grid is floored onto it.
std::optional<LocalTime> StartOfKey(const table::PartitionKey& key, const TimeColumns& columns,
                                    const Calendar& calendar);
std::optional<Interval> IntervalOfKey(const table::PartitionKey& key, const TimeColumns& columns,
                                      const Calendar& calendar);

// The part of a source's key that names the output partition it is folded into: its `columns`, in order.
// kInvalidArgument when the source key has no such column.
Result<table::PartitionKey> Project(const table::PartitionKey& source_key, const std::vector<std::string>& columns);

}  // namespace latecomer::lateness
