#include "ledger/sql_export.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "ledger/concurrent_database.h"
#include "ledger/record_text.h"

namespace latecomer::ledger {
namespace {

using Json = nlohmann::ordered_json;

// One kind of record. A column's alias is its name in the export, and after a colon how its value is
// shown: time (milliseconds → RFC 3339), json (text → what it says), flag (0, 1 → false, true),
// unsigned (a 64-bit sum or hash).
struct ExportedRecord {
  std::string_view name;
  std::string_view sql;
};

constexpr std::array kRecords{
    ExportedRecord{"ledger", R"(SELECT id, schema_version FROM ledger)"},
    ExportedRecord{"predecessor", R"(SELECT ledger_id, at AS "at:time" FROM predecessors ORDER BY ledger_id)"},
    ExportedRecord{"table",
                   R"(SELECT location, table_id, partition_columns AS "partition_columns:json",
 seen_version, seen_etag, seen_size_bytes, seen_content_hash AS "seen_content_hash:unsigned",
 first_contact, observed_at AS "observed_at:time" FROM source_tables ORDER BY id)"},
    ExportedRecord{"commit",
                   R"(SELECT t.location AS "table", c.version, c.at AS "timestamp:time",
 c.time_source AS timestamp_source, c.operation FROM commits c
 JOIN source_tables t ON t.id = c.table_key ORDER BY c.table_key, c.version)"},
    ExportedRecord{"change",
                   R"(SELECT t.location AS "table", c.version, c.partition_key AS "partition:json",
 c.at AS "timestamp:time", c.operation, c.files_added, c.files_removed, c.rows_added,
 c.rows_removed, c.bytes_added, c.bytes_removed, c.vector_updates AS deletion_vector_updates,
 c.assumed AS "assumed:flag", c.note FROM changes c
 JOIN source_tables t ON t.id = c.table_key ORDER BY c.table_key, c.version, c.partition_key)"},
    ExportedRecord{"source_partition",
                   R"(SELECT t.location AS "table", p.partition_key AS "partition:json",
 p.log_json AS "log:json", p.files, p.row_count AS "rows", p.bytes,
 p.fingerprint AS "fingerprint:unsigned", p.last_changed, p.first_seen AS "first_seen:time"
 FROM source_partitions p JOIN source_tables t ON t.id = p.table_key
 ORDER BY p.table_key, p.partition_key)"},
    ExportedRecord{"pipeline",
                   R"(SELECT id, name, file, definition, definition_hash, paused AS "paused:flag",
 updated AS "updated:time" FROM pipelines ORDER BY id)"},
    ExportedRecord{"processed",
                   R"(SELECT pipeline, partition_key AS "partition:json", vector AS "versions:json",
 run_id, try_number AS "try", token, at AS "at:time" FROM processed
 ORDER BY pipeline, partition_key)"},
    ExportedRecord{"release",
                   R"(SELECT pipeline, partition_key AS "partition:json", up_to AS "up_to:json",
 at AS "at:time" FROM releases ORDER BY pipeline, partition_key)"},
    ExportedRecord{"hold",
                   R"(SELECT pipeline, partition_key AS "partition:json", reason, held_by AS "by",
 at AS "at:time" FROM holds ORDER BY pipeline, partition_key)"},
    ExportedRecord{"run",
                   R"(SELECT id, pipeline, run_id, partition_key AS "partition:json",
 partition_display AS "display", kind, cause, caused_by, state, waiting_for, message, tries,
 keep_vector AS "keep_versions:json", keep_steps AS "keep_steps:json", note, created AS "created:time", started AS "started:time",
 ended AS "ended:time" FROM runs ORDER BY id)"},
    ExportedRecord{"try",
                   R"(SELECT run, number, state, vector AS "versions:json", token, definition_hash,
 message, started AS "started:time", ended AS "ended:time" FROM tries ORDER BY run, number)"},
    ExportedRecord{"step",
                   R"(SELECT run, try_number AS "try", step, map_index, position, state, attempts,
 retry_at AS "retry_at:time", child_run, kept_from, message, started AS "started:time", ended AS "ended:time"
 FROM steps ORDER BY run, try_number, position, map_index, step)"},
    ExportedRecord{"attempt",
                   R"(SELECT run, try_number AS "try", step, map_index, number, state, handle,
 folder, log, exit_code, message, started AS "started:time", ended AS "ended:time"
 FROM attempts ORDER BY run, try_number, step, map_index, number)"},
    ExportedRecord{"claim",
                   R"(SELECT pipeline, partition_key AS "partition:json", token, holder,
 expires AS "expires:time", run, try_number AS "try", released AS "released:flag"
 FROM claims ORDER BY pipeline, partition_key)"},
    ExportedRecord{"event",
                   R"(SELECT sequence, at AS "at:time", pipeline,
 partition_key AS "partition:json", run_id, what, detail AS "detail:json"
 FROM events ORDER BY sequence)"},
};

Json TextAsJson(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json(std::string(text)) : json;
}

Json ValueOf(const Row& row, int column, std::string_view how) {
  if (row.IsNull(column)) return nullptr;
  if (how == "time") return FormatInstant(FromMillis(row.Integer(column)));
  if (how == "flag") return row.Integer(column) != 0;
  if (how == "unsigned") return static_cast<std::uint64_t>(row.Integer(column));
  if (how == "json") return TextAsJson(row.Text(column));
  if (row.IsInteger(column)) return row.Integer(column);
  return std::string(row.Text(column));
}

std::string LineOf(std::string_view record, const Row& row) {
  Json json{{"record", record}};
  for (int column = 0; column < row.columns(); ++column) {
    const std::string_view alias = row.ColumnName(column);
    const std::size_t colon = alias.find(':');
    const std::string_view how = colon == std::string_view::npos ? std::string_view() : alias.substr(colon + 1);
    json[std::string(alias.substr(0, colon))] = ValueOf(row, column, how);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Status ExportRecords(Database& database, const std::function<Status(std::string_view line)>& sink) {
  for (const ExportedRecord& record : kRecords) {
    LATECOMER_RETURN_IF_ERROR(
        StreamRows(database, record.sql, [&](const Row& row) { return sink(LineOf(record.name, row)); }));
  }
  return {};
}

}  // namespace latecomer::ledger
