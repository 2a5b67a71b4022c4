#include "delta/checkpoint_reader.h"

#include <arrow/api.h>
#include <arrow/io/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "delta/checkpoint_actions.h"
#include "delta/checkpoint_adds.h"
#include "delta/checkpoint_columns.h"
#include "delta/ordered_work.h"
#include "delta/parquet_levels.h"

namespace latecomer::delta {
namespace {

// Small enough that what a batch decodes to stays in the processor's caches.
constexpr std::int64_t kBatchRows = 8 * 1024;
// Of a store: of one request, and of a file that is held in memory.
constexpr std::int64_t kReadBytes = 4 << 20;
constexpr std::int64_t kMostReadWhole = 512 << 20;

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

bool IsOfActions(const std::string& path, const Wanted& wanted) {
  if (path.starts_with("metaData.")) {
    return wanted.metadata &&
           (path == "metaData.id" || path == "metaData.schemaString" || path == "metaData.format.provider" ||
            path.starts_with("metaData.partitionColumns.") || path.starts_with("metaData.configuration."));
  }
  if (path.starts_with("protocol.")) return wanted.metadata;
  if (path == "txn.appId" || path == "txn.version") return wanted.transactions;
  return path == "sidecar.path";
}

// A column without which a row has none of its action.
bool IsKeyOfAction(const std::string& path) {
  return path == "metaData.id" || path == "protocol.minReaderVersion" || path == "txn.appId" || path == "sidecar.path";
}

// The columns of all actions but add.
struct ActionColumns {
  ActionColumns() = default;
  ActionColumns(const parquet::SchemaDescriptor& schema, const Wanted& wanted) {
    for (int i = 0; i < schema.num_columns(); ++i) {
      const std::string path = schema.Column(i)->path()->ToDotString();
      if (!IsOfActions(path, wanted)) continue;
      all.push_back(i);
      if (IsKeyOfAction(path)) keys.push_back(i);
    }
  }

  std::vector<int> all;
  std::vector<int> keys;
};

template <typename DType>
bool HasValue(std::shared_ptr<parquet::ColumnReader> reader) {
  LevelStream<DType> stream(std::move(reader));
  return stream.FindsValue();
}

// Row groups of adds alone are nearly all there are; finding no other action in them is cheaper than building arrays of
// nothing.
bool HasActions(parquet::RowGroupReader& group, const ActionColumns& columns) {
  return std::any_of(columns.keys.begin(), columns.keys.end(), [&](int column) {
    auto reader = group.Column(column);
    switch (reader->type()) {
      case parquet::Type::BYTE_ARRAY: return HasValue<parquet::ByteArrayType>(std::move(reader));
      case parquet::Type::INT32: return HasValue<parquet::Int32Type>(std::move(reader));
      case parquet::Type::INT64: return HasValue<parquet::Int64Type>(std::move(reader));
      default: return true;
    }
  });
}

Error ArrowError(const arrow::Status& status) {
  const std::string text = status.message();
  return DamagedCheckpoint("it can't be read as Parquet: " + text.substr(0, text.find('\n')));
}

#define LATECOMER_ARROW(declaration, expression)                                  \
  auto declaration##_or = (expression);                                           \
  if (!declaration##_or.ok()) return Fail(ArrowError(declaration##_or.status())); \
  auto declaration = std::move(declaration##_or).ValueUnsafe()

// Reads in parts at once, because one connection to a store is slower than the store.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> ReadWhole(const storage::ObjectStore& store,
                                                               const std::string& key, std::int64_t size) {
  constexpr std::size_t kAtOnce = 8;
  const auto parts = static_cast<std::size_t>((size + kReadBytes - 1) / kReadBytes);
  std::string whole;
  whole.reserve(static_cast<std::size_t>(size));
  const auto read = [&](std::size_t, std::size_t i, Result<std::string>& part) {
    part = store.ReadRange(key, static_cast<std::int64_t>(i) * kReadBytes, kReadBytes);
  };
  const auto take = [&](Result<std::string>& part) -> Status {
    if (!part) return Fail(std::move(part).error());
    whole += *part;
    return {};
  };
  LATECOMER_RETURN_IF_ERROR(RunInOrder<Result<std::string>>(parts, kAtOnce, read, take));
  return std::static_pointer_cast<arrow::io::RandomAccessFile>(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(whole))));
}

// Of a store, what is read nearly whole anyway is read at once: column by column each chunk would be waited for.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenFile(const storage::ObjectStore& store, const std::string& key,
                                                              const Wanted& wanted) {
  LATECOMER_ASSIGN_OR_RETURN(const storage::ObjectInfo info, store.Stat(key));
  if (const auto root = store.local_root()) {
    LATECOMER_ARROW(file, arrow::io::ReadableFile::Open(*root + "/" + key));
    return std::static_pointer_cast<arrow::io::RandomAccessFile>(file);
  }
  if (info.size_bytes <= (wanted.files ? kMostReadWhole : kReadBytes)) return ReadWhole(store, key, info.size_bytes);
  return std::static_pointer_cast<arrow::io::RandomAccessFile>(
      std::make_shared<StoreFile>(store, key, info.size_bytes));
}

