// Guesses which partition columns hold time, and how long one partition is.
#pragma once

#include <optional>
#include <vector>

#include "lateness/key_interval.h"
#include "table/partition_key.h"

namespace latecomer::lateness {

// The time columns of a table by their types, names and values; nullopt when none looks like time.
std::optional<TimeColumns> FindTimeColumns(const table::PartitionSchema& schema,
                                           const std::vector<table::PartitionKey>& keys);

// The cadence the keys look like: hour when some begin within a day, month or week when all begin with one,
// else day.
Cadence GuessCadence(const TimeColumns& columns, const std::vector<table::PartitionKey>& keys, const TimeZone& zone);

}  // namespace latecomer::lateness
