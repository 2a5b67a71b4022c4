#include "delta/checkpoint_adds.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "delta/checkpoint_columns.h"
#include "delta/commit_parser.h"
#include "delta/parquet_levels.h"

namespace latecomer::delta {
namespace {

constexpr std::string_view kPartitionValues = "add.partitionValues.";
constexpr char kTextMark = 1;
constexpr char kNullMark = 0;

bool IsFlat(const parquet::ColumnDescriptor& column, parquet::Type::type type) {
  return column.physical_type() == type && column.max_repetition_level() == 0;
}
bool IsText(const parquet::ColumnDescriptor& column) {
  return IsFlat(column, parquet::Type::BYTE_ARRAY);
}
bool IsInteger(const parquet::ColumnDescriptor& column) {
  const auto& logical = column.logical_type();
  const bool plain = logical == nullptr || logical->is_none() || logical->is_int();
  return plain && (IsFlat(column, parquet::Type::INT32) || IsFlat(column, parquet::Type::INT64));
}

// How many levels of definition there are down to and with the map itself.
int LevelOfMap(const parquet::ColumnDescriptor& key) {
  int level = 0;
  const parquet::schema::Node* node = key.schema_node().get();
  while (node != nullptr && !node->is_repeated()) node = node->parent();
  for (node = node == nullptr ? nullptr : node->parent(); node != nullptr; node = node->parent()) {
    level += node->is_optional() ? 1 : 0;
  }
  return level;
}

// The rows of one row group while their columns are read one after another.
class AddRows {
 public:
  AddRows(parquet::RowGroupReader& group, const AddColumns& columns, LiveFileBatch& files)
      : group_(group), columns_(columns), files_(files), count_(group.metadata()->num_rows()) {}

  Status Read() {
    LATECOMER_RETURN_IF_ERROR(ReadVectors());
    ReadPaths();
    ReadSizes();
    ReadRecords();
    ReadPartitions();
    return Append();
  }

 private:
  // A row that has an add. A footer may claim any number of rows, so nothing is kept of the others.
  struct Row {
    std::int64_t number = 0;
    LiveFile file;
    bool has_size = false;
    bool has_partition = false;
    DeletionVector* vector = nullptr;
  };
  struct RowVector {
    std::int64_t number = 0;
    DeletionVector vector;
  };

  // Goes through rows along with a column whose row numbers ascend.
  template <typename Numbered>
  class Cursor {
   public:
    explicit Cursor(std::vector<Numbered>& rows) : rows_(rows) {}
    // Null when there is no such row.
    Numbered* To(std::int64_t number) {
      while (at_ < rows_.size() && rows_[at_].number < number) ++at_;
      return at_ < rows_.size() && rows_[at_].number == number ? &rows_[at_] : nullptr;
    }

   private:
    std::vector<Numbered>& rows_;
    std::size_t at_ = 0;
  };

  // visit(row, value) for each value of one of the rows; a column that isn't there has none.
  template <typename Numbered, typename Visit>
  void ForEachText(std::vector<Numbered>& rows, std::optional<int> column, Visit&& visit) {
    if (!column) return;
    Cursor cursor(rows);
    ForEachValue<parquet::ByteArrayType>(group_.Column(*column), count_, [&](std::int64_t number, const auto& value) {
      if (Numbered* row = cursor.To(number)) visit(*row, TextOf(value));
    });
  }
  template <typename Numbered, typename Visit>
  void ForEachInteger(std::vector<Numbered>& rows, std::optional<int> column, Visit&& visit) {
    if (!column) return;
    Cursor cursor(rows);
    const auto to_row = [&](std::int64_t number, std::int64_t value) {
      if (Numbered* row = cursor.To(number)) visit(*row, value);
    };
    auto reader = group_.Column(*column);
    if (reader->type() == parquet::Type::INT32) {
      ForEachValue<parquet::Int32Type>(std::move(reader), count_, to_row);
    } else {
      ForEachValue<parquet::Int64Type>(std::move(reader), count_, to_row);
    }
  }
  void ReadPaths();
  void ReadSizes();
  void ReadRecords();
  void ReadPartitions();
  void EndPartition(Row& row);
  Status ReadVectors();
  Status Append();