// Runs `read`, which may throw as Parquet does on some damage; an error names the file.
template <typename Read>
auto Guarded(const std::string& shown, Read&& read) -> decltype(read()) {
  decltype(read()) result;
  try {
    result = read();
  } catch (const std::exception& problem) {
    result = Fail(DamagedCheckpoint(std::string("it can't be read as Parquet: ") + problem.what()));
  }
  if (result || !result.error().file.empty()) return result;
  Error error = std::move(result).error();
  error.file = shown;
  return Fail(std::move(error));
}

}  // namespace

struct CheckpointFile::Opened {
  std::string shown;
  std::shared_ptr<arrow::io::RandomAccessFile> file;
  std::shared_ptr<parquet::FileMetaData> metadata;
  AddColumns adds;
  ActionColumns actions;

  Status ReadPiece(int piece, ActionSink& sink, LiveFileBatch& files) const;
  Status ReadActions(int piece, ActionSink& sink) const;
};

// A reader of its own for each piece, because a reader is no thing to share between threads; the footer is shared.
Status CheckpointFile::Opened::ReadPiece(int piece, ActionSink& sink, LiveFileBatch& files) const {
  const auto reader = parquet::ParquetFileReader::Open(file, parquet::default_reader_properties(), metadata);
  const auto group = reader->RowGroup(piece);
  if (HasActions(*group, actions)) LATECOMER_RETURN_IF_ERROR(ReadActions(piece, sink));
  return ReadAdds(*group, adds, files);
}

Status CheckpointFile::Opened::ReadActions(int piece, ActionSink& sink) const {
  parquet::arrow::FileReaderBuilder builder;
  if (const arrow::Status opened = builder.Open(file, parquet::default_reader_properties(), metadata); !opened.ok()) {
    return Fail(ArrowError(opened));
  }
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(kBatchRows);
  properties.set_use_threads(false);
  // Reading ahead starts threads of Arrow's, and only requests to a store take long enough for it.
  properties.set_pre_buffer(dynamic_cast<const StoreFile*>(file.get()) != nullptr);
  builder.properties(properties);
  LATECOMER_ARROW(reader, builder.Build());
  LATECOMER_ARROW(batches, reader->GetRecordBatchReader({piece}, actions.all));
  for (;;) {
    LATECOMER_ARROW(batch, batches->Next());
    if (batch == nullptr) return {};
    LATECOMER_RETURN_IF_ERROR(EmitActions(*batch, sink));
  }
}

Result<CheckpointFile> CheckpointFile::Open(const storage::ObjectStore& store, const std::string& key,
                                            const std::string& shown, const Wanted& wanted) {
  return Guarded(shown, [&]() -> Result<CheckpointFile> {
    auto opened = std::make_shared<Opened>();
    opened->shown = shown;
    LATECOMER_ASSIGN_OR_RETURN(opened->file, OpenFile(store, key, wanted));
    opened->metadata = parquet::ParquetFileReader::Open(opened->file)->metadata();
    const parquet::SchemaDescriptor& schema = *opened->metadata->schema();
    if (wanted.files) {
      LATECOMER_ASSIGN_OR_RETURN(opened->adds, AddColumns::In(schema));
    }
    opened->actions = ActionColumns(schema, wanted);
    CheckpointFile file;
    file.opened_ = std::move(opened);
    return file;
  });
}

int CheckpointFile::pieces() const {
  const bool some = opened_->adds.path || !opened_->actions.keys.empty();
  return some ? opened_->metadata->num_row_groups() : 0;
}

std::int64_t CheckpointFile::rows() const {
  return opened_->metadata->num_rows();
}

Status CheckpointFile::ReadPiece(int piece, ActionSink& sink, LiveFileBatch& files) const {
  return Guarded(opened_->shown, [&] { return opened_->ReadPiece(piece, sink, files); });
}

}  // namespace latecomer::delta
