#include "testing/memory_store.h"

#include <algorithm>
#include <cerrno>

#include "storage/object_key.h"

namespace latecomer::testing {

using storage::ObjectInfo;
using storage::ObjectWriter;
using storage::PutOutcome;

class MemoryWriter final : public ObjectWriter {
 public:
  MemoryWriter(MemoryStore& store, std::string key, std::int64_t crashes)
      : store_(store), key_(std::move(key)), crashes_(crashes) {}

  Status Write(std::string_view bytes) override {
    LATECOMER_RETURN_IF_ERROR(store_.Begin(Operation::kWrite, key_));
    LATECOMER_RETURN_IF_ERROR(CheckAlive());
    LATECOMER_RETURN_IF_ERROR(store_.TakeSpace(static_cast<std::int64_t>(bytes.size()), key_));
    bytes_ += bytes;
    return {};
  }

  Status Close() override {
    LATECOMER_RETURN_IF_ERROR(store_.Begin(Operation::kClose, key_));
    LATECOMER_RETURN_IF_ERROR(CheckAlive());
    closed_ = true;
    LATECOMER_ASSIGN_OR_RETURN(const PutOutcome outcome, store_.Insert(key_, bytes_));
    if (outcome == PutOutcome::kCreated) return {};
    return Fail(Error(ErrorKind::kConflict, "there is an object of this name already").In(store_.Place(key_)));
  }

 private:
  Status CheckAlive() const {
    const std::lock_guard lock(store_.mutex_);
    if (!closed_ && crashes_ == store_.crashes_) return {};
    return Fail(SystemError(EBADF, "write", store_.Place(key_)));
  }

  MemoryStore& store_;
  std::string key_;
  std::string bytes_;
  std::int64_t crashes_;
  bool closed_ = false;
};

MemoryStore::MemoryStore(std::shared_ptr<Clock> clock, std::string location)
    : clock_(std::move(clock)), location_(std::move(location)) {}

Result<ObjectInfo> MemoryStore::Stat(std::string_view key) const {
  LATECOMER_RETURN_IF_ERROR(storage::CheckKey(key));
  LATECOMER_RETURN_IF_ERROR(Begin(Operation::kStat, key));
  const std::lock_guard lock(mutex_);
  const auto it = now_.objects.find(key);
  if (it == now_.objects.end()) return Fail(NotFound(key));
  return Info(it->first, it->second);
}

Result<std::string> MemoryStore::Read(std::string_view key) const {
  LATECOMER_RETURN_IF_ERROR(storage::CheckKey(key));
  LATECOMER_RETURN_IF_ERROR(Begin(Operation::kRead, key));
  const std::lock_guard lock(mutex_);
  const auto it = now_.objects.find(key);
  if (it == now_.objects.end()) return Fail(NotFound(key));
  const auto truncated = truncated_.find(key);
  if (truncated == truncated_.end()) return it->second.bytes;
  std::string bytes = it->second.bytes.substr(0, truncated->second);
  truncated_.erase(truncated);
  return bytes;
}

Result<std::string> MemoryStore::ReadRange(std::string_view key, std::int64_t offset, std::int64_t length) const {
  LATECOMER_RETURN_IF_ERROR(storage::CheckKey(key));
  if (offset < 0 || length < 0) {
    return Fail(
        Error(ErrorKind::kInvalidArgument, "a range of bytes can't begin or end before the object").In(Place(key)));
  }
  LATECOMER_RETURN_IF_ERROR(Begin(Operation::kReadRange, key));
  const std::lock_guard lock(mutex_);
  const auto it = now_.objects.find(key);
  if (it == now_.objects.end()) return Fail(NotFound(key));
  const std::string& bytes = it->second.bytes;
  return bytes.substr(std::min(bytes.size(), static_cast<std::size_t>(offset)), static_cast<std::size_t>(length));
}

Result<std::vector<ObjectInfo>> MemoryStore::List(std::string_view prefix, const ListOptions& options) const {
  std::string folder(prefix);
  if (!folder.empty() && folder.back() == '/') folder.pop_back();
  if (!prefix.empty()) LATECOMER_RETURN_IF_ERROR(storage::CheckKey(folder));
  if (!folder.empty()) folder += '/';
  LATECOMER_RETURN_IF_ERROR(Begin(Operation::kList, prefix));
  const std::lock_guard lock(mutex_);
  if (!now_.has_root) return Fail(NotFound(prefix));
  std::vector<ObjectInfo> found;
  for (auto it = now_.objects.lower_bound(folder); it != now_.objects.end() && it->first.starts_with(folder); ++it) {
    if (options.start_after && it->first <= *options.start_after) continue;
    if (options.direct_only && it->first.find('/', folder.size()) != std::string::npos) continue;
    found.push_back(Info(it->first, it->second));
  }
  return found;
}

Result<PutOutcome> MemoryStore::PutIfAbsent(std::string_view key, std::string_view bytes) {
  LATECOMER_RETURN_IF_ERROR(storage::CheckKey(key));
  Hook hook;
  std::optional<Fault> fault;
  {
    const std::lock_guard lock(mutex_);
    hook = hook_;
    fault = TakeFault(Operation::kPutIfAbsent);
  }
  if (hook) hook(Operation::kPutIfAbsent, key);
  if (fault && fault->error) return Fail(*fault->error);
  if (!fault || fault->landed == Landed::kYes) {
    {
      const std::lock_guard lock(mutex_);
      if (!fault && now_.objects.contains(key)) return PutOutcome::kExists;
    }
    LATECOMER_RETURN_IF_ERROR(TakeSpace(static_cast<std::int64_t>(bytes.size()), key));
    LATECOMER_ASSIGN_OR_RETURN(const PutOutcome outcome, Insert(key, bytes));
    if (!fault) return outcome;
  }
  return Fail(Error(ErrorKind::kUnknownOutcome, "the store's answer was lost").In(Place(key)));
}

Result<std::unique_ptr<ObjectWriter>> MemoryStore::OpenForWrite(std::string_view key) {
  LATECOMER_RETURN_IF_ERROR(storage::CheckKey(key));
  LATECOMER_RETURN_IF_ERROR(Begin(Operation::kOpenForWrite, key));
  const std::lock_guard lock(mutex_);
  return std::unique_ptr<ObjectWriter>(new MemoryWriter(*this, std::string(key), crashes_));
}

Status MemoryStore::Remove(std::string_view key) {
  LATECOMER_RETURN_IF_ERROR(storage::CheckKey(key));
  LATECOMER_RETURN_IF_ERROR(Begin(Operation::kRemove, key));
  const std::lock_guard lock(mutex_);
  now_.objects.erase(std::string(key));
  return {};
}

void MemoryStore::FailCall(Operation operation, int nth, Error error) {
  const std::lock_guard lock(mutex_);
  const auto index = static_cast<std::size_t>(operation);
  faults_[index].push_back({.call = calls_[index] + nth, .error = std::move(error)});
}

void MemoryStore::LoseAnswer(int nth, Landed landed) {
  const std::lock_guard lock(mutex_);
  const auto index = static_cast<std::size_t>(Operation::kPutIfAbsent);
  faults_[index].push_back({.call = calls_[index] + nth, .landed = landed});
}

void MemoryStore::ForgetFaults() {
  const std::lock_guard lock(mutex_);
  for (auto& faults : faults_) faults.clear();
}

void MemoryStore::TruncateNextRead(std::string key, std::size_t size) {
  const std::lock_guard lock(mutex_);
  truncated_[std::move(key)] = size;
}

void MemoryStore::LimitSpace(std::optional<std::int64_t> bytes) {
  const std::lock_guard lock(mutex_);
  space_ = bytes;
}

void MemoryStore::SetHook(Hook hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

void MemoryStore::SetCache(DiskCache cache) {
  const std::lock_guard lock(mutex_);
  cache_ = cache;
  durable_ = now_;
}

void MemoryStore::Sync() {
  const std::lock_guard lock(mutex_);
  durable_ = now_;
}

void MemoryStore::Crash() {
  const std::lock_guard lock(mutex_);
  if (cache_ == DiskCache::kWriteBack) now_ = durable_;
  ++crashes_;
}

void MemoryStore::Replace(std::string_view key, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  Put(key, bytes);
}

std::vector<std::string> MemoryStore::Keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, object] : now_.objects) keys.push_back(key);
  return keys;
}

