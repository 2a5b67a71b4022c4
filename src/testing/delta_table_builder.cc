#include "testing/delta_table_builder.h"

#include <arrow/api.h>
#include <arrow/io/api.h>
#include <arrow/json/from_string.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace latecomer::testing {
namespace {

using nlohmann::ordered_json;

std::string NameOf(std::int64_t version) {
  const std::string digits = std::to_string(version);
  return "_delta_log/" + std::string(20 - digits.size(), '0') + digits + ".json";
}

ordered_json SchemaOf(const std::vector<std::string>& partition_columns) {
  ordered_json fields = ordered_json::array();
  fields.push_back({{"name", "id"}, {"type", "long"}, {"nullable", true}, {"metadata", ordered_json::object()}});
  for (const std::string& column : partition_columns) {
    const std::size_t space = column.find(' ');
    fields.push_back({{"name", column.substr(0, space)},
                      {"type", column.substr(space + 1)},
                      {"nullable", true},
                      {"metadata", ordered_json::object()}});
  }
  return {{"type", "struct"}, {"fields", fields}};
}

ordered_json NamesOf(const std::vector<std::string>& partition_columns) {
  ordered_json names = ordered_json::array();
  for (const std::string& column : partition_columns) names.push_back(column.substr(0, column.find(' ')));
  return names;
}

ordered_json ActionOf(const FileSpec& file) {
  ordered_json action{
      {"path", file.path}, {"partitionValues", ordered_json::parse(file.partition)}, {"size", file.size}};
  action["dataChange"] = file.data_change;
  if (file.rows) action["stats"] = "{\"numRecords\":" + std::to_string(*file.rows) + "}";
  if (!file.vector.empty()) action["deletionVector"] = ordered_json::parse(file.vector);
  return action;
}

std::shared_ptr<arrow::DataType> CheckpointType() {
  using arrow::field;
  const auto text = arrow::utf8();
  const auto vector =
      arrow::struct_({field("storageType", text), field("pathOrInlineDv", text), field("offset", arrow::int32()),
                      field("sizeInBytes", arrow::int32()), field("cardinality", arrow::int64())});
  const auto map = arrow::map(text, text);
  return arrow::struct_(
      {field("txn", arrow::struct_({field("appId", text), field("version", arrow::int64())})),
       field("add", arrow::struct_({field("path", text), field("partitionValues", map), field("size", arrow::int64()),
                                    field("dataChange", arrow::boolean()), field("stats", text),
                                    field("deletionVector", vector)})),
       field("metaData", arrow::struct_({field("id", text), field("schemaString", text),
                                         field("partitionColumns", arrow::list(text)), field("configuration", map)})),
       field("protocol",
             arrow::struct_({field("minReaderVersion", arrow::int32()), field("minWriterVersion", arrow::int32()),
                             field("readerFeatures", arrow::list(text))})),
       field("sidecar", arrow::struct_({field("path", text), field("sizeInBytes", arrow::int64())}))});
}

void Check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

}  // namespace

std::string CommitInfoLine(std::int64_t timestamp_ms, std::string_view operation) {
  return ordered_json{{"commitInfo", {{"timestamp", timestamp_ms}, {"operation", operation}}}}.dump();
}

std::string ProtocolLine(int reader_version, int writer_version) {
  return ordered_json{{"protocol", {{"minReaderVersion", reader_version}, {"minWriterVersion", writer_version}}}}
      .dump();
}

std::string FeatureProtocolLine(const std::vector<std::string>& reader_features) {
  return ordered_json{{"protocol",
                       {{"minReaderVersion", 3},
                        {"minWriterVersion", 7},
                        {"readerFeatures", reader_features},
                        {"writerFeatures", reader_features}}}}
      .dump();
}

std::string MetadataLine(std::string_view table_id, const std::vector<std::string>& partition_columns,
                         std::string_view configuration) {
  ordered_json metadata{{"id", table_id}, {"format", {{"provider", "parquet"}, {"options", ordered_json::object()}}}};
  metadata["schemaString"] = SchemaOf(partition_columns).dump();
  metadata["partitionColumns"] = NamesOf(partition_columns);
  metadata["configuration"] = ordered_json::parse(configuration);
  return ordered_json{{"metaData", metadata}}.dump();
}

