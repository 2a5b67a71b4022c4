// Source tables, their commits, changes and partitions.
#include "ledger/record_text.h"
#include "ledger/sql_rows.h"
#include "ledger/sql_table_rows.h"
#include "ledger/sql_transaction.h"

namespace latecomer::ledger {

Result<SourcePartitionRecord> ReadSourcePartition(const Row& row) {
  SourcePartitionRecord record;
  record.key = Owned(row, 0);
  record.log_json = Owned(row, 1);
  record.files = row.Integer(2);
  record.rows = OptionalInteger(row, 3);
  record.bytes = row.Integer(4);
  record.fingerprint = static_cast<std::uint64_t>(row.Integer(5));
  record.last_changed = Version{row.Integer(6)};
  record.first_seen = OptionalTime(row, 7);
  return record;
}

namespace {

Result<TableRecord> ReadTable(const Row& row) {
  TableRecord record;
  record.location = Owned(row, 0);
  record.table_id = Owned(row, 1);
  LATECOMER_ASSIGN_OR_RETURN(record.partition_columns, SchemaFromJson(row.Text(2)));
  record.seen.version = Version{row.Integer(3)};
  record.seen.etag = Owned(row, 4);
  record.seen.size_bytes = row.Integer(5);
  record.seen.content_hash = static_cast<std::uint64_t>(row.Integer(6));
  record.first_contact = Version{row.Integer(7)};
  record.observed_at = Time(row, 8);
  return record;
}

constexpr std::string_view kOfTable = " WHERE table_key = (SELECT id FROM source_tables WHERE location = $1)";

std::string Select(std::string_view columns, std::string_view table, std::string_view rest) {
  std::string sql("SELECT ");
  sql.append(columns).append(" FROM ").append(table).append(kOfTable).append(rest);
  return sql;
}

}  // namespace

Result<ChangeRecord> ReadChange(const Row& row) {
  ChangeRecord record;
  record.version = Version{row.Integer(0)};
  record.key = Owned(row, 1);
  record.timestamp = Time(row, 2);
  record.operation = Owned(row, 3);
  record.counts.files_added = row.Integer(4);
  record.counts.files_removed = row.Integer(5);
  record.counts.rows_added = OptionalInteger(row, 6);
  record.counts.rows_removed = OptionalInteger(row, 7);
  record.counts.bytes_added = row.Integer(8);
  record.counts.bytes_removed = row.Integer(9);
  record.counts.deletion_vector_updates = row.Integer(10);
  record.assumed = row.Integer(11) != 0;
  record.note = Owned(row, 12);
  return record;
}

Result<CommitRecord> ReadCommit(const Row& row) {
  CommitRecord record;
  record.version = Version{row.Integer(0)};
  record.timestamp = Time(row, 1);
  LATECOMER_ASSIGN_OR_RETURN(record.timestamp_source, ParseTimestampSource(row.Text(2)));
  record.operation = Owned(row, 3);
  return record;
}

Result<std::optional<TableRecord>> SqlTransaction::FindTable(const std::string& location) {
  return One<TableRecord>(
      "SELECT location, table_id, partition_columns, seen_version, seen_etag, seen_size_bytes, "
      "seen_content_hash, first_contact, observed_at FROM source_tables WHERE location = $1",
      {std::string_view(location)}, ReadTable);
}

Result<std::vector<SourcePartitionRecord>> SqlTransaction::SourcePartitions(const std::string& location) {
  static const std::string sql =
      Select(LATECOMER_SOURCE_PARTITION_COLUMNS, "source_partitions", " ORDER BY partition_key");
  return All<SourcePartitionRecord>(sql, {std::string_view(location)}, ReadSourcePartition);
}

Result<std::vector<ChangeRecord>> SqlTransaction::Changes(const std::string& location, Version after,
                                                          const std::optional<std::string>& key) {
  static const std::string of_all =
      Select(LATECOMER_CHANGE_COLUMNS, "changes", " AND version > $2 ORDER BY version, partition_key");
  static const std::string of_one =
      Select(LATECOMER_CHANGE_COLUMNS, "changes", " AND version > $2 AND partition_key = $3 ORDER BY version");
  if (!key) return All<ChangeRecord>(of_all, {std::string_view(location), after.value}, ReadChange);
  return All<ChangeRecord>(of_one, {std::string_view(location), after.value, std::string_view(*key)}, ReadChange);
}

Result<std::vector<CommitRecord>> SqlTransaction::Commits(const std::string& location, Version after) {
  static const std::string sql = Select(LATECOMER_COMMIT_COLUMNS, "commits", " AND version > $2 ORDER BY version");
  return All<CommitRecord>(sql, {std::string_view(location), after.value}, ReadCommit);
}

Status SqlTransaction::PutTable(const TableRecord& record) {
  const std::string columns = SchemaToJson(record.partition_columns);
  return Run(
      "INSERT INTO source_tables (location, table_id, partition_columns, seen_version, seen_etag, "
      "seen_size_bytes, seen_content_hash, first_contact, observed_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
      "ON CONFLICT (location) DO UPDATE SET table_id = excluded.table_id, "
      "partition_columns = excluded.partition_columns, seen_version = excluded.seen_version, "
      "seen_etag = excluded.seen_etag, seen_size_bytes = excluded.seen_size_bytes, "
      "seen_content_hash = excluded.seen_content_hash, first_contact = excluded.first_contact, "
      "observed_at = excluded.observed_at",
      {std::string_view(record.location), std::string_view(record.table_id), std::string_view(columns),
       record.seen.version.value, std::string_view(record.seen.etag), record.seen.size_bytes,
       static_cast<std::int64_t>(record.seen.content_hash), record.first_contact.value, Millis(record.observed_at)});
}

Result<std::int64_t> SqlTransaction::TableKey(const std::string& location) {
  LATECOMER_ASSIGN_OR_RETURN(
      const std::optional<std::int64_t> key,
      OneInteger("SELECT id FROM source_tables WHERE location = $1", {std::string_view(location)}));
  if (key) return *key;
  return Fail(Error(ErrorKind::kNotFound, "the ledger doesn't know this table").In(location));
}

Status SqlTransaction::PutCommits(const std::string& location, const std::vector<CommitRecord>& records) {
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t table, TableKey(location));
  for (const CommitRecord& record : records) {
    LATECOMER_RETURN_IF_ERROR(
        Run("INSERT INTO commits (table_key, version, at, time_source, operation) "
            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (table_key, version) DO UPDATE SET "
            "at = excluded.at, time_source = excluded.time_source, operation = excluded.operation",
            {table, record.version.value, Millis(record.timestamp), Name(record.timestamp_source),
             std::string_view(record.operation)}));
  }
  return {};
}