  parquet::RowGroupReader& group_;
  const AddColumns& columns_;
  LiveFileBatch& files_;
  std::int64_t count_;
  std::vector<Row> rows_;
  std::vector<std::string> paths_;  // of the rows, when details are kept
  std::vector<RowVector> vectors_;
  std::string packed_;  // one row's partition values, as a text that is quick to make and to find
  std::unordered_map<std::string, std::uint32_t> partitions_;
};

void AddRows::ReadPaths() {
  Cursor vectors(vectors_);
  ForEachValue<parquet::ByteArrayType>(group_.Column(*columns_.path), count_,
                                       [&](std::int64_t number, const parquet::ByteArray& path) {
                                         Row& row = rows_.emplace_back();
                                         row.number = number;
                                         if (RowVector* found = vectors.To(number)) {
                                           row.vector = &found->vector;
                                           row.file.deleted = row.vector->cardinality;
                                         }
                                         row.file.id = IdentityOf(TextOf(path), row.vector);
                                         if (files_.keeps_details()) paths_.emplace_back(TextOf(path));
                                       });
}

void AddRows::ReadSizes() {
  ForEachInteger(rows_, columns_.size, [](Row& row, std::int64_t size) {
    row.file.size_bytes = size;
    row.has_size = size >= 0;
  });
}

// The texts of the statistics are much larger than the parsed ones, and only read when these don't say it all.
void AddRows::ReadRecords() {
  ForEachInteger(rows_, columns_.parsed_records, [](Row& row, std::int64_t records) { row.file.records = records; });
  const auto is_open = [](const Row& row) { return row.file.records < 0; };
  if (std::none_of(rows_.begin(), rows_.end(), is_open)) return;
  CommitParser parser;
  ForEachText(rows_, columns_.stats, [&](Row& row, std::string_view stats) {
    if (is_open(row)) row.file.records = parser.RecordsOfStats(stats).value_or(-1);
  });
}

void AppendPacked(std::string& packed, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  packed.append(bytes, sizeof size).append(text);
}

std::string_view TakePacked(std::string_view& packed) {
  std::uint32_t size = 0;
  std::memcpy(&size, packed.data(), sizeof size);
  const std::string_view text = packed.substr(sizeof size, size);
  packed.remove_prefix(sizeof size + size);
  return text;
}

// The JSON text that a commit would have for the packed pairs of name and text, where a 0 stands before a null.
std::string PartitionJson(std::string_view packed) {
  std::string json = "{";
  while (!packed.empty()) {
    if (json.size() > 1) json += ',';
    AppendJsonText(json, TakePacked(packed));
    json += ':';
    const bool is_null = packed.front() == kNullMark;
    packed.remove_prefix(1);
    if (is_null) {
      json += "null";
    } else {
      AppendJsonText(json, TakePacked(packed));
    }
  }
  return json + "}";
}

void AddRows::EndPartition(Row& row) {
  const auto [slot, is_new] = partitions_.try_emplace(packed_, 0);
  if (is_new) slot->second = files_.IndexOf(PartitionJson(packed_));
  row.file.partition = slot->second;
  row.has_partition = true;
}

// Keys and values of a map are two columns whose levels go side by side.
void AddRows::ReadPartitions() {
  if (!columns_.partition_names) return;
  auto name_column = group_.Column(*columns_.partition_names);
  const int level_of_map = LevelOfMap(*name_column->descr());
  LevelStream<parquet::ByteArrayType> names(std::move(name_column));
  LevelStream<parquet::ByteArrayType> texts(group_.Column(*columns_.partition_texts));
  Cursor cursor(rows_);
  std::int64_t number = -1;
  Row* row = nullptr;  // whose map is being read; null when it has none
  while (names.Next()) {
    if (!texts.Next() || texts.repetition() != names.repetition()) {
      throw parquet::ParquetException("a map has keys without values");
    }
    if (names.repetition() == 0) {
      if (row != nullptr) EndPartition(*row);
      packed_.clear();
      ++number;
      row = names.definition() >= level_of_map ? cursor.To(number) : nullptr;
      if (number >= count_) throw parquet::ParquetException("a map has more values than rows");
    } else if (number < 0) {
      throw parquet::ParquetException("a map begins in the middle of a row");
    }
    if (row == nullptr || !names.Defined()) continue;
    AppendPacked(packed_, TextOf(names.value()));
    packed_ += texts.Defined() ? kTextMark : kNullMark;
    if (texts.Defined()) AppendPacked(packed_, TextOf(texts.value()));
  }
  if (row != nullptr) EndPartition(*row);
  if (number + 1 != count_) throw parquet::ParquetException("a map has fewer values than rows");
}

Status AddRows::ReadVectors() {
  if (!columns_.vector_type) return {};
  ForEachValue<parquet::ByteArrayType>(group_.Column(*columns_.vector_type), count_,
                                       [&](std::int64_t number, const parquet::ByteArray& type) {
                                         RowVector& row = vectors_.emplace_back();
                                         row.number = number;
                                         row.vector.storage_type = TextOf(type);
                                         row.vector.cardinality = -1;
                                       });
  if (vectors_.empty()) return {};
  ForEachText(vectors_, columns_.vector_text,
              [](RowVector& row, std::string_view text) { row.vector.path_or_inline = text; });
  ForEachInteger(vectors_, columns_.vector_offset,
                 [](RowVector& row, std::int64_t offset) { row.vector.offset = offset; });
  ForEachInteger(vectors_, columns_.vector_size,
                 [](RowVector& row, std::int64_t size) { row.vector.size_bytes = size; });
  ForEachInteger(vectors_, columns_.vector_cardinality,
                 [](RowVector& row, std::int64_t cardinality) { row.vector.cardinality = cardinality; });
  const bool all =
      std::all_of(vectors_.begin(), vectors_.end(), [](const auto& row) { return row.vector.cardinality >= 0; });
  if (!all) return Fail(DamagedCheckpoint("a deletion vector without cardinality"));
  return {};
}

Status AddRows::Append() {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    if (!row.has_size) return Fail(DamagedCheckpoint("an add without size"));
    if (!row.has_partition) return Fail(DamagedCheckpoint("an add without partitionValues"));
    if (!files_.keeps_details()) {
      files_.Append(row.file);
      continue;
    }
    FileDetail detail{std::move(paths_[i]), std::nullopt};
    if (row.vector != nullptr) detail.vector = std::move(*row.vector);
    files_.Append(row.file, std::move(detail));
  }
  return {};
}

}  // namespace

