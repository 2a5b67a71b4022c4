// Checked reading of YAML: places in errors, no unknown or doubled keys.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace latecomer::generate {

// An error about a place in the file.
Error YamlError(const std::string& file, const YAML::Mark& mark, std::string message);

struct YamlEntry {
  std::string key;
  YAML::Node key_node;
  YAML::Node value;
};

// The file's name goes into errors.
class YamlReader {
 public:
  explicit YamlReader(std::string file) : file_(std::move(file)) {}

  Result<YAML::Node> Load(const std::string& text) const;
  Error At(const YAML::Node& node, std::string message) const {
    return YamlError(file_, node.Mark(), std::move(message));
  }

  // Entries in their order; a key twice is an error. `what` reads "a field".
  Result<std::vector<YamlEntry>> Entries(const YAML::Node& node, const std::string& what) const;
  // The same by key; a key that isn't in `known` is an error with the nearest one.
  Result<std::map<std::string, YAML::Node>> Map(const YAML::Node& node, const std::string& what,
                                                const std::vector<std::string>& known) const;
  Result<std::string> Text(const YAML::Node& node, const std::string& what) const;
  Result<std::int64_t> Integer(const YAML::Node& node, const std::string& what) const;
  Result<double> Number(const YAML::Node& node, const std::string& what) const;

  // An error of a parser of single values, put at the node.
  template <typename T>
  Result<T> Placed(Result<T> result, const YAML::Node& node, const std::string& what) const {
    if (result) return result;
    Error error = At(node, what + ": " + result.error().message);
    error.hint = result.error().hint;
    return Fail(std::move(error));
  }

 private:
  std::string file_;
};

}  // namespace latecomer::generate
