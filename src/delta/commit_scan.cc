#include "delta/commit_scan.h"

#include <xxhash.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "delta/live_files.h"
#include "delta/log_path.h"

namespace latecomer::delta {
namespace {

constexpr std::size_t kLinearDeltas = 8;  // up to so many a linear search is faster than hashing

std::int64_t Sum(std::int64_t a, std::int64_t b) {  // wraps: sizes in a damaged log may add up to anything
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

void AddRows(std::optional<std::int64_t>& total, std::optional<std::int64_t> rows) {
  if (!total) return;
  if (rows) {
    total = Sum(*total, *rows);
  } else {
    total.reset();
  }
}

// Records less those hidden; unknown when the vector hides more than there are.
std::optional<std::int64_t> RowsOf(std::optional<std::int64_t> records, const DeletionVector* vector) {
  if (!records || vector == nullptr) return records;
  if (vector->cardinality > *records) return std::nullopt;
  return *records - vector->cardinality;
}

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return XXH3_64bits(text.data(), text.size()); }
};

std::uint64_t Hash(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

}  // namespace

void ScannedCommit::Reset(Version next) {
  version = next;
  info.in_commit_timestamp.reset();
  info.timestamp.reset();
  info.operation.clear();
  info.operation_metrics.clear();
  has_info = false;
  modified.reset();
  metadata.reset();
  protocol.reset();
  partitions.clear();
  open_removes.clear();
}

PartitionDelta& DeltaFor(std::vector<PartitionDelta>& deltas, std::string_view raw) {
  const auto found = std::find_if(deltas.begin(), deltas.end(), [&](const PartitionDelta& d) { return d.raw == raw; });
  if (found != deltas.end()) return *found;
  PartitionDelta& delta = deltas.emplace_back();
  delta.raw = raw;
  return delta;
}

void CountRemove(PartitionDelta& delta, std::string_view path, std::string_view vector_id,
                 std::optional<std::int64_t> rows, std::int64_t size_bytes, bool data_change) {
  ++delta.counts.files_removed;
  delta.counts.bytes_removed = Sum(delta.counts.bytes_removed, size_bytes);
  AddRows(delta.counts.rows_removed, rows);
  delta.data_change = delta.data_change || data_change;
  delta.fingerprint_delta -= table::IdentityOfFile(CanonicalPath(path), vector_id).fingerprint();
}

class CommitScanner::Sink final : public ActionSink {
 public:
  Sink(const CommitParser& parser, const ScanOptions& options) : parser_(parser), options_(options) {}

  void Begin(ScannedCommit& commit) {
    commit_ = &commit;
    index_.clear();
    paths_.clear();
    has_vectors_ = false;
  }

  Status OnAdd(const FileAction& file) override {
    const std::uint32_t index = IndexOf(*file.partition_values);
    PartitionDelta& delta = commit_->partitions[index];
    const std::string vector_id =
        file.deletion_vector == nullptr ? std::string() : DeletionVectorId(*file.deletion_vector);
    const std::string_view path = CanonicalPath(file.path);
    ++delta.counts.files_added;
    delta.counts.bytes_added = Sum(delta.counts.bytes_added, *file.size_bytes);
    AddRows(delta.counts.rows_added, RowsOf(file.records, file.deletion_vector));
    delta.data_change = delta.data_change || file.data_change;
    delta.fingerprint_delta += table::IdentityOfFile(path, vector_id).fingerprint();
    Remember(path, vector_id, index, true);
    return {};
  }

  Status OnRemove(const FileAction& file) override {
    const std::string vector_id =
        file.deletion_vector == nullptr ? std::string() : DeletionVectorId(*file.deletion_vector);
    Remember(CanonicalPath(file.path), vector_id, 0, false);
    if (!file.partition_values || (!file.records && options_.leave_rows_open)) {
      OpenRemove& open = commit_->open_removes.emplace_back();
      open.path = file.path;
      if (file.deletion_vector != nullptr) open.vector = *file.deletion_vector;
      if (file.partition_values) open.raw = std::string(*file.partition_values);
      open.size_bytes = file.size_bytes;
      open.records = file.records;
      open.data_change = file.data_change;
      open.line = parser_.line();
      return {};
    }
    PartitionDelta& delta = commit_->partitions[IndexOf(*file.partition_values)];
    CountRemove(delta, file.path, vector_id, RowsOf(file.records, file.deletion_vector), file.size_bytes.value_or(0),
                file.data_change);
    return {};
  }

