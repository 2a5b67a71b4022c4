#include "executor/duckdb_text.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace latecomer::executor {
namespace {

using Json = nlohmann::json;

struct TypeName {
  std::string_view delta;
  std::string_view duckdb;
};
constexpr std::array kPrimitives{
    TypeName{"string", "VARCHAR"},
    TypeName{"long", "BIGINT"},
    TypeName{"integer", "INTEGER"},
    TypeName{"short", "SMALLINT"},
    TypeName{"byte", "TINYINT"},
    TypeName{"float", "FLOAT"},
    TypeName{"double", "DOUBLE"},
    TypeName{"boolean", "BOOLEAN"},
    TypeName{"binary", "BLOB"},
    TypeName{"date", "DATE"},
    TypeName{"timestamp", "TIMESTAMP WITH TIME ZONE"},
    TypeName{"timestamp_ntz", "TIMESTAMP"},
};

std::optional<std::string> PrimitiveType(const std::string& name) {
  for (const TypeName& primitive : kPrimitives) {
    if (primitive.delta == name) return std::string(primitive.duckdb);
  }
  if (name.starts_with("decimal(") && name.ends_with(")")) return "DECIMAL" + name.substr(7);
  return std::nullopt;
}

std::string PhysicalName(const Json& field) {
  const Json metadata = field.value("metadata", Json::object());
  return metadata.value("delta.columnMapping.physicalName", field.at("name").get<std::string>());
}

// Walks a Delta type and says how a file's value of it is read.
class TypeReader {
 public:
  explicit TypeReader(SessionZone zone) : zone_(zone) {}

  // Nothing for a type that isn't known.
  std::optional<std::string> TypeOf(const Json& type) const {
    if (type.is_string()) return PrimitiveType(type.get<std::string>());
    if (!type.is_object()) return std::nullopt;
    const std::string kind = type.value("type", "");
    if (kind == "array") {
      const auto element = TypeOf(type.at("elementType"));
      return element ? std::optional(*element + "[]") : std::nullopt;
    }
    if (kind == "map") {
      const auto key = TypeOf(type.at("keyType"));
      const auto value = TypeOf(type.at("valueType"));
      if (!key || !value) return std::nullopt;
      return "MAP(" + *key + ", " + *value + ")";
    }
    if (kind != "struct") return std::nullopt;
    std::string fields;
    for (const Json& field : type.at("fields")) {
      const auto field_type = TypeOf(field.at("type"));
      if (!field_type) return std::nullopt;
      fields += (fields.empty() ? "" : ", ") + QuoteName(field.at("name").get<std::string>()) + " " + *field_type;
    }
    return "STRUCT(" + fields + ")";
  }

  // `value` converted to the type; only called for types that TypeOf knows.
  std::string Convert(const Json& type, const std::string& value) {
    if (NeedsWalk(type)) return Walk(type, value);
    return "CAST(" + value + " AS " + *TypeOf(type) + ")";
  }

 private:
  // A cast alone would take names of fields from the file, or a UTC time for a local one.
  bool NeedsWalk(const Json& type) const {
    if (type.is_string()) return zone_ == SessionZone::kOther && type == "timestamp";
    const std::string kind = type.at("type").get<std::string>();
    if (kind == "array") return NeedsWalk(type.at("elementType"));
    if (kind == "map") return NeedsWalk(type.at("keyType")) || NeedsWalk(type.at("valueType"));
    for (const Json& field : type.at("fields")) {
      if (PhysicalName(field) != field.at("name").get<std::string>() || NeedsWalk(field.at("type"))) return true;
    }
    return false;
  }

  std::string Walk(const Json& type, const std::string& value) {
    if (type.is_string()) return "make_timestamptz(epoch_us(" + value + "))";
    const std::string kind = type.at("type").get<std::string>();
    const std::string item = "x" + std::to_string(++depth_);
    if (kind == "array") {
      return "list_transform(" + value + ", lambda " + item + ": " + Convert(type.at("elementType"), item) + ")";
    }
    if (kind == "map") {
      return "map_from_entries(list_transform(map_entries(" + value + "), lambda " + item +
             ": struct_pack(key := " + Convert(type.at("keyType"), item + ".key") +
             ", value := " + Convert(type.at("valueType"), item + ".value") + ")))";
    }
    std::string fields;
    for (const Json& field : type.at("fields")) {
      const std::string inner = "(" + value + ")." + QuoteName(PhysicalName(field));
      fields += (fields.empty() ? "" : ", ") + QuoteName(field.at("name").get<std::string>()) +
                " := " + Convert(field.at("type"), inner);
    }
    return "CASE WHEN " + value + " IS NULL THEN NULL ELSE struct_pack(" + fields + ") END";
  }

  SessionZone zone_;
  int depth_ = 0;
};

}  // namespace

std::string QuoteText(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\0') {
      quoted += "' || chr(0) || '";  // a script can't hold it
      continue;
    }
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string QuoteName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string DuckDbType(const table::DataType& type) {
  return PrimitiveType(table::FormatDataType(type)).value_or("VARCHAR");
}

std::string DuckDbConstant(const table::DataType& type, const table::PartitionValue& value) {
  const std::string sql_type = DuckDbType(type);
  if (value.IsNull()) return "CAST(NULL AS " + sql_type + ")";
  switch (type.kind) {
    case table::TypeKind::kString: return "CAST(" + QuoteText(value.text()) + " AS VARCHAR)";
    case table::TypeKind::kBinary: return "encode(" + QuoteText(value.text()) + ")";
    default: return "CAST(" + QuoteText(value.Canonical()) + " AS " + sql_type + ")";
  }
}

Result<ColumnReader> ReaderOf(const table::Column& column, const std::string& file_column, SessionZone zone) {
  const Json type = Json::parse(column.type_json, nullptr, false);
  try {
    TypeReader reader(zone);
    if (auto known = type.is_discarded() ? std::nullopt : reader.TypeOf(type)) {
      return ColumnReader{.type = std::move(*known), .expression = reader.Convert(type, file_column)};
    }
  } catch (const Json::exception&) {  // a type that lacks what its kind needs
  }
  return Fail(
      Error(ErrorKind::kUnsupported, "SQL steps can't read column " + column.name + " of type " + column.type_json));
}

bool HoldsTimestamp(const table::Column& column) {
  return column.type_json.find("\"timestamp\"") != std::string::npos;
}

}  // namespace latecomer::executor
