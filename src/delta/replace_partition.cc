#include "delta/replace_partition.h"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "delta/data_file_writer.h"
#include "delta/recorded_writes.h"
#include "delta/write_rules.h"
#include "table/recorded_write.h"

namespace latecomer::delta {
namespace {

constexpr std::int64_t kCopyBytes = 1 << 20;
// A live file of a store without local files is read whole to compare it; larger ones are just replaced.
constexpr std::int64_t kMostBytesToCompare = 64 << 20;

Error Conflict(std::string message, std::string hint) {
  return Error(ErrorKind::kConflict, std::move(message)).Hint(std::move(hint));
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenLocal(const std::string& path) {
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return Fail(Error(ErrorKind::kIo, "the file can't be opened: " + file.status().message()).In(path));
  return std::static_pointer_cast<arrow::io::RandomAccessFile>(*file);
}

}  // namespace

PartitionReplacement::~PartitionReplacement() {
  if (!copied_) return;
  const Status removed = store_->Remove(copied_->key);
  static_cast<void>(removed);  // a file that no commit names does no harm
}

Status PartitionReplacement::Prepare() {
  if (request_.parquet_file.empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(auto file, OpenLocal(request_.parquet_file));
  LATECOMER_ASSIGN_OR_RETURN(content_, ReadParquetContent(std::move(file), request_.parquet_file));
  return {};
}

Result<std::optional<table::WriteReport>> PartitionReplacement::SettleToken(const WriteState& state) const {
  const table::WriteTransaction& wanted = request_.transaction;
  const auto found = state.log.transactions.find(wanted.app_id);
  if (found == state.log.transactions.end()) return std::nullopt;
  const std::int64_t newest = found->second.version;
  LATECOMER_ASSIGN_OR_RETURN(const auto recorded,
                             FindRecordedWrite(*state.folder, wanted.app_id, newest, found->second.at));
  if (recorded && !table::MayFollow(wanted, recorded->transaction.ledger_id)) {
    return Fail(
        Conflict("this partition was written for another ledger, " + Printable(recorded->transaction.ledger_id) +
                     ", in version " + std::to_string(recorded->version.value),
                 "run with the ledger that owns the output (--ledger); when that one is lost or no longer used, "
                 "`latecomer ledger rebuild PIPELINE --take-over`"));
  }
  if (wanted.version > newest) return std::nullopt;
  if (wanted.version < newest) {
    return Fail(Conflict("a newer claim wrote this partition: its token is " + std::to_string(newest) +
                             ", this one's " + std::to_string(wanted.version),
                         "nothing was changed; the run that holds the newer claim goes on"));
  }
  if (recorded && table::SameWrite(recorded->transaction, wanted)) {
    return table::WriteReport{table::WriteOutcome::kRepeat, recorded->version, recorded->rows, recorded->bytes};
  }
  return Fail(Conflict("token " + std::to_string(newest) + " was used for another write of this partition" +
                           (recorded ? ", by run " + Printable(recorded->transaction.run_id) : std::string()),
                       "clear the run: its next try gets a token of its own"));
}

Status PartitionReplacement::CheckSchema(const WriteState& state) const {
  if (!content_) return {};
  const WriteSchema& schema = state.schema;
  std::set<std::string> given;
  for (const WriteColumn& column : content_->columns) {
    const WriteColumn* known = schema.Find(column.name);
    if (known == nullptr || schema.IsPartitionColumn(column.name)) {
      return Fail(Error(ErrorKind::kInvalidArgument,
                        "the new rows have a column '" + Printable(column.name) + "' that the table's files don't have")
                      .Hint("leave it out of the query, or add it to the table"));
    }
    if (TypeText(known->type_json) != TypeText(column.type_json)) {
      return Fail(Error(ErrorKind::kInvalidArgument, "column '" + Printable(column.name) + "' is " +
                                                         TypeText(known->type_json) + " in the table, but " +
                                                         TypeText(column.type_json) + " in the new rows")
                      .Hint("cast it in the query"));
    }
    if (!known->nullable && content_->with_null.contains(column.name)) {
      return Fail(ErrorKind::kInvalidArgument,
                  "column '" + Printable(column.name) + "' must not be null in this table");
    }
    given.insert(column.name);
  }
  for (const WriteColumn& column : schema.columns) {
    if (column.nullable || schema.IsPartitionColumn(column.name) || given.contains(column.name) || rows() == 0)
      continue;
    return Fail(ErrorKind::kInvalidArgument,
                "the new rows have no column '" + Printable(column.name) + "', which must not be null in this table");
  }
  return {};
}

Result<table::PartitionKey> PartitionReplacement::KeyFor(const WriteState& state) const {
  const table::PartitionSchema& columns = state.table.partition_columns;
  std::map<std::string, std::optional<std::string>> texts;
  for (std::size_t i = 0; i < request_.key.size(); ++i) {
    const table::PartitionValue& value = request_.key.value(i);
    texts[request_.key.name(i)] = value.IsNull() ? std::nullopt : std::optional(value.text());
  }
  std::string names;
  bool same = columns.size() == texts.size();
  for (const table::PartitionColumn& column : columns) {
    same = same && texts.contains(column.name);
    names += (names.empty() ? "" : ", ") + Printable(column.name);
  }
  if (!same) {
    return Fail(Error(ErrorKind::kInvalidArgument, "the table is partitioned by " +
                                                       (names.empty() ? "nothing" : names) +
                                                       ", not as the output is: " + request_.key.Display())
                    .Hint("make the pipeline's output.partition agree with the table"));
  }
  auto key = table::PartitionKey::FromTexts(columns, texts);
  if (key) return key;
  Error error = std::move(key).error();
  error.kind = ErrorKind::kInvalidArgument;
  return Fail(std::move(error));
}

std::optional<std::string> PartitionReplacement::HashOfLive(const WriteState& state, const LivePartition& live) const {
  const RemovedFile& file = live.files.front().removed;
  if (live.last_changed) {
    if (auto tag = FindAddTag(*state.folder, *live.last_changed, file.path, kContentHashTag)) return tag;
  }
  const std::string key = PercentDecode(file.path);
  if (key.starts_with('/') || key.find(":/") != std::string::npos) return std::nullopt;
  std::shared_ptr<arrow::io::RandomAccessFile> bytes;
  if (const auto root = store_->local_root()) {
    auto opened = OpenLocal(*root + "/" + key);
    if (!opened) return std::nullopt;
    bytes = std::move(*opened);
  } else {
    if (file.size_bytes > kMostBytesToCompare) return std::nullopt;
    auto whole = store_->Read(key);
    if (!whole) return std::nullopt;
    bytes = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(*whole)));
  }
  const auto content = ReadParquetContent(std::move(bytes), key);
  return content ? std::optional(content->hash) : std::nullopt;
}

bool PartitionReplacement::HoldsSameRows(const WriteState& state, const LivePartition& live) const {
  if (live.files.empty() || rows() == 0) return live.files.empty() && rows() == 0;
  const LivePartitionFile& only = live.files.front();
  if (live.files.size() > 1 || only.removed.vector || only.records != rows()) return false;
  return HashOfLive(state, live) == content_->hash;
}

Status PartitionReplacement::PlanCreation(CommitContent& commit) const {
  if (!content_) {
    return Fail(Error(ErrorKind::kNotFound, "there is no table, and without rows its columns aren't known")
                    .Hint("create the table, or run a partition that has rows first"));
  }
  WriteSchema schema{content_->columns, {}};
  for (const table::PartitionColumn& column : request_.partition_columns) {
    schema.columns.push_back({column.name, "\"" + FormatDataType(column.type) + "\""});
    schema.partition_columns.push_back(column.name);
  }
  LATECOMER_RETURN_IF_ERROR(CheckNewSchema(schema));
  NewTable table;
  table.id = new_uuid_();
  table.schema_json = SchemaString(schema);
  table.partition_columns = schema.partition_columns;
  table.local_times = table.schema_json.find("\"timestamp_ntz\"") != std::string::npos;
  commit.partition_by = schema.partition_columns;
  commit.create = std::move(table);
  return {};
}

Status PartitionReplacement::CopyFile(const table::PartitionKey& key) {
  if (copied_) {
    copied_->partition = key;
    return {};
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto source, OpenLocal(request_.parquet_file));
  NewFile file;
  file.key = DataFileKey(key, 0, new_uuid_());
  file.partition = key;
  file.rows = content_->rows;
  file.stats_json = content_->stats_json;
  file.tags[kContentHashTag] = content_->hash;
  LATECOMER_ASSIGN_OR_RETURN(const auto target, store_->OpenForWrite(file.key));
  for (;;) {
    const auto bytes = source->Read(kCopyBytes);
    if (!bytes.ok()) return Fail(Error(ErrorKind::kIo, bytes.status().message()).In(request_.parquet_file));
    if ((*bytes)->size() == 0) break;
    LATECOMER_RETURN_IF_ERROR(
        target->Write({reinterpret_cast<const char*>((*bytes)->data()), static_cast<std::size_t>((*bytes)->size())}));
    file.size_bytes += (*bytes)->size();
  }
  LATECOMER_RETURN_IF_ERROR(target->Close());
  copied_ = std::move(file);
  return {};
}

Result<PartitionReplacement::Plan> PartitionReplacement::MakePlan(const std::optional<WriteState>& state, Instant now) {
  Plan plan;
  plan.version = state ? state->next() : Version{0};
  plan.report.version = plan.version;
  plan.report.rows = rows();
  CommitContent& commit = plan.commit;
  commit.now = now;
  commit.transaction_id = new_uuid_();
  commit.mode = WriteMode::kOverwrite;
  commit.transaction = request_.transaction;
  table::PartitionKey key = request_.key;
  bool same = false;
  if (state) {
    LATECOMER_ASSIGN_OR_RETURN(plan.done, SettleToken(*state));
    if (plan.done) return plan;
    LATECOMER_ASSIGN_OR_RETURN(key, KeyFor(*state));
    LATECOMER_RETURN_IF_ERROR(CheckSchema(*state));
    LATECOMER_ASSIGN_OR_RETURN(const LivePartition live, FindLivePartition(*state, key));
    const WriteKind kind = live.files.empty() ? WriteKind::kAppend : WriteKind::kReplace;
    LATECOMER_RETURN_IF_ERROR(CheckWritable(*state->log.protocol, *state->log.metadata, kind));
    same = HoldsSameRows(*state, live);
    if (!same) {
      for (const LivePartitionFile& file : live.files) commit.removed.push_back(file.removed);
    } else if (!live.files.empty()) {
      plan.report.bytes = live.files.front().removed.size_bytes;
    }
    commit.read_version = state->log.version;
    commit.partition_by = state->schema.partition_columns;
    LATECOMER_ASSIGN_OR_RETURN(commit.in_commit_timestamp_ms, state->InCommitTimestamp(now));
  } else {
    LATECOMER_RETURN_IF_ERROR(PlanCreation(commit));
  }
  commit.replaced = key;
  plan.report.outcome = same ? table::WriteOutcome::kSameContent : table::WriteOutcome::kCommitted;
  if (!same && rows() > 0) {
    LATECOMER_RETURN_IF_ERROR(CopyFile(key));
    commit.added.push_back(*copied_);
    plan.report.bytes = copied_->size_bytes;
  }
  return plan;
}

}  // namespace latecomer::delta
