#include "ledger/copy.h"

#include <span>
#include <utility>
#include <variant>

#include "ledger/concurrent_database.h"

namespace latecomer::ledger {
namespace {

using Value = std::variant<std::monostate, std::int64_t, std::string>;

// Rows are inserted so many at a time.
constexpr std::size_t kRowsAtOnce = 50;

Status Ignore(const Row& /*row*/) {
  return {};
}

Parameter Borrowed(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* text = std::get_if<std::string>(&value)) return std::string_view(*text);
  return std::monostate();
}

// Rows on their way into one table.
class Rows {
 public:
  Rows(Database& to, const CopiedTable& table) : to_(to), table_(table) {}

  Status Add(const Row& row) {
    columns_ = static_cast<std::size_t>(row.columns());
    for (int column = 0; column < row.columns(); ++column) {
      if (row.IsNull(column)) {
        values_.emplace_back(std::monostate());
      } else if (row.IsInteger(column)) {
        values_.emplace_back(row.Integer(column));
      } else {
        values_.emplace_back(std::string(row.Text(column)));
      }
    }
    ++count_;
    return values_.size() < kRowsAtOnce * columns_ ? Status() : Insert(kRowsAtOnce);
  }

  // What is left, one by one: another number of rows would be another statement to prepare.
  Status Finish() { return values_.empty() ? Status() : Insert(1); }

  std::int64_t count() const { return count_; }

 private:
  std::string Statement(std::size_t rows) const {
    std::string sql = "INSERT INTO " + std::string(table_.name) + " (" + std::string(table_.columns) + ") VALUES ";
    std::size_t parameter = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      sql += row == 0 ? "(" : ", (";
      for (std::size_t column = 0; column < columns_; ++column) {
        sql.append(column == 0 ? "$" : ", $").append(std::to_string(++parameter));
      }
      sql += ")";
    }
    return sql;
  }

  Status Insert(std::size_t rows_at_once) {
    const std::string sql = Statement(rows_at_once);
    const std::size_t step = rows_at_once * columns_;
    std::vector<Parameter> parameters;
    for (std::size_t at = 0; at < values_.size(); at += step) {
      parameters.clear();
      for (std::size_t i = at; i < at + step; ++i) parameters.push_back(Borrowed(values_[i]));
      LATECOMER_RETURN_IF_ERROR(to_.Execute(sql, parameters, Ignore));
    }
    values_.clear();
    return {};
  }

  Database& to_;
  const CopiedTable& table_;
  std::size_t columns_ = 0;
  std::vector<Value> values_;
  std::int64_t count_ = 0;
};

}  // namespace

const std::vector<CopiedTable>& CopiedTables() {
  static const std::vector<CopiedTable> tables{
      {"ledger", "one, id, schema_version, marks_made", "one", ""},
      {"predecessors", "ledger_id, at", "ledger_id", ""},
      {"source_tables",
       "id, location, table_id, partition_columns, seen_version, seen_etag, seen_size_bytes, seen_content_hash, "
       "first_contact, observed_at",
       "id", "id"},
      {"commits", "table_key, version, at, time_source, operation", "table_key, version", ""},
      {"changes",
       "table_key, version, partition_key, at, operation, files_added, files_removed, rows_added, rows_removed, "
       "bytes_added, bytes_removed, vector_updates, assumed, note",
       "table_key, version, partition_key", ""},
      {"source_partitions",
       "table_key, partition_key, log_json, files, row_count, bytes, fingerprint, last_changed, first_seen",
       "table_key, partition_key", ""},
      {"readings", "id, table_key, definition", "id", "id"},
      {"partition_starts", "reading, part, start", "reading, part", ""},
      {"pipelines", "id, name, file, definition, definition_hash, paused, updated", "id", ""},
      {"processed", "pipeline, partition_key, vector, run_id, try_number, token, at, interval_start",
       "pipeline, partition_key", ""},
      {"settled", "pipeline, shape, up_to, frontier", "pipeline", ""},
      {"marks", "pipeline, partition_key, number", "pipeline, partition_key", ""},
      {"releases", "pipeline, partition_key, up_to, at", "pipeline, partition_key", ""},
      {"holds", "pipeline, partition_key, reason, held_by, at", "pipeline, partition_key", ""},
      {"runs",
       "id, pipeline, run_id, partition_key, partition_display, kind, cause, caused_by, state, waiting_for, message, "
       "tries, keep_vector, note, created, started, ended, interval_start, keep_steps",
       "id", "id"},
      {"tries", "run, number, state, vector, token, definition_hash, message, started, ended", "run, number", ""},
      {"steps",
       "run, try_number, step, map_index, position, state, attempts, retry_at, child_run, message, started, ended, "
       "kept_from",
       "run, try_number, step, map_index", ""},
      {"attempts",
       "run, try_number, step, map_index, number, state, handle, folder, log, exit_code, message, started, ended",
       "run, try_number, step, map_index, number", ""},
      {"claims", "pipeline, partition_key, token, holder, expires, run, try_number, released",
       "pipeline, partition_key", ""},
      {"events", "sequence, at, pipeline, partition_key, run_id, what, detail", "sequence", "sequence"},
      {"users", "name, role, password_hash, created, last_sign_in", "name", ""},
      {"sessions", "hash, user_name, created, expires", "hash", ""},
      {"tokens", "id, user_name, name, scope, hash, created, expires, last_used", "id", "id"},
      {"audit",
       "id, at, user_name, role, via, action, pipeline, run_id, partition_key, outcome, detail, undo, undone_by", "id",
       "id"},
      {"replies", "user_name, request_key, request_hash, status, body, at", "user_name, request_key", ""},
  };
  return tables;
}

Result<std::vector<CopiedRows>> CopyRecords(Database& from, Database& to) {
  std::vector<CopiedRows> copied;
  LATECOMER_RETURN_IF_ERROR(to.Execute("DELETE FROM ledger", {}, Ignore));
  for (const CopiedTable& table : CopiedTables()) {
    Rows rows(to, table);
    const std::string sql = "SELECT " + std::string(table.columns) + " FROM " + std::string(table.name) + " ORDER BY " +
                            std::string(table.order);
    LATECOMER_RETURN_IF_ERROR(StreamRows(from, sql, [&](const Row& row) { return rows.Add(row); }));
    LATECOMER_RETURN_IF_ERROR(rows.Finish());
    copied.push_back({table.name, rows.count()});
  }
  return copied;
}

Status CheckNobodyWorks(Database& database, const std::string& where, std::int64_t now_millis) {
  std::string held;
  const Parameter values[] = {now_millis};
  LATECOMER_RETURN_IF_ERROR(
      database.Execute("SELECT pipeline || ' ' || partition_key FROM claims WHERE released = 0 AND expires > $1 "
                       "ORDER BY 1 LIMIT 1",
                       values, [&](const Row& row) -> Status {
                         held = row.Text(0);
                         return {};
                       }));
  if (held.empty()) return {};
  return Fail(Error(ErrorKind::kConflict, "a run is at work on " + held)
                  .In(where)
                  .Hint("let it end, or stop it and wait until its lease has run out"));
}

}  // namespace latecomer::ledger
