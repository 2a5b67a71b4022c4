#include "delta/live_files.h"

#include <xxhash.h>

#include <utility>

#include "table/commit.h"

namespace latecomer::delta {
namespace {

constexpr std::size_t kFirstSlots = 64;

struct Key {
  std::uint64_t high;
  std::uint64_t low;
};

Key KeyOf(std::string_view path, std::string_view vector_id) {
  XXH128_hash_t hash = XXH3_128bits_withSeed(path.data(), path.size(), vector_id.empty() ? 0 : 1);
  if (!vector_id.empty()) {
    const XXH128_hash_t of_vector = XXH3_128bits(vector_id.data(), vector_id.size());
    const std::uint64_t both[] = {hash.high64, hash.low64, of_vector.high64, of_vector.low64};
    hash = XXH3_128bits(both, sizeof both);
  }
  return {hash.high64, hash.low64 == 0 ? 1 : hash.low64};  // all zero marks a free slot
}

}  // namespace

std::string_view CanonicalPath(std::string_view path) {
  if (!path.starts_with("file:/")) return path;
  path.remove_prefix(5);
  while (path.starts_with("//")) path.remove_prefix(1);
  return path;
}

std::size_t LiveFiles::Locate(std::uint64_t high, std::uint64_t low) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = low & mask;
  while (Used(slots_[i]) && (slots_[i].key_low != low || slots_[i].key_high != high)) i = (i + 1) & mask;
  return i;
}

const LiveFile* LiveFiles::Find(std::string_view path, const DeletionVector* vector) const {
  if (slots_.empty()) return nullptr;
  const Key key = KeyOf(CanonicalPath(path), vector == nullptr ? std::string() : DeletionVectorId(*vector));
  const LiveFile& slot = slots_[Locate(key.high, key.low)];
  return Used(slot) ? &slot : nullptr;
}

std::uint32_t LiveFiles::PartitionIndex(std::string_view raw) {
  // Files of one partition often come one after another.
  if (!partitions_.empty() && partitions_.back().raw == raw) return static_cast<std::uint32_t>(partitions_.size() - 1);
  const auto [found, is_new] =
      partition_index_.try_emplace(std::string(raw), static_cast<std::uint32_t>(partitions_.size()));
  if (is_new) partitions_.push_back(PartitionSum{.raw = std::string(raw)});
  return found->second;
}

void LiveFiles::Count(const LiveFile& file, int sign) {
  PartitionSum& sum = partitions_[file.partition];
  sum.files += sign;
  // Unsigned, because sizes in a damaged log may add up to anything.
  sum.bytes = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.bytes) +
                                        static_cast<std::uint64_t>(sign) * static_cast<std::uint64_t>(file.size_bytes));
  if (const auto rows = file.Rows()) {
    sum.rows = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.rows) +
                                         static_cast<std::uint64_t>(sign) * static_cast<std::uint64_t>(*rows));
  } else {
    sum.files_without_rows += sign;
  }
  sum.fingerprint += sign > 0 ? file.fingerprint : 0 - file.fingerprint;
}

void LiveFiles::Grow() {
  std::vector<LiveFile> old =
      std::exchange(slots_, std::vector<LiveFile>(slots_.empty() ? kFirstSlots : slots_.size() * 2));
  for (const LiveFile& slot : old) {
    if (Used(slot)) slots_[Locate(slot.key_high, slot.key_low)] = slot;
  }
}

void LiveFiles::Add(const FileAction& file, std::optional<Version> version) {
  if ((count_ + 1) * 4 > slots_.size() * 3) Grow();
  const std::string vector_id =
      file.deletion_vector == nullptr ? std::string() : DeletionVectorId(*file.deletion_vector);
  const std::string_view path = CanonicalPath(file.path);
  const Key key = KeyOf(path, vector_id);
  LiveFile& slot = slots_[Locate(key.high, key.low)];
  if (Used(slot)) {
    Count(slot, -1);
  } else {
    ++count_;
  }
  slot.key_high = key.high;
  slot.key_low = key.low;
  slot.size_bytes = file.size_bytes.value_or(0);
  slot.records = file.records.value_or(-1);
  slot.deleted = file.deletion_vector == nullptr ? 0 : file.deletion_vector->cardinality;
  slot.fingerprint = table::FileFingerprint(path, vector_id);
  slot.partition = PartitionIndex(file.partition_values.value_or("{}"));
  if (keep_details_) {
    slot.detail = static_cast<std::uint32_t>(details_.size());
    FileDetail& detail = details_.emplace_back();
    detail.path = file.path;
    if (file.deletion_vector != nullptr) detail.vector = *file.deletion_vector;
  }
  Count(slot, 1);
  if (version && file.data_change) partitions_[slot.partition].last_changed = version;
}

void LiveFiles::Remove(const FileAction& file, Version version) {
  const LiveFile* found = Find(file.path, file.deletion_vector);
  if (found == nullptr) return;
  Count(*found, -1);
  if (file.data_change) partitions_[found->partition].last_changed = version;
  Erase(static_cast<std::size_t>(found - slots_.data()));
}

// Closes the gap by moving later files of the same run back, so that no marks of deleted slots are needed.
void LiveFiles::Erase(std::size_t slot) {
  --count_;
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = slot;
  for (std::size_t i = (hole + 1) & mask; Used(slots_[i]); i = (i + 1) & mask) {
    const std::size_t home = Home(slots_[i]);
    // Movable unless its home lies cyclically in (hole, i].
    const bool stays = hole <= i ? (hole < home && home <= i) : (hole < home || home <= i);
    if (stays) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole] = LiveFile{};
}

}  // namespace latecomer::delta