std::int64_t MemoryStore::Calls(Operation operation) const {
  const std::lock_guard lock(mutex_);
  return calls_[static_cast<std::size_t>(operation)];
}

Status MemoryStore::Begin(Operation operation, std::string_view key) const {
  Hook hook;
  std::optional<Fault> fault;
  {
    const std::lock_guard lock(mutex_);
    hook = hook_;
    fault = TakeFault(operation);
  }
  if (hook) hook(operation, key);
  if (fault && fault->error) return Fail(*fault->error);
  return {};
}

std::optional<MemoryStore::Fault> MemoryStore::TakeFault(Operation operation) const {
  const auto index = static_cast<std::size_t>(operation);
  const std::int64_t call = ++calls_[index];
  auto& faults = faults_[index];
  const auto it = std::find_if(faults.begin(), faults.end(), [&](const Fault& fault) { return fault.call == call; });
  if (it == faults.end()) return std::nullopt;
  Fault fault = std::move(*it);
  faults.erase(it);
  return fault;
}

Result<PutOutcome> MemoryStore::Insert(std::string_view key, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (now_.objects.contains(key)) return PutOutcome::kExists;
  Put(key, bytes);
  return PutOutcome::kCreated;
}

Status MemoryStore::TakeSpace(std::int64_t bytes, std::string_view key) {
  const std::lock_guard lock(mutex_);
  if (!space_) return {};
  if (bytes > *space_) return Fail(SystemError(ENOSPC, "write", Place(key)));
  *space_ -= bytes;
  return {};
}

void MemoryStore::Put(std::string_view key, std::string_view bytes) {
  now_.objects[std::string(key)] = Object{std::string(bytes), clock_->Now(), "etag-" + std::to_string(++etags_)};
  now_.has_root = true;
}

ObjectInfo MemoryStore::Info(const std::string& key, const Object& object) const {
  ObjectInfo info;
  info.key = key;
  info.size_bytes = static_cast<std::int64_t>(object.bytes.size());
  info.modified = object.modified;
  info.etag = object.etag;
  return info;
}

Error MemoryStore::NotFound(std::string_view key) const {
  return SystemError(ENOENT, "open", Place(key));
}

}  // namespace latecomer::testing
