// Opens a Delta table for reading (Delta protocol; docs/formats/delta-log.md says what is read).
#pragma once

#include <memory>

#include "base/result.h"
#include "storage/object_store.h"
#include "table/table.h"

namespace latecomer::delta {

// How commits are read. The defaults give everything table::Commit has a field for.
struct ReadOptions {
  // Rows of removed files whose commit doesn't say them are looked up in the state before, which may
  // have to be built for it; or they are left unknown. Partition values are looked up in any case.
  enum class RemovedRows { kLookUp, kLeaveUnknown };
  // Partitions of a commit: ordered by key, as table::Commit promises, or as they stand in the log.
  enum class Order { kByKey, kAsLogged };
  // Keys have the column names as of their commit, or those of the table's newest version, where a
  // rename by column mapping leaves one name for one column.
  enum class Names { kAsOfCommit, kNewest };
  // Of a commit's info: all of it; all but Commit::operation_metrics; or nothing, which leaves the commit's time at the
  // epoch and its operation empty.
  enum class Info { kWhole, kWithoutMetrics, kSkip };

  RemovedRows removed_rows = RemovedRows::kLookUp;
  Order order = Order::kByKey;
  Names names = Names::kAsOfCommit;
  Info info = Info::kWhole;
  int threads = 0;  // 0: as many as the machine has
};

// `store` is rooted at the table's folder. `open_store` follows absolute paths (shallow clones,
// deletion vectors elsewhere); it may be empty, then such paths are kUnsupported when they are needed.
// Cheap: reads nothing yet; a folder that holds no table shows as kNotFound on the first read.
Result<std::shared_ptr<table::TableHistory>> OpenDeltaTable(std::shared_ptr<storage::ObjectStore> store,
                                                            storage::StoreOpener open_store, ReadOptions options = {});

}  // namespace latecomer::delta