Status SqlTransaction::PutChanges(const std::string& location, const std::vector<ChangeRecord>& records) {
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t table, TableKey(location));
  for (const ChangeRecord& record : records) {
    const table::ChangeCounts& counts = record.counts;
    LATECOMER_RETURN_IF_ERROR(
        Run("INSERT INTO changes (table_key, version, partition_key, at, operation, files_added, "
            "files_removed, rows_added, rows_removed, bytes_added, bytes_removed, vector_updates, "
            "assumed, note) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
            "ON CONFLICT (table_key, version, partition_key) DO UPDATE SET at = excluded.at, "
            "operation = excluded.operation, files_added = excluded.files_added, "
            "files_removed = excluded.files_removed, rows_added = excluded.rows_added, "
            "rows_removed = excluded.rows_removed, bytes_added = excluded.bytes_added, "
            "bytes_removed = excluded.bytes_removed, vector_updates = excluded.vector_updates, "
            "assumed = excluded.assumed, note = excluded.note",
            {table, record.version.value, std::string_view(record.key), Millis(record.timestamp),
             std::string_view(record.operation), counts.files_added, counts.files_removed, Optional(counts.rows_added),
             Optional(counts.rows_removed), counts.bytes_added, counts.bytes_removed, counts.deletion_vector_updates,
             Flag(record.assumed), std::string_view(record.note)}));
  }
  return {};
}

Status SqlTransaction::PutSourcePartitions(const std::string& location,
                                           const std::vector<SourcePartitionRecord>& records) {
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t table, TableKey(location));
  for (const SourcePartitionRecord& record : records) {
    LATECOMER_RETURN_IF_ERROR(
        Run("INSERT INTO source_partitions (table_key, partition_key, log_json, files, row_count, "
            "bytes, fingerprint, last_changed, first_seen) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
            "ON CONFLICT (table_key, partition_key) DO UPDATE SET log_json = excluded.log_json, "
            "files = excluded.files, row_count = excluded.row_count, bytes = excluded.bytes, "
            "fingerprint = excluded.fingerprint, last_changed = excluded.last_changed, "
            "first_seen = excluded.first_seen",
            {table, std::string_view(record.key), std::string_view(record.log_json), record.files,
             Optional(record.rows), record.bytes, static_cast<std::int64_t>(record.fingerprint),
             record.last_changed.value, Optional(record.first_seen)}));
    LATECOMER_RETURN_IF_ERROR(
        Run("INSERT INTO partition_starts (reading, part) SELECT id, $1 FROM readings WHERE table_key = $2 "
            "ON CONFLICT DO NOTHING",
            {std::string_view(record.key), table}));
  }
  return {};
}

Status SqlTransaction::ForgetTable(const std::string& location) {
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t table, TableKey(location));
  for (const char* from : {"commits", "changes", "source_partitions"}) {
    LATECOMER_RETURN_IF_ERROR(Run("DELETE FROM " + std::string(from) + " WHERE table_key = $1", {table}));
  }
  LATECOMER_RETURN_IF_ERROR(
      Run("DELETE FROM partition_starts WHERE reading IN (SELECT id FROM readings WHERE table_key = $1)", {table}));
  // Versions of the table mean something else from now on; which pipelines read it isn't known here.
  LATECOMER_RETURN_IF_ERROR(Run("DELETE FROM settled", {}));
  return {};
}

}  // namespace latecomer::ledger
