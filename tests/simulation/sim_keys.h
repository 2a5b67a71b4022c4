// Between the simulation's numbers and the product's typed partition keys. The way back reads the texts
// itself, so that what is taken for true doesn't rest on how keys compare.
#pragma once

#include <string_view>

#include "sim_table.h"
#include "table/partition_key.h"

namespace latecomer::simulation {

// {event_date: date} or {year, month, day: integer}, with {country: string} behind it.
table::PartitionSchema SchemaOf(const SimTable& table);

// `padded` writes 09 for 9 where the columns are numbers.
table::PartitionKey KeyOf(const SimTable& table, const Slot& slot, bool padded);

Slot SlotOf(const table::PartitionKey& key);
// Of a key as the ledger names it: {"year":"2024","month":"9","day":"5"}.
Slot SlotOfCanonical(std::string_view canonical);

}  // namespace latecomer::simulation
