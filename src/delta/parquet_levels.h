// Columns of a Parquet file, value by value, without building Arrow arrays of them: texts stay where the page has them.
// Throws parquet::ParquetException on damage, as Parquet does.
#pragma once

#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/types.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
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
  // Whether there is a value behind what was read.
  bool FindsValue() {
    while (Fill()) {
      if (defined_ > 0) return true;
    }
    return false;
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
      defined_ = defined;
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
  std::int64_t defined_ = 0;  // values among the levels at hand
};

inline std::string_view TextOf(const parquet::ByteArray& bytes) {
  return {reinterpret_cast<const char*>(bytes.ptr), bytes.len};
}

// A column without repetition, read in stretches of rows; one that isn't there has no values. Opened when something of
// it is asked for.
template <typename DType>
class ValueStream {
 public:
  ValueStream(parquet::RowGroupReader& group, std::optional<int> column) : group_(group), column_(column) {}

  // Calls visit(row, value) for each of the rows [first, last) where there is a value. Stretches follow one another.
  template <typename Visit>
  void ForEach(std::int64_t first, std::int64_t last, const Visit& visit) {
    if (!column_) return;
    Open();
    for (; row_ < last; ++row_) {
      if (!levels_->Next()) throw parquet::ParquetException("a column has fewer values than rows");
      if (row_ >= first && levels_->Defined()) visit(row_, levels_->value());
    }
  }
  // When all rows were asked for, or were to be and there are none.
  void ExpectEnd(std::int64_t rows) {
    if (!column_ || row_ != rows) return;
    Open();
    if (levels_->Next()) throw parquet::ParquetException("a column has more values than rows");
  }

 private:
  void Open() {
    if (!levels_) levels_.emplace(group_.Column(*column_));
  }

  parquet::RowGroupReader& group_;
  std::optional<int> column_;
  std::optional<LevelStream<DType>> levels_;
  std::int64_t row_ = 0;
};

// The same of whole numbers, of 32 or 64 bits.
class IntegerStream {
 public:
  IntegerStream(parquet::RowGroupReader& group, std::optional<int> column)
      : narrow_(group, Only(group, column, parquet::Type::INT32)),
        wide_(group, Only(group, column, parquet::Type::INT64)) {}

  template <typename Visit>
  void ForEach(std::int64_t first, std::int64_t last, const Visit& visit) {
    narrow_.ForEach(first, last, visit);
    wide_.ForEach(first, last, visit);
  }
  void ExpectEnd(std::int64_t rows) {
    narrow_.ExpectEnd(rows);
    wide_.ExpectEnd(rows);
  }

 private:
  static std::optional<int> Only(const parquet::RowGroupReader& group, std::optional<int> column,
                                 parquet::Type::type type) {
    if (!column || group.metadata()->schema()->Column(*column)->physical_type() != type) return std::nullopt;
    return column;
  }

  ValueStream<parquet::Int32Type> narrow_;
  ValueStream<parquet::Int64Type> wide_;
};

// A map from texts to texts, whose names and values are two columns with levels that go side by side.
class TextMapStream {
 public:
  TextMapStream(std::shared_ptr<parquet::ColumnReader> names, std::shared_ptr<parquet::ColumnReader> texts)
      : level_of_map_(LevelOfMap(*names->descr())), names_(std::move(names)), texts_(std::move(texts)) {}

  // For each row up to `last`: entry(name, text) for what its map holds, where null texts are nullopt; then, when it
  // has a map, end(row).
  template <typename Entry, typename End>
  void ForEachUpTo(std::int64_t last, const Entry& entry, const End& end) {
    if (row_ < last) Begin();
    for (; row_ < last; ++row_) {
      if (at_end_) throw parquet::ParquetException("a map has fewer values than rows");
      const bool is_map = names_.definition() >= level_of_map_;
      do {
        if (is_map && names_.Defined()) {
          entry(TextOf(names_.value()), texts_.Defined() ? std::optional(TextOf(texts_.value())) : std::nullopt);
        }
        Advance();
      } while (!at_end_ && names_.repetition() != 0);
      if (is_map) end(row_);
    }
  }
  void ExpectEnd() {
    Begin();
    if (!at_end_) throw parquet::ParquetException("a map has more values than rows");
  }

 private:
  // How many levels of definition there are down to and with the map itself.
  static int LevelOfMap(const parquet::ColumnDescriptor& names) {
    int level = 0;
    const parquet::schema::Node* node = names.schema_node().get();
    while (node != nullptr && !node->is_repeated()) node = node->parent();
    for (node = node == nullptr ? nullptr : node->parent(); node != nullptr; node = node->parent()) {
      level += node->is_optional() ? 1 : 0;
    }
    return level;
  }
  void Begin() {
    if (std::exchange(begun_, true)) return;
    Advance();
    if (!at_end_ && names_.repetition() != 0) {
      throw parquet::ParquetException("a map begins in the middle of a row");
    }
  }
  void Advance() {
    at_end_ = !names_.Next();
    if (!at_end_ && (!texts_.Next() || texts_.repetition() != names_.repetition())) {
      throw parquet::ParquetException("a map has keys without values");
    }
  }

  int level_of_map_;
  LevelStream<parquet::ByteArrayType> names_;
  LevelStream<parquet::ByteArrayType> texts_;
  bool begun_ = false;
  bool at_end_ = false;
  std::int64_t row_ = 0;  // whose first level is the next one
};

}  // namespace latecomer::delta
