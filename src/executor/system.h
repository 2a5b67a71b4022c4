// Small owners and helpers for system calls.
#pragma once

#include <sys/types.h>

#include <utility>
#include <vector>

#include "base/time.h"

namespace latecomer::executor {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Descriptor() { Close(); }

  void Close();
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// Becomes readable when the process ends. Invalid when there is no such process, or on kernels
// without pidfd_open (before 5.3).
Descriptor OpenPidDescriptor(pid_t pid);

// Returns when one of them is readable or the time is up. Negative descriptors aren't looked at, but
// make the wait short: something can't be waited for and has to be asked.
void WaitUntilReadable(const std::vector<int>& descriptors, Duration at_most);

}  // namespace latecomer::executor
