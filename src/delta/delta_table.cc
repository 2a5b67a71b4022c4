#include "delta/delta_table.h"

#include <xxhash.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "base/text.h"
#include "delta/commit_assembler.h"
#include "delta/deletion_vector.h"
#include "delta/log_folder.h"
#include "delta/log_path.h"
#include "delta/log_segment.h"
#include "delta/log_state.h"
#include "delta/ordered_work.h"
#include "delta/partition_keys.h"
#include "delta/recorded_writes.h"
#include "delta/scan_range.h"
#include "delta/schema.h"

namespace latecomer::delta {
namespace {

// Texts that differ but are one value ("1" and "01" of an integer) are one partition.
void MergeEqualKeys(std::vector<table::PartitionState>& sorted) {
  std::vector<table::PartitionState> merged;
  for (table::PartitionState& state : sorted) {
    if (merged.empty() || !(merged.back().key == state.key)) {
      merged.push_back(std::move(state));
      continue;
    }
    table::PartitionState& into = merged.back();
    into.files += state.files;
    into.bytes += state.bytes;
    if (into.rows && state.rows) {
      *into.rows += *state.rows;
    } else {
      into.rows.reset();
    }
    into.fingerprint += state.fingerprint;
    into.last_changed = std::max(into.last_changed, state.last_changed);
  }
  sorted = std::move(merged);
}

class DeltaTable final : public table::TableHistory {
 public:
  DeltaTable(std::shared_ptr<storage::ObjectStore> store, storage::StoreOpener open_store, ReadOptions options)
      : store_(std::move(store)), open_store_(std::move(open_store)), options_(options) {}

  const std::string& location() const override { return store_->location(); }
  Result<Version> LatestVersion() const override;
  Result<Version> OldestCommit() const override;
  Result<std::vector<VersionRange>> CommitRanges() const override;
  Result<Version> LatestVersionAfter(const table::SeenCommit& seen) const override;
  Result<table::CommitIdentity> IdentityOf(Version version) const override;
  Status ReadCommits(VersionRange range, const CommitSink& sink) const override;
  Status ReadCommitsAfter(const KnownBase& base, VersionRange range, const CommitSink& sink) const override;
  Result<table::TableInfo> ReadInfo(std::optional<Version> at) const override;
  Result<table::Snapshot> ReadSnapshot(std::optional<Version> at) const override;
  Result<std::vector<table::DataFile>> ReadFiles(
      Version at, const std::function<bool(const table::PartitionKey&)>& wanted) const override;
  Result<std::optional<Transaction>> FindTransaction(const std::string& app_id) const override;
  Result<std::vector<table::RecordedWrite>> ReadRecordedWrites(const std::string& prefix) const override;
  Result<std::string> ReadCommitInfo(Version version) const override;

 private:
  using Folder = std::shared_ptr<const LogFolder>;
  Status ReadRange(const LogFolder& folder, VersionRange range, CommitAssembler& assembler,
                   const CommitSink& sink) const;
  Result<LogState> StateAt(const LogFolder& folder, std::optional<Version> at, Depth depth) const;
  Status CheckSeen(const LogFolder& folder, const table::SeenCommit& seen) const;
  bool WasProven(const table::CommitIdentity& identity, const std::string& etag) const;
  void NoteProven(const table::CommitIdentity& identity, const std::string& etag) const;
  Result<Version> LatestListedAfter(const LogFolder& folder, Version last) const;
  Result<Instant> TimeOf(const LogFolder& folder, const LogState& state) const;
  Result<table::DataFile> FileOf(const LogFolder& folder, const LogState& state, const LiveFile& live,
                                 const table::PartitionKey& key) const;

  std::shared_ptr<storage::ObjectStore> store_;
  storage::StoreOpener open_store_;
  ReadOptions options_;
  // The commit that was last found to have the content it was seen with although its etag is another (the table was
  // moved, or is reached in another way), and that etag. As long as it has it, it isn't read again.
  struct Proven {
    table::CommitIdentity identity;
    std::string etag;
  };
  mutable std::mutex proven_mutex_;
  mutable std::optional<Proven> proven_;
};

Result<Version> DeltaTable::LatestVersion() const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  LATECOMER_ASSIGN_OR_RETURN(const LogListing listing, folder->List());
  return NewestVersion(listing);
}

Result<Version> DeltaTable::OldestCommit() const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  LATECOMER_ASSIGN_OR_RETURN(const LogListing listing, folder->List());
  if (!listing.commits.empty()) return listing.commits.front();
  return NewestVersion(listing).Next();  // only a checkpoint is left: the next commit will be the oldest
}