  Status OnMetadata(Metadata&& metadata) override {
    commit_->metadata = std::make_unique<Metadata>(std::move(metadata));
    return {};
  }
  Status OnProtocol(Protocol&& protocol) override {
    commit_->protocol = std::make_unique<Protocol>(std::move(protocol));
    return {};
  }
  Status OnCommitInfo(CommitInfo&& info) override {
    commit_->info = std::move(info);
    commit_->has_info = true;
    return {};
  }

  // Files removed and added again with another deletion vector, counted where they were added.
  void CountVectorUpdates() {
    if (!has_vectors_) return;
    std::unordered_multimap<std::uint64_t, std::uint64_t> removed;
    for (const PathMark& mark : paths_) {
      if (!mark.added) removed.emplace(mark.path, mark.vector);
    }
    for (const PathMark& mark : paths_) {
      if (!mark.added) continue;
      const auto [first, last] = removed.equal_range(mark.path);
      const bool other = std::any_of(first, last, [&](const auto& entry) { return entry.second != mark.vector; });
      if (other) ++commit_->partitions[mark.index].counts.deletion_vector_updates;
    }
  }

 private:
  struct PathMark {
    std::uint64_t path;
    std::uint64_t vector;
    std::uint32_t index;
    bool added;
  };

  void Remember(std::string_view path, const std::string& vector_id, std::uint32_t index, bool added) {
    has_vectors_ = has_vectors_ || !vector_id.empty();
    paths_.push_back({Hash(path), vector_id.empty() ? 0 : Hash(vector_id), index, added});
  }

  std::uint32_t IndexOf(std::string_view raw) {
    std::vector<PartitionDelta>& deltas = commit_->partitions;
    if (!deltas.empty() && deltas.back().raw == raw) return static_cast<std::uint32_t>(deltas.size() - 1);
    if (deltas.size() <= kLinearDeltas) {
      const auto found =
          std::find_if(deltas.begin(), deltas.end(), [&](const PartitionDelta& d) { return d.raw == raw; });
      if (found != deltas.end()) return static_cast<std::uint32_t>(found - deltas.begin());
      deltas.emplace_back().raw = Keep(raw);
      return static_cast<std::uint32_t>(deltas.size() - 1);
    }
    if (index_.empty()) {
      for (std::uint32_t i = 0; i < deltas.size(); ++i) index_.emplace(deltas[i].raw, i);
    }
    const std::string_view kept = Keep(raw);
    const auto [slot, is_new] = index_.try_emplace(kept, static_cast<std::uint32_t>(deltas.size()));
    if (is_new) deltas.emplace_back().raw = kept;
    return slot->second;
  }

  // The one copy of a text that stays as long as the scanner.
  std::string_view Keep(std::string_view raw) {
    const auto found = texts_.find(raw);
    return found != texts_.end() ? *found : *texts_.emplace(raw).first;
  }

  const CommitParser& parser_;
  const ScanOptions& options_;
  ScannedCommit* commit_ = nullptr;
  std::unordered_map<std::string_view, std::uint32_t> index_;
  std::unordered_set<std::string, TextHash, std::equal_to<>> texts_;
  std::vector<PathMark> paths_;
  bool has_vectors_ = false;
};

CommitScanner::CommitScanner(const LogFolder& folder, ScanOptions options)
    : folder_(folder), options_(options), sink_(std::make_unique<Sink>(parser_, options_)) {}
CommitScanner::~CommitScanner() = default;

Status CommitScanner::Scan(Version version, ScannedCommit& commit) {
  commit.Reset(version);
  LATECOMER_RETURN_IF_ERROR(folder_.ReadCommit(version, buffer_));
  Wanted wanted;
  wanted.transactions = false;
  wanted.operation_metrics = options_.operation_metrics;
  sink_->Begin(commit);
  if (Status parsed = parser_.Parse(buffer_.text(), "", wanted, *sink_); !parsed) {
    Error error = std::move(parsed).error();
    error.file = folder_.PathOf(CommitKey(version));
    return Fail(std::move(error));
  }
  sink_->CountVectorUpdates();
  if (!commit.info.in_commit_timestamp && !commit.info.timestamp) {
    LATECOMER_ASSIGN_OR_RETURN(commit.modified, folder_.ModifiedTime(version));
  }
  return {};
}

}  // namespace latecomer::delta
