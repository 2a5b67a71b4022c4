#include "table/partition_key.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "table/json_text.h"

namespace latecomer::table {
namespace {

constexpr std::string_view kHiveNull = "__HIVE_DEFAULT_PARTITION__";

// The characters Spark's ExternalCatalogUtils.escapePathName escapes in folder names; '}' is not among them.
bool EscapedInHive(unsigned char c) {
  return c < 0x20 || c == 0x7f ||
         std::string_view("\"#%'*/:=?\\{[]^").find(static_cast<char>(c)) != std::string_view::npos;
}

std::string HiveEscape(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!EscapedInHive(byte)) {
      out += c;
      continue;
    }
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

// Stands for itself in a JSON string.
bool IsPlain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

std::vector<std::string> NamesOf(const PartitionSchema& schema) {
  std::vector<std::string> names;
  names.reserve(schema.size());
  for (const PartitionColumn& column : schema) names.push_back(column.name);
  return names;
}

enum class AbsentColumns { kAsNull, kLeftOut };

template <typename TextOf>
std::string ToJson(const PartitionKey& key, AbsentColumns absent, const TextOf& text_of) {
  std::string json = "{";
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (absent == AbsentColumns::kLeftOut && key.value(i).IsAbsent()) continue;
    if (json.size() > 1) json += ',';
    AppendJsonString(key.name(i), json);
    json += ':';
    if (key.value(i).IsNull()) {
      json += "null";
    } else {
      AppendJsonString(text_of(key.value(i)), json);
    }
  }
  return json + "}";
}

// Takes `token` from the front of `text`.
bool Take(std::string_view& text, std::string_view token) {
  if (!text.starts_with(token)) return false;
  text.remove_prefix(token.size());
  return true;
}

// Takes a JSON string without escapes from the front.
std::optional<std::string_view> TakePlainString(std::string_view& json) {
  if (!Take(json, "\"")) return std::nullopt;
  const auto end = static_cast<std::size_t>(std::ranges::find_if_not(json, IsPlain) - json.begin());
  const std::string_view taken = json.substr(0, end);
  json.remove_prefix(end);
  return Take(json, "\"") ? std::optional(taken) : std::nullopt;
}

// The values of a key as Canonical writes nearly all of them: every column in its place, nothing escaped.
// Nullopt when it is anything else; then it may still be a key.
Result<std::optional<std::vector<PartitionValue>>> PlainValues(const PartitionSchema& schema, std::string_view json) {
  using Values = std::optional<std::vector<PartitionValue>>;
  std::vector<PartitionValue> values;
  values.reserve(schema.size());
  if (!Take(json, "{")) return Values();
  for (const PartitionColumn& column : schema) {
    if (!values.empty() && !Take(json, ",")) return Values();
    const auto name = TakePlainString(json);
    if (!name || *name != column.name || !Take(json, ":")) return Values();
    if (Take(json, "null")) {
      values.push_back(PartitionValue::Null());
      continue;
    }
    const auto text = TakePlainString(json);
    if (!text) return Values();
    LATECOMER_ASSIGN_OR_RETURN(PartitionValue value, PartitionValue::Parse(column.type, *text));
    values.push_back(std::move(value));
  }
  if (json != "}") return Values();
  return Values(std::move(values));
}

}  // namespace

Result<PartitionKey> PartitionKey::FromTexts(const PartitionSchema& schema,
                                             const std::map<std::string, std::optional<std::string>>& texts) {
  std::vector<PartitionValue> values;
  std::size_t found = 0;
  for (const PartitionColumn& column : schema) {
    const auto it = texts.find(column.name);
    if (it == texts.end()) {
      values.push_back(PartitionValue::Null());
      continue;
    }
    ++found;
    LATECOMER_ASSIGN_OR_RETURN(PartitionValue value, PartitionValue::Parse(column.type, it->second));
    values.push_back(std::move(value));
  }
  if (found != texts.size()) {
    for (const auto& [name, text] : texts) {
      const auto names = NamesOf(schema);
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      return Fail(ErrorKind::kDamaged, "'" + Printable(name) + "' is no partition column of this table");
    }
  }
  return PartitionKey(NamesOf(schema), std::move(values));
}

