#include "server/throttle.h"

#include <algorithm>

namespace latecomer::server {
namespace {

// Failures without a pause.
constexpr int kFreeForName = 5;
constexpr int kFreeForAddress = 50;
constexpr Duration kLongest = std::chrono::minutes(15);
constexpr std::size_t kMostKeys = 10000;

}  // namespace

Duration Throttle::PauseAfter(const std::string& key, const Failures& failures) {
  const int free = key.starts_with("address:") ? kFreeForAddress : kFreeForName;
  if (failures.count < free) return Duration(0);
  const int doublings = std::min(failures.count - free, 10);
  return std::min<Duration>(std::chrono::seconds(1) * (1 << doublings), kLongest);
}

Duration Throttle::Wait(const std::vector<std::string>& keys, Instant now) const {
  const std::lock_guard lock(mutex_);
  Duration longest(0);
  for (const std::string& key : keys) {
    const auto it = failures_.find(key);
    if (it == failures_.end()) continue;
    longest = std::max(longest, it->second.last + PauseAfter(key, it->second) - now);
  }
  return longest;
}

void Throttle::Failed(const std::vector<std::string>& keys, Instant now) {
  const std::lock_guard lock(mutex_);
  if (failures_.size() > kMostKeys) {
    std::erase_if(failures_, [&](const auto& item) { return item.second.last + kLongest < now; });
    if (failures_.size() > kMostKeys) failures_.clear();
  }
  for (const std::string& key : keys) {
    Failures& failures = failures_[key];
    if (failures.last + 2 * kLongest < now) failures.count = 0;  // long ago
    ++failures.count;
    failures.last = now;
  }
}

void Throttle::Succeeded(const std::vector<std::string>& keys) {
  const std::lock_guard lock(mutex_);
  for (const std::string& key : keys) failures_.erase(key);
}

}  // namespace latecomer::server
