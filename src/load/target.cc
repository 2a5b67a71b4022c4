#include "load/target.h"

#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace latecomer::load {
namespace {

Error Usage(std::string message) {
  return Error(ErrorKind::kInvalidArgument, std::move(message));
}

std::string Quoted(const std::string& name) {
  return "'" + Printable(name) + "'";
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Names in "a=1/b=2".
Result<std::vector<std::string>> FixedNames(const std::string& fixed) {
  std::vector<std::string> names;
  if (fixed.empty()) return names;
  for (const std::string_view part : Split(fixed, '/')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return Fail(Usage("--partition " + Printable(fixed) + " isn't of the form column=value")
                      .Hint("for example --partition event_time=2024-01-01"));
    }
    const std::string name = PercentDecode(part.substr(0, equals));
    if (Has(names, name)) return Fail(Usage("--partition gives " + Quoted(name) + " twice"));
    names.push_back(name);
  }
  return names;
}

Result<table::DataType> PartitionTypeOf(const std::string& name, const Partitioning& partitioning) {
  const auto given = partitioning.types.find(name);
  if (given == partitioning.types.end()) return table::DataType{};
  auto type = table::ParseDataType(given->second);
  if (type && type->kind != table::TypeKind::kBinary) return type;
  return Fail(
      Usage("--partition-type " + Printable(name + "=" + given->second) + ": no such type of a partition column")
          .Hint("string, date, integer, long, short, byte, boolean, timestamp, decimal(p,s), …"));
}

// Values of --partition, checked against the columns' types.
Status TakeFixed(Target& target, const Partitioning& partitioning, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  table::PartitionSchema columns;
  for (const table::PartitionColumn& column : target.partition_columns) {
    if (Has(names, column.name)) columns.push_back(column);
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto key, table::PartitionKey::ParsePath(columns, partitioning.fixed));
  for (std::size_t i = 0; i < key.size(); ++i) {
    target.fixed[key.name(i)] = key.value(i).IsNull() ? std::nullopt : std::optional(key.value(i).text());
  }
  return {};
}

Status CheckTypes(const table::PartitionSchema& columns, const Partitioning& partitioning) {
  for (const auto& [name, text] : partitioning.types) {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
    if (found == columns.end()) {
      return Fail(Usage("--partition-type names " + Quoted(name) + ", which is no partition column"));
    }
    LATECOMER_ASSIGN_OR_RETURN(const table::DataType type, PartitionTypeOf(name, partitioning));
    if (type == found->type) continue;
    return Fail(Usage("partition column " + Quoted(name) + " is " + FormatDataType(found->type) +
                      " in the table, not " + Printable(text)));
  }
  return {};
}

// Every partition column is given, once, and nothing else.
Status CheckPartitioning(const table::PartitionSchema& columns, const std::vector<std::string>& fixed,
                         const Partitioning& partitioning) {
  std::string names;
  std::string missing;
  for (const table::PartitionColumn& column : columns) {
    names += (names.empty() ? "" : ", ") + Printable(column.name);
    const bool is_fixed = Has(fixed, column.name);
    const bool is_by = Has(partitioning.by, column.name);
    if (is_fixed && is_by) return Fail(Usage(Quoted(column.name) + " stands in both --partition and --partition-by"));
    if (!is_fixed && !is_by) missing = column.name;
  }
  std::vector<std::string> given = fixed;
  given.insert(given.end(), partitioning.by.begin(), partitioning.by.end());
  const std::string by = names.empty() ? "the table is not partitioned" : "the table is partitioned by " + names;
  for (const std::string& name : given) {
    const bool known = std::any_of(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
    if (!known) return Fail(Usage(by + ", and " + Quoted(name) + " is given"));
  }
  if (missing.empty()) return {};
  return Fail(Usage(by + ", and " + Quoted(missing) + " isn't given")
                  .Hint("say --partition " + Printable(missing) + "=VALUE for all rows, or --partition-by " +
                        Printable(missing) + " to split them by that column"));
}

Status AddColumn(Target& target, const delta::WriteColumn& column, std::vector<std::shared_ptr<arrow::Field>>& fields) {
  auto arrow_type = delta::ArrowTypeOf(column.type_json);
  if (!arrow_type) {
    target.unloadable[column.name] = delta::TypeText(column.type_json);
    return {};
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto type, table::ParseDataType(delta::TypeText(column.type_json)));
  target.columns.push_back({column.name, type, column.nullable});
  target.schema.columns.push_back(column);
  fields.push_back(arrow::field(column.name, *arrow_type, column.nullable));
  return {};
}

// Columns in the schema's order; partition columns are in `schema` whether the rows give them or not.
Status FillColumns(Target& target, const delta::WriteSchema& schema) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  target.schema.partition_columns = schema.partition_columns;
  for (const delta::WriteColumn& column : schema.columns) {
    if (!schema.IsPartitionColumn(column.name)) {
      LATECOMER_RETURN_IF_ERROR(AddColumn(target, column, fields));
      continue;
    }
    target.schema.columns.push_back(column);
    if (Has(target.by, column.name)) target.columns.push_back({column.name, table::DataType{}, true, true});
  }
  target.file_schema = arrow::schema(std::move(fields));
  return {};
}

// One spelling for dates and integers, so that a partition has one folder.
std::string Normal(const table::DataType& type, const std::string& text) {
  const bool plain = type.kind == table::TypeKind::kDate || type.kind == table::TypeKind::kByte ||
                     type.kind == table::TypeKind::kShort || type.kind == table::TypeKind::kInteger ||
                     type.kind == table::TypeKind::kLong;
  if (!plain) return text;
  const auto value = table::PartitionValue::Parse(type, text);
  return value ? value->Canonical() : text;
}

}  // namespace

