// Columns of a Parquet file, value by value, without building Arrow arrays of them: texts stay where the page has them.
// Throws parquet::ParquetException on damage, as Parquet does.
#pragma once

#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/types.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace latecomer::delta {

// A leaf column's levels, one after another. A text is valid until Next() is called.
template <typename DType>
class LevelStream {
 public:
  using Value = typename DType::c_type;

  explicit LevelStream(std::shared_ptr<parquet::ColumnReader> reader)
      : reader_(std::move(reader)),
        typed_(dynamic_cast<parquet::TypedColumnReader<DType>*>(reader_.get())),
        max_definition_(reader_->descr()->max_definition_level()),
        is_repeated_(reader_->descr()->max_repetition_level() > 0) {
    if (typed_ == nullptr) throw parquet::ParquetException("a column changes its type");
  }

  // False at the end.
  bool Next() {
    if (at_ + 1 < count_) {
      value_ += Defined() ? 1 : 0;
      ++at_;
      return true;
    }
    return Fill();
  }
  bool Defined() const { return definition() == max_definition_; }
  int definition() const { return max_definition_ == 0 ? 0 : definitions_[at_]; }
  int repetition() const { return is_repeated_ ? repetitions_[at_] : 0; }
  const Value& value() const { return values_[value_]; }

 private:
  static constexpr std::int64_t kLevels = 1024;

  bool Fill() {
    at_ = value_ = 0;
    std::int64_t values = 0;
    while (reader_->HasNext()) {
      const std::int64_t levels =
          typed_->ReadBatch(kLevels, max_definition_ == 0 ? nullptr : definitions_.data(),
                            is_repeated_ ? repetitions_.data() : nullptr, values_.data(), &values);
      // Without definition levels each value is one.
      count_ = max_definition_ == 0 ? static_cast<std::size_t>(values) : static_cast<std::size_t>(levels);
      const auto defined = max_definition_ == 0
                               ? static_cast<std::int64_t>(count_)
                               : std::count(definitions_.begin(), definitions_.begin() + levels, max_definition_);
      if (count_ > 0 && defined == values) return true;
      throw parquet::ParquetException("a page ends early");
    }
    count_ = 0;
    return false;
  }

  std::shared_ptr<parquet::ColumnReader> reader_;
  parquet::TypedColumnReader<DType>* typed_;
  int max_definition_;
  bool is_repeated_;
  std::array<std::int16_t, kLevels> definitions_{};
  std::array<std::int16_t, kLevels> repetitions_{};
  std::array<Value, kLevels> values_{};
  std::size_t count_ = 0;
  std::size_t at_ = 0;
  std::size_t value_ = 0;
};

inline std::string_view TextOf(const parquet::ByteArray& bytes) {
  return {reinterpret_cast<const char*>(bytes.ptr), bytes.len};
}

// Calls visit(row, value) for each row of a column without repetition where there is a value.
template <typename DType, typename Visit>
void ForEachValue(std::shared_ptr<parquet::ColumnReader> reader, std::int64_t rows, Visit&& visit) {
  LevelStream<DType> stream(std::move(reader));
  std::int64_t row = 0;
  for (; stream.Next(); ++row) {
    if (row >= rows) throw parquet::ParquetException("a column has more values than rows");
    if (stream.Defined()) visit(row, stream.value());
  }
  if (row != rows) throw parquet::ParquetException("a column has fewer values than rows");
}

}  // namespace latecomer::delta
