// How attempts ended, for those who ask again. A scheduler lives for months: only the newest are kept.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "executor/executor.h"

namespace latecomer::executor {

class EndedAttempts {
 public:
  explicit EndedAttempts(std::size_t most = 1000) : most_(most) {}

  void Add(const std::string& handle, AttemptStatus status) {
    if (ended_.insert_or_assign(handle, std::move(status)).second) order_.push_back(handle);
    while (order_.size() > most_) {
      ended_.erase(order_.front());
      order_.pop_front();
    }
  }

  // Null when it hasn't ended, or long ago.
  const AttemptStatus* Find(const std::string& handle) const {
    const auto found = ended_.find(handle);
    return found == ended_.end() ? nullptr : &found->second;
  }

 private:
  std::size_t most_;
  std::map<std::string, AttemptStatus> ended_;
  std::deque<std::string> order_;  // oldest first
};

}  // namespace latecomer::executor
