// Runs.
#include <algorithm>
#include <tuple>

#include "ledger/record_text.h"
#include "ledger/sql_rows.h"
#include "ledger/sql_transaction.h"

namespace latecomer::ledger {

Result<RunRecord> ReadRun(const Row& row) {
  RunRecord record;
  record.id = row.Integer(0);
  record.pipeline = Owned(row, 1);
  record.run_id = Owned(row, 2);
  record.partition = Owned(row, 3);
  record.partition_display = Owned(row, 4);
  LATECOMER_ASSIGN_OR_RETURN(record.kind, ParseRunKind(row.Text(5)));
  record.cause = Owned(row, 6);
  record.caused_by = OptionalInteger(row, 7);
  LATECOMER_ASSIGN_OR_RETURN(record.state, ParseRunState(row.Text(8)));
  record.waiting_for = Owned(row, 9);
  record.message = Owned(row, 10);
  record.tries = Small(row, 11);
  if (!row.IsNull(12)) {
    LATECOMER_ASSIGN_OR_RETURN(record.keep_vector, VectorFromJson(row.Text(12)));
  }
  record.note = Owned(row, 13);
  record.created = Time(row, 14);
  record.started = OptionalTime(row, 15);
  record.ended = OptionalTime(row, 16);
  if (!row.IsNull(17)) {
    LATECOMER_ASSIGN_OR_RETURN(record.keep_steps, KeptStepsFromJson(row.Text(17)));
  }
  return record;
}

namespace {

Parameter OptionalText(const std::optional<std::string>& text) {
  return text ? Parameter(std::string_view(*text)) : Parameter(std::monostate());
}

std::optional<std::string> KeptVector(const RunRecord& record) {
  if (!record.keep_vector) return std::nullopt;
  return VectorToJson(*record.keep_vector);
}

std::optional<std::string> KeptSteps(const RunRecord& record) {
  if (record.keep_steps.empty()) return std::nullopt;
  return KeptStepsToJson(record.keep_steps);
}

}  // namespace

Result<std::vector<RunRecord>> SqlTransaction::Runs(const RunFilter& filter) {
  std::string sql = "SELECT " LATECOMER_RUN_COLUMNS " FROM runs WHERE 1 = 1";
  std::vector<Parameter> parameters;
  const auto require = [&](const std::string& column, std::string_view value) {
    parameters.emplace_back(value);
    sql += " AND " + column + " = $" + std::to_string(parameters.size());
  };
  if (!filter.pipeline.empty()) require("pipeline", filter.pipeline);
  if (filter.partition) require("partition_key", *filter.partition);
  if (filter.state) require("state", Name(*filter.state));
  if (filter.open_only) sql += " AND state IN ('queued', 'running')";
  // Of one partition there are few: the plus keeps SQLite from reading all runs of the pipeline in this order instead.
  sql += filter.partition ? " ORDER BY +id DESC" : " ORDER BY id DESC";
  if (filter.limit > 0) {
    parameters.emplace_back(std::int64_t{filter.limit});
    sql += " LIMIT $" + std::to_string(parameters.size());
  }
  LATECOMER_ASSIGN_OR_RETURN(std::vector<RunRecord> runs,
                             All<RunRecord>(sql, std::span<const Parameter>(parameters), ReadRun));
  std::ranges::reverse(runs);  // the newest were kept; the oldest comes first
  return runs;
}

Result<std::vector<RunRecord>> SqlTransaction::RunsOf(const std::string& pipeline,
                                                      const std::vector<std::string>& partitions) {
  // Sorted here: in an order of its own SQLite would read all runs of the pipeline, or sort by a table that it makes.
  auto runs = OfKeys<RunRecord>("SELECT " LATECOMER_RUN_COLUMNS " FROM runs WHERE pipeline = $1 AND partition_key IN ",
                                "", {std::string_view(pipeline)}, partitions, ReadRun);
  if (!runs) return runs;
  std::ranges::sort(*runs, [](const RunRecord& a, const RunRecord& b) {
    return std::tie(a.partition, a.id) < std::tie(b.partition, b.id);
  });
  return runs;
}

Result<std::optional<RunRecord>> SqlTransaction::FindRun(std::int64_t id) {
  return One<RunRecord>("SELECT " LATECOMER_RUN_COLUMNS " FROM runs WHERE id = $1", {id}, ReadRun);
}

Result<std::optional<RunRecord>> SqlTransaction::FindRunByName(const std::string& pipeline, const std::string& run_id) {
  return One<RunRecord>("SELECT " LATECOMER_RUN_COLUMNS " FROM runs WHERE pipeline = $1 AND run_id = $2",
                        {std::string_view(pipeline), std::string_view(run_id)}, ReadRun);
}

Result<std::optional<RunRecord>> SqlTransaction::FindRunByCause(const std::string& pipeline,
                                                                const std::string& partition,
                                                                const std::string& cause) {
  return One<RunRecord>("SELECT " LATECOMER_RUN_COLUMNS
                        " FROM runs WHERE pipeline = $1 AND partition_key = $2 AND cause = $3",
                        {std::string_view(pipeline), std::string_view(partition), std::string_view(cause)}, ReadRun);
}

Result<std::int64_t> SqlTransaction::InsertRun(const RunRecord& record) {
  const std::optional<std::string> kept = KeptVector(record);
  const std::optional<std::string> kept_steps = KeptSteps(record);
  // A run that is there already is an answer, not a failed statement: the transaction can go on.
  LATECOMER_ASSIGN_OR_RETURN(
      const std::optional<std::int64_t> id,
      OneInteger(
          "INSERT INTO runs (pipeline, run_id, partition_key, partition_display, kind, cause, "
          "caused_by, state, waiting_for, message, tries, keep_vector, note, created, started, "
          "ended, keep_steps) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) "
          "ON CONFLICT DO NOTHING RETURNING id",
          {std::string_view(record.pipeline), std::string_view(record.run_id), std::string_view(record.partition),
           std::string_view(record.partition_display), Name(record.kind), std::string_view(record.cause),
           Optional(record.caused_by), Name(record.state), std::string_view(record.waiting_for),
           std::string_view(record.message), std::int64_t{record.tries}, OptionalText(kept),
           std::string_view(record.note), Millis(record.created), Optional(record.started), Optional(record.ended),
           OptionalText(kept_steps)}));
  if (id) return *id;
  return Fail(Error(ErrorKind::kConflict, "pipeline " + record.pipeline + " has a run " + record.run_id +
                                              " already, or one of " + record.partition_display +
                                              " with the same cause"));
}

Status SqlTransaction::UpdateRun(const RunRecord& record) {
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                             OneText("SELECT state FROM runs WHERE id = $1", {record.id}));
  LATECOMER_RETURN_IF_ERROR(
      CheckTransition(stored, record.state, ParseRunState, "run " + std::to_string(record.id) + " " + record.run_id));
  const std::optional<std::string> kept = KeptVector(record);
  const std::optional<std::string> kept_steps = KeptSteps(record);
  // Without `caused_by`: where a column is set that names another row of the same table, SQLite writes each index of
  // the row anew.
  return Run(
      "UPDATE runs SET state = $1, waiting_for = $2, message = $3, tries = $4, keep_vector = $5, note = $6, "
      "started = $7, ended = $8, keep_steps = $9 WHERE id = $10",
      {Name(record.state), std::string_view(record.waiting_for), std::string_view(record.message),
       std::int64_t{record.tries}, OptionalText(kept), std::string_view(record.note), Optional(record.started),
       Optional(record.ended), OptionalText(kept_steps), record.id});
}

}  // namespace latecomer::ledger
