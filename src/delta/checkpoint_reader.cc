#include "delta/checkpoint_reader.h"

#include <arrow/api.h>
#include <arrow/io/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "delta/commit_parser.h"

namespace latecomer::delta {
namespace {

constexpr std::int64_t kBatchRows = 64 * 1024;

Error Damaged(std::string message) {
  return Error(ErrorKind::kDamaged, "checkpoint: " + std::move(message));
}

// Arrow's view of one object of a store.
class StoreFile final : public arrow::io::RandomAccessFile {
 public:
  StoreFile(const storage::ObjectStore& store, std::string key, std::int64_t size)
      : store_(store), key_(std::move(key)), size_(size) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Seek(std::int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> GetSize() override { return size_; }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position, std::int64_t length) override {
    auto bytes = store_.ReadRange(key_, position, length);
    if (!bytes) return arrow::Status::IOError(bytes.error().ToString());
    return arrow::Buffer::FromString(std::move(*bytes));
  }
  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t length, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto buffer, ReadAt(position, length));
    std::copy_n(buffer->data(), buffer->size(), static_cast<std::uint8_t*>(out));
    return buffer->size();
  }
  arrow::Result<std::int64_t> Read(std::int64_t length, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const std::int64_t got, ReadAt(position_, length, out));
    position_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t length) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, length));
    position_ += buffer->size();
    return buffer;
  }

 private:
  const storage::ObjectStore& store_;
  std::string key_;
  std::int64_t size_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

// Text of a column, whichever of Arrow's string layouts a writer's schema asks for.
class TextColumn {
 public:
  static std::optional<TextColumn> Of(const std::shared_ptr<arrow::Array>& array) {
    if (array == nullptr) return TextColumn();
    TextColumn column;
    column.array_ = array;
    column.small_ = dynamic_cast<const arrow::BinaryArray*>(array.get());
    column.large_ = dynamic_cast<const arrow::LargeBinaryArray*>(array.get());
    column.view_ = dynamic_cast<const arrow::BinaryViewArray*>(array.get());
    if (column.small_ == nullptr && column.large_ == nullptr && column.view_ == nullptr) return std::nullopt;
    return column;
  }
  std::optional<std::string_view> operator[](std::int64_t i) const {
    if (array_ == nullptr || array_->IsNull(i)) return std::nullopt;
    if (small_ != nullptr) return small_->GetView(i);
    if (large_ != nullptr) return large_->GetView(i);
    return view_->GetView(i);
  }
  std::string Owned(std::int64_t i) const { return std::string((*this)[i].value_or("")); }

 private:
  std::shared_ptr<arrow::Array> array_;
  const arrow::BinaryArray* small_ = nullptr;
  const arrow::LargeBinaryArray* large_ = nullptr;
  const arrow::BinaryViewArray* view_ = nullptr;
};

class IntegerColumn {
 public:
  static std::optional<IntegerColumn> Of(const std::shared_ptr<arrow::Array>& array) {
    if (array == nullptr) return IntegerColumn();
    IntegerColumn column;
    column.array_ = array;
    column.wide_ = dynamic_cast<const arrow::Int64Array*>(array.get());
    column.narrow_ = dynamic_cast<const arrow::Int32Array*>(array.get());
    if (column.wide_ == nullptr && column.narrow_ == nullptr) return std::nullopt;
    return column;
  }
  std::optional<std::int64_t> operator[](std::int64_t i) const {
    if (array_ == nullptr || array_->IsNull(i)) return std::nullopt;
    return wide_ != nullptr ? wide_->Value(i) : narrow_->Value(i);
  }

 private:
  std::shared_ptr<arrow::Array> array_;
  const arrow::Int64Array* wide_ = nullptr;
  const arrow::Int32Array* narrow_ = nullptr;
};

// A struct column by name, or a struct's child; null when there is none.
std::shared_ptr<arrow::StructArray> StructOf(const std::shared_ptr<arrow::Array>& array) {
  return std::dynamic_pointer_cast<arrow::StructArray>(array);
}
std::shared_ptr<arrow::Array> Child(const std::shared_ptr<arrow::StructArray>& parent, const char* name) {
  return parent == nullptr ? nullptr : parent->GetFieldByName(name);
}

#define LATECOMER_COLUMN(declaration, Type, array, name)                                              \
  auto declaration##_or = Type::Of(array);                                                            \
  if (!declaration##_or) return Fail(Damaged(std::string("column ") + (name) + " has a wrong type")); \
  const Type& declaration = *declaration##_or

void AppendJsonText(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out.append("\\u00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else {
      out += c;
    }
  }
  out += '"';
}

