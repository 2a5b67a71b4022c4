// Columns of a checkpoint's Parquet file, read row by row whichever of Arrow's layouts a writer chose.
#pragma once

#include <arrow/api.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace latecomer::delta {

inline Error DamagedCheckpoint(std::string message) {
  return Error(ErrorKind::kDamaged, "checkpoint: " + std::move(message));
}

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
inline std::shared_ptr<arrow::StructArray> StructOf(const std::shared_ptr<arrow::Array>& array) {
  return std::dynamic_pointer_cast<arrow::StructArray>(array);
}
inline std::shared_ptr<arrow::Array> Child(const std::shared_ptr<arrow::StructArray>& parent, const char* name) {
  return parent == nullptr ? nullptr : parent->GetFieldByName(name);
}

#define LATECOMER_COLUMN(declaration, Type, array, name)                                                        \
  auto declaration##_or = Type::Of(array);                                                                      \
  if (!declaration##_or) return Fail(DamagedCheckpoint(std::string("column ") + (name) + " has a wrong type")); \
  const Type& declaration = *declaration##_or

inline void AppendJsonText(std::string& out, std::string_view text) {
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

// A map column of strings.
class MapColumn {
 public:
  static Result<MapColumn> Of(const std::shared_ptr<arrow::Array>& array, const char* name) {
    MapColumn column;
    if (array == nullptr) return column;
    column.map_ = std::dynamic_pointer_cast<arrow::MapArray>(array);
    if (column.map_ == nullptr) return Fail(DamagedCheckpoint(std::string("column ") + name + " is no map"));
    auto keys = TextColumn::Of(column.map_->keys());
    auto items = TextColumn::Of(column.map_->items());
    if (!keys || !items) return Fail(DamagedCheckpoint(std::string("column ") + name + " is no map of strings"));
    column.keys_ = std::move(*keys);
    column.items_ = std::move(*items);
    return column;
  }
  bool IsNull(std::int64_t i) const { return map_ == nullptr || map_->IsNull(i); }
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

inline Result<std::vector<std::string>> Strings(const std::shared_ptr<arrow::Array>& array, std::int64_t i,
                                                const char* name) {
  std::vector<std::string> texts;
  if (array == nullptr || array->IsNull(i)) return texts;
  const auto list = std::dynamic_pointer_cast<arrow::ListArray>(array);
  if (list == nullptr) return Fail(DamagedCheckpoint(std::string("column ") + name + " is no list"));
  LATECOMER_COLUMN(values, TextColumn, list->values(), name);
  for (std::int64_t k = list->value_offset(i); k < list->value_offset(i) + list->value_length(i); ++k) {
    texts.push_back(values.Owned(k));
  }
  return texts;
}

}  // namespace latecomer::delta
