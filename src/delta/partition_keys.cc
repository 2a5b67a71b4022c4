#include "delta/partition_keys.h"

#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include "delta/commit_parser.h"

namespace latecomer::delta {
namespace {

using Texts = std::map<std::string, std::optional<std::string>>;

// The text under logical names; nullopt when one of its names isn't the schema's.
std::optional<Texts> Translate(const TableSchema& schema, const Texts& texts) {
  Texts logical;
  for (const auto& [name, text] : texts) {
    const auto found = schema.logical_names.find(name);
    if (found != schema.logical_names.end()) {
      logical[found->second] = text;
      continue;
    }
    bool known = false;
    for (const table::PartitionColumn& column : schema.partition_columns) known = known || column.name == name;
    if (!known) return std::nullopt;
    logical[name] = text;
  }
  return logical;
}

table::PartitionValue ValueOf(const table::DataType& type, const std::optional<std::string>& text) {
  const std::optional<std::string_view> view = text ? std::optional<std::string_view>(*text) : std::nullopt;
  if (auto value = table::PartitionValue::Parse(type, view)) return std::move(*value);
  auto as_text = table::PartitionValue::Parse(table::DataType{}, view);
  return as_text ? std::move(*as_text) : table::PartitionValue::Null();
}

table::PartitionKey TypedKey(const TableSchema& schema, const Texts& logical) {
  std::vector<std::string> names;
  std::vector<table::PartitionValue> values;
  for (const table::PartitionColumn& column : schema.partition_columns) {
    const auto found = logical.find(column.name);
    names.push_back(column.name);
    values.push_back(found == logical.end() ? table::PartitionValue::Absent() : ValueOf(column.type, found->second));
  }
  return table::PartitionKey(std::move(names), std::move(values));
}

table::PartitionKey RawKey(const Texts& texts) {
  std::vector<std::string> names;
  std::vector<table::PartitionValue> values;
  for (const auto& [name, text] : texts) {
    names.push_back(name);
    values.push_back(ValueOf(table::DataType{}, text));
  }
  return table::PartitionKey(std::move(names), std::move(values));
}

table::PartitionKey MakeKey(const std::vector<std::shared_ptr<const TableSchema>>& schemas, const Texts& texts) {
  const TableSchema* partly = nullptr;  // the first schema that fits with columns missing in the text
  for (const auto& schema : schemas) {
    const auto logical = Translate(*schema, texts);
    if (!logical) continue;
    if (logical->size() == schema->partition_columns.size()) return TypedKey(*schema, *logical);
    if (partly == nullptr) partly = schema.get();
  }
  return partly == nullptr ? RawKey(texts) : TypedKey(*partly, *Translate(*partly, texts));
}

}  // namespace

std::uint64_t PartitionKeys::NextNumber() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

Result<const table::PartitionKey*> PartitionKeys::KeyOf(std::string_view raw) {
  const auto found = keys_.find(raw);
  if (found != keys_.end()) return &found->second;
  auto texts = ParseStringMap(raw);
  if (!texts) {
    Error error = std::move(texts).error();
    error.message = "partitionValues: " + error.message;
    return Fail(std::move(error));
  }
  const auto [slot, is_new] = keys_.emplace(std::string(raw), MakeKey(schemas_, *texts));
  return &slot->second;
}

}  // namespace latecomer::delta