// A map column of strings whose rows become the JSON text a commit would have.
class MapColumn {
 public:
  static Result<MapColumn> Of(const std::shared_ptr<arrow::Array>& array, const char* name) {
    MapColumn column;
    if (array == nullptr) return column;
    column.map_ = std::dynamic_pointer_cast<arrow::MapArray>(array);
    if (column.map_ == nullptr) return Fail(Damaged(std::string("column ") + name + " is no map"));
    auto keys = TextColumn::Of(column.map_->keys());
    auto items = TextColumn::Of(column.map_->items());
    if (!keys || !items) return Fail(Damaged(std::string("column ") + name + " is no map of strings"));
    column.keys_ = std::move(*keys);
    column.items_ = std::move(*items);
    return column;
  }
  bool IsNull(std::int64_t i) const { return map_ == nullptr || map_->IsNull(i); }
  void Write(std::int64_t i, std::string& out) const {
    out = "{";
    for (std::int64_t k = map_->value_offset(i); k < map_->value_offset(i) + map_->value_length(i); ++k) {
      if (out.size() > 1) out += ',';
      AppendJsonText(out, keys_[k].value_or(""));
      out += ':';
      if (const auto text = items_[k]) {
        AppendJsonText(out, *text);
      } else {
        out += "null";
      }
    }
    out += '}';
  }
  std::map<std::string, std::string> Map(std::int64_t i) const {
    std::map<std::string, std::string> result;
    if (IsNull(i)) return result;
    for (std::int64_t k = map_->value_offset(i); k < map_->value_offset(i) + map_->value_length(i); ++k) {
      if (const auto text = items_[k]) result[keys_.Owned(k)] = *text;
    }
    return result;
  }

 private:
  std::shared_ptr<arrow::MapArray> map_;
  TextColumn keys_;
  TextColumn items_;
};

Result<std::vector<std::string>> Strings(const std::shared_ptr<arrow::Array>& array, std::int64_t i, const char* name) {
  std::vector<std::string> texts;
  if (array == nullptr || array->IsNull(i)) return texts;
  const auto list = std::dynamic_pointer_cast<arrow::ListArray>(array);
  if (list == nullptr) return Fail(Damaged(std::string("column ") + name + " is no list"));
  LATECOMER_COLUMN(values, TextColumn, list->values(), name);
  for (std::int64_t k = list->value_offset(i); k < list->value_offset(i) + list->value_length(i); ++k) {
    texts.push_back(values.Owned(k));
  }
  return texts;
}

Status EmitAdds(const arrow::RecordBatch& batch, CommitParser& stats_parser, ActionSink& sink) {
  const auto add = StructOf(batch.GetColumnByName("add"));
  if (add == nullptr) return {};
  LATECOMER_COLUMN(path, TextColumn, Child(add, "path"), "add.path");
  LATECOMER_COLUMN(size, IntegerColumn, Child(add, "size"), "add.size");
  LATECOMER_COLUMN(stats, TextColumn, Child(add, "stats"), "add.stats");
  LATECOMER_COLUMN(parsed, IntegerColumn, Child(StructOf(Child(add, "stats_parsed")), "numRecords"),
                   "add.stats_parsed.numRecords");
  LATECOMER_ASSIGN_OR_RETURN(const MapColumn values,
                             MapColumn::Of(Child(add, "partitionValues"), "add.partitionValues"));
  const auto vectors = StructOf(Child(add, "deletionVector"));
  LATECOMER_COLUMN(storage, TextColumn, Child(vectors, "storageType"), "deletionVector.storageType");
  LATECOMER_COLUMN(inline_or_path, TextColumn, Child(vectors, "pathOrInlineDv"), "deletionVector.pathOrInlineDv");
  LATECOMER_COLUMN(offset, IntegerColumn, Child(vectors, "offset"), "deletionVector.offset");
  LATECOMER_COLUMN(vector_size, IntegerColumn, Child(vectors, "sizeInBytes"), "deletionVector.sizeInBytes");
  LATECOMER_COLUMN(cardinality, IntegerColumn, Child(vectors, "cardinality"), "deletionVector.cardinality");
  std::string raw_values;
  DeletionVector vector;
  for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
    if (add->IsNull(i)) continue;
    const auto name = path[i];
    if (!name) continue;  // some writers have no null structs, but structs of nulls
    FileAction file;
    file.path = *name;
    file.size_bytes = size[i];
    if (!file.size_bytes || *file.size_bytes < 0) return Fail(Damaged("an add without size"));
    if (values.IsNull(i)) return Fail(Damaged("an add without partitionValues"));
    values.Write(i, raw_values);
    file.partition_values = raw_values;
    file.records = parsed[i];
    if (!file.records) {
      if (const auto text = stats[i]) file.records = stats_parser.RecordsOfStats(*text);
    }
    if (vectors != nullptr && vectors->IsValid(i) && storage[i]) {
      vector.storage_type = *storage[i];
      vector.path_or_inline = inline_or_path.Owned(i);
      vector.offset = offset[i];
      vector.size_bytes = vector_size[i].value_or(0);
      vector.cardinality = cardinality[i].value_or(-1);
      if (vector.cardinality < 0) return Fail(Damaged("a deletion vector without cardinality"));
      file.deletion_vector = &vector;
    }
    LATECOMER_RETURN_IF_ERROR(sink.OnAdd(file));
  }
  return {};
}

