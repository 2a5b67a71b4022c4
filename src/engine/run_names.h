// Ids of runs, names of partitions in them, and where a run's logs lie.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "lateness/plan.h"
#include "ledger/ledger.h"
#include "table/partition_key.h"

namespace latecomer::engine {

// "2024-01-01", "2024-9-5" for several columns, "null": what people call the partition. Characters that
// can't stand in a file name are percent-encoded.
std::string PartitionName(const table::PartitionKey& key);

// scheduled_<partition>, with "~2", … behind it when the cause has that
std::string ScheduledRunId(const table::PartitionKey& key, const std::string& cause);
// backfill_<partition>_from_<run's partition>_<time>, or without a causing run backfill_<partition>_v<version>
// with what the cause has of "~2", … behind it
std::string BackfillRunId(const table::PartitionKey& key, const ledger::RunRecord* caused_by,
                          const lateness::PlanEntry& entry, Instant now);
// manual_<partition>_<time>
std::string ManualRunId(const table::PartitionKey& key, Instant now);

// `wanted`, or when the pipeline has a run of that name already (the versions of two tables are counted apart)
// <wanted>_<time>, with "_2", … behind it where that is taken, too.
Result<std::string> FreeRunName(ledger::Reader& reader, const std::string& pipeline, const std::string& wanted,
                                Instant now);

// Where an attempt's own files lie: <state folder>/work/<pipeline>/<run>/<try>.<step>.<attempt>. Few folders: making
// one costs as much as a transaction. Colons of the run's id are encoded here and below.
std::string WorkFolder(const std::string& state_folder, const ledger::RunRecord& run,
                       const ledger::AttemptRecord& attempt);
// <state folder>/logs/<pipeline>/<run>/<try>/<step>/<attempt>.log
std::string LogFile(const std::string& state_folder, const ledger::RunRecord& run,
                    const ledger::AttemptRecord& attempt);

// "latecomer/<pipeline id>/<partition>/<step>"
std::string TransactionAppId(const std::string& pipeline, const table::PartitionKey& key, const std::string& step);

}  // namespace latecomer::engine
