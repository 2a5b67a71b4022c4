#include "delta/parquet_content.h"

#include <arrow/api.h>
#include <arrow/io/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

#include "delta/parquet_stats.h"

namespace latecomer::delta {
namespace {

constexpr std::int64_t kBatchRows = 64 * 1024;
constexpr std::uint64_t kNull = 0x9e3779b97f4a7c15ULL;

std::uint64_t Mixed(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t both[] = {a, b};
  return XXH3_64bits(both, sizeof both);
}

struct Lanes {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

// Sums over rows of the hash of each row.
class RowHasher {
 public:
  Status AddBatch(const arrow::RecordBatch& batch, const std::vector<int>& order) {
    rows_.assign(static_cast<std::size_t>(batch.num_rows()), Lanes{1, 2});
    for (const int column : order) {
      const arrow::Array& array = *batch.column(column);
      if (array.null_count() > 0) with_null_.insert(batch.column_name(column));
      LATECOMER_RETURN_IF_ERROR(AddColumn(array, batch.column_name(column)));
    }
    for (const Lanes& row : rows_) {
      sum_.high += row.high;
      sum_.low += row.low;
    }
    return {};
  }
  const Lanes& sum() const { return sum_; }
  const std::set<std::string>& with_nan() const { return with_nan_; }
  const std::set<std::string>& with_null() const { return with_null_; }

 private:
  // Calls bytes(i) for each row that isn't null; it gives the value's 64-bit hash.
  template <typename Hash>
  void Mix(const arrow::Array& array, Hash&& hash) {
    for (std::int64_t i = 0; i < array.length(); ++i) {
      const std::uint64_t value = array.IsNull(i) ? kNull : hash(i);
      Lanes& row = rows_[static_cast<std::size_t>(i)];
      row.high = Mixed(row.high, value);
      row.low = Mixed(value, row.low);
    }
  }
  template <typename ArrayType>
  void MixIntegers(const arrow::Array& array) {
    const auto& values = static_cast<const ArrayType&>(array);
    Mix(array, [&](std::int64_t i) { return Mixed(1, static_cast<std::uint64_t>(std::int64_t{values.Value(i)})); });
  }
  template <typename ArrayType>
  void MixNumbers(const arrow::Array& array, const std::string& name) {
    const auto& values = static_cast<const ArrayType&>(array);
    Mix(array, [&](std::int64_t i) {
      const double value = values.Value(i);
      if (!std::isnan(value)) return Mixed(2, std::bit_cast<std::uint64_t>(value));
      with_nan_.insert(name);
      return Mixed(2, 0x7ff8000000000000ULL);  // one hash for all NaNs
    });
  }
  template <typename ArrayType>
  void MixTexts(const arrow::Array& array) {
    const auto& values = static_cast<const ArrayType&>(array);
    Mix(array, [&](std::int64_t i) {
      const std::string_view text = values.GetView(i);
      return XXH3_64bits_withSeed(text.data(), text.size(), 3);
    });
  }

  Status AddColumn(const arrow::Array& array, const std::string& name) {
    switch (array.type_id()) {
      case arrow::Type::INT8: MixIntegers<arrow::Int8Array>(array); return {};
      case arrow::Type::INT16: MixIntegers<arrow::Int16Array>(array); return {};
      case arrow::Type::INT32: MixIntegers<arrow::Int32Array>(array); return {};
      case arrow::Type::INT64: MixIntegers<arrow::Int64Array>(array); return {};
      case arrow::Type::BOOL: MixIntegers<arrow::BooleanArray>(array); return {};
      case arrow::Type::DATE32: MixIntegers<arrow::Date32Array>(array); return {};
      case arrow::Type::TIMESTAMP: MixIntegers<arrow::TimestampArray>(array); return {};
      case arrow::Type::FLOAT: MixNumbers<arrow::FloatArray>(array, name); return {};
      case arrow::Type::DOUBLE: MixNumbers<arrow::DoubleArray>(array, name); return {};
      case arrow::Type::STRING: MixTexts<arrow::StringArray>(array); return {};
      case arrow::Type::BINARY: MixTexts<arrow::BinaryArray>(array); return {};
      case arrow::Type::DECIMAL128: MixTexts<arrow::FixedSizeBinaryArray>(array); return {};
      default: return AddAny(array);
    }
  }
  // Nested values by their text: slow, but one text per value.
  Status AddAny(const arrow::Array& array) {
    std::string problem;
    Mix(array, [&](std::int64_t i) {
      const auto scalar = array.GetScalar(i);
      if (!scalar.ok()) problem = scalar.status().ToString();
      const std::string text = scalar.ok() ? (*scalar)->ToString() : std::string();
      return XXH3_64bits_withSeed(text.data(), text.size(), 4);
    });
    if (problem.empty()) return {};
    return Fail(ErrorKind::kDamaged, problem);
  }

