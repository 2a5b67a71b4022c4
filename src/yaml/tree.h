// YAML as a plain tree with positions, after the checks that yaml-cpp leaves out: duplicate keys, alias
// rings and bombs, tags, more than one document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latecomer {

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap } kind = Kind::kNull;
  std::string text;                // of a scalar
  bool quoted = false;             // a scalar in quotes or a block scalar: always text, never a number
  std::int64_t line = 1;           // 1-based
  std::int64_t column = 1;         // 1-based
  std::vector<YamlNode> items;     // of a list
  std::vector<YamlEntry> entries;  // of a map, in file order

  // Null when there is no such key, or this is no map.
  const YamlNode* Find(std::string_view key) const;
};

struct YamlEntry {
  std::string key;
  std::int64_t line = 1;
  std::int64_t column = 1;
  YamlNode value;
};

// kInvalidFile with line and column; `path` is for messages.
Result<YamlNode> ParseYaml(std::string_view text, const std::string& path);

// One text per content: layout, comments, quoting and the order of keys don't count.
std::string CanonicalYaml(const YamlNode& node);

}  // namespace latecomer
