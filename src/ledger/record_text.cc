#include "ledger/record_text.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace latecomer::ledger {
namespace {

using Json = nlohmann::json;

// Paths and ids come from outside and need not be valid UTF-8.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error Damaged(std::string_view what, std::string_view json) {
  return Error(ErrorKind::kDamaged,
               "the ledger holds a " + std::string(what) + " that can't be read: " + std::string(json.substr(0, 100)))
      .Hint("`latecomer ledger check` shows the damage");
}

// {"name":3,"other":4} without escapes or blanks, as VectorToJson writes nearly all: a plan reads one for
// each partition.
std::optional<VersionVector> PlainVector(std::string_view text) {
  VersionVector vector;
  if (!text.starts_with('{') || !text.ends_with('}')) return std::nullopt;
  text = text.substr(1, text.size() - 2);
  while (!text.empty()) {
    const std::size_t end = text.find("\":");
    if (!text.starts_with('"') || end == std::string_view::npos || end == 0) return std::nullopt;
    const std::string_view name = text.substr(1, end - 1);
    if (name.find_first_of("\\\"") != std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 2);
    Version version;
    const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), version.value);
    if (failed != std::errc()) return std::nullopt;
    vector.emplace(name, version);
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    if (text.empty()) break;
    if (!text.starts_with(",\"")) return std::nullopt;
    text.remove_prefix(1);
  }
  return vector;
}

// Takes `token` from the front of `text`.
bool Take(std::string_view& text, std::string_view token) {
  if (!text.starts_with(token)) return false;
  text.remove_prefix(token.size());
  return true;
}

// Takes what comes before the next quote from the front, and the quote; nullopt when something is escaped.
std::optional<std::string_view> TakePlain(std::string_view& text) {
  const std::size_t end = text.find_first_of("\\\"");
  if (end == std::string_view::npos || text[end] != '"') return std::nullopt;
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end + 1);
  return taken;
}

// [{"name":"day","type":"date"}] without escapes or blanks, as SchemaToJson writes nearly all: each look of an engine
// reads some.
std::optional<table::PartitionSchema> PlainSchema(std::string_view text) {
  table::PartitionSchema schema;
  if (!Take(text, "[")) return std::nullopt;
  while (text != "]") {
    if (!schema.empty() && !Take(text, ",")) return std::nullopt;
    if (!Take(text, "{\"name\":\"")) return std::nullopt;
    const auto name = TakePlain(text);
    if (!name || !Take(text, ",\"type\":\"")) return std::nullopt;
    const auto type = TakePlain(text);
    if (!type || !Take(text, "}")) return std::nullopt;
    const auto parsed = table::ParseDataType(*type);
    if (!parsed) return std::nullopt;
    schema.push_back({.name = std::string(*name), .type = *parsed});
  }
  return schema;
}

}  // namespace

std::string VectorToJson(const VersionVector& vector) {
  Json json = Json::object();
  for (const auto& [name, version] : vector) json[name] = version.value;
  return Dump(json);
}

Result<VersionVector> VectorFromJson(std::string_view text) {
  if (auto plain = PlainVector(text)) return std::move(*plain);
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Fail(Damaged("version vector", text));
  VersionVector vector;
  for (const auto& [name, version] : json.items()) {
    if (!version.is_number_integer()) return Fail(Damaged("version vector", text));
    vector.emplace(name, Version{version.get<std::int64_t>()});
  }
  return vector;
}

std::string KeptStepsToJson(const std::map<std::string, int>& steps) {
  return Dump(Json(steps));
}

Result<std::map<std::string, int>> KeptStepsFromJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Fail(Damaged("list of kept steps", text));
  std::map<std::string, int> steps;
  for (const auto& [step, number] : json.items()) {
    if (!number.is_number_integer()) return Fail(Damaged("list of kept steps", text));
    steps.emplace(step, number.get<int>());
  }
  return steps;
}

std::string SchemaToJson(const table::PartitionSchema& schema) {
  Json json = Json::array();
  for (const table::PartitionColumn& column : schema) {
    json.push_back({{"name", column.name}, {"type", table::FormatDataType(column.type)}});
  }
  return Dump(json);
}

Result<table::PartitionSchema> SchemaFromJson(std::string_view text) {
  if (auto plain = PlainSchema(text)) return std::move(*plain);
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array()) return Fail(Damaged("partition schema", text));
  table::PartitionSchema schema;
  for (const Json& column : json) {
    const bool whole = column.is_object() && column.contains("name") && column.contains("type") &&
                       column["name"].is_string() && column["type"].is_string();
    if (!whole) return Fail(Damaged("partition schema", text));
    LATECOMER_ASSIGN_OR_RETURN(const table::DataType type, table::ParseDataType(column["type"].get<std::string>()));
    schema.push_back({.name = column["name"].get<std::string>(), .type = type});
  }
  return schema;
}

std::string_view Name(table::TimestampSource source) {
  switch (source) {
    case table::TimestampSource::kInCommit: return "in_commit";
    case table::TimestampSource::kCommitInfo: return "commit_info";
    case table::TimestampSource::kFile: break;
  }
  return "file";
}

Result<table::TimestampSource> ParseTimestampSource(std::string_view name) {
  for (const auto source :
       {table::TimestampSource::kInCommit, table::TimestampSource::kCommitInfo, table::TimestampSource::kFile}) {
    if (Name(source) == name) return source;
  }
  return Fail(ErrorKind::kDamaged,
              "the ledger holds '" + std::string(name) + "', which is no source of a commit's time");
}

}  // namespace latecomer::ledger
