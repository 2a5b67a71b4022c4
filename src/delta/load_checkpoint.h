// Loads a checkpoint into a state: the start of a replay.
#pragma once

#include "base/result.h"
#include "delta/log_folder.h"
#include "delta/log_segment.h"
#include "delta/log_state.h"
#include "storage/object_store.h"

namespace latecomer::delta {

// `state` must be new. Parquet files are read by as many threads as the machine has, a row group each.
// kDamaged when a file can't be read or protocol or metaData is missing; kNotFound when a file isn't there.
Status LoadCheckpoint(const LogFolder& folder, const storage::StoreOpener& open_store, const Checkpoint& checkpoint,
                      LogState& state);

}  // namespace latecomer::delta
