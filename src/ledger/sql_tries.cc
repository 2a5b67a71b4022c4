// Tries of a run, the steps of a try, the attempts at a step.
#include "ledger/record_text.h"
#include "ledger/sql_rows.h"
#include "ledger/sql_transaction.h"

namespace latecomer::ledger {

Result<StepRecord> ReadStep(const Row& row) {
  StepRecord record;
  record.run = row.Integer(0);
  record.try_number = Small(row, 1);
  record.step = Owned(row, 2);
  record.map_index = Small(row, 3);
  record.position = Small(row, 4);
  LATECOMER_ASSIGN_OR_RETURN(record.state, ParseStepState(row.Text(5)));
  record.attempts = Small(row, 6);
  record.retry_at = OptionalTime(row, 7);
  record.child_run = OptionalInteger(row, 8);
  record.message = Owned(row, 9);
  record.started = OptionalTime(row, 10);
  record.ended = OptionalTime(row, 11);
  if (!row.IsNull(12)) record.kept_from = Small(row, 12);
  return record;
}

namespace {

Result<TryRecord> ReadTry(const Row& row) {
  TryRecord record;
  record.run = row.Integer(0);
  record.number = Small(row, 1);
  LATECOMER_ASSIGN_OR_RETURN(record.state, ParseTryState(row.Text(2)));
  LATECOMER_ASSIGN_OR_RETURN(record.vector, VectorFromJson(row.Text(3)));
  record.token = row.Integer(4);
  record.definition_hash = Owned(row, 5);
  record.message = Owned(row, 6);
  record.started = Time(row, 7);
  record.ended = OptionalTime(row, 8);
  return record;
}

Result<AttemptRecord> ReadAttempt(const Row& row) {
  AttemptRecord record;
  record.run = row.Integer(0);
  record.try_number = Small(row, 1);
  record.step = Owned(row, 2);
  record.map_index = Small(row, 3);
  record.number = Small(row, 4);
  LATECOMER_ASSIGN_OR_RETURN(record.state, ParseAttemptState(row.Text(5)));
  record.handle = Owned(row, 6);
  record.folder = Owned(row, 7);
  record.log = Owned(row, 8);
  if (!row.IsNull(9)) record.exit_code = Small(row, 9);
  record.message = Owned(row, 10);
  record.started = Time(row, 11);
  record.ended = OptionalTime(row, 12);
  return record;
}

Parameter KeptFrom(const StepRecord& record) {
  return record.kept_from ? Parameter(std::int64_t{*record.kept_from}) : Parameter(std::monostate());
}

Parameter ExitCode(const AttemptRecord& record) {
  return record.exit_code ? Parameter(std::int64_t{*record.exit_code}) : Parameter(std::monostate());
}

std::string NameOfTry(std::int64_t run, int number) {
  return "try " + std::to_string(number) + " of run " + std::to_string(run);
}

std::string NameOfStep(const std::string& step, int map_index, std::int64_t run, int try_number) {
  const std::string index = map_index < 0 ? "" : "[" + std::to_string(map_index) + "]";
  return "step " + step + index + " of " + NameOfTry(run, try_number);
}

// After an INSERT … ON CONFLICT DO NOTHING RETURNING.
Status Inserted(const std::optional<std::int64_t>& written, const std::string& what) {
  if (written) return {};
  return Fail(ErrorKind::kConflict, "the ledger has " + what + " already");
}

}  // namespace

Result<std::vector<TryRecord>> SqlTransaction::Tries(std::int64_t run) {
  return All<TryRecord>(
      "SELECT run, number, state, vector, token, definition_hash, message, started, ended "
      "FROM tries WHERE run = $1 ORDER BY number",
      {run}, ReadTry);
}

Result<std::vector<StepRecord>> SqlTransaction::Steps(std::int64_t run, int try_number) {
  return All<StepRecord>("SELECT " LATECOMER_STEP_COLUMNS
                         " FROM steps WHERE run = $1 AND try_number = $2 "
                         "ORDER BY position, map_index, step",
                         {run, std::int64_t{try_number}}, ReadStep);
}

Result<std::vector<AttemptRecord>> SqlTransaction::Attempts(std::int64_t run, int try_number) {
  return All<AttemptRecord>(
      "SELECT run, try_number, step, map_index, number, state, handle, folder, log, exit_code, "
      "message, started, ended FROM attempts WHERE run = $1 AND try_number = $2 "
      "ORDER BY step, map_index, number",
      {run, std::int64_t{try_number}}, ReadAttempt);
}

Status SqlTransaction::InsertTry(const TryRecord& record) {
  const std::string vector = VectorToJson(record.vector);
  LATECOMER_ASSIGN_OR_RETURN(
      const std::optional<std::int64_t> written,
      OneInteger("INSERT INTO tries (run, number, state, vector, token, definition_hash, message, "
                 "started, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
                 "ON CONFLICT DO NOTHING RETURNING number",
                 {record.run, std::int64_t{record.number}, Name(record.state), std::string_view(vector), record.token,
                  std::string_view(record.definition_hash), std::string_view(record.message), Millis(record.started),
                  Optional(record.ended)}));
  return Inserted(written, NameOfTry(record.run, record.number));
}

Status SqlTransaction::UpdateTry(const TryRecord& record) {
  LATECOMER_ASSIGN_OR_RETURN(
      const std::optional<std::string> stored,
      OneText("SELECT state FROM tries WHERE run = $1 AND number = $2", {record.run, std::int64_t{record.number}}));
  LATECOMER_RETURN_IF_ERROR(CheckTransition(stored, record.state, ParseTryState, NameOfTry(record.run, record.number)));
  const std::string vector = VectorToJson(record.vector);
  return Run(
      "UPDATE tries SET state = $1, vector = $2, token = $3, definition_hash = $4, message = $5, "
      "started = $6, ended = $7 WHERE run = $8 AND number = $9",
      {Name(record.state), std::string_view(vector), record.token, std::string_view(record.definition_hash),
       std::string_view(record.message), Millis(record.started), Optional(record.ended), record.run,
       std::int64_t{record.number}});
}

Status SqlTransaction::InsertStep(const StepRecord& record) {
  LATECOMER_ASSIGN_OR_RETURN(
      const std::optional<std::int64_t> written,
      OneInteger(
          "INSERT INTO steps (run, try_number, step, map_index, position, state, attempts, "
          "retry_at, child_run, message, started, ended, kept_from) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
          "ON CONFLICT DO NOTHING RETURNING position",
          {record.run, std::int64_t{record.try_number}, std::string_view(record.step), std::int64_t{record.map_index},
           std::int64_t{record.position}, Name(record.state), std::int64_t{record.attempts}, Optional(record.retry_at),
           Optional(record.child_run), std::string_view(record.message), Optional(record.started),
           Optional(record.ended), KeptFrom(record)}));
  return Inserted(written, NameOfStep(record.step, record.map_index, record.run, record.try_number));
}

Status SqlTransaction::UpdateStep(const StepRecord& record) {
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                             OneText("SELECT state FROM steps WHERE run = $1 AND try_number = $2 AND step = $3 "
                                     "AND map_index = $4",
                                     {record.run, std::int64_t{record.try_number}, std::string_view(record.step),
                                      std::int64_t{record.map_index}}));
  LATECOMER_RETURN_IF_ERROR(CheckTransition(stored, record.state, ParseStepState,
                                            NameOfStep(record.step, record.map_index, record.run, record.try_number)));
  return Run(
      "UPDATE steps SET position = $1, state = $2, attempts = $3, retry_at = $4, child_run = $5, "
      "message = $6, started = $7, ended = $8 "
      "WHERE run = $9 AND try_number = $10 AND step = $11 AND map_index = $12",
      {std::int64_t{record.position}, Name(record.state), std::int64_t{record.attempts}, Optional(record.retry_at),
       Optional(record.child_run), std::string_view(record.message), Optional(record.started), Optional(record.ended),
       record.run, std::int64_t{record.try_number}, std::string_view(record.step), std::int64_t{record.map_index}});
}

