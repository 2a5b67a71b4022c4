#include "delta/data_file_writer.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/byte_size.h>
#include <parquet/arrow/writer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <cmath>
#include <cstdio>
#include <exception>
#include <utility>

#include "delta/parquet_stats.h"

namespace latecomer::delta {
namespace {

constexpr std::int64_t kRowGroupBytes = 128 * 1024 * 1024;
constexpr std::int64_t kRowGroupRows = 1024 * 1024;

template <typename ArrayType>
bool HasNan(const arrow::Array& array) {
  const auto& values = static_cast<const ArrayType&>(array);
  for (std::int64_t i = 0; i < values.length(); ++i) {
    if (values.IsValid(i) && std::isnan(values.Value(i))) return true;
  }
  return false;
}

bool HoldsNan(const arrow::Array& array) {
  if (array.type_id() == arrow::Type::FLOAT) return HasNan<arrow::FloatArray>(array);
  return array.type_id() == arrow::Type::DOUBLE && HasNan<arrow::DoubleArray>(array);
}

}  // namespace

// Arrow's view of an ObjectWriter; keeps the store's own error.
class DataFileWriter::Output final : public arrow::io::OutputStream {
 public:
  explicit Output(std::unique_ptr<storage::ObjectWriter> writer) : writer_(std::move(writer)) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Write(const void* data, std::int64_t size) override {
    // An unfinished Parquet writer still wants to write its footer when it goes.
    if (writer_ == nullptr) return arrow::Status::IOError("the file was given up");
    Status written = writer_->Write({static_cast<const char*>(data), static_cast<std::size_t>(size)});
    if (!written) {
      problem_ = std::move(written).error();
      return arrow::Status::IOError(problem_->message);
    }
    position_ += size;
    return arrow::Status::OK();
  }
  using arrow::io::OutputStream::Write;

  Status Publish() {
    Status closed = writer_->Close();
    writer_.reset();
    return closed;
  }
  void Drop() { writer_.reset(); }
  const std::optional<Error>& problem() const { return problem_; }
  std::int64_t position() const { return position_; }

 private:
  std::unique_ptr<storage::ObjectWriter> writer_;
  std::optional<Error> problem_;
  std::int64_t position_ = 0;
  bool closed_ = false;
};

std::string DataFileKey(const table::PartitionKey& partition, int part, const std::string& uuid) {
  const std::string folder = table::HivePath(partition);
  char number[16];
  std::snprintf(number, sizeof number, "%05d", part);
  return folder + (folder.empty() ? "" : "/") + "part-" + number + "-" + uuid + ".c000.snappy.parquet";
}

DataFileWriter::DataFileWriter(std::string key, table::PartitionKey partition)
    : key_(std::move(key)), partition_(std::move(partition)) {}

DataFileWriter::~DataFileWriter() {
  if (output_ != nullptr) output_->Drop();
  try {
    writer_.reset();
  } catch (const std::exception&) {
    return;  // nothing is left to lose
  }
}

Status DataFileWriter::Check(const arrow::Status& status) {
  if (status.ok()) return {};
  if (output_ != nullptr && output_->problem()) return Fail(*output_->problem());
  return Fail(Error(ErrorKind::kUnexpected, "a Parquet file can't be written: " + status.message()).In(key_));
}

Result<std::unique_ptr<DataFileWriter>> DataFileWriter::Open(storage::ObjectStore& store, std::string key,
                                                             table::PartitionKey partition,
                                                             std::shared_ptr<arrow::Schema> schema, Threads threads) {
  std::unique_ptr<DataFileWriter> file(new DataFileWriter(std::move(key), std::move(partition)));
  LATECOMER_ASSIGN_OR_RETURN(auto object, store.OpenForWrite(file->key_));
  file->output_ = std::make_shared<Output>(std::move(object));
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::SNAPPY)
                              ->created_by("latecomer version " LATECOMER_VERSION)
                              ->max_row_group_length(kRowGroupRows)
                              ->build();
  const auto arrow_properties =
      parquet::ArrowWriterProperties::Builder().set_use_threads(threads == Threads::kMany)->build();
  try {
    auto opened = parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), file->output_, properties,
                                                   arrow_properties);
    LATECOMER_RETURN_IF_ERROR(file->Check(opened.status()));
    file->writer_ = std::move(*opened);
    LATECOMER_RETURN_IF_ERROR(file->Check(file->writer_->NewBufferedRowGroup()));
  } catch (const std::exception& problem) {
    return Fail(Error(ErrorKind::kUnexpected, std::string("a Parquet file can't be written: ") + problem.what())
                    .In(file->key_));
  }
  return file;
}

Status DataFileWriter::Write(const arrow::RecordBatch& batch) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (HoldsNan(*batch.column(i))) with_nan_.insert(batch.column_name(i));
  }
  // Only when more rows come: a last row group without rows confuses some readers.
  if (pending_bytes_ > kRowGroupBytes) LATECOMER_RETURN_IF_ERROR(EndRowGroup());
  try {
    LATECOMER_RETURN_IF_ERROR(Check(writer_->WriteRecordBatch(batch)));
  } catch (const std::exception& problem) {
    return Check(arrow::Status::UnknownError(problem.what()));
  }
  const auto size = arrow::util::ReferencedBufferSize(batch);
  pending_bytes_ += size.ok() ? *size : batch.num_rows() * 64;
  return {};
}

Status DataFileWriter::EndRowGroup() {
  if (pending_bytes_ == 0) return {};
  pending_bytes_ = 0;
  try {
    return Check(writer_->NewBufferedRowGroup());
  } catch (const std::exception& problem) {
    return Check(arrow::Status::UnknownError(problem.what()));
  }
}

Result<NewFile> DataFileWriter::Close() {
  NewFile file;
  file.key = key_;
  file.partition = partition_;
  try {
    LATECOMER_RETURN_IF_ERROR(Check(writer_->Close()));
    const auto metadata = writer_->metadata();
    file.rows = metadata->num_rows();
    file.stats_json = StatsJson(*metadata, with_nan_);
  } catch (const std::exception& problem) {
    LATECOMER_RETURN_IF_ERROR(Check(arrow::Status::UnknownError(problem.what())));
  }
  LATECOMER_RETURN_IF_ERROR(output_->Publish());
  file.size_bytes = output_->position();
  return file;
}

}  // namespace latecomer::delta