Status EmitMetadata(const arrow::RecordBatch& batch, ActionSink& sink) {
  const auto metadata = StructOf(batch.GetColumnByName("metaData"));
  if (metadata == nullptr) return {};
  LATECOMER_COLUMN(id, TextColumn, Child(metadata, "id"), "metaData.id");
  LATECOMER_COLUMN(schema, TextColumn, Child(metadata, "schemaString"), "metaData.schemaString");
  LATECOMER_COLUMN(provider, TextColumn, Child(StructOf(Child(metadata, "format")), "provider"),
                   "metaData.format.provider");
  LATECOMER_ASSIGN_OR_RETURN(const MapColumn configuration,
                             MapColumn::Of(Child(metadata, "configuration"), "metaData.configuration"));
  const auto columns = Child(metadata, "partitionColumns");
  for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
    if (metadata->IsNull(i) || !id[i]) continue;
    if (!schema[i]) return Fail(Damaged("metaData without schemaString"));
    Metadata action;
    action.id = id.Owned(i);
    action.schema_json = schema.Owned(i);
    action.format_provider = provider.Owned(i);
    action.configuration = configuration.Map(i);
    LATECOMER_ASSIGN_OR_RETURN(action.partition_columns, Strings(columns, i, "metaData.partitionColumns"));
    LATECOMER_RETURN_IF_ERROR(sink.OnMetadata(std::move(action)));
  }
  return {};
}

Status EmitProtocol(const arrow::RecordBatch& batch, ActionSink& sink) {
  const auto protocol = StructOf(batch.GetColumnByName("protocol"));
  if (protocol == nullptr) return {};
  LATECOMER_COLUMN(reader, IntegerColumn, Child(protocol, "minReaderVersion"), "protocol.minReaderVersion");
  LATECOMER_COLUMN(writer, IntegerColumn, Child(protocol, "minWriterVersion"), "protocol.minWriterVersion");
  const auto reader_features = Child(protocol, "readerFeatures");
  const auto writer_features = Child(protocol, "writerFeatures");
  for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
    if (protocol->IsNull(i) || !reader[i]) continue;
    if (!writer[i]) return Fail(Damaged("protocol without minWriterVersion"));
    Protocol action;
    action.min_reader_version = *reader[i];
    action.min_writer_version = *writer[i];
    LATECOMER_ASSIGN_OR_RETURN(action.reader_features, Strings(reader_features, i, "protocol.readerFeatures"));
    LATECOMER_ASSIGN_OR_RETURN(action.writer_features, Strings(writer_features, i, "protocol.writerFeatures"));
    LATECOMER_RETURN_IF_ERROR(sink.OnProtocol(std::move(action)));
  }
  return {};
}

Status EmitOthers(const arrow::RecordBatch& batch, ActionSink& sink) {
  if (const auto txn = StructOf(batch.GetColumnByName("txn"))) {
    LATECOMER_COLUMN(app, TextColumn, Child(txn, "appId"), "txn.appId");
    LATECOMER_COLUMN(version, IntegerColumn, Child(txn, "version"), "txn.version");
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      if (txn->IsNull(i) || !app[i] || !version[i]) continue;
      LATECOMER_RETURN_IF_ERROR(sink.OnTransaction(Transaction{app.Owned(i), *version[i]}));
    }
  }
  if (const auto sidecar = StructOf(batch.GetColumnByName("sidecar"))) {
    LATECOMER_COLUMN(path, TextColumn, Child(sidecar, "path"), "sidecar.path");
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      if (sidecar->IsNull(i) || !path[i]) continue;
      LATECOMER_RETURN_IF_ERROR(sink.OnSidecar(Sidecar{path.Owned(i)}));
    }
  }
  return {};
}

// Whether every add has its count in stats_parsed, so that the much larger stats texts need not be read.
bool ParsedStatsSuffice(const parquet::FileMetaData& metadata, int path_column, int records_column) {
  if (path_column < 0 || records_column < 0) return false;
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    const auto row_group = metadata.RowGroup(group);
    const auto paths = row_group->ColumnChunk(path_column)->statistics();
    const auto records = row_group->ColumnChunk(records_column)->statistics();
    if (paths == nullptr || records == nullptr || !paths->HasNullCount() || !records->HasNullCount()) return false;
    if (paths->null_count() != records->null_count()) return false;
  }
  return true;
}

