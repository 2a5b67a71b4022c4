// Reads Parquet files of a checkpoint: classic, one part, V2 top level, or a sidecar.
#pragma once

#include <string>

#include "base/result.h"
#include "delta/actions.h"
#include "storage/object_store.h"

namespace latecomer::delta {

// Hands the actions of one file to `sink`: add, metaData, protocol, txn, sidecar. remove is left out: a
// checkpoint keeps it only for VACUUM. `shown` is the file's name in errors; kDamaged when it is no
// readable Parquet file or its columns aren't a checkpoint's.
Status ReadCheckpointParquet(const storage::ObjectStore& store, const std::string& key, const std::string& shown,
                             const Wanted& wanted, ActionSink& sink);

}  // namespace latecomer::delta
