// When a request to an object store is tried again.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/ids.h"
#include "base/time.h"

namespace latecomer::storage {

struct RetryPolicy {
  int most_attempts = 8;
  Duration first_pause = std::chrono::milliseconds(50);
  Duration longest_pause = std::chrono::seconds(5);
  Duration time_limit = std::chrono::seconds(120);  // no attempt begins after it
};

// Waits, which a test makes short.
using Pause = std::function<void(Duration)>;

// The attempts of one request: exponential back-off with full jitter, so that many writers that were turned away
// don't come back together.
class Attempts {
 public:
  Attempts(const RetryPolicy& policy, Random& random, const Pause& pause);

  // After an attempt that failed: waits and returns true, or false when it was the last one. `asked_for` is the
  // server's own wish (Retry-After); it is met as far as the longest pause goes.
  bool Again(std::optional<Duration> asked_for = std::nullopt);
  int made() const { return made_; }

 private:
  const RetryPolicy policy_;
  Random& random_;
  const Pause& pause_;
  const std::chrono::steady_clock::time_point began_;
  int made_ = 1;
};

// Statuses that may be gone at the next attempt: time-outs, too many requests, the server's own trouble.
bool IsTransient(int http_status);

}  // namespace latecomer::storage
