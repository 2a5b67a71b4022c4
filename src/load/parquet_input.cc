#include "load/parquet_input.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>

#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"

namespace latecomer::load {
namespace {

constexpr std::int64_t kBatchRows = 64 * 1024;

Error Bad(std::string message, const std::string& path) {
  return Error(ErrorKind::kInvalidFile, std::move(message)).In(path);
}

arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> OpenReader(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(std::move(file)));
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(kBatchRows);
  properties.set_pre_buffer(false);
  builder.properties(properties);
  return builder.Build();
}

// Runs `work`, which may throw as parquet does on damaged files.
template <typename Work>
Status Guarded(const std::string& path, Work&& work) {
  try {
    const arrow::Status done = work();
    if (done.ok()) return {};
    return Fail(Bad("the Parquet file can't be read: " + done.message(), path));
  } catch (const std::exception& problem) {
    return Fail(Bad(std::string("the Parquet file can't be read: ") + problem.what(), path));
  }
}

// Where a column of the target comes from, and as what.
struct Source {
  std::optional<int> column;  // in the file; none: all null
  std::shared_ptr<arrow::DataType> type;
};

Result<std::vector<Source>> MapColumns(const Target& target, const arrow::Schema& schema, const std::string& path) {
  std::set<std::string> wanted;
  std::vector<Source> sources;
  for (const LoadColumn& column : target.columns) {
    wanted.insert(column.name);
    Source& source = sources.emplace_back();
    const int index = schema.GetFieldIndex(column.name);
    if (index >= 0) source.column = index;
    source.type = column.is_partition ? arrow::utf8() : target.file_schema->GetFieldByName(column.name)->type();
    if (index < 0 && !column.nullable) {
      return Fail(
          Bad("there is no column '" + Printable(column.name) + "', which must not be null in this table", path));
    }
  }
  for (const auto& field : schema.fields()) {
    if (wanted.contains(field->name())) continue;
    if (target.fixed.contains(field->name())) {
      return Fail(Bad("the rows have a column '" + Printable(field->name()) + "', and --partition gives it too", path));
    }
    Error error = Bad("the table has no column '" + Printable(field->name()) + "'", path);
    if (const auto nearest = NearestWord(field->name(), {wanted.begin(), wanted.end()})) {
      error.hint = "did you mean '" + Printable(*nearest) + "'?";
    }
    return Fail(std::move(error));
  }
  return sources;
}

Result<std::shared_ptr<arrow::Array>> ColumnOf(const Target& target, std::size_t i, const Source& source,
                                               const arrow::RecordBatch& batch, const std::string& path) {
  const LoadColumn& column = target.columns[i];
  arrow::Result<std::shared_ptr<arrow::Array>> array;
  if (!source.column) {
    array = arrow::MakeArrayOfNull(source.type, batch.num_rows());
  } else if (batch.column(*source.column)->type()->Equals(*source.type)) {
    array = batch.column(*source.column);
  } else {
    array = arrow::compute::Cast(*batch.column(*source.column), source.type);  // safe: refuses to lose anything
  }
  if (!array.ok()) {
    return Fail(Bad("column '" + Printable(column.name) + "' can't become " + FormatDataType(column.type) + ": " +
                        array.status().message(),
                    path));
  }
  if (!column.nullable && (*array)->null_count() > 0) {
    return Fail(Bad("column '" + Printable(column.name) + "' must not be null in this table", path));
  }
  return *array;
}

}  // namespace

Result<std::vector<delta::WriteColumn>> ParquetColumns(const std::string& path) {
  std::shared_ptr<arrow::Schema> schema;
  LATECOMER_RETURN_IF_ERROR(Guarded(path, [&] {
    ARROW_ASSIGN_OR_RAISE(const auto reader, OpenReader(path));
    return reader->GetSchema(&schema);
  }));
  std::vector<delta::WriteColumn> columns;
  for (const auto& field : schema->fields()) {
    auto type = delta::TypeJsonOf(*field->type());
    if (!type) {
      Error error = std::move(type).error();
      error.message = "column '" + Printable(field->name()) + "': " + error.message;
      return Fail(std::move(error).In(path));
    }
    columns.push_back({field->name(), std::move(*type)});
  }
  return columns;
}

Status ReadParquet(const std::string& path, const Target& target, const std::function<Status(RowBatch&&)>& take) {
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::shared_ptr<arrow::Schema> schema;
  std::unique_ptr<arrow::RecordBatchReader> batches;
  LATECOMER_RETURN_IF_ERROR(Guarded(path, [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(reader, OpenReader(path));
    ARROW_RETURN_NOT_OK(reader->GetSchema(&schema));
    ARROW_ASSIGN_OR_RAISE(batches, reader->GetRecordBatchReader());
    return arrow::Status::OK();
  }));
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<Source> sources, MapColumns(target, *schema, path));
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    LATECOMER_RETURN_IF_ERROR(Guarded(path, [&] { return batches->ReadNext(&batch); }));
    if (batch == nullptr) return {};
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      LATECOMER_ASSIGN_OR_RETURN(arrays.emplace_back(), ColumnOf(target, i, sources[i], *batch, path));
      fields.push_back(arrow::field(target.columns[i].name, arrays.back()->type()));
    }
    RowBatch rows;
    rows.batch = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(arrays));
    LATECOMER_RETURN_IF_ERROR(take(std::move(rows)));
  }
}

}  // namespace latecomer::load