Result<table::PartitionKey> Target::KeyOf(const std::vector<std::optional<std::string>>& values) const {
  auto texts = fixed;
  for (std::size_t i = 0; i < by.size(); ++i) texts[by[i]] = values[i];
  for (const table::PartitionColumn& column : partition_columns) {
    auto& text = texts[column.name];
    if (text) text = Normal(column.type, *text);
  }
  auto key = table::PartitionKey::FromTexts(partition_columns, texts);
  if (key) return key;
  Error error = std::move(key).error();
  error.kind = ErrorKind::kInvalidFile;
  return Fail(std::move(error));
}

Result<Target> TargetOf(const delta::DeltaWriter::Shape& shape, const Partitioning& partitioning) {
  Target target;
  target.partition_columns = shape.partition_columns;
  target.by = partitioning.by;
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<std::string> fixed, FixedNames(partitioning.fixed));
  LATECOMER_RETURN_IF_ERROR(CheckPartitioning(shape.partition_columns, fixed, partitioning));
  LATECOMER_RETURN_IF_ERROR(CheckTypes(shape.partition_columns, partitioning));
  LATECOMER_RETURN_IF_ERROR(TakeFixed(target, partitioning, fixed));
  LATECOMER_RETURN_IF_ERROR(FillColumns(target, shape.schema));
  return target;
}

Result<Target> TargetOf(const std::vector<delta::WriteColumn>& columns, const Partitioning& partitioning) {
  Target target;
  target.by = partitioning.by;
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<std::string> fixed, FixedNames(partitioning.fixed));
  std::vector<std::string> names = fixed;
  names.insert(names.end(), partitioning.by.begin(), partitioning.by.end());
  delta::WriteSchema schema{columns, names};
  std::vector<std::string> known;
  for (const delta::WriteColumn& column : columns) known.push_back(column.name);
  for (const std::string& name : names) {
    LATECOMER_ASSIGN_OR_RETURN(const table::DataType type, PartitionTypeOf(name, partitioning));
    target.partition_columns.push_back({name, type});
    const auto found =
        std::find_if(schema.columns.begin(), schema.columns.end(), [&](const auto& c) { return c.name == name; });
    const std::string type_json = "\"" + FormatDataType(type) + "\"";
    if (Has(fixed, name)) {
      if (found != schema.columns.end()) {
        return Fail(Usage("the rows have a column " + Quoted(name) + " already, and --partition gives it too")
                        .Hint("use --partition-by " + Printable(name) + " to split the rows by it"));
      }
      schema.columns.push_back({name, type_json});
      continue;
    }
    if (found == schema.columns.end()) {
      Error error = Usage("the rows have no column " + Quoted(name) + " to be split by");
      if (const auto nearest = NearestWord(name, known)) error.hint = "did you mean " + Quoted(*nearest) + "?";
      return Fail(std::move(error));
    }
    found->type_json = type_json;
  }
  LATECOMER_RETURN_IF_ERROR(CheckPartitioning(target.partition_columns, fixed, partitioning));
  LATECOMER_RETURN_IF_ERROR(CheckTypes(target.partition_columns, partitioning));
  LATECOMER_RETURN_IF_ERROR(delta::CheckNewSchema(schema));
  LATECOMER_RETURN_IF_ERROR(TakeFixed(target, partitioning, fixed));
  LATECOMER_RETURN_IF_ERROR(FillColumns(target, schema));
  return target;
}

std::vector<delta::WriteColumn> AsWriteColumns(const std::vector<LoadColumn>& columns) {
  std::vector<delta::WriteColumn> out;
  for (const LoadColumn& column : columns) out.push_back({column.name, "\"" + FormatDataType(column.type) + "\""});
  return out;
}

}  // namespace latecomer::load
