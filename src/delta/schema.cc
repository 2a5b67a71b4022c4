#include "delta/schema.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace latecomer::delta {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

constexpr std::int64_t kFeatureReaderVersion = 3;
constexpr std::int64_t kFeatureWriterVersion = 7;

// Reader features under which the log and the data can be read by these rules.
constexpr std::array<std::string_view, 12> kReaderFeatures = {
    "columnMapping",
    "deletionVectors",
    "timestampNtz",
    "typeWidening",
    "typeWidening-preview",
    "v2Checkpoint",
    "vacuumProtocolCheck",
    "variantType",
    "variantType-preview",
    "variantShredding",
    "variantShredding-preview",
    "checkpointProtection",
};

// Features that are the writers' concern alone; listing one under readers adds no rule.
constexpr std::array<std::string_view, 14> kWriterFeatures = {
    "appendOnly",          "invariants",
    "checkConstraints",    "generatedColumns",
    "allowColumnDefaults", "changeDataFeed",
    "identityColumns",     "rowTracking",
    "domainMetadata",      "icebergCompatV1",
    "icebergCompatV2",     "clustering",
    "inCommitTimestamp",   "materializePartitionColumns",
};

template <std::size_t kCount>
bool Contains(const std::array<std::string_view, kCount>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool EqualNoCase(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

Error Damaged(std::string message) {
  return Error(ErrorKind::kDamaged, std::move(message));
}

Error BadSchema(error_code code) {
  return Damaged(std::string("metaData.schemaString is no Delta schema: ") + simdjson::error_message(code));
}

// Ends the calling function with kDamaged when a simdjson call failed.
#define LATECOMER_SCHEMA(expression)                                                       \
  do {                                                                                     \
    if (const error_code schema_error = (expression); schema_error != simdjson::SUCCESS) { \
      return Fail(BadSchema(schema_error));                                                \
    }                                                                                      \
  } while (false)

std::string_view WithoutTail(std::string_view token) {
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

// A type is a name or an object; either as its JSON text.
Result<std::string> TypeJson(ondemand::value& value) {
  ondemand::json_type type;
  LATECOMER_SCHEMA(value.type().get(type));
  if (type == ondemand::json_type::string) return std::string(WithoutTail(value.raw_json_token()));
  ondemand::object object;
  LATECOMER_SCHEMA(value.get_object().get(object));
  std::string_view raw;
  LATECOMER_SCHEMA(object.raw_json().get(raw));
  return std::string(raw);
}

Status ReadColumnMetadata(ondemand::value& value, table::Column& column) {
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return {};
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_SCHEMA(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_SCHEMA(field.unescaped_key().get(key));
    if (key == "delta.columnMapping.physicalName") {
      std::string_view name;
      LATECOMER_SCHEMA(field.value().get_string().get(name));
      column.physical_name = name;
    } else if (key == "delta.columnMapping.id") {
      std::int64_t id = 0;
      LATECOMER_SCHEMA(field.value().get_int64().get(id));
      column.field_id = static_cast<std::int32_t>(id);
    }
  }
  return {};
}

Result<table::Column> ReadColumn(ondemand::object object) {
  table::Column column;
  bool has_name = false;
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_SCHEMA(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_SCHEMA(field.unescaped_key().get(key));
    if (key == "name") {
      std::string_view name;
      LATECOMER_SCHEMA(field.value().get_string().get(name));
      column.name = name;
      has_name = true;
    } else if (key == "type") {
      LATECOMER_ASSIGN_OR_RETURN(column.type_json, TypeJson(field.value()));
    } else if (key == "metadata") {
      LATECOMER_RETURN_IF_ERROR(ReadColumnMetadata(field.value(), column));
    }
  }
  if (!has_name || column.type_json.empty()) {
    return Fail(Damaged("metaData.schemaString has a column without name or type"));
  }
  return column;
}

Result<std::vector<table::Column>> ReadColumns(const std::string& json) {
  const simdjson::padded_string padded(json);
  ondemand::parser parser;
  ondemand::document document;
  LATECOMER_SCHEMA(parser.iterate(padded).get(document));
  ondemand::object root;
  LATECOMER_SCHEMA(document.get_object().get(root));
  std::vector<table::Column> columns;
  for (auto entry : root) {
    ondemand::field field;
    LATECOMER_SCHEMA(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_SCHEMA(field.unescaped_key().get(key));
    if (key != "fields") continue;
    columns.clear();
    ondemand::array fields;
    LATECOMER_SCHEMA(field.value().get_array().get(fields));
    for (auto item : fields) {
      ondemand::object object;
      LATECOMER_SCHEMA(item.get_object().get(object));
      LATECOMER_ASSIGN_OR_RETURN(table::Column column, ReadColumn(object));
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

// Whether physical names count (protocol, "Column Mapping").
Result<bool> UsesColumnMapping(const Metadata& metadata, const Protocol& protocol) {
  const auto mode = metadata.configuration.find("delta.columnMapping.mode");
  if (mode == metadata.configuration.end() || mode->second == "none") return false;
  const auto& features = protocol.reader_features;
  const bool supported = protocol.min_reader_version == 2 ||
                         (protocol.min_reader_version >= kFeatureReaderVersion &&
                          std::find(features.begin(), features.end(), "columnMapping") != features.end());
  if (!supported) return false;
  if (mode->second == "name" || mode->second == "id") return true;
  return Fail(ErrorKind::kUnsupported, "column mapping mode '" + mode->second + "' is not supported");
}

const table::Column* FindColumn(const std::vector<table::Column>& columns, const std::string& name) {
  for (const table::Column& column : columns) {
    if (column.name == name) return &column;
  }
  for (const table::Column& column : columns) {
    if (EqualNoCase(column.name, name)) return &column;
  }
  return nullptr;
}

// "string" from "\"string\""; nullopt for a nested type.
std::optional<std::string_view> TypeName(std::string_view type_json) {
  if (type_json.size() < 2 || type_json.front() != '"') return std::nullopt;
  return type_json.substr(1, type_json.size() - 2);
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "'" : "', '") + word;
  return text + "'";
}

}  // namespace

Result<TableSchema> ParseSchema(const Metadata& metadata, const Protocol& protocol) {
  TableSchema schema;
  schema.table_id = metadata.id;
  schema.configuration = metadata.configuration;
  LATECOMER_ASSIGN_OR_RETURN(schema.columns, ReadColumns(metadata.schema_json));
  LATECOMER_ASSIGN_OR_RETURN(const bool mapped, UsesColumnMapping(metadata, protocol));
  for (table::Column& column : schema.columns) {
    if (!mapped || column.physical_name.empty()) column.physical_name = column.name;
    if (!mapped) column.field_id.reset();
  }
  for (const std::string& name : metadata.partition_columns) {
    const table::Column* column = FindColumn(schema.columns, name);
    if (column == nullptr) {
      return Fail(Damaged("metaData.partitionColumns names '" + name + "', which the schema doesn't have"));
    }
    const auto type_name = TypeName(column->type_json);
    if (!type_name) {
      return Fail(ErrorKind::kUnsupported, "partition column '" + name + "' has a nested type");
    }
    auto type = table::ParseDataType(*type_name);
    if (!type) {
      Error error = std::move(type).error();
      error.message = "partition column '" + name + "': " + error.message;
      return Fail(std::move(error));
    }
    schema.partition_columns.push_back({column->name, *type});
    schema.logical_names.emplace(column->physical_name, column->name);
  }
  return schema;
}

Status CheckProtocol(const Protocol& protocol) {
  const std::int64_t version = protocol.min_reader_version;
  if (version < 1 || version > kFeatureReaderVersion) {
    return Fail(Error(ErrorKind::kUnsupported, "the table needs reader version " + std::to_string(version) +
                                                   "; this program reads versions 1 to 3")
                    .Hint("a newer latecomer may read it"));
  }
  if (version < kFeatureReaderVersion) {
    if (protocol.reader_features.empty()) return {};
    return Fail(Damaged("protocol lists reader features, but its reader version is " + std::to_string(version)));
  }
  if (protocol.min_writer_version < kFeatureWriterVersion) {
    return Fail(Damaged("protocol has reader version 3, but writer version " +
                        std::to_string(protocol.min_writer_version) + " instead of 7"));
  }
  std::vector<std::string> unknown;
  for (const std::string& feature : protocol.reader_features) {
    if (!Contains(kReaderFeatures, feature) && !Contains(kWriterFeatures, feature)) unknown.push_back(feature);
  }
  if (unknown.empty()) return {};
  const std::string noun = unknown.size() == 1 ? "feature " : "features ";
  return Fail(Error(ErrorKind::kUnsupported,
                    "the table needs the reader " + noun + Joined(unknown) + ", which this program doesn't support")
                  .Hint("docs/formats/delta-log.md lists the supported features"));
}

}  // namespace latecomer::delta
