// Opens a Delta table for reading (Delta protocol; docs/formats/delta-log.md says what is read).
#pragma once

#include <memory>

#include "base/result.h"
#include "storage/object_store.h"
#include "table/table.h"

namespace latecomer::delta {

// `store` is rooted at the table's folder. `open_store` follows absolute paths (shallow clones,
// deletion vectors elsewhere); it may be empty, then such paths are kUnsupported when they are needed.
// Cheap: reads nothing yet; a folder that holds no table shows as kNotFound on the first read.
Result<std::shared_ptr<table::TableHistory>> OpenDeltaTable(std::shared_ptr<storage::ObjectStore> store,
                                                            storage::StoreOpener open_store);

}  // namespace latecomer::delta
