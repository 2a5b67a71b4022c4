#include "delta/checkpoint_adds.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// Numbers of texts that come again and again, in an open-addressing table.
class TextNumbers {
 public:
  // Of a text that is new, make() gives the number.
  template <typename Make>
  std::uint32_t NumberOf(std::string_view text, const Make& make) {
    const std::uint64_t hash = XXH3_64bits(text.data(), text.size());
    std::size_t i = hash & (slots_.size() - 1);
    for (; slots_[i].text != kFree; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].hash == hash && texts_[slots_[i].text] == text) return slots_[i].number;
    }
    const std::uint32_t number = make();
    slots_[i] = {hash, static_cast<std::uint32_t>(texts_.size()), number};
    texts_.emplace_back(text);
    if (texts_.size() * 2 > slots_.size()) Grow();
    return number;
  }

 private:
  static constexpr std::uint32_t kFree = 0xffffffff;
  static constexpr std::size_t kFirstSlots = 64;
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t text = kFree;
    std::uint32_t number = 0;
  };

  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.text == kFree) continue;
      std::size_t i = slot.hash & (slots_.size() - 1);
      while (slots_[i].text != kFree) i = (i + 1) & (slots_.size() - 1);
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(kFirstSlots);  // a power of two, at most half full
  std::vector<std::string> texts_;
};

// The adds of one row group: column after column of one stretch of rows, then the next, so that the rows stay in the
// processor's caches.
class AddRows {
 public:
  AddRows(parquet::RowGroupReader& group, const AddColumns& columns, LiveFileBatch& files)
      : files_(files),
        count_(group.metadata()->num_rows()),
        path_(group, columns.path),
        size_(group, columns.size),
        stats_(group, columns.stats),
        parsed_records_(group, columns.parsed_records),
        vector_type_(group, columns.vector_type),
        vector_text_(group, columns.vector_text),
        vector_offset_(group, columns.vector_offset),
        vector_size_(group, columns.vector_size),
        vector_cardinality_(group, columns.vector_cardinality) {
    if (columns.partition_names) {
      partition_values_.emplace(group.Column(*columns.partition_names), group.Column(*columns.partition_texts));
    }
  }

  Status Read() {
    files_.Reserve(static_cast<std::size_t>(std::clamp<std::int64_t>(count_, 0, kMostReserved)));
    for (first_ = 0; first_ < count_; first_ = last_) {
      last_ = std::min(count_, first_ + kStretch);
      LATECOMER_RETURN_IF_ERROR(ReadVectors());
      ReadPaths();
      ReadSizes();
      ReadRecords();
      ReadPartitions();
      LATECOMER_RETURN_IF_ERROR(Append());
    }
    ExpectEnd();
    return {};
  }

 private:
  static constexpr std::int64_t kStretch = 2048;
  static constexpr std::int64_t kMostReserved = 100'000;  // a footer may claim any number of rows

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

  // visit(row, value) for each value of one of the rows.
  template <typename Numbered, typename Stream, typename Visit>
  void ForEach(std::vector<Numbered>& rows, Stream& stream, const Visit& visit) {
    Cursor cursor(rows);
    stream.ForEach(first_, last_, [&](std::int64_t number, const auto& value) {
      if (Numbered* row = cursor.To(number)) visit(*row, value);
    });
  }
  void ReadPaths();
  void ReadSizes();
  void ReadRecords();
  void ReadPartitions();
  Status ReadVectors();
  Status Append();
  void ExpectEnd();

  LiveFileBatch& files_;
  std::int64_t count_;
  ValueStream<parquet::ByteArrayType> path_;
  IntegerStream size_;
  ValueStream<parquet::ByteArrayType> stats_;
  IntegerStream parsed_records_;
  std::optional<TextMapStream> partition_values_;
  ValueStream<parquet::ByteArrayType> vector_type_;
  ValueStream<parquet::ByteArrayType> vector_text_;
  IntegerStream vector_offset_;
  IntegerStream vector_size_;
  IntegerStream vector_cardinality_;
  // Of the stretch [first_, last_).
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::vector<Row> rows_;
  std::vector<std::string> paths_;  // of the rows, when details are kept
  std::vector<RowVector> vectors_;
  std::string packed_;  // one row's partition values, as a text that is quick to make and to find
  TextNumbers partitions_;
  CommitParser parser_;
};

void AddRows::ReadPaths() {
  rows_.clear();
  paths_.clear();
  Cursor vectors(vectors_);
  path_.ForEach(first_, last_, [&](std::int64_t number, const parquet::ByteArray& path) {
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
  ForEach(rows_, size_, [](Row& row, std::int64_t size) {
    row.file.size_bytes = size;
    row.has_size = size >= 0;
  });
}

// The texts of the statistics are much larger than the parsed ones, and only read when these don't say it all.
void AddRows::ReadRecords() {
  ForEach(rows_, parsed_records_, [](Row& row, std::int64_t records) { row.file.records = records; });
  const auto is_open = [](const Row& row) { return row.file.records < 0; };
  if (std::none_of(rows_.begin(), rows_.end(), is_open)) return;
  ForEach(rows_, stats_, [&](Row& row, const parquet::ByteArray& stats) {
    if (is_open(row)) row.file.records = parser_.RecordsOfStats(TextOf(stats)).value_or(-1);
  });
}

void AddRows::ReadPartitions() {
  if (!partition_values_) return;
  packed_.clear();
  Cursor cursor(rows_);
  partition_values_->ForEachUpTo(
      last_,
      [this](std::string_view name, std::optional<std::string_view> text) {
        AppendPacked(packed_, name);
        packed_ += text ? kTextMark : kNullMark;
        if (text) AppendPacked(packed_, *text);
      },
      [&](std::int64_t number) {
        if (Row* row = cursor.To(number)) {
          row->file.partition =
              partitions_.NumberOf(packed_, [this] { return files_.IndexOf(PartitionJson(packed_)); });
          row->has_partition = true;
        }
        packed_.clear();
      });
}

Status AddRows::ReadVectors() {
  vectors_.clear();
  vector_type_.ForEach(first_, last_, [&](std::int64_t number, const parquet::ByteArray& type) {
    RowVector& row = vectors_.emplace_back();
    row.number = number;
    row.vector.storage_type = TextOf(type);
    row.vector.cardinality = -1;
  });
  if (vectors_.empty()) return {};
  ForEach(vectors_, vector_text_,
          [](RowVector& row, const parquet::ByteArray& text) { row.vector.path_or_inline = TextOf(text); });
  ForEach(vectors_, vector_offset_, [](RowVector& row, std::int64_t offset) { row.vector.offset = offset; });
  ForEach(vectors_, vector_size_, [](RowVector& row, std::int64_t size) { row.vector.size_bytes = size; });
  ForEach(vectors_, vector_cardinality_,
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

// A column that was left when nothing more of it was needed is asked nothing.
void AddRows::ExpectEnd() {
  for (auto* stream : {&path_, &stats_, &vector_type_, &vector_text_}) stream->ExpectEnd(count_);
  for (auto* stream : {&size_, &parsed_records_, &vector_offset_, &vector_size_, &vector_cardinality_}) {
    stream->ExpectEnd(count_);
  }
  if (partition_values_) partition_values_->ExpectEnd();
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
