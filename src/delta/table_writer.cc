#include "delta/table_writer.h"

#include <mutex>
#include <utility>

#include "base/text.h"
#include "delta/replace_partition.h"
#include "delta/write_rules.h"
#include "delta/write_state.h"

namespace latecomer::delta {
namespace {

// Each means that another writer's commit came first, so somebody makes progress.
constexpr int kMostAttempts = 10'000;

Error ChangedMeanwhile(std::string what) {
  return Error(ErrorKind::kConflict, "the table changed while the rows were read: " + std::move(what))
      .Hint("load again: the rows will be checked against the new schema");
}

// Files written for `mine` can become part of a table with schema `now`.
Status CheckFits(const WriteSchema& mine, const WriteSchema& now) {
  if (mine.partition_columns != now.partition_columns)
    return Fail(ChangedMeanwhile("its partition columns are others"));
  for (const WriteColumn& column : mine.columns) {
    const WriteColumn* known = now.Find(column.name);
    if (known == nullptr) return Fail(ChangedMeanwhile("it has no column '" + Printable(column.name) + "'"));
    if (TypeText(known->type_json) != TypeText(column.type_json)) {
      return Fail(ChangedMeanwhile("column '" + Printable(column.name) + "' is now " + TypeText(known->type_json)));
    }
    if (!known->nullable && column.nullable) {
      return Fail(ChangedMeanwhile("column '" + Printable(column.name) + "' must not be null"));
    }
  }
  for (const WriteColumn& column : now.columns) {
    if (column.nullable || mine.Find(column.name) != nullptr) continue;
    return Fail(ChangedMeanwhile("column '" + Printable(column.name) + "' must be given"));
  }
  return {};
}

class Writer final : public DeltaWriter {
 public:
  Writer(std::shared_ptr<storage::ObjectStore> store, storage::StoreOpener open_store, Clock& clock, Random& random)
      : store_(std::move(store)), open_store_(std::move(open_store)), clock_(clock), random_(random) {}

  Result<std::optional<Shape>> ReadShape() override;
  Result<std::unique_ptr<DataFileWriter>> OpenDataFile(const table::PartitionKey& partition, int part,
                                                       std::shared_ptr<arrow::Schema> schema,
                                                       DataFileWriter::Threads threads) override;
  Result<AppendReport> Append(const AppendRequest& request) override;
  void Discard(const std::vector<std::string>& keys) override;
  Result<table::WriteReport> ReplacePartition(const table::ReplaceRequest& request) override;

 private:
  std::string NewUuid() {
    const std::lock_guard lock(mutex_);
    return MakeUuid(random_);
  }
  Result<std::optional<WriteState>> Read(Depth depth) const;
  Result<CommitContent> PlanAppend(const AppendRequest& request, const std::optional<WriteState>& state);
  Error InTable(Error error) const;

  std::shared_ptr<storage::ObjectStore> store_;
  storage::StoreOpener open_store_;
  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
};

Error Writer::InTable(Error error) const {
  if (error.file.empty()) error.file = store_->location();
  return error;
}

Result<std::optional<WriteState>> Writer::Read(Depth depth) const {
  auto state = ReadWriteState(store_, open_store_, depth);
  if (state) return state;
  return Fail(InTable(std::move(state).error()));
}

Result<std::optional<DeltaWriter::Shape>> Writer::ReadShape() {
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<WriteState> state, Read(Depth::kInfo));
  if (!state) return std::nullopt;
  const Status writable = CheckWritable(*state->log.protocol, *state->log.metadata, WriteKind::kAppend);
  if (!writable) return Fail(InTable(writable.error()));
  return Shape{state->schema, state->table.partition_columns};
}

Result<std::unique_ptr<DataFileWriter>> Writer::OpenDataFile(const table::PartitionKey& partition, int part,
                                                             std::shared_ptr<arrow::Schema> schema,
                                                             DataFileWriter::Threads threads) {
  return DataFileWriter::Open(*store_, DataFileKey(partition, part, NewUuid()), partition, std::move(schema), threads);
}

void Writer::Discard(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const Status removed = store_->Remove(key);
    static_cast<void>(removed);  // a file that no commit names does no harm
  }
}

Result<CommitContent> Writer::PlanAppend(const AppendRequest& request, const std::optional<WriteState>& state) {
  CommitContent commit;
  commit.now = clock_.Now();
  commit.transaction_id = NewUuid();
  commit.partition_by = request.schema.partition_columns;
  commit.added = request.files;
  if (state) {
    LATECOMER_RETURN_IF_ERROR(CheckWritable(*state->log.protocol, *state->log.metadata, WriteKind::kAppend));
    LATECOMER_RETURN_IF_ERROR(CheckFits(request.schema, state->schema));
    commit.read_version = state->log.version;
    LATECOMER_ASSIGN_OR_RETURN(commit.in_commit_timestamp_ms, state->InCommitTimestamp(commit.now));
    return commit;
  }
  LATECOMER_RETURN_IF_ERROR(CheckNewSchema(request.schema));
  NewTable table;
  table.id = NewUuid();
  table.schema_json = SchemaString(request.schema);
  table.partition_columns = request.schema.partition_columns;
  table.local_times = table.schema_json.find("\"timestamp_ntz\"") != std::string::npos;
  commit.create = std::move(table);
  return commit;
}

Result<AppendReport> Writer::Append(const AppendRequest& request) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<WriteState> state, Read(Depth::kInfo));
    auto commit = PlanAppend(request, state);
    if (!commit) return Fail(InTable(std::move(commit).error()));
    const Version version = state ? state->next() : Version{0};
    LATECOMER_ASSIGN_OR_RETURN(const PutCommitOutcome outcome,
                               PutCommit(*store_, version, CommitText(*commit), commit->transaction_id));
    if (outcome == PutCommitOutcome::kCommitted) return AppendReport{version, !state.has_value()};
  }
  return Fail(InTable(Error(ErrorKind::kConflict, "other writers came first again and again; nothing was committed")
                          .Hint("try again when fewer write to the table")));
}

Result<table::WriteReport> Writer::ReplacePartition(const table::ReplaceRequest& request) {
  PartitionReplacement replacement(store_, request, [this] { return NewUuid(); });
  LATECOMER_RETURN_IF_ERROR(replacement.Prepare());
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<WriteState> state, Read(Depth::kFilesWithDetails));
    auto plan = replacement.MakePlan(state, clock_.Now());
    if (!plan) return Fail(InTable(std::move(plan).error()));
    if (plan->done) return *plan->done;
    auto outcome = PutCommit(*store_, plan->version, CommitText(plan->commit), plan->commit.transaction_id);
    if (!outcome) {
      if (outcome.error().kind == ErrorKind::kUnknownOutcome) replacement.KeepFile();
      return Fail(std::move(outcome).error());
    }
    if (*outcome == PutCommitOutcome::kTaken) continue;
    if (!plan->commit.added.empty()) replacement.KeepFile();
    return plan->report;
  }
  return Fail(InTable(Error(ErrorKind::kConflict, "other writers came first again and again; nothing was committed")
                          .Hint("try again when fewer write to the table")));
}

}  // namespace

Result<std::shared_ptr<DeltaWriter>> OpenDeltaWriter(std::shared_ptr<storage::ObjectStore> store,
                                                     storage::StoreOpener open_store, Clock& clock, Random& random) {
  return std::shared_ptr<DeltaWriter>(std::make_shared<Writer>(std::move(store), std::move(open_store), clock, random));
}

}  // namespace latecomer::delta
