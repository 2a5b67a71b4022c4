// An ObjectStore in memory whose faults a test orders: calls that fail, answers that get lost, short
// reads, a full disk, a disk that forgets at a power cut what it said was written.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/object_store.h"

namespace latecomer::testing {

enum class Operation { kStat, kRead, kReadRange, kList, kPutIfAbsent, kOpenForWrite, kWrite, kClose, kRemove };
inline constexpr std::size_t kOperations = 9;

enum class Landed { kYes, kNo };

enum class DiskCache {
  kWriteThrough,  // what a call reported as written outlives Crash()
  kWriteBack,     // only what Sync() saw does: a disk that lies about its cache
};

// Faults are used up by the call they meet. All functions may be called from several threads.
class MemoryStore final : public storage::ObjectStore {
 public:
  // `clock` gives objects their modification time.
  explicit MemoryStore(std::shared_ptr<Clock> clock, std::string location = "memory://table");

  const std::string& location() const override { return location_; }
  Result<storage::ObjectInfo> Stat(std::string_view key) const override;
  Result<std::string> Read(std::string_view key) const override;
  Result<std::string> ReadRange(std::string_view key, std::int64_t offset, std::int64_t length) const override;
  Result<std::vector<storage::ObjectInfo>> List(std::string_view prefix, const ListOptions& options) const override;
  Result<storage::PutOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override;
  Result<std::unique_ptr<storage::ObjectWriter>> OpenForWrite(std::string_view key) override;
  Status Remove(std::string_view key) override;

  // The nth call of `operation` from now (1 is the next) fails with `error` and has no effect.
  void FailCall(Operation operation, int nth, Error error);
  // The nth PutIfAbsent from now answers kUnknownOutcome, whether it had its effect or not.
  void LoseAnswer(int nth, Landed landed);
  // Those that no call has met yet.
  void ForgetFaults();
  // The next Read of `key` gives its first `size` bytes and no error.
  void TruncateNextRead(std::string key, std::size_t size);
  // That many more bytes can be written; what needs more fails like a full disk. Without a number: no limit.
  void LimitSpace(std::optional<std::int64_t> bytes);
  // Runs before each call takes effect; may call the store itself, as another writer that comes first.
  using Hook = std::function<void(Operation, std::string_view key)>;
  void SetHook(Hook hook);

  // Either way, what is there now is durable.
  void SetCache(DiskCache cache);
  void Sync();
  // A power cut: what wasn't durable is gone, writers that were open fail from here on.
  void Crash();

  // Past all faults and hooks; replaces what is there, as no writer of the seam can.
  void Replace(std::string_view key, std::string_view bytes);
  std::vector<std::string> Keys() const;
  std::int64_t Calls(Operation operation) const;

 private:
  friend class MemoryWriter;

  struct Object {
    std::string bytes;
    Instant modified{};
    std::string etag;
  };
  using Objects = std::map<std::string, Object, std::less<>>;
  struct State {
    Objects objects;
    bool has_root = false;  // the first write makes it, as on a local disk
  };
  struct Fault {
    std::int64_t call = 0;  // by the operation's count
    std::optional<Error> error{};
    Landed landed = Landed::kNo;
  };

  // Hook, count, and the error that was ordered for this call.
  Status Begin(Operation operation, std::string_view key) const;
  std::optional<Fault> TakeFault(Operation operation) const;
  Result<storage::PutOutcome> Insert(std::string_view key, std::string_view bytes);
  Status TakeSpace(std::int64_t bytes, std::string_view key);
  // With `mutex_` held.
  void Put(std::string_view key, std::string_view bytes);
  storage::ObjectInfo Info(const std::string& key, const Object& object) const;
  Error NotFound(std::string_view key) const;
  std::string Place(std::string_view key) const { return location_ + "/" + std::string(key); }

  std::shared_ptr<Clock> clock_;
  std::string location_;
  mutable std::mutex mutex_;
  State now_;
  State durable_;  // with kWriteBack
  DiskCache cache_ = DiskCache::kWriteThrough;
  std::int64_t crashes_ = 0;
  std::int64_t etags_ = 0;
  std::optional<std::int64_t> space_;
  Hook hook_;
  mutable std::array<std::int64_t, kOperations> calls_{};
  mutable std::array<std::vector<Fault>, kOperations> faults_;
  mutable std::map<std::string, std::size_t, std::less<>> truncated_;
};

}  // namespace latecomer::testing
