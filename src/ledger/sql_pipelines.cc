// Pipelines, what their outputs were built from, claims, releases and the history of events.
#include "ledger/record_text.h"
#include "ledger/sql_table_rows.h"
#include "ledger/sql_transaction.h"

namespace latecomer::ledger {
namespace {

Result<PipelineRecord> ReadPipeline(const Row& row) {
  PipelineRecord record;
  record.id = Owned(row, 0);
  record.name = Owned(row, 1);
  record.file = Owned(row, 2);
  record.text = Owned(row, 3);
  record.definition_hash = Owned(row, 4);
  record.paused = row.Integer(5) != 0;
  record.updated = Time(row, 6);
  return record;
}

Result<ProcessedRecord> ReadProcessed(const Row& row) {
  ProcessedRecord record;
  record.pipeline = Owned(row, 0);
  record.partition = Owned(row, 1);
  LATECOMER_ASSIGN_OR_RETURN(record.vector, VectorFromJson(row.Text(2)));
  record.run_id = Owned(row, 3);
  record.try_number = Small(row, 4);
  record.token = row.Integer(5);
  record.at = Time(row, 6);
  return record;
}

Result<ClaimRecord> ReadClaim(const Row& row) {
  ClaimRecord record;
  record.pipeline = Owned(row, 0);
  record.partition = Owned(row, 1);
  record.token = row.Integer(2);
  record.holder = Owned(row, 3);
  record.expires = Time(row, 4);
  record.run = row.Integer(5);
  record.try_number = Small(row, 6);
  record.released = row.Integer(7) != 0;
  return record;
}

Result<PredecessorRecord> ReadPredecessor(const Row& row) {
  return PredecessorRecord{.ledger_id = Owned(row, 0), .at = Time(row, 1)};
}

Result<ReleaseRecord> ReadRelease(const Row& row) {
  ReleaseRecord record;
  record.pipeline = Owned(row, 0);
  record.partition = Owned(row, 1);
  LATECOMER_ASSIGN_OR_RETURN(record.up_to, VectorFromJson(row.Text(2)));
  record.at = Time(row, 3);
  return record;
}

Result<HoldRecord> ReadHold(const Row& row) {
  return HoldRecord{.pipeline = Owned(row, 0),
                    .partition = Owned(row, 1),
                    .reason = Owned(row, 2),
                    .by = Owned(row, 3),
                    .at = Time(row, 4)};
}

}  // namespace

Result<EventRecord> ReadEvent(const Row& row) {
  EventRecord record;
  record.sequence = row.Integer(0);
  record.at = Time(row, 1);
  record.pipeline = Owned(row, 2);
  record.partition = Owned(row, 3);
  record.run_id = Owned(row, 4);
  record.what = Owned(row, 5);
  record.detail = Owned(row, 6);
  return record;
}

Result<std::optional<PipelineRecord>> SqlTransaction::FindPipeline(const std::string& id) {
  return One<PipelineRecord>(
      "SELECT id, name, file, definition, definition_hash, paused, updated FROM pipelines "
      "WHERE id = $1",
      {std::string_view(id)}, ReadPipeline);
}

Result<std::vector<PipelineRecord>> SqlTransaction::Pipelines() {
  return All<PipelineRecord>(
      "SELECT id, name, file, definition, definition_hash, paused, updated FROM pipelines "
      "ORDER BY id",
      {}, ReadPipeline);
}

Result<std::vector<ProcessedRecord>> SqlTransaction::Processed(const std::string& pipeline) {
  return All<ProcessedRecord>(
      "SELECT pipeline, partition_key, vector, run_id, try_number, token, at FROM processed "
      "WHERE pipeline = $1 ORDER BY partition_key",
      {std::string_view(pipeline)}, ReadProcessed);
}

Result<std::optional<ProcessedRecord>> SqlTransaction::FindProcessed(const std::string& pipeline,
                                                                     const std::string& partition) {
  return One<ProcessedRecord>(
      "SELECT pipeline, partition_key, vector, run_id, try_number, token, at FROM processed "
      "WHERE pipeline = $1 AND partition_key = $2",
      {std::string_view(pipeline), std::string_view(partition)}, ReadProcessed);
}

Result<std::vector<ProcessedRecord>> SqlTransaction::ProcessedOf(const std::string& pipeline,
                                                                 const std::vector<std::string>& partitions) {
  return OfKeys<ProcessedRecord>(
      "SELECT pipeline, partition_key, vector, run_id, try_number, token, at FROM processed "
      "WHERE pipeline = $1 AND partition_key IN ",
      " ORDER BY partition_key", {std::string_view(pipeline)}, partitions, ReadProcessed);
}

Result<std::vector<std::int64_t>> SqlTransaction::RunsOfOtherDefinitions(const std::string& pipeline,
                                                                         const std::string& hash, Instant before) {
  const std::int64_t limit = Millis(before);
  LATECOMER_ASSIGN_OR_RETURN(
      const auto first,
      OneInteger("SELECT created FROM runs WHERE pipeline = $1 ORDER BY id LIMIT 1", {std::string_view(pipeline)}));
  if (!first || *first >= limit) return std::vector<std::int64_t>{};
  return All<std::int64_t>(
      "SELECT runs.id FROM processed "
      "JOIN runs ON runs.pipeline = processed.pipeline AND runs.run_id = processed.run_id "
      "JOIN tries ON tries.run = runs.id AND tries.number = processed.try_number "
      "WHERE processed.pipeline = $1 AND processed.at < $2 AND tries.definition_hash <> $3",
      {std::string_view(pipeline), limit, std::string_view(hash)},
      [](const Row& row) -> Result<std::int64_t> { return row.Integer(0); });
}

Result<std::optional<ClaimRecord>> SqlTransaction::FindClaim(const std::string& pipeline,
                                                             const std::string& partition) {
  return One<ClaimRecord>(
      "SELECT pipeline, partition_key, token, holder, expires, run, try_number, released "
      "FROM claims WHERE pipeline = $1 AND partition_key = $2",
      {std::string_view(pipeline), std::string_view(partition)}, ReadClaim);
}

Result<std::vector<ClaimRecord>> SqlTransaction::ClaimsHeld(const std::string& pipeline) {
  return All<ClaimRecord>(
      "SELECT pipeline, partition_key, token, holder, expires, run, try_number, released "
      "FROM claims WHERE pipeline = $1 AND released = 0 ORDER BY partition_key",
      {std::string_view(pipeline)}, ReadClaim);
}

Result<std::vector<ReleaseRecord>> SqlTransaction::Releases(const std::string& pipeline) {
  return All<ReleaseRecord>(
      "SELECT pipeline, partition_key, up_to, at FROM releases "
      "WHERE pipeline = $1 ORDER BY partition_key",
      {std::string_view(pipeline)}, ReadRelease);
}

Result<std::vector<HoldRecord>> SqlTransaction::Holds(const std::string& pipeline) {
  return All<HoldRecord>(
      "SELECT pipeline, partition_key, reason, held_by, at FROM holds WHERE pipeline = $1 ORDER BY partition_key",
      {std::string_view(pipeline)}, ReadHold);
}

Result<std::vector<PredecessorRecord>> SqlTransaction::Predecessors() {
  return All<PredecessorRecord>("SELECT ledger_id, at FROM predecessors ORDER BY ledger_id", {}, ReadPredecessor);
}

Result<std::vector<EventRecord>> SqlTransaction::Events(const std::string& pipeline,
                                                        const std::optional<std::string>& run_id,
                                                        const std::optional<std::string>& partition) {
  LATECOMER_RETURN_IF_ERROR(AppendPending());
  std::string sql =
      "SELECT sequence, at, pipeline, partition_key, run_id, what, detail FROM events "
      "WHERE pipeline = $1";
  std::vector<Parameter> parameters{std::string_view(pipeline)};
  if (run_id) {
    parameters.emplace_back(std::string_view(*run_id));
    sql += " AND run_id = $" + std::to_string(parameters.size());
  }
  if (partition) {
    parameters.emplace_back(std::string_view(*partition));
    sql += " AND partition_key = $" + std::to_string(parameters.size());
  }
  sql += " ORDER BY sequence";
  return All<EventRecord>(sql, std::span<const Parameter>(parameters), ReadEvent);
}

Result<std::optional<EventRecord>> SqlTransaction::FindEvent(std::int64_t sequence) {
  LATECOMER_RETURN_IF_ERROR(AppendPending());
  return One<EventRecord>(
      "SELECT sequence, at, pipeline, partition_key, run_id, what, detail FROM events WHERE sequence = $1", {sequence},
      ReadEvent);
}

Result<std::int64_t> SqlTransaction::LastEvent() {
  LATECOMER_RETURN_IF_ERROR(AppendPending());
  LATECOMER_ASSIGN_OR_RETURN(const auto last, OneInteger("SELECT coalesce(max(sequence), 0) FROM events", {}));
  return last.value_or(0);
}

Status SqlTransaction::PutPipeline(const PipelineRecord& record) {
  return Run(
      "INSERT INTO pipelines (id, name, file, definition, definition_hash, paused, updated) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
      "file = excluded.file, definition = excluded.definition, "
      "definition_hash = excluded.definition_hash, paused = excluded.paused, "
      "updated = excluded.updated",
      {std::string_view(record.id), std::string_view(record.name), std::string_view(record.file),
       std::string_view(record.text), std::string_view(record.definition_hash), Flag(record.paused),
       Millis(record.updated)});
}

Status SqlTransaction::PutProcessed(const ProcessedRecord& record) {
  const std::string vector = VectorToJson(record.vector);
  LATECOMER_RETURN_IF_ERROR(Mark(record.pipeline, record.partition));
  return Run(
      "INSERT INTO processed (pipeline, partition_key, vector, run_id, try_number, token, at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (pipeline, partition_key) DO UPDATE SET "
      "vector = excluded.vector, run_id = excluded.run_id, try_number = excluded.try_number, "
      "token = excluded.token, at = excluded.at",
      {std::string_view(record.pipeline), std::string_view(record.partition), std::string_view(vector),
       std::string_view(record.run_id), std::int64_t{record.try_number}, record.token, Millis(record.at)});
}

Status SqlTransaction::RemoveProcessed(const std::string& pipeline, const std::string& partition) {
  LATECOMER_RETURN_IF_ERROR(Mark(pipeline, partition));
  return Run("DELETE FROM processed WHERE pipeline = $1 AND partition_key = $2",
             {std::string_view(pipeline), std::string_view(partition)});
}

Status SqlTransaction::PutClaim(const ClaimRecord& record) {
  const auto run = record.run == 0 ? std::nullopt : std::optional(record.run);
  // The token is compared where it is written: a smaller one changes no row and gives none back.
  LATECOMER_ASSIGN_OR_RETURN(
      const std::optional<std::int64_t> written,
      OneInteger("INSERT INTO claims (pipeline, partition_key, token, holder, expires, run, try_number, "
                 "released) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                 "ON CONFLICT (pipeline, partition_key) DO UPDATE SET token = excluded.token, "
                 "holder = excluded.holder, expires = excluded.expires, run = excluded.run, "
                 "try_number = excluded.try_number, released = excluded.released "
                 "WHERE claims.token <= excluded.token RETURNING token",
                 {std::string_view(record.pipeline), std::string_view(record.partition), record.token,
                  std::string_view(record.holder), Millis(record.expires), Optional(run),
                  std::int64_t{record.try_number}, Flag(record.released)}));
  if (written) return {};
  return Fail(Error(ErrorKind::kConflict, "the claim on " + record.partition + " of pipeline " + record.pipeline +
                                              " with token " + std::to_string(record.token) +
                                              " was lost to a later one"));
}

Status SqlTransaction::PutRelease(const ReleaseRecord& record) {
  const std::string up_to = VectorToJson(record.up_to);
  return Run(
      "INSERT INTO releases (pipeline, partition_key, up_to, at) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (pipeline, partition_key) DO UPDATE SET up_to = excluded.up_to, "
      "at = excluded.at",
      {std::string_view(record.pipeline), std::string_view(record.partition), std::string_view(up_to),
       Millis(record.at)});
}

Status SqlTransaction::RemoveRelease(const std::string& pipeline, const std::string& partition) {
  return Run("DELETE FROM releases WHERE pipeline = $1 AND partition_key = $2",
             {std::string_view(pipeline), std::string_view(partition)});
}

Status SqlTransaction::PutHold(const HoldRecord& record) {
  return Run(
      "INSERT INTO holds (pipeline, partition_key, reason, held_by, at) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (pipeline, partition_key) DO UPDATE SET reason = excluded.reason, held_by = excluded.held_by, "
      "at = excluded.at",
      {std::string_view(record.pipeline), std::string_view(record.partition), std::string_view(record.reason),
       std::string_view(record.by), Millis(record.at)});
}

Status SqlTransaction::RemoveHold(const std::string& pipeline, const std::string& partition) {
  return Run("DELETE FROM holds WHERE pipeline = $1 AND partition_key = $2",
             {std::string_view(pipeline), std::string_view(partition)});
}

Status SqlTransaction::PutPredecessor(const PredecessorRecord& record) {
  return Run("INSERT INTO predecessors (ledger_id, at) VALUES ($1, $2) ON CONFLICT (ledger_id) DO NOTHING",
             {std::string_view(record.ledger_id), Millis(record.at)});
}

Status SqlTransaction::AppendEvent(const EventRecord& record) {
  if (concurrent_ == nullptr) return InsertEvent(record);
  pending_.push_back(record);
  return {};
}

Status SqlTransaction::AppendPending() {
  if (pending_.empty()) return {};
  const std::vector<EventRecord> events = std::exchange(pending_, {});
  std::vector<std::string_view> pipelines;
  for (const EventRecord& event : events) {
    if (std::ranges::find(pipelines, event.pipeline) == pipelines.end()) pipelines.emplace_back(event.pipeline);
  }
  LATECOMER_RETURN_IF_ERROR(concurrent_->CloseRanks(pipelines));
  for (const EventRecord& event : events) LATECOMER_RETURN_IF_ERROR(InsertEvent(event));
  return {};
}

Status SqlTransaction::InsertEvent(const EventRecord& record) {
  return Run(
      "INSERT INTO events (at, pipeline, partition_key, run_id, what, detail) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {Millis(record.at), std::string_view(record.pipeline), std::string_view(record.partition),
       std::string_view(record.run_id), std::string_view(record.what), std::string_view(record.detail)});
}

}  // namespace latecomer::ledger