Status SqlTransaction::InsertAttempt(const AttemptRecord& record) {
  LATECOMER_ASSIGN_OR_RETURN(
      const std::optional<std::int64_t> written,
      OneInteger("INSERT INTO attempts (run, try_number, step, map_index, number, state, handle, "
                 "folder, log, exit_code, message, started, ended) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
                 "ON CONFLICT DO NOTHING RETURNING number",
                 {record.run, std::int64_t{record.try_number}, std::string_view(record.step),
                  std::int64_t{record.map_index}, std::int64_t{record.number}, Name(record.state),
                  std::string_view(record.handle), std::string_view(record.folder), std::string_view(record.log),
                  ExitCode(record), std::string_view(record.message), Millis(record.started), Optional(record.ended)}));
  return Inserted(written, "attempt " + std::to_string(record.number) + " of " +
                               NameOfStep(record.step, record.map_index, record.run, record.try_number));
}

Status SqlTransaction::UpdateAttempt(const AttemptRecord& record) {
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                             OneText("SELECT state FROM attempts WHERE run = $1 AND try_number = $2 AND step = $3 "
                                     "AND map_index = $4 AND number = $5",
                                     {record.run, std::int64_t{record.try_number}, std::string_view(record.step),
                                      std::int64_t{record.map_index}, std::int64_t{record.number}}));
  LATECOMER_RETURN_IF_ERROR(
      CheckTransition(stored, record.state, ParseAttemptState,
                      "attempt " + std::to_string(record.number) + " of " +
                          NameOfStep(record.step, record.map_index, record.run, record.try_number)));
  return Run(
      "UPDATE attempts SET state = $1, handle = $2, folder = $3, log = $4, exit_code = $5, "
      "message = $6, started = $7, ended = $8 WHERE run = $9 AND try_number = $10 AND step = $11 "
      "AND map_index = $12 AND number = $13",
      {Name(record.state), std::string_view(record.handle), std::string_view(record.folder),
       std::string_view(record.log), ExitCode(record), std::string_view(record.message), Millis(record.started),
       Optional(record.ended), record.run, std::int64_t{record.try_number}, std::string_view(record.step),
       std::int64_t{record.map_index}, std::int64_t{record.number}});
}

}  // namespace latecomer::ledger