Result<std::vector<VersionRange>> DeltaTable::CommitRanges() const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  LATECOMER_ASSIGN_OR_RETURN(const LogListing listing, folder->List());
  return BridgedRanges(*folder, listing);
}

Result<table::CommitIdentity> DeltaTable::IdentityOf(Version version) const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  table::CommitIdentity identity;
  identity.version = version;
  const auto info = store_->Stat(CommitKey(version));
  if (!info) return Fail(ExplainMissing(*folder, version, info.error()));
  identity.etag = info->etag;
  identity.size_bytes = info->size_bytes;
  LogBuffer buffer;
  if (Status read = folder->ReadCommit(version, buffer); !read)
    return Fail(ExplainMissing(*folder, version, read.error()));
  identity.content_hash = XXH3_64bits(buffer.text().data(), buffer.text().size());
  return identity;
}

bool DeltaTable::WasProven(const table::CommitIdentity& identity, const std::string& etag) const {
  const std::lock_guard lock(proven_mutex_);
  return proven_ && !etag.empty() && proven_->etag == etag && proven_->identity == identity;
}

void DeltaTable::NoteProven(const table::CommitIdentity& identity, const std::string& etag) const {
  const std::lock_guard lock(proven_mutex_);
  proven_ = {identity, etag};
}

// The seen commit must still be the same file: by its etag, else by its content.
Status DeltaTable::CheckSeen(const LogFolder& folder, const table::SeenCommit& seen) const {
  const table::CommitIdentity& identity = seen.identity;
  const std::string path = folder.PathOf(CommitKey(identity.version));
  const std::string number = std::to_string(identity.version.value);
  const auto info = store_->Stat(CommitKey(identity.version));
  if (!info) {
    if (info.error().kind != ErrorKind::kNotFound) return Fail(info.error());
    return Fail(
        Error(ErrorKind::kHistoryGone, "the commit of version " + number + ", the last one seen, is gone").In(path));
  }
  if (!identity.etag.empty() && info->etag == identity.etag && info->size_bytes == identity.size_bytes) return {};
  if (WasProven(identity, info->etag)) return {};
  LogBuffer buffer;
  LATECOMER_RETURN_IF_ERROR(folder.ReadCommit(identity.version, buffer));
  const std::string_view text = buffer.text();
  if (static_cast<std::int64_t>(text.size()) == identity.size_bytes &&
      XXH3_64bits(text.data(), text.size()) == identity.content_hash) {
    const auto still = store_->Stat(CommitKey(identity.version));
    if (still && still->etag == info->etag) NoteProven(identity, info->etag);
    return {};
  }
  return Fail(Error(ErrorKind::kHistoryGone, "the commit of version " + number +
                                                 " is not the one that was seen: the table was replaced or restored")
                  .In(path));
}

Error GoneAfterSeen(const LogFolder& folder, const LogListing& listing, Version missing) {
  Error error = MissingCommit(folder, listing, missing);
  error.kind = ErrorKind::kHistoryGone;
  return error;
}

// One listing of what a store has after `last` tells what many single looks would, and whether anything is missing.
Result<Version> DeltaTable::LatestListedAfter(const LogFolder& folder, Version last) const {
  LATECOMER_ASSIGN_OR_RETURN(const LogListing after, folder.ListAfter(last));
  const Version newest = NewestVersion(after);
  if (newest <= last) return last;
  const auto missing = FirstMissing(after, {last, newest});
  if (!missing) return newest;
  LATECOMER_ASSIGN_OR_RETURN(const LogListing listing, folder.List());
  return Fail(GoneAfterSeen(folder, listing, *missing));
}

Result<Version> DeltaTable::LatestVersionAfter(const table::SeenCommit& seen) const {
  auto folder = LogFolder::Open(store_);
  if (!folder) return Fail(std::move(folder).error());
  LATECOMER_RETURN_IF_ERROR(CheckSeen(**folder, seen));
  Version last = seen.identity.version;
  if (!(*folder)->is_local()) return LatestListedAfter(**folder, last);
  for (;;) {
    LATECOMER_ASSIGN_OR_RETURN(const bool there, (*folder)->HasCommit(last.Next()));
    if (!there) break;
    last = last.Next();
  }
  // A missing successor isn't believed when the hint tells of a newer version.
  const auto hint = ReadLastCheckpoint(**folder);
  if (!hint || hint->version <= last) return last;
  // Either versions are missing, or they were written since the look at last + 1.
  LATECOMER_ASSIGN_OR_RETURN(const LogListing listing, (*folder)->List());
  const Version newest = NewestVersion(listing);
  if (newest <= last) return last;  // a stale hint
  if (const auto missing = FirstMissing(listing, {last, newest})) {
    return Fail(GoneAfterSeen(**folder, listing, *missing));
  }
  return newest;
}