std::string VectorJson(std::string_view path_or_inline, std::int64_t cardinality) {
  return ordered_json{{"storageType", "u"},
                      {"pathOrInlineDv", path_or_inline},
                      {"offset", 1},
                      {"sizeInBytes", 40},
                      {"cardinality", cardinality}}
      .dump();
}

std::string AddLine(const FileSpec& file) {
  ordered_json action = ActionOf(file);
  action["modificationTime"] = 0;
  return ordered_json{{"add", action}}.dump();
}

std::string RemoveLine(const FileSpec& file) {
  ordered_json action = ActionOf(file);
  action["extendedFileMetadata"] = true;
  return ordered_json{{"remove", action}}.dump();
}

std::string BareRemoveLine(std::string_view path) {
  return ordered_json{{"remove", {{"path", path}, {"deletionTimestamp", 0}, {"dataChange", true}}}}.dump();
}

DeltaTableBuilder& DeltaTableBuilder::Commit(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return Write(NameOf(++version_), text);
}

DeltaTableBuilder& DeltaTableBuilder::Create(const std::vector<std::string>& partition_columns) {
  return Commit(
      {CommitInfoLine(1704067200000, "CREATE TABLE"), ProtocolLine(), MetadataLine("table-id", partition_columns)});
}

DeltaTableBuilder& DeltaTableBuilder::Write(std::string_view key, std::string_view bytes) {
  const std::filesystem::path file = std::filesystem::path(path()) / key;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("can't write " + file.string());
  return *this;
}

DeltaTableBuilder& DeltaTableBuilder::Remove(std::string_view key) {
  std::filesystem::remove(std::filesystem::path(path()) / key);
  return *this;
}

DeltaTableBuilder& DeltaTableBuilder::Overwrite(std::int64_t version, std::string_view text) {
  return Write(NameOf(version), text);
}

DeltaTableBuilder& DeltaTableBuilder::RemoveCommit(std::int64_t version) {
  return Remove(NameOf(version));
}

DeltaTableBuilder& DeltaTableBuilder::CheckpointFile(std::string_view key, const std::vector<std::string>& rows) {
  std::string json = "[";
  for (const std::string& row : rows) json += (json.size() > 1 ? "," : "") + row;
  const auto array = arrow::json::ArrayFromJSONString(CheckpointType(), json + "]");
  Check(array.status());
  const auto batch = arrow::RecordBatch::FromStructArray(*array);
  Check(batch.status());
  const auto table = arrow::Table::FromRecordBatches({*batch});
  Check(table.status());
  Write(key, "");
  const auto file = arrow::io::FileOutputStream::Open(path() + "/" + std::string(key));
  Check(file.status());
  Check(parquet::arrow::WriteTable(**table, arrow::default_memory_pool(), *file, 1024));
  Check((*file)->Close());
  return *this;
}

std::string CheckpointProtocol() {
  return R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})";
}

std::string CheckpointMetadata(std::string_view table_id, const std::vector<std::string>& partition_columns) {
  ordered_json metadata{{"id", table_id}, {"schemaString", SchemaOf(partition_columns).dump()}};
  metadata["partitionColumns"] = NamesOf(partition_columns);
  metadata["configuration"] = ordered_json::array();
  return ordered_json{{"metaData", metadata}}.dump();
}

std::string CheckpointAdd(const FileSpec& file) {
  ordered_json action = ActionOf(file);
  ordered_json pairs = ordered_json::array();
  for (const auto& [name, value] : action["partitionValues"].items()) pairs.push_back({name, value});
  action["partitionValues"] = pairs;
  return ordered_json{{"add", action}}.dump();
}

std::string CheckpointSidecar(std::string_view name) {
  return ordered_json{{"sidecar", {{"path", name}, {"sizeInBytes", 1}}}}.dump();
}

}  // namespace latecomer::testing
