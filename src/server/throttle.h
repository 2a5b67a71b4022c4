// Slows down guessing: after some failures for a name, or many from an address, which a proxy may share among people,
// each further one makes the next attempt wait twice as long.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"

namespace latecomer::server {

class Throttle {
 public:
  // How long to wait before another attempt; 0: not at all. An attempt is for several keys at once: "name:ada",
  // "address:127.0.0.1".
  Duration Wait(const std::vector<std::string>& keys, Instant now) const;
  void Failed(const std::vector<std::string>& keys, Instant now);
  void Succeeded(const std::vector<std::string>& keys);

 private:
  struct Failures {
    int count = 0;
    Instant last{};
  };
  static Duration PauseAfter(const std::string& key, const Failures& failures);

  mutable std::mutex mutex_;
  std::map<std::string, Failures> failures_;
};

}  // namespace latecomer::server