  std::vector<Lanes> rows_;
  Lanes sum_;
  std::set<std::string> with_nan_;
  std::set<std::string> with_null_;
};

Error Unreadable(const std::string& problem, const std::string& name) {
  return Error(ErrorKind::kDamaged, "the Parquet file can't be read: " + problem).In(name);
}

// The order of columns in the file doesn't count.
std::vector<int> ByName(const arrow::Schema& schema) {
  std::vector<int> order(static_cast<std::size_t>(schema.num_fields()));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return schema.field(a)->name() < schema.field(b)->name(); });
  return order;
}

Status TakeColumns(const arrow::Schema& schema, const std::string& name, ParquetContent& content) {
  for (const auto& field : schema.fields()) {
    auto type = TypeJsonOf(*field->type());
    if (!type) {
      Error error = std::move(type).error();
      error.message = "column '" + field->name() + "': " + error.message;
      return Fail(std::move(error).In(name));
    }
    content.columns.push_back({field->name(), std::move(*type)});
  }
  return {};
}

std::string HashText(const RowHasher& hasher, const ParquetContent& content, const std::vector<int>& order) {
  std::string schema;
  for (const int column : order) {
    const WriteColumn& one = content.columns[static_cast<std::size_t>(column)];
    schema += one.name + '\0' + TypeText(one.type_json) + '\0';
  }
  const std::uint64_t parts[] = {hasher.sum().high, hasher.sum().low, static_cast<std::uint64_t>(content.rows),
                                 XXH3_64bits(schema.data(), schema.size())};
  const XXH128_hash_t hash = XXH3_128bits(parts, sizeof parts);
  char text[40];
  std::snprintf(text, sizeof text, "1-%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

arrow::Status ReadInto(const std::shared_ptr<arrow::io::RandomAccessFile>& file, const std::string& name,
                       ParquetContent& content, Status& problem) {
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(file));
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(kBatchRows);
  properties.set_use_threads(false);
  properties.set_pre_buffer(false);
  builder.properties(properties);
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<parquet::arrow::FileReader> reader, builder.Build());
  std::shared_ptr<arrow::Schema> schema;
  ARROW_RETURN_NOT_OK(reader->GetSchema(&schema));
  problem = TakeColumns(*schema, name, content);
  if (!problem) return arrow::Status::OK();
  const std::vector<int> order = ByName(*schema);
  RowHasher hasher;
  ARROW_ASSIGN_OR_RAISE(const auto batches, reader->GetRecordBatchReader());
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
    if (batch == nullptr) break;
    content.rows += batch->num_rows();
    problem = hasher.AddBatch(*batch, order);
    if (!problem) return arrow::Status::OK();
  }
  const auto metadata = reader->parquet_reader()->metadata();
  content.stats_json = StatsJson(*metadata, hasher.with_nan());
  content.with_null = hasher.with_null();
  content.hash = HashText(hasher, content, order);
  return arrow::Status::OK();
}

}  // namespace

Result<ParquetContent> ReadParquetContent(std::shared_ptr<arrow::io::RandomAccessFile> file, const std::string& name) {
  ParquetContent content;
  Status problem;
  try {
    const arrow::Status read = ReadInto(file, name, content, problem);
    if (!read.ok()) return Fail(Unreadable(read.message(), name));
  } catch (const std::exception& thrown) {  // parquet throws on damaged files
    return Fail(Unreadable(thrown.what(), name));
  }
  if (!problem) return Fail(std::move(problem).error());
  return content;
}

}  // namespace latecomer::delta
