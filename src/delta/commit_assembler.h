// From scanned commits, in order, to table::Commit: typed keys, and what only the state before tells.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "delta/commit_scan.h"
#include "delta/delta_table.h"
#include "delta/log_folder.h"
#include "delta/log_state.h"
#include "delta/partition_keys.h"
#include "delta/schema.h"
#include "storage/object_store.h"
#include "table/commit.h"

namespace latecomer::delta {

class CommitAssembler {
 public:
  // Commits after `base` will be given, each the successor of the one before.
  CommitAssembler(const LogFolder& folder, const storage::StoreOpener& open_store, const ReadOptions& options, Version base);

  // Finds metadata and protocol as of the base, or, where these are gone, as of the commit after it.
  Status FindBase();
  Result<table::Commit> Assemble(ScannedCommit&& scanned);

 private:
  Status FindBaseForward();
  Status FindNewest();
  void MakeKeys(std::shared_ptr<const TableSchema> before);
  Status TakeMetadata(const ScannedCommit& scanned, table::Commit& commit);
  Status Resolve(ScannedCommit& scanned);
  // The state before a version; null when it can't be built.
  Result<const LogState*> StateBefore(Version version);
  Result<const LogListing*> Listing();

  const LogFolder& folder_;
  const storage::StoreOpener& open_store_;
  ReadOptions options_;
  Version base_;
  std::optional<Metadata> metadata_;
  std::optional<Protocol> protocol_;
  std::shared_ptr<const TableSchema> schema_;
  std::shared_ptr<const TableSchema> newest_;  // only with Names::kNewest
  std::unique_ptr<PartitionKeys> keys_;
  std::optional<LogListing> listing_;
  std::unique_ptr<LogState> state_;
};

}  // namespace latecomer::delta
