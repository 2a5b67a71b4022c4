#include "pipeline/yaml_reader.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>

namespace latecomer::pipeline {
namespace {

std::string KindName(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return "nothing";
    case YamlNode::Kind::kScalar: return "`" + Printable(node.text) + "`";
    case YamlNode::Kind::kList: return "a list";
    case YamlNode::Kind::kMap: return "a map";
  }
  return "nothing";
}

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

const NotYet* FindNotYet(const std::vector<NotYet>& not_yet, const std::string& name) {
  const auto found = std::find_if(not_yet.begin(), not_yet.end(), [&](const NotYet& one) { return one.name == name; });
  return found == not_yet.end() ? nullptr : &*found;
}

bool AllDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

int Number(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// Hours, minutes and seconds after the date: "T05", "T05:00", " 05:00:00"; nullopt when it is none.
std::optional<std::chrono::seconds> ParseTimeOfDay(std::string_view text) {
  if (text.empty()) return std::chrono::seconds(0);
  if (text.front() != 'T' && text.front() != ' ') return std::nullopt;
  text.remove_prefix(1);
  const std::vector<std::string_view> parts = Split(text, ':');
  if (parts.empty() || parts.size() > 3) return std::nullopt;
  int numbers[3] = {0, 0, 0};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].size() != 2 || !AllDigits(parts[i])) return std::nullopt;
    numbers[i] = Number(parts[i]);
  }
  if (numbers[0] > 23 || numbers[1] > 59 || numbers[2] > 59) return std::nullopt;
  return std::chrono::hours(numbers[0]) + std::chrono::minutes(numbers[1]) + std::chrono::seconds(numbers[2]);
}

bool HasDateForm(std::string_view text) {
  return text.size() >= 10 && AllDigits(text.substr(0, 4)) && text[4] == '-' && AllDigits(text.substr(5, 2)) &&
         text[7] == '-' && AllDigits(text.substr(8, 2));
}

}  // namespace

Error YamlReader::Invalid(const YamlNode& node, std::string message) const {
  return Error(ErrorKind::kInvalidFile, std::move(message)).In(path_).At(node.line, node.column);
}

Error YamlReader::Unsupported(const YamlNode& node, const std::string& what, const std::string& instead) const {
  std::string message = what + " is not supported yet";
  if (!instead.empty()) message += "; " + instead;
  return Error(ErrorKind::kUnsupported, std::move(message)).In(path_).At(node.line, node.column);
}

Error YamlReader::NoSuchValue(const YamlNode& node, const std::string& what, const std::string& text,
                              const std::vector<std::string>& names, const std::vector<NotYet>& not_yet) const {
  if (const NotYet* later = FindNotYet(not_yet, text)) return Unsupported(node, what + ": " + text, later->instead);
  Error error = Invalid(node, what + " can't be `" + Printable(text) + "`; it is one of " + Listed(names));
  if (const auto nearest = NearestWord(text, names)) error.hint = "did you mean `" + *nearest + "`?";
  return error;
}

Status YamlReader::ExpectMap(const YamlNode& node, const std::string& what) const {
  if (node.kind == YamlNode::Kind::kMap) return {};
  return Fail(Invalid(node, what + " must be a map (key: value), not " + KindName(node)));
}

Status YamlReader::ExpectKeys(const YamlNode& node, const std::string& what, const std::vector<std::string>& known,
                              const std::vector<NotYet>& not_yet) const {
  LATECOMER_RETURN_IF_ERROR(ExpectMap(node, what));
  for (const YamlEntry& entry : node.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    YamlNode at;
    at.line = entry.line;
    at.column = entry.column;
    if (const NotYet* later = FindNotYet(not_yet, entry.key)) {
      return Fail(Unsupported(at, "`" + entry.key + "`", later->instead));
    }
    Error error = Invalid(at, "unknown key `" + Printable(entry.key) + "` in " + what);
    if (const auto nearest = NearestWord(entry.key, known)) {
      error.hint = "did you mean `" + *nearest + "`?";
    } else {
      error.hint = "it has " + Listed(known);
    }
    return Fail(std::move(error));
  }
  return {};
}

Error YamlReader::Missing(const YamlNode& map, const std::string& key) const {
  return Invalid(map, "`" + key + "` is missing");
}

