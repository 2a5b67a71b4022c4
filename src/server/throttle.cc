#include "server/throttle.h"

#include <algorithm>

namespace latecomer::server {
namespace {

constexpr int kFree = 5;  // failures without a pause
constexpr Duration kLongest = std::chrono::minutes(15);
constexpr std::size_t kMostKeys = 10000;

}  // namespace

Duration Throttle::PauseAfter(const Failures& failures) {
  if (failures.count < kFree) return Duration(0);
  const int doublings = std::min(failures.count - kFree, 10);
  return std::min<Duration>(std::chrono::seconds(1) * (1 << doublings), kLongest);
}

Duration Throttle::Wait(const std::vector<std::string>& keys, Instant now) const {
  const std::lock_guard lock(mutex_);
  Duration longest(0);
  for (const std::string& key : keys) {
    const auto it = failures_.find(key);
    if (it == failures_.end()) continue;
    longest = std::max(longest, it->second.last + PauseAfter(it->second) - now);
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
