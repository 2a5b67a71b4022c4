#include "pipeline/yaml_json.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace latecomer::pipeline {
namespace {

using nlohmann::ordered_json;

bool IsOneOf(std::string_view text, const std::vector<std::string_view>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<std::int64_t> WholeNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view digits = text;
  if (negative || text.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.starts_with('0')) {
    base = 8;
    digits.remove_prefix(digits.starts_with("0o") ? 2 : 1);
  }
  if (digits.empty() || digits.front() == '-' || digits.front() == '+') return std::nullopt;
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return negative ? -value : value;
}

std::optional<double> Decimal(std::string_view text) {
  const std::string_view digits = text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
  const bool numeric = !digits.empty() && digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
                       (digits.front() == '.' || (digits.front() >= '0' && digits.front() <= '9'));
  if (!numeric) return std::nullopt;
  double value = 0;
  const std::string_view signless = text.starts_with('+') ? text.substr(1) : text;
  const auto [end, problem] = std::from_chars(signless.data(), signless.data() + signless.size(), value);
  if (problem != std::errc() || end != signless.data() + signless.size()) return std::nullopt;
  return value;
}

ordered_json Scalar(const YamlNode& node) {
  if (node.quoted) return node.text;
  const std::string& text = node.text;
  if (IsOneOf(text, {"null", "Null", "NULL", "~", ""})) return nullptr;
  if (IsOneOf(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})) return true;
  if (IsOneOf(text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})) return false;
  if (const auto whole = WholeNumber(text)) return *whole;
  if (const auto decimal = Decimal(text)) return *decimal;
  return text;
}

ordered_json Convert(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return nullptr;
    case YamlNode::Kind::kScalar: return Scalar(node);
    case YamlNode::Kind::kList: {
      ordered_json list = ordered_json::array();
      for (const YamlNode& item : node.items) list.push_back(Convert(item));
      return list;
    }
    case YamlNode::Kind::kMap: break;
  }
  ordered_json map = ordered_json::object();
  for (const YamlEntry& entry : node.entries) map[entry.key] = Convert(entry.value);
  return map;
}

}  // namespace

std::string JsonText(const YamlNode& node) {
  return Convert(node).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace latecomer::pipeline
