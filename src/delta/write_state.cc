#include "delta/write_state.h"

#include <algorithm>
#include <utility>

#include "delta/log_path.h"
#include "delta/partition_keys.h"

namespace latecomer::delta {
Result<std::optional<std::int64_t>> WriteState::InCommitTimestamp(Instant now) const {
  const auto enabled = log.metadata->configuration.find("delta.enableInCommitTimestamps");
  if (enabled == log.metadata->configuration.end() || enabled->second != "true") return std::nullopt;
  const std::int64_t present = now.time_since_epoch().count();
  LogBuffer buffer;
  // A commit that is gone has one of its successors' time or an earlier one; the log has none then.
  if (!folder->ReadCommit(log.version, buffer)) return present;
  LogState probe(Depth::kInfo);
  probe.version = Version{log.version.value - 1};
  LATECOMER_RETURN_IF_ERROR(Advance(*folder, log.version, probe));
  if (!probe.commit_info || !probe.commit_info->in_commit_timestamp) return present;
  return std::max(present, *probe.commit_info->in_commit_timestamp + 1);
}

Result<std::optional<WriteState>> ReadWriteState(const std::shared_ptr<storage::ObjectStore>& store,
                                                 const storage::StoreOpener& open_store, Depth depth) {
  auto folder = LogFolder::Open(store);
  if (!folder && folder.error().kind == ErrorKind::kNotFound) return std::nullopt;
  if (!folder) return Fail(std::move(folder).error());
  auto listing = (*folder)->List();
  if (!listing && listing.error().kind == ErrorKind::kNotFound) return std::nullopt;
  if (!listing) return Fail(std::move(listing).error());
  LATECOMER_ASSIGN_OR_RETURN(LogState log, ReplayTo(**folder, open_store, NewestVersion(*listing), depth, &*listing));
  LATECOMER_ASSIGN_OR_RETURN(TableSchema table, ParseSchema(*log.metadata, *log.protocol));
  LATECOMER_ASSIGN_OR_RETURN(WriteSchema schema, ReadWriteSchema(*log.metadata));
  return WriteState{std::move(*folder), std::move(log), std::move(table), std::move(schema)};
}

Result<LivePartition> FindLivePartition(const WriteState& state, const table::PartitionKey& key) {
  LivePartition partition;
  const std::vector<PartitionSum>& sums = state.log.files.partitions();
  std::vector<bool> wanted(sums.size());
  PartitionKeys keys(std::make_shared<const TableSchema>(state.table), nullptr);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey* one, keys.KeyOf(sums[i].raw));
    wanted[i] = *one == key;
    if (wanted[i] && sums[i].files > 0) partition.last_changed = std::max(partition.last_changed, sums[i].last_changed);
  }
  for (const LiveFile& live : state.log.files.all()) {
    if (!wanted[live.partition]) continue;
    const FileDetail& detail = state.log.files.detail(live);
    LivePartitionFile& file = partition.files.emplace_back();
    file.removed = {detail.path, sums[live.partition].raw, live.size_bytes, detail.vector};
    file.records = live.Rows();
  }
  std::sort(partition.files.begin(), partition.files.end(),
            [](const auto& a, const auto& b) { return a.removed.path < b.removed.path; });
  return partition;
}

}  // namespace latecomer::delta