Result<PartitionKey> PartitionKey::ParsePath(const PartitionSchema& schema, std::string_view path) {
  const std::vector<std::string> names = NamesOf(schema);
  std::map<std::string, std::optional<std::string>> texts;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() && schema.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      return Fail(Error(ErrorKind::kInvalidArgument, "'" + Printable(part) + "' is no partition")
                      .Hint("write it as column=value, several as column=value/column=value"));
    }
    std::string name = PercentDecode(part.substr(0, equals));
    std::string value = PercentDecode(part.substr(equals + 1));
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const auto nearest = NearestWord(name, names);
      return Fail(Error(ErrorKind::kInvalidArgument, "the table has no partition column '" + Printable(name) + "'")
                      .Hint(nearest ? "did you mean '" + *nearest + "'?" : ""));
    }
    std::optional<std::string> text;
    if (value != kHiveNull) text = std::move(value);
    if (!texts.emplace(std::move(name), std::move(text)).second) {
      return Fail(ErrorKind::kInvalidArgument, "'" + Printable(part) + "' names a column twice");
    }
  }
  for (const std::string& name : names) {
    if (!texts.contains(name)) {
      return Fail(
          Error(ErrorKind::kInvalidArgument, "the value of partition column '" + Printable(name) + "' is missing")
              .Hint("write every column as column=value, joined by /"));
    }
  }
  Result<PartitionKey> key = FromTexts(schema, texts);
  if (!key) {
    Error error = key.error();
    error.kind = ErrorKind::kInvalidArgument;
    return Fail(std::move(error));
  }
  return key;
}

const PartitionValue* PartitionKey::Find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (this->name(i) == name) return &value(i);
  }
  return nullptr;
}

std::string PartitionKey::Display() const {
  if (Empty()) return "(whole table)";
  std::string text;
  for (std::size_t i = 0; i < size(); ++i) {
    if (i > 0) text += '/';
    text += Printable(name(i)) + "=" + (value(i).IsNull() ? "null" : Printable(value(i).text()));
  }
  return text;
}

std::string PartitionKey::Canonical() const {
  return ToJson(*this, AbsentColumns::kAsNull, [](const PartitionValue& value) { return value.Canonical(); });
}

std::string PartitionKey::LogJson() const {
  return ToJson(*this, AbsentColumns::kLeftOut, [](const PartitionValue& value) { return value.text(); });
}

bool operator==(const PartitionKey& a, const PartitionKey& b) {
  return a.identity() == b.identity() || std::ranges::equal(a.values(), b.values());
}

std::strong_ordering operator<=>(const PartitionKey& a, const PartitionKey& b) {
  if (a.identity() == b.identity()) return std::strong_ordering::equal;
  const auto left = a.values();
  const auto right = b.values();
  return std::lexicographical_compare_three_way(left.begin(), left.end(), right.begin(), right.end());
}

bool NamesThenValues::operator()(const PartitionKey& a, const PartitionKey& b) const {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a.name(i) != b.name(i)) return a.name(i) < b.name(i);
  }
  return a < b;
}

Result<PartitionKey> ParseCanonicalKey(const PartitionSchema& schema, std::string_view json) {
  LATECOMER_ASSIGN_OR_RETURN(std::optional<std::vector<PartitionValue>> plain, PlainValues(schema, json));
  if (plain) return PartitionKey(NamesOf(schema), std::move(*plain));
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_object()) {
    return Fail(ErrorKind::kDamaged, "'" + Printable(json) + "' is no partition key");
  }
  std::map<std::string, std::optional<std::string>> texts;
  for (const auto& [name, value] : parsed.items()) {
    if (!value.is_string() && !value.is_null()) {
      return Fail(ErrorKind::kDamaged, "'" + Printable(json) + "' is no partition key");
    }
    texts.emplace(name, value.is_null() ? std::nullopt : std::optional<std::string>(value.get<std::string>()));
  }
  for (const PartitionColumn& column : schema) {
    // Canonical writes every column; taking one that is missing for null would make another key of it.
    if (texts.contains(column.name)) continue;
    return Fail(ErrorKind::kDamaged,
                "'" + Printable(json) + "' has no value for the partition column '" + Printable(column.name) + "'");
  }
  return PartitionKey::FromTexts(schema, texts);
}

std::string HivePath(const PartitionKey& key) {
  std::string path;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i > 0) path += '/';
    path += HiveEscape(key.name(i)) + "=";
    path += key.value(i).IsNull() ? std::string(kHiveNull) : HiveEscape(key.value(i).text());
  }
  return path;
}

}  // namespace latecomer::table
