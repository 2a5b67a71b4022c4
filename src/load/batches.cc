#include "load/batches.h"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>

#include <optional>
#include <utility>

#include "base/text.h"

namespace latecomer::load {
namespace {

std::shared_ptr<arrow::DataType> ArrowTypeFor(const Target& target, const LoadColumn& column) {
  return column.is_partition ? arrow::utf8() : target.file_schema->GetFieldByName(column.name)->type();
}

Error ArrowError(const arrow::Status& status) {
  return Error(ErrorKind::kUnexpected, "Arrow: " + status.message());
}

// Only what goes into the files.
std::shared_ptr<arrow::RecordBatch> FileColumns(const Target& target, const arrow::RecordBatch& batch) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (std::size_t i = 0; i < target.columns.size(); ++i) {
    if (!target.columns[i].is_partition) arrays.push_back(batch.column(static_cast<int>(i)));
  }
  return arrow::RecordBatch::Make(target.file_schema, batch.num_rows(), std::move(arrays));
}

struct Group {
  std::vector<std::optional<std::string>> values;
  std::vector<std::int32_t> rows;
};

// Rows by the texts of their partition columns, in the order of first appearance.
std::vector<Group> GroupRows(const std::vector<const arrow::StringArray*>& columns, std::int64_t rows) {
  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> index;
  std::string last;
  std::size_t last_group = 0;
  std::string text;
  for (std::int64_t row = 0; row < rows; ++row) {
    text.clear();
    for (const arrow::StringArray* column : columns) {
      const bool null = column->IsNull(row);
      const std::string_view value = null ? std::string_view() : column->GetView(row);
      text += null ? "n" : "v" + std::to_string(value.size()) + ":";
      text += value;
    }
    if (groups.empty() || text != last) {
      const auto [found, is_new] = index.try_emplace(text, groups.size());
      if (is_new) {
        Group& group = groups.emplace_back();
        for (const arrow::StringArray* column : columns) {
          group.values.push_back(column->IsNull(row) ? std::nullopt : std::optional(column->GetString(row)));
        }
      }
      last_group = found->second;
      last = text;
    }
    groups[last_group].rows.push_back(static_cast<std::int32_t>(row));
  }
  return groups;
}

Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                     const std::vector<std::int32_t>& rows) {
  arrow::Int32Builder builder;
  std::shared_ptr<arrow::Array> indices;
  arrow::Status status = builder.AppendValues(rows);
  if (status.ok()) status = builder.Finish(&indices);
  if (!status.ok()) return Fail(ArrowError(status));
  auto taken = arrow::compute::Take(batch, indices, arrow::compute::TakeOptions::NoBoundsCheck());
  if (!taken.ok()) return Fail(ArrowError(taken.status()));
  return taken->record_batch();
}

}  // namespace

BatchSink::BatchSink(const Target& target) : target_(target) {
  for (std::size_t i = 0; i < target.columns.size(); ++i) {
    builders_.emplace_back(target.columns[i], ArrowTypeFor(target, target.columns[i]));
    index_.emplace(target.columns[i].name, i);
  }
}

Error BatchSink::UnknownColumn(std::string_view name) const {
  const std::string shown = "'" + Printable(name) + "'";
  if (const auto found = target_.unloadable.find(std::string(name)); found != target_.unloadable.end()) {
    return Error(ErrorKind::kUnsupported, "column " + shown + " is of type " + Printable(found->second) +
                                              ", and such values can't be loaded from text");
  }
  if (target_.fixed.contains(std::string(name))) {
    return Error(ErrorKind::kInvalidFile, "the row has a column " + shown + ", and --partition gives it too")
        .Hint("use --partition-by " + Printable(name) + " to split the rows by it");
  }
  Error error(ErrorKind::kInvalidFile, "the table has no column " + shown);
  std::vector<std::string> known;
  for (const LoadColumn& column : target_.columns) known.push_back(column.name);
  if (const auto nearest = NearestWord(name, known)) error.hint = "did you mean '" + Printable(*nearest) + "'?";
  return error;
}

