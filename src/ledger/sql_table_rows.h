// Rows of commits, changes and events, as several statements read them.
#pragma once

#include "base/result.h"
#include "ledger/database.h"
#include "ledger/records.h"

namespace latecomer::ledger {

#define LATECOMER_COMMIT_COLUMNS "version, at, time_source, operation"
Result<CommitRecord> ReadCommit(const Row& row);

#define LATECOMER_CHANGE_COLUMNS                                                                  \
  "version, partition_key, at, operation, files_added, files_removed, rows_added, rows_removed, " \
  "bytes_added, bytes_removed, vector_updates, assumed, note"
Result<ChangeRecord> ReadChange(const Row& row);

#define LATECOMER_EVENT_COLUMNS "sequence, at, pipeline, partition_key, run_id, what, detail"
Result<EventRecord> ReadEvent(const Row& row);

}  // namespace latecomer::ledger
