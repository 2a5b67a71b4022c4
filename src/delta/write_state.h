// The table as a writer finds it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "delta/column_types.h"
#include "delta/commit_writer.h"
#include "delta/log_folder.h"
#include "delta/log_state.h"
#include "delta/schema.h"
#include "storage/object_store.h"
#include "table/table_writer.h"

namespace latecomer::delta {

struct WriteState {
  std::shared_ptr<const LogFolder> folder;
  LogState log;
  TableSchema table;
  WriteSchema schema;

  Version next() const { return log.version.Next(); }
  // What the next commit's inCommitTimestamp must be; nullopt where the table has none.
  Result<std::optional<std::int64_t>> InCommitTimestamp(Instant now) const;
};

// The newest version; nullopt only when there is no log at all, so that nothing is created over one that can't
// be read just now.
Result<std::optional<WriteState>> ReadWriteState(const std::shared_ptr<storage::ObjectStore>& store,
                                                 const storage::StoreOpener& open_store, Depth depth);

struct LivePartitionFile {
  RemovedFile removed;
  std::optional<std::int64_t> records;
};

// The live files of a partition, and the newest commit that changed it, as far as the log tells.
struct LivePartition {
  std::vector<LivePartitionFile> files;
  std::optional<Version> last_changed;
};
Result<LivePartition> FindLivePartition(const WriteState& state, const table::PartitionKey& key);

}  // namespace latecomer::delta
