// Table versions as a type of their own, and half-open ranges of them.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace latecomer {

// A table version, 0 and up. kBeforeFirst is the base of a range that starts at version 0.
struct Version {
  std::int64_t value = -1;
  friend auto operator<=>(const Version&, const Version&) = default;
  Version Next() const { return Version{value + 1}; }
};
inline constexpr Version kBeforeFirst{-1};

// (base, target]: what came after base, up to and with target.
struct VersionRange {
  Version base;
  Version target;
  bool Empty() const { return target <= base; }
  std::int64_t Count() const { return Empty() ? 0 : target.value - base.value; }
};

// One version per source (or table) name: what something was built from. Not one instant.
using VersionVector = std::map<std::string, Version>;

}  // namespace latecomer
