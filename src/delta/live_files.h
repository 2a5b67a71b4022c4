// The set of live files while a log is replayed, with sums per partition.
//
// A logical file is a path with the id of its deletion vector (protocol, "Add File and Remove File"). It is
// kept as a 128-bit hash, so that a table of a million files takes some 60 MB; paths are kept only
// when a reader will open the files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/version.h"
#include "delta/actions.h"

namespace latecomer::delta {

// One name for the spellings "/x", "file:/x" and "file:///x" of a path.
std::string_view CanonicalPath(std::string_view path);

struct PartitionSum {
  std::string raw;  // partitionValues as the log's JSON text
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  std::int64_t rows = 0;  // of files whose rows are known
  std::int64_t files_without_rows = 0;
  std::uint64_t fingerprint = 0;
  std::optional<Version> last_changed{};
};

struct LiveFile {
  std::uint64_t key_high = 0;
  std::uint64_t key_low = 0;
  std::int64_t size_bytes = 0;
  std::int64_t records = -1;  // -1: not known
  std::int64_t deleted = 0;   // cardinality of the deletion vector
  std::uint64_t fingerprint = 0;
  std::uint32_t partition = 0;  // index into partitions()
  std::uint32_t detail = 0;     // index into details(), when these are kept

  std::optional<std::int64_t> Rows() const {
    return records < deleted ? std::nullopt : std::optional<std::int64_t>(records - deleted);
  }
};

struct FileDetail {
  std::string path;  // as in the log
  std::optional<DeletionVector> vector;
};

class LiveFiles {
 public:
  enum class Details { kDrop, kKeep };
  explicit LiveFiles(Details details = Details::kDrop) : keep_details_(details == Details::kKeep) {}

  // `version` is the commit's; nullopt for a checkpoint, which doesn't say when a file came.
  void Add(const FileAction& file, std::optional<Version> version);
  void Remove(const FileAction& file, Version version);
  // Null when that file with that vector isn't live.
  const LiveFile* Find(std::string_view path, const DeletionVector* vector) const;

  std::size_t size() const { return count_; }
  const std::vector<PartitionSum>& partitions() const { return partitions_; }
  const FileDetail& detail(const LiveFile& file) const { return details_[file.detail]; }
  // All live files, in no particular order.
  template <typename Function>
  void ForEach(Function&& function) const {
    for (const LiveFile& slot : slots_) {
      if (Used(slot)) function(slot);
    }
  }

 private:
  static bool Used(const LiveFile& slot) { return (slot.key_high | slot.key_low) != 0; }
  std::size_t Home(const LiveFile& slot) const { return slot.key_low & (slots_.size() - 1); }
  // The slot of the key, or the free one where it would go.
  std::size_t Locate(std::uint64_t high, std::uint64_t low) const;
  std::uint32_t PartitionIndex(std::string_view raw);
  void Count(const LiveFile& file, int sign);
  void Grow();
  void Erase(std::size_t slot);

  bool keep_details_;
  std::vector<LiveFile> slots_;  // open addressing, linear probing, a power of two
  std::size_t count_ = 0;
  std::vector<PartitionSum> partitions_;
  std::unordered_map<std::string, std::uint32_t> partition_index_;
  std::vector<FileDetail> details_;
};

}  // namespace latecomer::delta
