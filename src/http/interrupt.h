// What one thread tells another that waits: stop waiting.
#pragma once

#include "base/time.h"

namespace latecomer::http {

// Once set it stays set. All calls may be made from several threads.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void Set();
  bool IsSet() const;
  // Returns when it is set or the time is up; whether it is set.
  bool WaitFor(Duration at_most) const;
  // Readable when it is set.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace latecomer::http
