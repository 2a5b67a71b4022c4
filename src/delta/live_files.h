// The set of live files while a log is replayed, with sums per partition.
//
// A logical file is a path with the id of its deletion vector (protocol, "Add File and Remove File"). It is
// kept as its 128-bit identity, so that a table of a million files takes some 70 MB; paths are kept only
// when a reader will open the files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/version.h"
#include "delta/actions.h"
#include "delta/large_vector.h"
#include "table/commit.h"

namespace latecomer::delta {

// One name for the spellings "/x", "file:/x" and "file:///x" of a path.
std::string_view CanonicalPath(std::string_view path);

// Of a path as the log writes it; `vector` may be null.
table::FileIdentity IdentityOf(std::string_view path, const DeletionVector* vector);

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
  table::FileIdentity id;
  std::int64_t size_bytes = 0;
  std::int64_t records = -1;    // -1: not known
  std::int64_t deleted = 0;     // cardinality of the deletion vector
  std::uint32_t partition = 0;  // index into partitions()
  std::uint32_t detail = 0;     // index into details(), when these are kept

  std::optional<std::int64_t> Rows() const {
    return records < deleted ? std::nullopt : std::optional<std::int64_t>(records - deleted);
  }
};

enum class Details { kDrop, kKeep };

struct FileDetail {
  std::string path;  // as in the log
  std::optional<DeletionVector> vector;
};

// Partitions of files, numbered in the order they come.
class PartitionSums {
 public:
  // The number of the partition with this text, which is given one when it is new.
  std::uint32_t IndexOf(std::string_view raw);
  void Count(const LiveFile& file, int sign);

  PartitionSum& operator[](std::uint32_t index) { return sums_[index]; }
  const std::vector<PartitionSum>& all() const { return sums_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::vector<PartitionSum> sums_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> index_;
};

// Files of a checkpoint, made ready to go into LiveFiles by any thread: hashed and summed per partition.
class LiveFileBatch {
 public:
  explicit LiveFileBatch(Details details) : keep_details_(details == Details::kKeep) {}
  void Add(const FileAction& file);
  // Room for so many files more.
  void Reserve(std::size_t more) { files_.reserve(files_.size() + more); }

  // For a reader that has no FileAction of a file, but all of its parts.
  bool keeps_details() const { return keep_details_; }
  std::uint32_t IndexOf(std::string_view raw) { return partitions_.IndexOf(raw); }
  // `file.partition` is of IndexOf; the detail is given exactly when details are kept.
  void Append(const LiveFile& file);
  void Append(LiveFile file, FileDetail&& detail);

  void Clear();  // keeps its memory

 private:
  friend class LiveFiles;
  bool keep_details_;
  LargeVector<LiveFile> files_;
  PartitionSums partitions_;
  std::vector<FileDetail> details_;
};

class LiveFiles {
 public:
  explicit LiveFiles(Details details = Details::kDrop) : keep_details_(details == Details::kKeep) {}

  // Room for so many files more.
  void Reserve(std::size_t more);
  void Add(const FileAction& file, Version version);
  // A checkpoint doesn't say when a file came. Both must keep details, or neither; the batch is empty after it.
  void Take(LiveFileBatch& batch);
  void Remove(const FileAction& file, Version version);
  // Null when that file with that vector isn't live.
  const LiveFile* Find(std::string_view path, const DeletionVector* vector) const;

  std::size_t size() const { return files_.size(); }
  const std::vector<PartitionSum>& partitions() const { return partitions_.all(); }
  const FileDetail& detail(const LiveFile& file) const { return details_[file.detail]; }
  // All live files, in no particular order.
  const LargeVector<LiveFile>& all() const { return files_; }

 private:
  // What a slot of the index holds: the number of a file plus one in the lower half, and a part of its identity in the
  // upper, so that most misses need no look at the file. 0 is a free slot.
  using Slot = std::uint64_t;
  static Slot SlotOf(const table::FileIdentity& id, std::size_t number);
  static std::size_t NumberIn(Slot slot) { return static_cast<std::size_t>(slot & 0xffffffffU) - 1; }
  std::size_t Home(const table::FileIdentity& id) const { return id.low & (index_.size() - 1); }
  // The slot of the key, or the free one where it would go.
  std::size_t Locate(const table::FileIdentity& id) const;
  void Insert(const LiveFile& file);
  void Erase(std::size_t slot);

  bool keep_details_;
  LargeVector<LiveFile> files_;
  LargeVector<Slot> index_;  // open addressing, linear probing, a power of two
  PartitionSums partitions_;
  std::vector<FileDetail> details_;
};

}  // namespace latecomer::delta