Status BatchSink::Append(std::size_t column, ValueKind kind, std::string_view text) {
  ColumnBuilder& builder = builders_[column];
  switch (kind) {
    case ValueKind::kText:
    case ValueKind::kField: return builder.AppendText(text);
    case ValueKind::kNumber: return builder.AppendNumber(text);
    case ValueKind::kTrue: return builder.AppendBoolean(true);
    case ValueKind::kFalse: return builder.AppendBoolean(false);
    case ValueKind::kNull: break;
    case ValueKind::kNested:
      return Fail(Error(ErrorKind::kInvalidFile, "column '" + Printable(target_.columns[column].name) +
                                                     "' holds an object or a list; only plain values can be loaded")
                      .Hint("flatten the rows first, or load them as Parquet"));
  }
  if (target_.columns[column].nullable) return builder.AppendNull();
  return Fail(ErrorKind::kInvalidFile,
              "column '" + Printable(target_.columns[column].name) + "' must not be null in this table");
}

Status BatchSink::OnValue(std::size_t position, std::string_view name, ValueKind kind, std::string_view text) {
  std::size_t column = position;
  if (column >= target_.columns.size() || target_.columns[column].name != name) {
    const auto found = index_.find(std::string(name));
    if (found == index_.end()) return Fail(UnknownColumn(name));
    column = found->second;
  }
  if (builders_[column].length() > static_cast<std::int64_t>(lines_.size())) {
    return Fail(ErrorKind::kInvalidFile, "the row has '" + Printable(name) + "' twice");
  }
  return Append(column, kind, text);
}

Status BatchSink::OnRowEnd(std::int64_t line) {
  lines_.push_back(line);
  for (std::size_t i = 0; i < builders_.size(); ++i) {
    if (builders_[i].length() == static_cast<std::int64_t>(lines_.size())) continue;
    LATECOMER_RETURN_IF_ERROR(Append(i, ValueKind::kNull, {}));
  }
  return {};
}

Result<RowBatch> BatchSink::Take() {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (std::size_t i = 0; i < builders_.size(); ++i) {
    LATECOMER_ASSIGN_OR_RETURN(arrays.emplace_back(), builders_[i].Finish());
    fields.push_back(arrow::field(target_.columns[i].name, arrays.back()->type()));
  }
  RowBatch rows;
  rows.lines = std::exchange(lines_, {});
  rows.batch = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(rows.lines.size()),
                                        std::move(arrays));
  return rows;
}

Result<std::vector<PartitionBatch>> SplitByPartition(const Target& target, const RowBatch& rows) {
  std::vector<PartitionBatch> out;
  const std::int64_t count = rows.batch->num_rows();
  if (count == 0) return out;
  const auto files = FileColumns(target, *rows.batch);
  std::vector<const arrow::StringArray*> chosen;
  for (const std::string& name : target.by) {
    chosen.push_back(static_cast<const arrow::StringArray*>(rows.batch->GetColumnByName(name).get()));
  }
  const std::vector<Group> groups = chosen.empty() ? std::vector<Group>(1) : GroupRows(chosen, count);
  for (const Group& group : groups) {
    auto key = target.KeyOf(group.values);
    if (!key) {
      Error error = std::move(key).error();
      if (!rows.lines.empty() && !group.rows.empty())
        error.line = rows.lines[static_cast<std::size_t>(group.rows.front())];
      return Fail(std::move(error));
    }
    if (groups.size() == 1) {
      out.push_back({std::move(*key), files});
      continue;
    }
    LATECOMER_ASSIGN_OR_RETURN(auto taken, TakeRows(files, group.rows));
    out.push_back({std::move(*key), std::move(taken)});
  }
  return out;
}

}  // namespace latecomer::load