bool WantedColumn(const std::string& path, const Wanted& wanted, bool with_stats_text) {
  static constexpr std::string_view kFilePrefixes[] = {"add.partitionValues.", "add.deletionVector."};
  if (path == "add.path" || path == "add.size" || path == "add.stats_parsed.numRecords") return wanted.files;
  if (path == "add.stats") return wanted.files && with_stats_text;
  for (const std::string_view prefix : kFilePrefixes) {
    if (path.starts_with(prefix)) return wanted.files;
  }
  if (path.starts_with("metaData.")) {
    return wanted.metadata &&
           (path == "metaData.id" || path == "metaData.schemaString" || path == "metaData.format.provider" ||
            path.starts_with("metaData.partitionColumns.") || path.starts_with("metaData.configuration."));
  }
  if (path.starts_with("protocol.")) return wanted.metadata;
  if (path == "txn.appId" || path == "txn.version") return wanted.transactions;
  return path == "sidecar.path";
}

std::vector<int> ChooseColumns(const parquet::FileMetaData& metadata, const Wanted& wanted) {
  const parquet::SchemaDescriptor& schema = *metadata.schema();
  int path_column = -1;
  int records_column = -1;
  for (int i = 0; i < schema.num_columns(); ++i) {
    const std::string path = schema.Column(i)->path()->ToDotString();
    if (path == "add.path") path_column = i;
    if (path == "add.stats_parsed.numRecords") records_column = i;
  }
  const bool with_stats_text = !ParsedStatsSuffice(metadata, path_column, records_column);
  std::vector<int> columns;
  for (int i = 0; i < schema.num_columns(); ++i) {
    if (WantedColumn(schema.Column(i)->path()->ToDotString(), wanted, with_stats_text)) columns.push_back(i);
  }
  return columns;
}

Error ArrowError(const arrow::Status& status) {
  const std::string text = status.message();
  return Damaged("it can't be read as Parquet: " + text.substr(0, text.find('\n')));
}

#define LATECOMER_ARROW(declaration, expression)                                  \
  auto declaration##_or = (expression);                                           \
  if (!declaration##_or.ok()) return Fail(ArrowError(declaration##_or.status())); \
  auto declaration = std::move(declaration##_or).ValueUnsafe()

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenFile(const storage::ObjectStore& store,
                                                              const std::string& key) {
  LATECOMER_ASSIGN_OR_RETURN(const storage::ObjectInfo info, store.Stat(key));
  if (const auto root = store.local_root()) {
    LATECOMER_ARROW(file, arrow::io::ReadableFile::Open(*root + "/" + key));
    return std::static_pointer_cast<arrow::io::RandomAccessFile>(file);
  }
  return std::static_pointer_cast<arrow::io::RandomAccessFile>(
      std::make_shared<StoreFile>(store, key, info.size_bytes));
}

Status ReadAll(const storage::ObjectStore& store, const std::string& key, const Wanted& wanted, ActionSink& sink) {
  LATECOMER_ASSIGN_OR_RETURN(const auto file, OpenFile(store, key));
  parquet::arrow::FileReaderBuilder builder;
  if (const arrow::Status opened = builder.Open(file); !opened.ok()) return Fail(ArrowError(opened));
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(kBatchRows);
  properties.set_use_threads(false);
  builder.properties(properties);
  LATECOMER_ARROW(reader, builder.Build());
  const std::vector<int> columns = ChooseColumns(*reader->parquet_reader()->metadata(), wanted);
  if (columns.empty()) return {};
  std::vector<int> groups(static_cast<std::size_t>(reader->num_row_groups()));
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<int>(i);
  LATECOMER_ARROW(batches, reader->GetRecordBatchReader(groups, columns));
  CommitParser stats_parser;
  for (;;) {
    LATECOMER_ARROW(batch, batches->Next());
    if (batch == nullptr) return {};
    LATECOMER_RETURN_IF_ERROR(EmitProtocol(*batch, sink));
    LATECOMER_RETURN_IF_ERROR(EmitMetadata(*batch, sink));
    LATECOMER_RETURN_IF_ERROR(EmitOthers(*batch, sink));
    LATECOMER_RETURN_IF_ERROR(EmitAdds(*batch, stats_parser, sink));
  }
}

}  // namespace

Status ReadCheckpointParquet(const storage::ObjectStore& store, const std::string& key, const std::string& shown,
                             const Wanted& wanted, ActionSink& sink) {
  Status status;
  try {
    status = ReadAll(store, key, wanted, sink);
  } catch (const std::exception& problem) {  // Parquet throws on some damage
    status = Fail(Damaged(std::string("it can't be read as Parquet: ") + problem.what()));
  }
  if (!status && status.error().file.empty()) {
    Error error = std::move(status).error();
    error.file = shown;
    return Fail(std::move(error));
  }
  return status;
}

}  // namespace latecomer::delta