Result<std::string> YamlReader::Text(const YamlNode& node, const std::string& what) const {
  if (node.kind != YamlNode::Kind::kScalar) return Fail(Invalid(node, what + " must be text, not " + KindName(node)));
  // NUL ends a string for every system call and for SQL.
  if (node.text.find('\0') != std::string::npos) return Fail(Invalid(node, what + " holds a NUL character"));
  return node.text;
}

Result<std::vector<std::string>> YamlReader::TextList(const YamlNode& node, const std::string& what) const {
  if (node.kind != YamlNode::Kind::kList) return Fail(Invalid(node, what + " must be a list, not " + KindName(node)));
  std::vector<std::string> texts;
  for (const YamlNode& item : node.items) {
    LATECOMER_ASSIGN_OR_RETURN(texts.emplace_back(), Text(item, "each item of " + what));
  }
  return texts;
}

Result<std::vector<std::string>> YamlReader::TextOrList(const YamlNode& node, const std::string& what) const {
  if (node.kind == YamlNode::Kind::kList) return TextList(node, what);
  LATECOMER_ASSIGN_OR_RETURN(std::string text, Text(node, what));
  return std::vector<std::string>{std::move(text)};
}

Result<std::map<std::string, std::string>> YamlReader::TextMap(const YamlNode& node, const std::string& what) const {
  LATECOMER_RETURN_IF_ERROR(ExpectMap(node, what));
  std::map<std::string, std::string> texts;
  for (const YamlEntry& entry : node.entries) {
    LATECOMER_ASSIGN_OR_RETURN(texts[entry.key], Text(entry.value, what + "." + entry.key));
  }
  return texts;
}

Result<std::int64_t> YamlReader::Integer(const YamlNode& node, const std::string& what, std::int64_t least,
                                         std::int64_t most) const {
  const std::string range = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  if (node.kind != YamlNode::Kind::kScalar || node.quoted) {
    return Fail(
        Invalid(node, what + " must be " + range + ", not " + (node.quoted ? "text in quotes" : KindName(node))));
  }
  std::string_view digits = node.text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  if (!AllDigits(digits)) return Fail(Invalid(node, what + " must be " + range + ", not " + KindName(node)));
  if (digits.size() > 1 && digits.front() == '0') {
    // YAML 1.1 reads 010 as 8, YAML 1.2 as 10.
    return Fail(
        Invalid(node, what + " can't begin with 0: YAML readers disagree whether `" + node.text + "` is octal"));
  }
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
  if (problem != std::errc{} || value < least || value > most) {
    return Fail(Invalid(node, what + " must be " + range + ", not " + node.text));
  }
  return value;
}

Result<bool> YamlReader::Bool(const YamlNode& node, const std::string& what) const {
  if (node.kind == YamlNode::Kind::kScalar && !node.quoted) {
    if (node.text == "true") return true;
    if (node.text == "false") return false;
  }
  return Fail(Invalid(node, what + " must be true or false, not " + KindName(node)));
}

Result<Duration> YamlReader::Span(const YamlNode& node, const std::string& what) const {
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, Text(node, what));
  Result<Duration> span = ParseDuration(text);
  if (span && *span >= Duration::zero()) return *span;
  Error error = Invalid(node, what + " must be a duration such as 90d, 2h or 1h30m, not `" + Printable(text) + "`");
  if (AllDigits(text))
    error.hint = "add the unit: `" + text + "s`, `" + text + "m`, `" + text + "h` or `" + text + "d`";
  return Fail(std::move(error));
}

Result<LocalTime> YamlReader::Date(const YamlNode& node, const std::string& what) const {
  using namespace std::chrono;
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, Text(node, what));
  const std::optional<seconds> time =
      HasDateForm(text) ? ParseTimeOfDay(std::string_view(text).substr(10)) : std::nullopt;
  if (!time) {
    return Fail(
        Invalid(node, what + " must be a date such as 2024-01-01 or 2024-01-01T05:00, not `" + Printable(text) + "`"));
  }
  const std::string_view view = text;
  const year_month_day date{year{Number(view.substr(0, 4))}, month{static_cast<unsigned>(Number(view.substr(5, 2)))},
                            day{static_cast<unsigned>(Number(view.substr(8, 2)))}};
  if (!date.ok()) return Fail(Invalid(node, what + ": there is no date " + text.substr(0, 10) + " in the calendar"));
  return LocalTime{local_days{date}} + *time;
}

}  // namespace latecomer::pipeline
