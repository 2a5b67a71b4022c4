#include "sim_history.h"

#include <algorithm>
#include <map>

#include "sim_keys.h"

namespace latecomer::simulation {
namespace {

using KeyOrder = table::NamesThenValues;

constexpr std::int64_t kBytesPerRow = 10;

std::int64_t RowsOf(const SimFile& file) {
  return static_cast<std::int64_t>(file.rows.size());
}

std::uint64_t FingerprintOf(const SimFile& file) {
  return table::IdentityOfFile(PathOf(file), "").fingerprint();
}

void Count(const FileAction& action, table::PartitionChange& change) {
  const SimFile& file = *action.file;
  table::ChangeCounts& counts = change.counts;
  (action.add ? counts.files_added : counts.files_removed) += 1;
  *(action.add ? counts.rows_added : counts.rows_removed) += RowsOf(file);
  (action.add ? counts.bytes_added : counts.bytes_removed) += RowsOf(file) * kBytesPerRow;
  change.fingerprint_delta += action.add ? FingerprintOf(file) : 0 - FingerprintOf(file);
  change.data_change = change.data_change || action.data_change;
}

}  // namespace

std::string PathOf(const SimFile& file) {
  return "file-" + std::to_string(file.id);
}

Status SimHistory::Look(const std::string& what) const {
  if (hook_ != nullptr) return hook_->BeforeRead(what);
  return {};
}

Status SimHistory::CheckThere() const {
  if (table_.Exists()) return {};
  return Fail(Error(ErrorKind::kNotFound, "there is no table").In(location()));
}

std::string SimHistory::TableId(std::int64_t version) const {
  return location() + "#" + std::to_string(table_.IdAt(version));
}

table::CommitIdentity SimHistory::Identity(Version version) const {
  return {.version = version,
          .etag = "",
          .size_bytes = 100,
          .content_hash = static_cast<std::uint64_t>(table_.SerialAt(version.value))};
}

Result<Version> SimHistory::LatestVersion() const {
  LATECOMER_RETURN_IF_ERROR(Look("newest version"));
  LATECOMER_RETURN_IF_ERROR(CheckThere());
  return Version{table_.newest()};
}

Result<Version> SimHistory::OldestCommit() const {
  LATECOMER_RETURN_IF_ERROR(Look("oldest commit"));
  LATECOMER_RETURN_IF_ERROR(CheckThere());
  return Version{table_.oldest()};
}

Result<Version> SimHistory::LatestVersionAfter(const table::SeenCommit& seen) const {
  LATECOMER_RETURN_IF_ERROR(Look("newest version after " + std::to_string(seen.identity.version.value)));
  LATECOMER_RETURN_IF_ERROR(CheckThere());
  const Version version = seen.identity.version;
  const bool there = version.value >= table_.oldest() && version.value <= table_.newest();
  if (!there || !(Identity(version) == seen.identity)) {
    return Fail(ErrorKind::kHistoryGone, "the last commit seen is gone or another one");
  }
  return Version{table_.newest()};
}

Result<table::CommitIdentity> SimHistory::IdentityOf(Version version) const {
  LATECOMER_RETURN_IF_ERROR(Look("identity of " + std::to_string(version.value)));
  LATECOMER_RETURN_IF_ERROR(CheckThere());
  if (version.value < table_.oldest() || version.value > table_.newest()) {
    return Fail(ErrorKind::kHistoryGone, "commit " + std::to_string(version.value) + " is gone");
  }
  return Identity(version);
}

table::Commit SimHistory::CommitAt(Version version) const {
  const SimCommit& from = table_.commit(version.value);
  table::Commit commit;
  commit.version = version;
  commit.timestamp = Instant(Duration(from.at_ms));
  commit.timestamp_source = table::TimestampSource::kCommitInfo;
  commit.operation = from.operation;
  commit.metadata_changed = from.replaces_table;
  commit.partitioning_changed = from.replaces_table;
  std::map<table::PartitionKey, table::PartitionChange, KeyOrder> changes;
  for (const FileAction& action : from.actions) {
    const table::PartitionKey key = KeyOf(table_, action.file->slot, action.file->padded);
    table::PartitionChange& change = changes[key];
    if (change.key.Empty()) change.key = key;
    Count(action, change);
  }
  for (auto& [key, change] : changes) commit.partitions.push_back(std::move(change));
  return commit;
}

Status SimHistory::ReadCommits(VersionRange range, const CommitSink& sink) const {
  if (range.Empty()) return {};
  LATECOMER_RETURN_IF_ERROR(CheckThere());
  for (Version version = range.base.Next(); version <= range.target; version = version.Next()) {
    LATECOMER_RETURN_IF_ERROR(Look("commit " + std::to_string(version.value)));
    if (version.value < table_.oldest() || version.value > table_.newest()) {
      return Fail(ErrorKind::kHistoryGone, "commit " + std::to_string(version.value) + " is gone");
    }
    LATECOMER_RETURN_IF_ERROR(sink(CommitAt(version)));
  }
  return {};
}

Result<Version> SimHistory::Existing(std::optional<Version> at) const {
  LATECOMER_RETURN_IF_ERROR(Look("state"));
  LATECOMER_RETURN_IF_ERROR(CheckThere());
  if (!at) return Version{table_.newest()};
  if (at->value < table_.oldest() || at->value > table_.newest()) {
    return Fail(ErrorKind::kHistoryGone, "version " + std::to_string(at->value) + " can't be read any more");
  }
  return *at;
}

Result<table::TableInfo> SimHistory::ReadInfo(std::optional<Version> at) const {
  LATECOMER_ASSIGN_OR_RETURN(const Version version, Existing(at));
  table::TableInfo info;
  info.id = TableId(version.value);
  info.version = version;
  info.partition_columns = SchemaOf(table_);
  return info;
}

std::optional<Version> SimHistory::LastChanged(const Slot& slot, std::int64_t at) const {
  for (std::int64_t version = at; version >= table_.oldest(); --version) {
    for (const FileAction& action : table_.commit(version).actions) {
      if (action.data_change && action.file->slot == slot) return Version{version};
    }
  }
  return std::nullopt;
}

Result<table::Snapshot> SimHistory::ReadSnapshot(std::optional<Version> at) const {
  table::Snapshot snapshot;
  LATECOMER_ASSIGN_OR_RETURN(snapshot.info, ReadInfo(at));
  const std::int64_t version = snapshot.info.version.value;
  snapshot.timestamp = Instant(Duration(table_.commit(version).at_ms));
  for (const auto& [slot, files] : table_.StateAt(version)) {
    table::PartitionState state;
    state.key = KeyOf(table_, slot, files.front()->padded);
    for (const FilePtr& file : files) {
      state.files += 1;
      *state.rows += RowsOf(*file);
      state.bytes += RowsOf(*file) * kBytesPerRow;
      state.fingerprint += FingerprintOf(*file);
    }
    state.last_changed = LastChanged(slot, version);
    snapshot.partitions.push_back(std::move(state));
  }
  return snapshot;
}

Result<std::vector<table::DataFile>> SimHistory::ReadFiles(
    Version at, const std::function<bool(const table::PartitionKey&)>& wanted) const {
  LATECOMER_ASSIGN_OR_RETURN(const Version version, Existing(at));
  std::vector<table::DataFile> files;
  for (const auto& [slot, live] : table_.StateAt(version.value)) {
    for (const FilePtr& file : live) {
      const table::PartitionKey key = KeyOf(table_, slot, file->padded);
      if (!wanted(key)) continue;
      files.push_back({.path = PathOf(*file), .key = key, .size_bytes = RowsOf(*file) * kBytesPerRow});
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

Result<std::optional<table::TableHistory::Transaction>> SimHistory::FindTransaction(const std::string& app_id) const {
  LATECOMER_RETURN_IF_ERROR(Look("txn " + app_id));
  LATECOMER_RETURN_IF_ERROR(CheckThere());
  const TokenWrite* write = table_.LastWrite(app_id);
  if (write == nullptr) return std::optional<Transaction>();
  return std::optional<Transaction>({write->token, Version{table_.newest()}});
}

Result<std::vector<table::RecordedWrite>> SimHistory::ReadRecordedWrites(const std::string& prefix) const {
  LATECOMER_RETURN_IF_ERROR(Look("writes of " + prefix));
  LATECOMER_RETURN_IF_ERROR(CheckThere());
  std::map<std::string, table::RecordedWrite> newest;
  for (std::int64_t version = table_.oldest(); version <= table_.newest(); ++version) {
    const std::optional<TokenWrite>& write = table_.commit(version).write;
    if (!write || !write->app_id.starts_with(prefix)) continue;
    table::RecordedWrite recorded{.version = Version{version}};
    recorded.at = Instant(Duration(table_.commit(version).at_ms));
    recorded.transaction = {.app_id = write->app_id,
                            .version = write->token,
                            .ledger_id = write->ledger_id,
                            .run_id = write->run_id,
                            .try_number = write->try_number,
                            .vector = write->vector};
    newest.insert_or_assign(write->app_id, std::move(recorded));
  }
  std::vector<table::RecordedWrite> writes;
  for (auto& [app_id, write] : newest) writes.push_back(std::move(write));
  return writes;
}

Result<std::string> SimHistory::ReadCommitInfo(Version) const {
  return std::string("{}");
}

}  // namespace latecomer::simulation
