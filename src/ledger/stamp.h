// Whether a ledger is as it was, without reading it again.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace latecomer::ledger {

// A Reader that can tell; so can the Database below it.
class Stamped {
 public:
  virtual ~Stamped() = default;
  // Of one Ledger: as long as its stamps are equal, what was read before would be read again. Everything that is
  // written changes it, by whomever, and what this transaction writes itself; so may things of no concern. Cheap. In a
  // transaction.
  virtual Result<std::string> Stamp() = 0;
};

// A Ledger whose readers are Stamped.
class CountsWrites {
 public:
  virtual ~CountsWrites() = default;
  // Transactions that may write, begun through this object.
  virtual std::int64_t writes() const = 0;
};

}  // namespace latecomer::ledger
