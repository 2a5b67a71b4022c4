#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <exception>
#include <optional>
#include <utility>

#include "generate/row_format.h"

namespace latecomer::generate {
namespace {

constexpr std::int64_t kBatchRows = 64 * 1024;
constexpr std::int64_t kRowGroupRows = 1024 * 1024;

std::shared_ptr<arrow::DataType> ArrowTypeOf(CellKind kind) {
  switch (kind) {
    case CellKind::kBoolean: return arrow::boolean();
    case CellKind::kInteger: return arrow::int64();
    case CellKind::kNumber: return arrow::float64();
    case CellKind::kDate: return arrow::date32();
    case CellKind::kTimestamp: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case CellKind::kNull:
    case CellKind::kText: break;
  }
  return arrow::utf8();
}

// Arrow's view of an Output; keeps its error.
class ArrowOutput final : public arrow::io::OutputStream {
 public:
  explicit ArrowOutput(Output& output) : output_(output) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return output_.bytes(); }
  arrow::Status Write(const void* data, std::int64_t size) override {
    if (problem_) return arrow::Status::IOError(problem_->message);
    Status written = output_.Write({static_cast<const char*>(data), static_cast<std::size_t>(size)});
    if (written) return arrow::Status::OK();
    problem_ = std::move(written).error();
    return arrow::Status::IOError(problem_->message);
  }
  using arrow::io::OutputStream::Write;
  const std::optional<Error>& problem() const { return problem_; }

 private:
  Output& output_;
  std::optional<Error> problem_;
  bool closed_ = false;
};

class ParquetFormat final : public RowFormat {
 public:
  ParquetFormat(const std::vector<ColumnInfo>& columns, Output& output)
      : output_(std::make_shared<ArrowOutput>(output)) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const ColumnInfo& column : columns) fields.push_back(arrow::field(column.name, ArrowTypeOf(column.type)));
    schema_ = arrow::schema(std::move(fields));
  }

  ~ParquetFormat() override {
    try {
      writer_.reset();
    } catch (const std::exception&) {
      return;  // an unfinished file is thrown away
    }
  }

  Status Open() {
    return Guarded([&]() -> arrow::Status {
      for (const auto& field : schema_->fields()) {
        ARROW_ASSIGN_OR_RAISE(builders_.emplace_back(), arrow::MakeBuilder(field->type()));
      }
      const auto properties = parquet::WriterProperties::Builder()
                                  .compression(parquet::Compression::SNAPPY)
                                  ->max_row_group_length(kRowGroupRows)
                                  ->build();
      ARROW_ASSIGN_OR_RAISE(
          writer_, parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), output_, properties));
      return writer_->NewBufferedRowGroup();
    });
  }

  Status Add(const std::vector<Cell>& row) override {
    const arrow::Status added = [&] {
      for (std::size_t i = 0; i < row.size(); ++i) ARROW_RETURN_NOT_OK(Append(row[i], *builders_[i]));
      return arrow::Status::OK();
    }();
    if (!added.ok()) return Check(added);
    return ++rows_ < kBatchRows ? Status() : Flush();
  }

  Status Finish() override {
    LATECOMER_RETURN_IF_ERROR(Flush());
    return Guarded([&] { return writer_->Close(); });
  }

 private:
  static arrow::Status Append(const Cell& cell, arrow::ArrayBuilder& builder) {
    switch (cell.kind) {
      case CellKind::kBoolean: return static_cast<arrow::BooleanBuilder&>(builder).Append(cell.integer != 0);
      case CellKind::kInteger: return static_cast<arrow::Int64Builder&>(builder).Append(cell.integer);
      case CellKind::kNumber: return static_cast<arrow::DoubleBuilder&>(builder).Append(cell.number);
      case CellKind::kDate:
        return static_cast<arrow::Date32Builder&>(builder).Append(static_cast<std::int32_t>(cell.integer));
      case CellKind::kTimestamp: return static_cast<arrow::TimestampBuilder&>(builder).Append(cell.integer);
      case CellKind::kText: return static_cast<arrow::StringBuilder&>(builder).Append(cell.text);
      case CellKind::kNull: break;
    }
    return builder.AppendNull();
  }

  Status Flush() {
    if (rows_ == 0) return {};
    return Guarded([&]() -> arrow::Status {
      std::vector<std::shared_ptr<arrow::Array>> arrays;
      for (const auto& builder : builders_) {
        ARROW_RETURN_NOT_OK(builder->Finish(&arrays.emplace_back()));
      }
      const auto batch = arrow::RecordBatch::Make(schema_, std::exchange(rows_, 0), std::move(arrays));
      return writer_->WriteRecordBatch(*batch);
    });
  }

  template <typename Work>
  Status Guarded(Work&& work) {
    try {
      return Check(work());
    } catch (const std::exception& problem) {
      return Check(arrow::Status::UnknownError(problem.what()));
    }
  }

  Status Check(const arrow::Status& status) const {
    if (status.ok()) return {};
    if (output_->problem()) return Fail(*output_->problem());
    return Fail(ErrorKind::kUnexpected, "the Parquet file can't be written: " + status.message());
  }

  std::shared_ptr<ArrowOutput> output_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<RowFormat>> MakeParquetFormat(const std::vector<ColumnInfo>& columns, Output& output) {
  auto format = std::make_unique<ParquetFormat>(columns, output);
  LATECOMER_RETURN_IF_ERROR(format->Open());
  return std::unique_ptr<RowFormat>(std::move(format));
}

}  // namespace latecomer::generate