Status DeltaTable::ReadCommits(VersionRange range, const CommitSink& sink) const {
  if (range.Empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  CommitAssembler assembler(*folder, open_store_, options_, range.base);
  LATECOMER_RETURN_IF_ERROR(assembler.FindBase());
  return ReadRange(*folder, range, assembler, sink);
}

Status DeltaTable::ReadCommitsAfter(const KnownBase& base, VersionRange range, const CommitSink& sink) const {
  if (range.Empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  CommitAssembler assembler(*folder, open_store_, options_, range.base);
  assembler.AssumeBase(base);
  return ReadRange(*folder, range, assembler, sink);
}

Status DeltaTable::ReadRange(const LogFolder& folder, VersionRange range, CommitAssembler& assembler,
                             const CommitSink& sink) const {
  return ScanRange(folder, range, options_, assembler, sink, [&](Version version, Error problem) -> Result<AfterPiece> {
    return Fail(ExplainMissing(folder, version, std::move(problem)));
  });
}

Result<LogState> DeltaTable::StateAt(const LogFolder& folder, std::optional<Version> at, Depth depth) const {
  if (at) return ReplayTo(folder, open_store_, *at, depth);
  LATECOMER_ASSIGN_OR_RETURN(const LogListing listing, folder.List());
  return ReplayTo(folder, open_store_, NewestVersion(listing), depth, &listing);
}

table::TableInfo InfoOf(const TableSchema& schema, Version version) {
  table::TableInfo info;
  info.id = schema.table_id;
  info.version = version;
  info.partition_columns = schema.partition_columns;
  info.columns = schema.columns;
  info.configuration = schema.configuration;
  return info;
}

Result<TableSchema> SchemaOf(const LogFolder& folder, const LogState& state) {
  auto schema = ParseSchema(*state.metadata, *state.protocol);
  if (!schema) return Fail(std::move(schema.error()).In(folder.store().location()));
  return schema;
}

Result<table::TableInfo> DeltaTable::ReadInfo(std::optional<Version> at) const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  LATECOMER_ASSIGN_OR_RETURN(const LogState state, StateAt(*folder, at, Depth::kInfo));
  LATECOMER_ASSIGN_OR_RETURN(const TableSchema schema, SchemaOf(*folder, state));
  return InfoOf(schema, state.version);
}

Result<Instant> DeltaTable::TimeOf(const LogFolder& folder, const LogState& state) const {
  if (state.commit_info && state.commit_info->in_commit_timestamp) {
    return Instant(Duration(*state.commit_info->in_commit_timestamp));
  }
  if (state.commit_info && state.commit_info->timestamp) return Instant(Duration(*state.commit_info->timestamp));
  // From a checkpoint alone: its commit may still be there.
  LogBuffer buffer;
  if (!state.commit_info && folder.ReadCommit(state.version, buffer)) {
    LogState probe(Depth::kInfo);
    probe.version = Version{state.version.value - 1};
    if (Advance(folder, state.version, probe) && probe.commit_info) return TimeOf(folder, probe);
  }
  auto modified = folder.ModifiedTime(state.version);
  if (modified) return *modified;
  const auto checkpoint = folder.store().Stat(ClassicCheckpointKey(state.version));
  return checkpoint ? checkpoint->modified : Instant{};
}

Result<table::Snapshot> DeltaTable::ReadSnapshot(std::optional<Version> at) const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  LATECOMER_ASSIGN_OR_RETURN(const LogState state, StateAt(*folder, at, Depth::kFiles));
  LATECOMER_ASSIGN_OR_RETURN(TableSchema parsed, SchemaOf(*folder, state));
  const auto schema = std::make_shared<const TableSchema>(std::move(parsed));
  table::Snapshot snapshot;
  snapshot.info = InfoOf(*schema, state.version);
  LATECOMER_ASSIGN_OR_RETURN(snapshot.timestamp, TimeOf(*folder, state));
  PartitionKeys keys({schema});
  for (const PartitionSum& sum : state.files.partitions()) {
    if (sum.files == 0) continue;
    auto key = keys.KeyOf(sum.raw);
    if (!key) return Fail(std::move(key.error()).In(location()));
    table::PartitionState& partition = snapshot.partitions.emplace_back();
    partition.key = **key;
    partition.files = sum.files;
    partition.bytes = sum.bytes;
    partition.rows = sum.files_without_rows > 0 ? std::nullopt : std::optional(sum.rows);
    partition.fingerprint = sum.fingerprint;
    partition.last_changed = sum.last_changed;
  }
  std::stable_sort(snapshot.partitions.begin(), snapshot.partitions.end(),
                   [](const table::PartitionState& a, const table::PartitionState& b) { return a.key < b.key; });
  MergeEqualKeys(snapshot.partitions);
  return snapshot;
}

