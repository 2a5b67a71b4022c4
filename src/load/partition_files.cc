#include "load/partition_files.h"

#include <algorithm>
#include <utility>

namespace latecomer::load {
namespace {

constexpr std::int64_t kMostPendingBytes = 64 * 1024 * 1024;  // encoded they take up to three times as much
constexpr std::size_t kMostOpenFiles = 200;

}  // namespace

PartitionFiles::~PartitionFiles() {
  std::vector<std::string> keys;
  for (const delta::NewFile& file : finished_) keys.push_back(file.key);
  writer_.Discard(keys);
}

Status PartitionFiles::CloseOldest() {
  const auto oldest = std::min_element(
      open_.begin(), open_.end(), [](const auto& a, const auto& b) { return a.second.last_used < b.second.last_used; });
  pending_bytes_ -= oldest->second.file->pending_bytes();
  auto closed = oldest->second.file->Close();
  open_.erase(oldest);
  if (!closed) return Fail(std::move(closed).error());
  finished_.push_back(std::move(*closed));
  return {};
}

Result<delta::DataFileWriter*> PartitionFiles::FileFor(const table::PartitionKey& key) {
  const auto found = open_.find(key);
  if (found != open_.end()) {
    found->second.last_used = ++uses_;
    return found->second.file.get();
  }
  if (open_.size() >= kMostOpenFiles) LATECOMER_RETURN_IF_ERROR(CloseOldest());
  // One thread writes all files, so their columns may be encoded by several.
  LATECOMER_ASSIGN_OR_RETURN(auto file,
                             writer_.OpenDataFile(key, parts_[key]++, schema_, delta::DataFileWriter::Threads::kMany));
  delta::DataFileWriter* opened = file.get();
  open_.emplace(key, Open{std::move(file), ++uses_});
  return opened;
}

Status PartitionFiles::BoundMemory() {
  if (pending_bytes_ <= kMostPendingBytes || open_.size() < 2) return {};
  const auto largest = std::max_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
    return a.second.file->pending_bytes() < b.second.file->pending_bytes();
  });
  pending_bytes_ -= largest->second.file->pending_bytes();
  return largest->second.file->EndRowGroup();
}

Status PartitionFiles::Write(const PartitionBatch& rows) {
  LATECOMER_ASSIGN_OR_RETURN(delta::DataFileWriter* const file, FileFor(rows.key));
  pending_bytes_ -= file->pending_bytes();
  LATECOMER_RETURN_IF_ERROR(file->Write(*rows.batch));
  pending_bytes_ += file->pending_bytes();
  return BoundMemory();
}

Result<std::vector<delta::NewFile>> PartitionFiles::Finish() {
  while (!open_.empty()) LATECOMER_RETURN_IF_ERROR(CloseOldest());
  std::vector<delta::NewFile> files = finished_;
  std::stable_sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.partition < b.partition; });
  return files;
}

}  // namespace latecomer::load
