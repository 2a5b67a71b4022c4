#include "delta/live_files.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "table/commit.h"

namespace latecomer::delta {
namespace {

constexpr std::size_t kFirstSlots = 64;
constexpr std::size_t kAhead = 16;  // slots of the index are asked for so many files before they are needed

// All of a file but its partition and its detail.
LiveFile MakeFile(const FileAction& action) {
  LiveFile file;
  file.id = IdentityOf(action.path, action.deletion_vector);
  file.size_bytes = action.size_bytes.value_or(0);
  file.records = action.records.value_or(-1);
  file.deleted = action.deletion_vector == nullptr ? 0 : action.deletion_vector->cardinality;
  return file;
}

FileDetail MakeDetail(const FileAction& action) {
  FileDetail detail;
  detail.path = action.path;
  if (action.deletion_vector != nullptr) detail.vector = *action.deletion_vector;
  return detail;
}

// Unsigned, because sizes in a damaged log may add up to anything.
std::int64_t Sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

std::string_view CanonicalPath(std::string_view path) {
  if (!path.starts_with("file:/")) return path;
  path.remove_prefix(5);
  while (path.starts_with("//")) path.remove_prefix(1);
  return path;
}

table::FileIdentity IdentityOf(std::string_view path, const DeletionVector* vector) {
  return table::IdentityOfFile(CanonicalPath(path), vector == nullptr ? std::string() : DeletionVectorId(*vector));
}

std::uint32_t PartitionSums::IndexOf(std::string_view raw) {
  // Files of one partition often come one after another.
  if (!sums_.empty() && sums_.back().raw == raw) return static_cast<std::uint32_t>(sums_.size() - 1);
  if (const auto found = index_.find(raw); found != index_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(sums_.size());
  index_.emplace(std::string(raw), number);
  sums_.push_back(PartitionSum{.raw = std::string(raw)});
  return number;
}

void PartitionSums::Count(const LiveFile& file, int sign) {
  PartitionSum& sum = sums_[file.partition];
  sum.files += sign;
  sum.bytes = Sum(sum.bytes, sign > 0 ? file.size_bytes : Sum(0, -file.size_bytes));
  if (const auto rows = file.Rows()) {
    sum.rows = Sum(sum.rows, sign > 0 ? *rows : -*rows);
  } else {
    sum.files_without_rows += sign;
  }
  sum.fingerprint += sign > 0 ? file.id.fingerprint() : 0 - file.id.fingerprint();
}

void LiveFileBatch::Add(const FileAction& action) {
  LiveFile file = MakeFile(action);
  file.partition = partitions_.IndexOf(action.partition_values.value_or("{}"));
  if (keep_details_) {
    Append(file, MakeDetail(action));
  } else {
    Append(file);
  }
}

void LiveFileBatch::Append(const LiveFile& file) {
  partitions_.Count(file, 1);
  files_.push_back(file);
}

void LiveFileBatch::Append(LiveFile file, FileDetail&& detail) {
  file.detail = static_cast<std::uint32_t>(details_.size());
  details_.push_back(std::move(detail));
  Append(file);
}

void LiveFileBatch::Clear() {
  files_.clear();
  details_.clear();
  partitions_ = {};
}

LiveFiles::Slot LiveFiles::SlotOf(const table::FileIdentity& id, std::size_t number) {
  return (id.high & 0xffffffff00000000U) | static_cast<Slot>(number + 1);
}

// Inline like Insert: calls for each file are a sixth of what taking a batch costs.
inline std::size_t LiveFiles::Locate(const table::FileIdentity& id) const {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t i = Home(id);; i = (i + 1) & mask) {
    const Slot slot = index_[i];
    if (slot == 0) return i;
    if ((slot ^ id.high) >> 32 != 0) continue;
    if (files_[NumberIn(slot)].id == id) return i;
  }
}

const LiveFile* LiveFiles::Find(std::string_view path, const DeletionVector* vector) const {
  if (index_.empty()) return nullptr;
  const Slot slot = index_[Locate(IdentityOf(path, vector))];
  return slot == 0 ? nullptr : &files_[NumberIn(slot)];
}

void LiveFiles::Reserve(std::size_t more) {
  const std::size_t wanted = files_.size() + more;
  if (wanted > files_.capacity()) files_.reserve(std::max(wanted, files_.capacity() * 2));
  std::size_t slots = std::max(index_.size(), kFirstSlots);
  while (wanted * 4 > slots * 3) slots *= 2;
  if (slots == index_.size()) return;
  index_.assign(slots, 0);
  for (std::size_t i = 0; i < files_.size(); ++i) index_[Locate(files_[i].id)] = SlotOf(files_[i].id, i);
}

// Takes the place of a live file with the same identity.
inline void LiveFiles::Insert(const LiveFile& file) {
  Slot& slot = index_[Locate(file.id)];
  if (slot == 0) {
    slot = SlotOf(file.id, files_.size());
    files_.push_back(file);
  } else {
    LiveFile& there = files_[NumberIn(slot)];
    partitions_.Count(there, -1);
    there = file;
  }
}

void LiveFiles::Add(const FileAction& action, Version version) {
  Reserve(1);
  LiveFile file = MakeFile(action);
  file.partition = partitions_.IndexOf(action.partition_values.value_or("{}"));
  if (keep_details_) {
    file.detail = static_cast<std::uint32_t>(details_.size());
    details_.push_back(MakeDetail(action));
  }
  Insert(file);
  partitions_.Count(file, 1);
  if (action.data_change) partitions_[file.partition].last_changed = version;
}

void LiveFiles::Take(LiveFileBatch& batch) {
  std::vector<std::uint32_t> numbers;  // of the batch's partitions
  for (const PartitionSum& sum : batch.partitions_.all()) {
    const std::uint32_t number = partitions_.IndexOf(sum.raw);
    PartitionSum& total = partitions_[number];
    total.files += sum.files;
    total.bytes = Sum(total.bytes, sum.bytes);
    total.rows = Sum(total.rows, sum.rows);
    total.files_without_rows += sum.files_without_rows;
    total.fingerprint += sum.fingerprint;
    numbers.push_back(number);
  }
  Reserve(batch.files_.size());
  const auto first_detail = static_cast<std::uint32_t>(details_.size());
  for (std::size_t i = 0; i < batch.files_.size(); ++i) {
    if (i + kAhead < batch.files_.size()) __builtin_prefetch(&index_[Home(batch.files_[i + kAhead].id)], 1);
    LiveFile& file = batch.files_[i];
    file.partition = numbers[file.partition];
    file.detail += first_detail;
    Insert(file);
  }
  details_.insert(details_.end(), std::make_move_iterator(batch.details_.begin()),
                  std::make_move_iterator(batch.details_.end()));
  batch.Clear();
}

void LiveFiles::Remove(const FileAction& file, Version version) {
  if (index_.empty()) return;
  const std::size_t slot = Locate(IdentityOf(file.path, file.deletion_vector));
  if (index_[slot] == 0) return;
  const LiveFile& found = files_[NumberIn(index_[slot])];
  partitions_.Count(found, -1);
  if (file.data_change) partitions_[found.partition].last_changed = version;
  Erase(slot);
}

// The gap in the index is closed by moving later slots of the same run back, so that no marks of deleted slots are
// needed; then the last file moves to the place that got free.
void LiveFiles::Erase(std::size_t slot) {
  const std::size_t number = NumberIn(index_[slot]);
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = slot;
  for (std::size_t i = (hole + 1) & mask; index_[i] != 0; i = (i + 1) & mask) {
    const std::size_t home = Home(files_[NumberIn(index_[i])].id);
    // Movable unless its home lies cyclically in (hole, i].
    const bool stays = hole <= i ? (hole < home && home <= i) : (hole < home || home <= i);
    if (stays) continue;
    index_[hole] = index_[i];
    hole = i;
  }
  index_[hole] = 0;
  if (number + 1 != files_.size()) {
    index_[Locate(files_.back().id)] = SlotOf(files_.back().id, number);
    files_[number] = files_.back();
  }
  files_.pop_back();
}

}  // namespace latecomer::delta