Result<table::DataFile> DeltaTable::FileOf(const LogFolder& folder, const LogState& state, const LiveFile& live,
                                           const table::PartitionKey& key) const {
  const FileDetail& detail = state.files.detail(live);
  table::DataFile file;
  const std::string decoded = PercentDecode(detail.path);
  const bool absolute = decoded.starts_with('/') || decoded.find(":/") != std::string::npos;
  const std::string root = store_->local_root().value_or(location());
  file.path = absolute ? std::string(CanonicalPath(decoded)) : root + (root.ends_with('/') ? "" : "/") + decoded;
  file.key = key;
  file.size_bytes = live.size_bytes;
  if (live.records >= 0) file.rows = live.records;
  if (detail.vector) {
    auto rows = ReadDeletionVector(*detail.vector, folder.store(), open_store_);
    if (!rows) {
      Error error = std::move(rows).error();
      error.message += " (of data file '" + detail.path + "')";
      if (error.file.empty()) error.file = location();
      return Fail(std::move(error));
    }
    file.deleted_rows = std::move(*rows);
  }
  return file;
}

Result<std::vector<table::DataFile>> DeltaTable::ReadFiles(
    Version at, const std::function<bool(const table::PartitionKey&)>& wanted) const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  LATECOMER_ASSIGN_OR_RETURN(const LogState state, StateAt(*folder, at, Depth::kFilesWithDetails));
  LATECOMER_ASSIGN_OR_RETURN(TableSchema parsed, SchemaOf(*folder, state));
  PartitionKeys keys({std::make_shared<const TableSchema>(std::move(parsed))});
  std::vector<const table::PartitionKey*> chosen(state.files.partitions().size());  // null: not wanted
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const PartitionSum& sum = state.files.partitions()[i];
    if (sum.files == 0) continue;
    auto key = keys.KeyOf(sum.raw);
    if (!key) return Fail(std::move(key.error()).In(location()));
    if (wanted(**key)) chosen[i] = *key;
  }
  std::vector<const LiveFile*> live;
  for (const LiveFile& one : state.files.all()) {
    if (chosen[one.partition] != nullptr) live.push_back(&one);
  }
  std::vector<table::DataFile> files;
  const auto make = [&](std::size_t, std::size_t i, Result<table::DataFile>& file) {
    file = FileOf(*folder, state, *live[i], *chosen[live[i]->partition]);
  };
  const auto take = [&](Result<table::DataFile>& file) -> Status {
    if (!file) return Fail(std::move(file).error());
    files.push_back(std::move(*file));
    return {};
  };
  const bool has_vectors = std::any_of(
      live.begin(), live.end(), [&](const LiveFile* one) { return state.files.detail(*one).vector.has_value(); });
  LATECOMER_RETURN_IF_ERROR(
      RunInOrder<Result<table::DataFile>>(live.size(), has_vectors ? folder->threads() : 1, make, take));
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

Result<std::optional<table::TableHistory::Transaction>> DeltaTable::FindTransaction(const std::string& app_id) const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  LATECOMER_ASSIGN_OR_RETURN(const LogState state, StateAt(*folder, std::nullopt, Depth::kTransactions));
  const auto found = state.transactions.find(app_id);
  if (found == state.transactions.end()) return std::nullopt;
  return Transaction{found->second.version, found->second.at};
}

Result<std::vector<table::RecordedWrite>> DeltaTable::ReadRecordedWrites(const std::string& prefix) const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  LATECOMER_ASSIGN_OR_RETURN(const LogState state, StateAt(*folder, std::nullopt, Depth::kTransactions));
  LATECOMER_ASSIGN_OR_RETURN(const LogListing listing, folder->List());
  return delta::ReadRecordedWrites(*folder, listing, state, prefix);
}

Result<std::string> DeltaTable::ReadCommitInfo(Version version) const {
  LATECOMER_ASSIGN_OR_RETURN(const Folder folder, LogFolder::Open(store_));
  LogBuffer buffer;
  if (Status read = folder->ReadCommit(version, buffer); !read)
    return Fail(ExplainMissing(*folder, version, read.error()));
  CommitParser parser;
  return parser.CommitInfoText(buffer.text(), folder->PathOf(CommitKey(version)));
}

}  // namespace

Result<std::shared_ptr<table::TableHistory>> OpenDeltaTable(std::shared_ptr<storage::ObjectStore> store,
                                                            storage::StoreOpener open_store, ReadOptions options) {
  return std::shared_ptr<table::TableHistory>(
      std::make_shared<DeltaTable>(std::move(store), std::move(open_store), options));
}

}  // namespace latecomer::delta
