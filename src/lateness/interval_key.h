// From an interval back to the values of a key that stands for it.
#pragma once

#include <vector>

#include "base/cadence.h"
#include "base/result.h"
#include "lateness/key_interval.h"
#include "table/partition_key.h"

namespace latecomer::lateness {

// One value for each of `columns.columns`, of the types that `schema` gives them in the same order, so that StartOfKey
// reads `start` out of them again. Without a format: dates and timestamps hold the start; texts are "2024-01-01",
// "2024-01" for months and "2024-01-01T05" for hours; integers 20240101, 202401, 202405 for weeks, 2024010105; several
// columns are year, month, day, hour, or a date and the hour, or the ISO year and week.
// kInvalidArgument when the columns can't hold the start.
Result<std::vector<table::PartitionValue>> ValuesOfStart(LocalTime start, const TimeColumns& columns,
                                                         const table::PartitionSchema& schema,
                                                         const Calendar& calendar);

}  // namespace latecomer::lateness
