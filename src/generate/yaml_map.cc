#include "generate/yaml_map.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>

#include "base/text.h"

namespace latecomer::generate {
namespace {

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

template <typename T>
bool ParseWhole(std::string_view text, T& value) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

}  // namespace

Error YamlError(const std::string& file, const YAML::Mark& mark, std::string message) {
  Error error(ErrorKind::kInvalidFile, std::move(message));
  error.file = file;
  if (mark.line >= 0) error.line = mark.line + 1;
  if (mark.line >= 0 && mark.column >= 0) error.column = mark.column + 1;
  return error;
}

Result<YAML::Node> YamlReader::Load(const std::string& text) const {
  try {
    return YAML::Load(text);
  } catch (const YAML::Exception& problem) {
    return Fail(YamlError(file_, problem.mark, "this is no YAML: " + problem.msg));
  } catch (const std::exception& problem) {
    return Fail(Error(ErrorKind::kInvalidFile, std::string("this is no YAML: ") + problem.what()).In(file_));
  }
}

Result<std::vector<YamlEntry>> YamlReader::Entries(const YAML::Node& node, const std::string& what) const {
  if (!node.IsMap()) return Fail(At(node, what + " must be a map of keys and values"));
  std::vector<YamlEntry> entries;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return Fail(At(entry.first, "a key must be plain text"));
    const std::string& key = entry.first.Scalar();
    const auto same = [&](const YamlEntry& other) { return other.key == key; };
    if (std::any_of(entries.begin(), entries.end(), same)) {
      return Fail(At(entry.first, "'" + Printable(key) + "' stands twice in " + what));
    }
    entries.push_back({key, entry.first, entry.second});
  }
  return entries;
}

Result<std::map<std::string, YAML::Node>> YamlReader::Map(const YAML::Node& node, const std::string& what,
                                                          const std::vector<std::string>& known) const {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<YamlEntry> entries, Entries(node, what));
  std::map<std::string, YAML::Node> map;
  for (const YamlEntry& entry : entries) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      const auto nearest = NearestWord(entry.key, known);
      return Fail(At(entry.key_node, what + " has no key '" + Printable(entry.key) + "'")
                      .Hint(nearest ? "did you mean '" + *nearest + "'?" : "its keys are " + Listed(known)));
    }
    map.emplace(entry.key, entry.value);
  }
  return map;
}

Result<std::string> YamlReader::Text(const YAML::Node& node, const std::string& what) const {
  if (!node.IsScalar() || node.Scalar().empty()) return Fail(At(node, what + " must be a text"));
  return node.Scalar();
}

Result<std::int64_t> YamlReader::Integer(const YAML::Node& node, const std::string& what) const {
  std::int64_t value = 0;
  if (node.IsScalar()) {
    std::string digits = node.Scalar();
    std::erase(digits, '_');
    if (ParseWhole(digits, value)) return value;
  }
  return Fail(At(node, what + " must be a whole number"));
}

Result<double> YamlReader::Number(const YAML::Node& node, const std::string& what) const {
  double value = 0;
  if (node.IsScalar() && ParseWhole(node.Scalar(), value) && std::isfinite(value)) return value;
  return Fail(At(node, what + " must be a number"));
}

}  // namespace latecomer::generate
