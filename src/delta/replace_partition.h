// One replacement of a partition: what the table says of it, and the commit that makes it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "delta/commit_writer.h"
#include "delta/parquet_content.h"
#include "delta/write_state.h"
#include "storage/object_store.h"
#include "table/table_writer.h"

namespace latecomer::delta {

// The tag of an add that holds its ParquetContent::hash.
inline constexpr const char* kContentHashTag = "latecomer.contentHash";

class PartitionReplacement {
 public:
  PartitionReplacement(std::shared_ptr<storage::ObjectStore> store, const table::ReplaceRequest& request,
                       std::function<std::string()> new_uuid)
      : store_(std::move(store)), request_(request), new_uuid_(std::move(new_uuid)) {}
  // A file that was copied and not committed is removed.
  ~PartitionReplacement();
  PartitionReplacement(const PartitionReplacement&) = delete;
  PartitionReplacement& operator=(const PartitionReplacement&) = delete;

  // Reads the new rows.
  Status Prepare();

  struct Plan {
    Version version;                         // that the commit is to have
    std::optional<table::WriteReport> done;  // nothing is to be committed: a repeat
    CommitContent commit;
    table::WriteReport report;
  };
  // Against the table as it is now; nullopt when there is none. Copies the file into the table when it is needed.
  Result<Plan> MakePlan(const std::optional<WriteState>& state, Instant now);

  // The copied file belongs to the table, or may: it stays.
  void KeepFile() { copied_.reset(); }

 private:
  Result<std::optional<table::WriteReport>> SettleToken(const WriteState& state) const;
  Status CheckSchema(const WriteState& state) const;
  Result<table::PartitionKey> KeyFor(const WriteState& state) const;
  bool HoldsSameRows(const WriteState& state, const LivePartition& live) const;
  std::optional<std::string> HashOfLive(const WriteState& state, const LivePartition& live) const;
  Status PlanCreation(CommitContent& commit) const;
  Status CopyFile(const table::PartitionKey& key);
  std::int64_t rows() const { return content_ ? content_->rows : 0; }

  std::shared_ptr<storage::ObjectStore> store_;
  const table::ReplaceRequest& request_;
  std::function<std::string()> new_uuid_;
  std::optional<ParquetContent> content_;
  std::optional<NewFile> copied_;
};

}  // namespace latecomer::delta
