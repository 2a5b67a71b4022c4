// Rows that several statements read.
#pragma once

#include "base/result.h"
#include "ledger/database.h"
#include "ledger/records.h"

namespace latecomer::ledger {

#define LATECOMER_RUN_COLUMNS                                                               \
  "id, pipeline, run_id, partition_key, partition_display, kind, cause, caused_by, state, " \
  "waiting_for, message, tries, keep_vector, note, created, started, ended, keep_steps"
Result<RunRecord> ReadRun(const Row& row);

#define LATECOMER_STEP_COLUMNS                                                                           \
  "run, try_number, step, map_index, position, state, attempts, retry_at, child_run, message, started, " \
  "ended, kept_from"
Result<StepRecord> ReadStep(const Row& row);

#define LATECOMER_SOURCE_PARTITION_COLUMNS \
  "partition_key, log_json, files, row_count, bytes, fingerprint, last_changed, first_seen"
constexpr int kSourcePartitionColumnCount = 8;
Result<SourcePartitionRecord> ReadSourcePartition(const Row& row);

}  // namespace latecomer::ledger
