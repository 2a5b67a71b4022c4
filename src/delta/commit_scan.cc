#include "delta/commit_scan.h"

#include <xxhash.h>

#include <algorithm>
#include <unordered_map>
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

}  // namespace

void ScannedCommit::Reset(Version next) {
  version = next;
  info.in_commit_timestamp.reset();
  info.timestamp.reset();
  info.operation.clear();
  info.operation_metrics.clear();
  modified.reset();
  metadata.reset();
  protocol.reset();
  partitions.clear();
  open_removes.clear();
}

Result<PartitionDelta*> DeltaFor(std::vector<PartitionDelta>& deltas, std::string_view raw, PartitionTexts& texts) {
  const auto found =
      std::find_if(deltas.begin(), deltas.end(), [&](const PartitionDelta& d) { return d.text->raw() == raw; });
  if (found != deltas.end()) return &*found;
  LATECOMER_ASSIGN_OR_RETURN(const PartitionText* text, texts.Keep(raw));
  deltas.emplace_back().text = text;
  return &deltas.back();
}

void CountRemove(PartitionDelta& delta, std::uint64_t fingerprint, std::optional<std::int64_t> rows,
                 std::int64_t size_bytes, bool data_change) {
  ++delta.counts.files_removed;
  delta.counts.bytes_removed = Sum(delta.counts.bytes_removed, size_bytes);
  AddRows(delta.counts.rows_removed, rows);
  delta.data_change = delta.data_change || data_change;
  delta.fingerprint_delta -= fingerprint;
}

class CommitScanner::Sink final : public ActionSink {
 public:
  Sink(const CommitParser& parser, const ScanOptions& options) : parser_(parser), options_(options) {}

  void Begin(ScannedCommit& commit) {
    commit_ = &commit;
    index_.clear();
    added_.clear();
    removed_.clear();
    has_vectors_ = false;
  }

  Status OnAdd(const FileAction& file) override {
    LATECOMER_ASSIGN_OR_RETURN(const std::uint32_t index, IndexOf(*file.partition_values));
    PartitionDelta& delta = commit_->partitions[index];
    const FileMark mark = MarkOf(file);
    ++delta.counts.files_added;
    delta.counts.bytes_added = Sum(delta.counts.bytes_added, *file.size_bytes);
    AddRows(delta.counts.rows_added, RowsOf(file.records, file.deletion_vector));
    delta.data_change = delta.data_change || file.data_change;
    delta.fingerprint_delta += mark.fingerprint;
    added_.push_back({mark, index});
    return {};
  }

  Status OnRemove(const FileAction& file) override {
    const FileMark mark = MarkOf(file);
    removed_.push_back(mark);
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
    LATECOMER_ASSIGN_OR_RETURN(const std::uint32_t index, IndexOf(*file.partition_values));
    PartitionDelta& delta = commit_->partitions[index];
    CountRemove(delta, mark.fingerprint, RowsOf(file.records, file.deletion_vector), file.size_bytes.value_or(0),
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
    return {};
  }

  // Files removed and added again with another deletion vector, counted where they were added.
  void CountVectorUpdates() {
    if (!has_vectors_ || removed_.empty()) return;
    std::unordered_multimap<std::uint64_t, std::uint64_t> removed;
    for (const FileMark& mark : removed_) removed.emplace(mark.path, mark.vector);
    for (const auto& [mark, index] : added_) {
      const auto [first, last] = removed.equal_range(mark.path);
      const std::uint64_t vector = mark.vector;
      const bool other = std::any_of(first, last, [&](const auto& entry) { return entry.second != vector; });
      if (other) ++commit_->partitions[index].counts.deletion_vector_updates;
    }
  }

 private:
  // Hashes of a file's path and of its vector's id (0: no vector), and the fingerprint of both.
  struct FileMark {
    std::uint64_t path = 0;
    std::uint64_t vector = 0;
    std::uint64_t fingerprint = 0;
  };
  struct AddedFile {
    FileMark mark;
    std::uint32_t index;
  };

  FileMark MarkOf(const FileAction& file) {
    FileMark mark;
    mark.path = mark.fingerprint = IdentityOf(file.path, nullptr).fingerprint();
    if (file.deletion_vector == nullptr) return mark;
    has_vectors_ = true;
    const std::string id = DeletionVectorId(*file.deletion_vector);
    mark.vector = XXH3_64bits(id.data(), id.size());
    mark.fingerprint = IdentityOf(file.path, file.deletion_vector).fingerprint();
    return mark;
  }

  Result<std::uint32_t> IndexOf(std::string_view raw) {
    std::vector<PartitionDelta>& deltas = commit_->partitions;
    if (!deltas.empty() && deltas.back().text->raw() == raw) return static_cast<std::uint32_t>(deltas.size() - 1);
    LATECOMER_ASSIGN_OR_RETURN(const PartitionText* text, texts_.Keep(raw));
    if (deltas.size() <= kLinearDeltas) {
      const auto found =
          std::find_if(deltas.begin(), deltas.end(), [&](const auto& delta) { return delta.text == text; });
      if (found != deltas.end()) return static_cast<std::uint32_t>(found - deltas.begin());
    } else {
      for (auto i = static_cast<std::uint32_t>(index_.size()); i < deltas.size(); ++i)
        index_.emplace(deltas[i].text, i);
      if (const auto found = index_.find(text); found != index_.end()) return found->second;
    }
    deltas.emplace_back().text = text;
    return static_cast<std::uint32_t>(deltas.size() - 1);
  }

  const CommitParser& parser_;
  const ScanOptions& options_;
  ScannedCommit* commit_ = nullptr;
  std::unordered_map<const PartitionText*, std::uint32_t> index_;  // the first deltas of a commit with many
  PartitionTexts texts_;
  std::vector<AddedFile> added_;
  std::vector<FileMark> removed_;
  bool has_vectors_ = false;
};

CommitScanner::CommitScanner(const LogFolder& folder, ScanOptions options)
    : folder_(folder), options_(options), sink_(std::make_unique<Sink>(parser_, options_)) {}
CommitScanner::~CommitScanner() = default;

Status CommitScanner::Scan(Version version, ScannedCommit& commit) {
  commit.Reset(version);
  LATECOMER_RETURN_IF_ERROR(folder_.ReadCommit(version, buffer_, files_));
  Wanted wanted;
  wanted.transactions = false;
  wanted.commit_info = options_.commit_info;
  wanted.operation_metrics = options_.operation_metrics;
  sink_->Begin(commit);
  if (Status parsed = parser_.Parse(buffer_.text(), "", wanted, *sink_); !parsed) {
    Error error = std::move(parsed).error();
    error.file = folder_.PathOf(CommitKey(version));
    return Fail(std::move(error));
  }
  sink_->CountVectorUpdates();
  if (options_.commit_info && !commit.info.in_commit_timestamp && !commit.info.timestamp) {
    LATECOMER_ASSIGN_OR_RETURN(commit.modified, folder_.ModifiedTime(version));
  }
  return {};
}

}  // namespace latecomer::delta
