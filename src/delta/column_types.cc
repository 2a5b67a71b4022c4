#include "delta/column_types.h"

#include <arrow/type.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "table/value.h"

namespace latecomer::delta {
namespace {

using Json = nlohmann::ordered_json;

std::string TextOf(const Json& type) {
  if (type.is_string()) return type.get<std::string>();
  const std::string kind = type.value("type", "");
  if (kind == "array") return "array<" + TextOf(type.at("elementType")) + ">";
  if (kind == "map") return "map<" + TextOf(type.at("keyType")) + "," + TextOf(type.at("valueType")) + ">";
  std::string text;
  for (const Json& field : type.at("fields")) {
    text += (text.empty() ? "" : ",") + field.at("name").get<std::string>() + ":" + TextOf(field.at("type"));
  }
  return "struct<" + text + ">";
}

Result<Json> JsonOf(const arrow::DataType& type);

Result<Json> JsonOfStruct(const arrow::DataType& type) {
  Json fields = Json::array();
  for (const auto& field : type.fields()) {
    LATECOMER_ASSIGN_OR_RETURN(Json inner, JsonOf(*field->type()));
    fields.push_back(
        {{"name", field->name()}, {"type", std::move(inner)}, {"nullable", true}, {"metadata", Json::object()}});
  }
  return Json{{"type", "struct"}, {"fields", std::move(fields)}};
}

Result<Json> JsonOfNested(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRUCT) return JsonOfStruct(type);
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    LATECOMER_ASSIGN_OR_RETURN(Json key, JsonOf(*map.key_type()));
    LATECOMER_ASSIGN_OR_RETURN(Json value, JsonOf(*map.item_type()));
    return Json{
        {"type", "map"}, {"keyType", std::move(key)}, {"valueType", std::move(value)}, {"valueContainsNull", true}};
  }
  LATECOMER_ASSIGN_OR_RETURN(Json element, JsonOf(*type.field(0)->type()));
  return Json{{"type", "array"}, {"elementType", std::move(element)}, {"containsNull", true}};
}

Result<Json> JsonOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return Json("string");
    case arrow::Type::INT8: return Json("byte");
    case arrow::Type::INT16: return Json("short");
    case arrow::Type::INT32: return Json("integer");
    case arrow::Type::INT64: return Json("long");
    case arrow::Type::FLOAT: return Json("float");
    case arrow::Type::DOUBLE: return Json("double");
    case arrow::Type::BOOL: return Json("boolean");
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW: return Json("binary");
    case arrow::Type::DATE32: return Json("date");
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      return Json(timestamp.timezone().empty() ? "timestamp_ntz" : "timestamp");
    }
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return Json("decimal(" + std::to_string(decimal.precision()) + "," + std::to_string(decimal.scale()) + ")");
    }
    case arrow::Type::STRUCT:
    case arrow::Type::MAP:
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST: return JsonOfNested(type);
    default: return Fail(ErrorKind::kUnsupported, "a Delta table can't hold columns of type " + type.ToString());
  }
}

}  // namespace

const WriteColumn* WriteSchema::Find(std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

bool WriteSchema::IsPartitionColumn(std::string_view name) const {
  return std::find(partition_columns.begin(), partition_columns.end(), name) != partition_columns.end();
}

Result<WriteSchema> ReadWriteSchema(const Metadata& metadata) {
  WriteSchema schema;
  schema.partition_columns = metadata.partition_columns;
  try {
    const Json json = Json::parse(metadata.schema_json);
    for (const Json& field : json.at("fields")) {
      WriteColumn& column = schema.columns.emplace_back();
      column.name = field.at("name").get<std::string>();
      column.type_json = field.at("type").dump();
      TextOf(field.at("type"));  // throws when it is no type
      column.nullable = field.value("nullable", true);
      if (field.contains("metadata")) column.metadata_json = field.at("metadata").dump();
    }
  } catch (const std::exception& problem) {
    return Fail(ErrorKind::kDamaged, std::string("metaData.schemaString is no Delta schema: ") + problem.what());
  }
  return schema;
}

std::string SchemaString(const WriteSchema& schema) {
  Json fields = Json::array();
  for (const WriteColumn& column : schema.columns) {
    fields.push_back({{"name", column.name},
                      {"type", Json::parse(column.type_json)},
                      {"nullable", column.nullable},
                      {"metadata", Json::parse(column.metadata_json)}});
  }
  return Json{{"type", "struct"}, {"fields", std::move(fields)}}.dump();
}

Status CheckNewSchema(const WriteSchema& schema) {
  std::set<std::string> seen;
  bool has_data = false;
  for (const WriteColumn& column : schema.columns) {
    if (column.name.empty() || column.name.find_first_of(" ,;{}()\n\t=") != std::string::npos) {
      return Fail(Error(ErrorKind::kInvalidArgument, "a column can't be named '" + Printable(column.name) + "'")
                      .Hint("names of columns have no spaces and none of ,;{}()="));
    }
    std::string lower = column.name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (!seen.insert(lower).second) {
      return Fail(ErrorKind::kInvalidArgument,
                  "two columns are named '" + Printable(column.name) + "', but for upper and lower case");
    }
    has_data = has_data || !schema.IsPartitionColumn(column.name);
  }
  if (has_data) return {};
  return Fail(ErrorKind::kInvalidArgument, "the table would have no column besides those it is partitioned by");
}

std::string TypeText(const std::string& type_json) {
  try {
    return TextOf(Json::parse(type_json));
  } catch (const std::exception&) {
    return type_json;
  }
}

Result<std::string> TypeJsonOf(const arrow::DataType& type) {
  LATECOMER_ASSIGN_OR_RETURN(const Json json, JsonOf(type));
  return json.dump();
}

Result<std::shared_ptr<arrow::DataType>> ArrowTypeOf(const std::string& type_json) {
  const std::string name = TypeText(type_json);
  const auto type = table::ParseDataType(name);
  if (!type) return Fail(ErrorKind::kUnsupported, "values of type " + Printable(name) + " can't be loaded");
  switch (type->kind) {
    case table::TypeKind::kString: return arrow::utf8();
    case table::TypeKind::kByte: return arrow::int8();
    case table::TypeKind::kShort: return arrow::int16();
    case table::TypeKind::kInteger: return arrow::int32();
    case table::TypeKind::kLong: return arrow::int64();
    case table::TypeKind::kFloat: return arrow::float32();
    case table::TypeKind::kDouble: return arrow::float64();
    case table::TypeKind::kDecimal: return arrow::decimal128(type->precision, type->scale);
    case table::TypeKind::kBoolean: return arrow::boolean();
    case table::TypeKind::kBinary: return arrow::binary();
    case table::TypeKind::kDate: return arrow::date32();
    case table::TypeKind::kTimestamp: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case table::TypeKind::kTimestampNtz: return arrow::timestamp(arrow::TimeUnit::MICRO);
  }
  return Fail(ErrorKind::kUnsupported, "values of type " + name + " can't be loaded");
}

}  // namespace latecomer::delta
