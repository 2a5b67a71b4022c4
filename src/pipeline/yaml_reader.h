// Typed reading of YAML values, with errors that say where and what was expected.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cadence.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"
#include "yaml/tree.h"

namespace latecomer::pipeline {

// A key or value of the format that doesn't work yet, and what to write instead.
struct NotYet {
  std::string name;
  std::string instead;
};

class YamlReader {
 public:
  explicit YamlReader(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  Error Invalid(const YamlNode& node, std::string message) const;
  // "mapping: window is not supported yet; use identity"
  Error Unsupported(const YamlNode& node, const std::string& what, const std::string& instead) const;

  // `what` names the value in messages: "schedule.start".
  Status ExpectMap(const YamlNode& node, const std::string& what) const;
  // A map whose keys are all among `known`; `not_yet` ones are refused by name.
  Status ExpectKeys(const YamlNode& node, const std::string& what, const std::vector<std::string>& known,
                    const std::vector<NotYet>& not_yet = {}) const;
  // The error of a key that isn't there, at the map's position.
  Error Missing(const YamlNode& map, const std::string& key) const;

  Result<std::string> Text(const YamlNode& node, const std::string& what) const;
  Result<std::vector<std::string>> TextList(const YamlNode& node, const std::string& what) const;
  // A single text, or a list of texts.
  Result<std::vector<std::string>> TextOrList(const YamlNode& node, const std::string& what) const;
  Result<std::map<std::string, std::string>> TextMap(const YamlNode& node, const std::string& what) const;
  Result<std::int64_t> Integer(const YamlNode& node, const std::string& what, std::int64_t least,
                               std::int64_t most) const;
  Result<bool> Bool(const YamlNode& node, const std::string& what) const;
  Result<Duration> Span(const YamlNode& node, const std::string& what) const;
  // "2024-01-01", "2024-01-01T05", "2024-01-01T05:00", "2024-01-01T05:00:00"
  Result<LocalTime> Date(const YamlNode& node, const std::string& what) const;

  template <typename T>
  Result<T> Choice(const YamlNode& node, const std::string& what, const std::vector<std::pair<std::string, T>>& values,
                   const std::vector<NotYet>& not_yet = {}) const {
    LATECOMER_ASSIGN_OR_RETURN(const std::string text, Text(node, what));
    for (const auto& [name, value] : values) {
      if (name == text) return value;
    }
    std::vector<std::string> names;
    for (const auto& [name, value] : values) names.push_back(name);
    return Fail(NoSuchValue(node, what, text, names, not_yet));
  }

 private:
  Error NoSuchValue(const YamlNode& node, const std::string& what, const std::string& text,
                    const std::vector<std::string>& names, const std::vector<NotYet>& not_yet) const;

  std::string path_;
};

}  // namespace latecomer::pipeline
