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
#include "delta/partition_text.h"
#include "delta/schema.h"
#include "storage/object_store.h"
#include "table/commit.h"
#include "table/table.h"

namespace latecomer::delta {

class CommitAssembler {
 public:
  // Commits after `base` will be given, each the successor of the one before.
  CommitAssembler(const LogFolder& folder, const storage::StoreOpener& open_store, const ReadOptions& options,
                  Version base);

  // Instead of FindBase: table id and partition columns as of the base. Metadata and protocol are then
  // looked up only when something in the commits needs them.
  void AssumeBase(const table::TableHistory::KnownBase& known);
  // Finds metadata and protocol as of the base, or, where these are gone, as of the commit after it.
  Status FindBase();
  // Into `commit`, whose memory is used again.
  Status Assemble(ScannedCommit& scanned, table::Commit& commit);

 private:
  Status FindBaseForward();
  Status FindNewest();
  void MakeKeys(std::shared_ptr<const TableSchema> before);
  // FindBase after AssumeBase, once.
  Status FindAssumedBase();
  Status TakeMetadata(const ScannedCommit& scanned, table::Commit& commit);
  Result<const table::PartitionKey*> KeyOf(const PartitionText& text);
  Status Resolve(ScannedCommit& scanned);
  // The state before a version; null when it can't be built.
  Result<const LogState*> StateBefore(Version version);
  Result<const LogListing*> Listing();

  const LogFolder& folder_;
  const storage::StoreOpener& open_store_;
  ReadOptions options_;
  Version base_;
  bool assumed_ = false;  // schema_ has only what AssumeBase gave
  std::optional<Metadata> metadata_;
  std::optional<Protocol> protocol_;
  std::shared_ptr<const TableSchema> schema_;
  std::shared_ptr<const TableSchema> newest_;  // only with Names::kNewest
  std::unique_ptr<PartitionKeys> keys_;
  PartitionTexts texts_;  // of removes whose partition was looked up
  std::optional<LogListing> listing_;
  std::unique_ptr<LogState> state_;
};

}  // namespace latecomer::delta
