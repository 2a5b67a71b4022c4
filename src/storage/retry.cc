#include "storage/retry.h"

#include <algorithm>

namespace latecomer::storage {

Attempts::Attempts(const RetryPolicy& policy, Random& random, const Pause& pause)
    : policy_(policy), random_(random), pause_(pause), began_(std::chrono::steady_clock::now()) {}

bool Attempts::Again(std::optional<Duration> asked_for) {
  if (made_ >= policy_.most_attempts) return false;
  const int doublings = std::min(made_ - 1, 30);
  const std::int64_t most = std::min<std::int64_t>(policy_.longest_pause.count(),
                                                   policy_.first_pause.count() * (std::int64_t{1} << doublings));
  Duration pause(static_cast<std::int64_t>(random_.Next() % static_cast<std::uint64_t>(most + 1)));
  if (asked_for) pause = std::min(policy_.longest_pause, std::max(pause, *asked_for));
  const auto spent = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began_);
  if (spent + pause > policy_.time_limit) return false;
  pause_(pause);
  ++made_;
  return true;
}

bool IsTransient(int http_status) {
  switch (http_status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504: return true;
    default: return false;
  }
}

}  // namespace latecomer::storage
