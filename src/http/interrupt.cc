#include "http/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

namespace latecomer::http {

Interrupt::Interrupt() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Interrupt::~Interrupt() {
  ::close(descriptor_);
}

void Interrupt::Set() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof one);
}

bool Interrupt::IsSet() const {
  return WaitFor(Duration(0));
}

bool Interrupt::WaitFor(Duration at_most) const {
  using std::chrono::steady_clock;
  const auto until = steady_clock::now() + at_most;
  for (;;) {
    pollfd asked{descriptor_, POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
    constexpr std::int64_t kLongest = 60'000;
    const int got = ::poll(&asked, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, kLongest)));
    if (got > 0) return true;
    if (left <= 0 && (got == 0 || errno != EINTR)) return false;
  }
}

}  // namespace latecomer::http