Result<AddColumns> AddColumns::In(const parquet::SchemaDescriptor& schema) {
  AddColumns columns;
  const struct {
    std::string_view name;
    std::optional<int>& column;
    bool (*fits)(const parquet::ColumnDescriptor&);
  } kWanted[] = {{"add.path", columns.path, IsText},
                 {"add.size", columns.size, IsInteger},
                 {"add.stats", columns.stats, IsText},
                 {"add.stats_parsed.numRecords", columns.parsed_records, IsInteger},
                 {"add.deletionVector.storageType", columns.vector_type, IsText},
                 {"add.deletionVector.pathOrInlineDv", columns.vector_text, IsText},
                 {"add.deletionVector.offset", columns.vector_offset, IsInteger},
                 {"add.deletionVector.sizeInBytes", columns.vector_size, IsInteger},
                 {"add.deletionVector.cardinality", columns.vector_cardinality, IsInteger}};
  for (int i = 0; i < schema.num_columns(); ++i) {
    const parquet::ColumnDescriptor& column = *schema.Column(i);
    const std::string path = column.path()->ToDotString();
    for (const auto& wanted : kWanted) {
      if (path != wanted.name) continue;
      if (!wanted.fits(column)) return Fail(DamagedCheckpoint("column " + path + " has a wrong type"));
      wanted.column = i;
    }
    if (!path.starts_with(kPartitionValues)) continue;
    const bool fits = column.physical_type() == parquet::Type::BYTE_ARRAY && column.max_repetition_level() == 1;
    if (!fits || columns.partition_texts) {
      return Fail(DamagedCheckpoint("column add.partitionValues is no map of strings"));
    }
    (columns.partition_names ? columns.partition_texts : columns.partition_names) = i;
  }
  if (columns.partition_names && !columns.partition_texts) {
    return Fail(DamagedCheckpoint("column add.partitionValues is no map"));
  }
  return columns;
}

Status ReadAdds(parquet::RowGroupReader& group, const AddColumns& columns, LiveFileBatch& files) {
  if (!columns.path) return {};
  return AddRows(group, columns, files).Read();
}

}  // namespace latecomer::delta
