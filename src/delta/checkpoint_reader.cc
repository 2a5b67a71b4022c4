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

#include "delta/checkpoint_actions.h"
#include "delta/checkpoint_columns.h"
#include "delta/commit_parser.h"

namespace latecomer::delta {
namespace {

// Small enough that what a batch decodes to stays in the processor's caches.
constexpr std::int64_t kBatchRows = 8 * 1024;

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
  return DamagedCheckpoint("it can't be read as Parquet: " + text.substr(0, text.find('\n')));
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
  std::vector<int> columns;

  Status ReadPiece(int piece, ActionSink& sink) const;
};

// A reader of its own for each piece, because a reader is no thing to share between threads; the footer is shared.
Status CheckpointFile::Opened::ReadPiece(int piece, ActionSink& sink) const {
  parquet::arrow::FileReaderBuilder builder;
  if (const arrow::Status opened = builder.Open(file, parquet::default_reader_properties(), metadata); !opened.ok()) {
    return Fail(ArrowError(opened));
  }
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(kBatchRows);
  properties.set_use_threads(false);
  builder.properties(properties);
  LATECOMER_ARROW(reader, builder.Build());
  LATECOMER_ARROW(batches, reader->GetRecordBatchReader({piece}, columns));
  CommitParser stats_parser;
  for (;;) {
    LATECOMER_ARROW(batch, batches->Next());
    if (batch == nullptr) return {};
    LATECOMER_RETURN_IF_ERROR(EmitActions(*batch, stats_parser, sink));
  }
}

Result<CheckpointFile> CheckpointFile::Open(const storage::ObjectStore& store, const std::string& key,
                                            const std::string& shown, const Wanted& wanted) {
  return Guarded(shown, [&]() -> Result<CheckpointFile> {
    auto opened = std::make_shared<Opened>();
    opened->shown = shown;
    LATECOMER_ASSIGN_OR_RETURN(opened->file, OpenFile(store, key));
    opened->metadata = parquet::ParquetFileReader::Open(opened->file)->metadata();
    opened->columns = ChooseColumns(*opened->metadata, wanted);
    CheckpointFile file;
    file.opened_ = std::move(opened);
    return file;
  });
}

int CheckpointFile::pieces() const {
  return opened_->columns.empty() ? 0 : opened_->metadata->num_row_groups();
}

std::int64_t CheckpointFile::rows() const {
  return opened_->metadata->num_rows();
}

Status CheckpointFile::ReadPiece(int piece, ActionSink& sink) const {
  return Guarded(opened_->shown, [&] { return opened_->ReadPiece(piece, sink); });
}

}  // namespace latecomer::delta
