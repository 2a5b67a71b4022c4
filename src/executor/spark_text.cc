#include "executor/spark_text.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace latecomer::executor {
namespace {

struct TypeName {
  table::TypeKind kind;
  std::string_view spark;
};
constexpr std::array kTypes{
    TypeName{table::TypeKind::kString, "STRING"},       TypeName{table::TypeKind::kByte, "TINYINT"},
    TypeName{table::TypeKind::kShort, "SMALLINT"},      TypeName{table::TypeKind::kInteger, "INT"},
    TypeName{table::TypeKind::kLong, "BIGINT"},         TypeName{table::TypeKind::kFloat, "FLOAT"},
    TypeName{table::TypeKind::kDouble, "DOUBLE"},       TypeName{table::TypeKind::kBoolean, "BOOLEAN"},
    TypeName{table::TypeKind::kBinary, "BINARY"},       TypeName{table::TypeKind::kDate, "DATE"},
    TypeName{table::TypeKind::kTimestamp, "TIMESTAMP"}, TypeName{table::TypeKind::kTimestampNtz, "TIMESTAMP_NTZ"},
};

bool IsPlain(char c) {
  const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return word || std::string_view("_-.:+/ ").find(c) != std::string_view::npos;
}

// How a text is quoted depends on a setting of the session, so one with other characters than plain ones is written
// as bytes.
std::string Literal(const std::string& text) {
  if (std::ranges::all_of(text, IsPlain)) return "'" + text + "'";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string hex;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return "CAST(X'" + hex + "' AS STRING)";
}

std::string Constant(const table::DataType& type, const table::PartitionValue& value) {
  const std::string literal = Literal(SparkText(type, value));
  if (type.kind == table::TypeKind::kString) return literal;
  return "CAST(" + literal + " AS " + SparkType(type) + ")";
}

Status CheckTypes(const table::PartitionSchema& schema) {
  for (const table::PartitionColumn& column : schema) {
    if (column.type.kind != table::TypeKind::kBinary) continue;
    return Fail(ErrorKind::kUnsupported,
                "Spark steps can't name a partition of the binary column '" + Printable(column.name) + "'");
  }
  return {};
}

const table::PartitionValue& ValueOf(const table::PartitionKey& key, const std::string& column) {
  static const table::PartitionValue null = table::PartitionValue::Null();
  const table::PartitionValue* value = key.Find(column);
  return value == nullptr ? null : *value;
}

// IN is one node of Spark's tree, however long; many ORs would be as deep as there are.
std::string OfOneColumn(const table::PartitionColumn& column, const std::set<table::PartitionKey>& keys) {
  std::string list;
  bool has_null = false;
  for (const table::PartitionKey& key : keys) {
    const table::PartitionValue& value = ValueOf(key, column.name);
    has_null = has_null || value.IsNull();
    if (!value.IsNull()) list += (list.empty() ? "" : ", ") + Constant(column.type, value);
  }
  const std::string name = SparkName(column.name);
  const std::string any = list.empty() ? "" : name + " IN (" + list + ")";
  if (!has_null) return any;
  return (any.empty() ? "" : any + " OR ") + name + " IS NULL";
}

}  // namespace

std::string SparkName(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) {
    if (c == '`') quoted += '`';
    quoted += c;
  }
  return quoted + "`";
}

std::string SparkType(const table::DataType& type) {
  for (const TypeName& known : kTypes) {
    if (known.kind == type.kind) return std::string(known.spark);
  }
  return "DECIMAL(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
}

std::string SparkText(const table::DataType& type, const table::PartitionValue& value) {
  return type.kind == table::TypeKind::kString ? value.text() : value.Canonical();
}

Result<std::string> SparkCondition(const table::PartitionSchema& schema, const table::PartitionKey& key) {
  LATECOMER_RETURN_IF_ERROR(CheckTypes(schema));
  std::string condition;
  for (const table::PartitionColumn& column : schema) {
    const table::PartitionValue& value = ValueOf(key, column.name);
    condition += (condition.empty() ? "" : " AND ") + SparkName(column.name) +
                 (value.IsNull() ? " IS NULL" : " = " + Constant(column.type, value));
  }
  return condition.empty() ? "true" : condition;
}

Result<std::string> SparkCondition(const table::PartitionSchema& schema, const std::set<table::PartitionKey>& keys) {
  LATECOMER_RETURN_IF_ERROR(CheckTypes(schema));
  if (keys.empty()) return std::string("false");
  if (keys.size() == 1) return SparkCondition(schema, *keys.begin());
  if (schema.size() == 1) return OfOneColumn(schema.front(), keys);
  std::string condition;
  for (const table::PartitionKey& key : keys) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string one, SparkCondition(schema, key));
    condition += (condition.empty() ? "(" : " OR (") + one + ")";
  }
  return condition;
}

}  // namespace latecomer::executor
