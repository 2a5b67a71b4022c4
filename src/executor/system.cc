#include "executor/system.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>

namespace latecomer::executor {

void Descriptor::Close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Descriptor OpenPidDescriptor(pid_t pid) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // close-on-exec by itself
}

void WaitUntilReadable(const std::vector<int>& descriptors, Duration at_most) {
  std::vector<pollfd> polled;
  for (const int descriptor : descriptors) {
    if (descriptor >= 0) polled.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
  }
  constexpr Duration kAskAgain{10};
  if (polled.size() != descriptors.size()) at_most = std::min(at_most, kAskAgain);
  const auto millis = std::clamp<Duration::rep>(at_most.count(), 0, INT_MAX);
  ::poll(polled.data(), polled.size(), static_cast<int>(millis));
}

}  // namespace latecomer::executor
