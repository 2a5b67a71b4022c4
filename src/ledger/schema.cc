#include "ledger/schema.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace latecomer::ledger {
namespace {

// Statements of one migration each. {integer}, {identity} and {suffix} are the dialect's words.
// Times are milliseconds since 1970-01-01T00:00:00Z; vectors are JSON objects of name → version.
//
// A migration that was released is never changed: a ledger keeps what it made.
constexpr std::array kVersion1{
    R"(CREATE TABLE ledger (
         one {integer} NOT NULL PRIMARY KEY CHECK (one = 1),
         id TEXT NOT NULL,
         schema_version {integer} NOT NULL
       ){suffix})",

    // What was seen of source tables.
    R"(CREATE TABLE source_tables (
         id {identity},
         location TEXT NOT NULL UNIQUE,
         table_id TEXT NOT NULL,
         partition_columns TEXT NOT NULL,
         seen_version {integer} NOT NULL,
         seen_etag TEXT NOT NULL,
         seen_size_bytes {integer} NOT NULL,
         seen_content_hash {integer} NOT NULL,
         first_contact {integer} NOT NULL,
         observed_at {integer} NOT NULL
       ){suffix})",
    R"(CREATE TABLE commits (
         table_key {integer} NOT NULL REFERENCES source_tables (id),
         version {integer} NOT NULL,
         at {integer} NOT NULL,
         time_source TEXT NOT NULL,
         operation TEXT NOT NULL,
         PRIMARY KEY (table_key, version)
       ){suffix})",
    R"(CREATE TABLE changes (
         table_key {integer} NOT NULL REFERENCES source_tables (id),
         version {integer} NOT NULL,
         partition_key TEXT NOT NULL,
         at {integer} NOT NULL,
         operation TEXT NOT NULL,
         files_added {integer} NOT NULL,
         files_removed {integer} NOT NULL,
         rows_added {integer},
         rows_removed {integer},
         bytes_added {integer} NOT NULL,
         bytes_removed {integer} NOT NULL,
         vector_updates {integer} NOT NULL,
         assumed {integer} NOT NULL,
         note TEXT NOT NULL,
         PRIMARY KEY (table_key, version, partition_key)
       ){suffix})",
    R"(CREATE INDEX changes_by_partition ON changes (table_key, partition_key, version))",
    R"(CREATE TABLE source_partitions (
         table_key {integer} NOT NULL REFERENCES source_tables (id),
         partition_key TEXT NOT NULL,
         log_json TEXT NOT NULL,
         files {integer} NOT NULL,
         row_count {integer},
         bytes {integer} NOT NULL,
         fingerprint {integer} NOT NULL,
         last_changed {integer} NOT NULL,
         first_seen {integer},
         PRIMARY KEY (table_key, partition_key)
       ){suffix})",

    // Pipelines and what their outputs were built from.
    R"(CREATE TABLE pipelines (
         id TEXT NOT NULL PRIMARY KEY,
         name TEXT NOT NULL,
         file TEXT NOT NULL,
         definition TEXT NOT NULL,
         definition_hash TEXT NOT NULL,
         paused {integer} NOT NULL,
         updated {integer} NOT NULL
       ){suffix})",
    R"(CREATE TABLE processed (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         vector TEXT NOT NULL,
         run_id TEXT NOT NULL,
         try_number {integer} NOT NULL,
         token {integer} NOT NULL,
         at {integer} NOT NULL,
         PRIMARY KEY (pipeline, partition_key)
       ){suffix})",
    R"(CREATE TABLE releases (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         up_to TEXT NOT NULL,
         at {integer} NOT NULL,
         PRIMARY KEY (pipeline, partition_key)
       ){suffix})",

    // Runs, their tries, the steps of a try, the attempts at a step.
    R"(CREATE TABLE runs (
         id {identity},
         pipeline TEXT NOT NULL,
         run_id TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         partition_display TEXT NOT NULL,
         kind TEXT NOT NULL,
         cause TEXT NOT NULL,
         caused_by {integer} REFERENCES runs (id),
         state TEXT NOT NULL,
         waiting_for TEXT NOT NULL,
         message TEXT NOT NULL,
         tries {integer} NOT NULL,
         keep_vector TEXT,
         note TEXT NOT NULL,
         created {integer} NOT NULL,
         started {integer},
         ended {integer},
         UNIQUE (pipeline, run_id),
         UNIQUE (pipeline, partition_key, cause)
       ){suffix})",
    R"(CREATE INDEX runs_by_pipeline ON runs (pipeline, id))",
    R"(CREATE INDEX runs_by_state ON runs (pipeline, state, id))",
    R"(CREATE INDEX runs_open ON runs (pipeline, id) WHERE state IN ('queued', 'running'))",
    R"(CREATE INDEX runs_open_everywhere ON runs (id) WHERE state IN ('queued', 'running'))",
    R"(CREATE TABLE tries (
         run {integer} NOT NULL REFERENCES runs (id),
         number {integer} NOT NULL,
         state TEXT NOT NULL,
         vector TEXT NOT NULL,
         token {integer} NOT NULL,
         definition_hash TEXT NOT NULL,
         message TEXT NOT NULL,
         started {integer} NOT NULL,
         ended {integer},
         PRIMARY KEY (run, number)
       ){suffix})",
    R"(CREATE TABLE steps (
         run {integer} NOT NULL,
         try_number {integer} NOT NULL,
         step TEXT NOT NULL,
         map_index {integer} NOT NULL,
         position {integer} NOT NULL,
         state TEXT NOT NULL,
         attempts {integer} NOT NULL,
         retry_at {integer},
         child_run {integer} REFERENCES runs (id),
         message TEXT NOT NULL,
         started {integer},
         ended {integer},
         PRIMARY KEY (run, try_number, step, map_index),
         FOREIGN KEY (run, try_number) REFERENCES tries (run, number)
       ){suffix})",
    R"(CREATE TABLE attempts (
         run {integer} NOT NULL,
         try_number {integer} NOT NULL,
         step TEXT NOT NULL,
         map_index {integer} NOT NULL,
         number {integer} NOT NULL,
         state TEXT NOT NULL,
         handle TEXT NOT NULL,
         folder TEXT NOT NULL,
         log TEXT NOT NULL,
         exit_code {integer},
         message TEXT NOT NULL,
         started {integer} NOT NULL,
         ended {integer},
         PRIMARY KEY (run, try_number, step, map_index, number),
         FOREIGN KEY (run, try_number, step, map_index)
           REFERENCES steps (run, try_number, step, map_index)
       ){suffix})",

    R"(CREATE TABLE claims (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         token {integer} NOT NULL,
         holder TEXT NOT NULL,
         expires {integer} NOT NULL,
         run {integer} REFERENCES runs (id),
         try_number {integer} NOT NULL,
         released {integer} NOT NULL,
         PRIMARY KEY (pipeline, partition_key)
       ){suffix})",
    R"(CREATE INDEX claims_held ON claims (pipeline, partition_key) WHERE released = 0)",

    R"(CREATE TABLE events (
         sequence {identity},
         at {integer} NOT NULL,
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         run_id TEXT NOT NULL,
         what TEXT NOT NULL,
         detail TEXT NOT NULL
       ){suffix})",
    R"(CREATE INDEX events_by_run ON events (pipeline, run_id, sequence))",
    R"(CREATE INDEX events_by_partition ON events (pipeline, partition_key, sequence))",
};

// Ledgers that were taken over from.
constexpr std::array<std::string_view, 1> kVersion2{
    R"(CREATE TABLE predecessors (
         ledger_id TEXT NOT NULL PRIMARY KEY,
         at {integer} NOT NULL
       ){suffix})",
};

// What a grid of runs is read by, newest first; some kinds and states only, or all.
constexpr std::array<std::string_view, 2> kVersion3{
    R"(CREATE INDEX runs_by_creation ON runs (pipeline, created, id))",
    R"(CREATE INDEX runs_by_kind ON runs (pipeline, kind, state, created, id))",
};

// What a plan is made from without reading what is settled.
constexpr std::array<std::string_view, 11> kVersion4{
    R"(CREATE INDEX source_partitions_by_change ON source_partitions (table_key, last_changed))",
    R"(CREATE TABLE readings (
         id {identity},
         table_key {integer} NOT NULL REFERENCES source_tables (id),
         definition TEXT NOT NULL,
         UNIQUE (table_key, definition)
       ){suffix})",
    R"(CREATE TABLE partition_starts (
         reading {integer} NOT NULL REFERENCES readings (id),
         part TEXT NOT NULL,
         start {integer},
         PRIMARY KEY (reading, part)
       ){suffix})",
    R"(CREATE INDEX partition_starts_by_start ON partition_starts (reading, start, part))",
    R"(ALTER TABLE runs ADD COLUMN interval_start {integer})",
    R"(CREATE INDEX runs_by_interval ON runs (pipeline, interval_start, id))",
    R"(ALTER TABLE processed ADD COLUMN interval_start {integer})",
    R"(CREATE INDEX processed_by_interval ON processed (pipeline, interval_start))",
    R"(CREATE TABLE settled (
         pipeline TEXT NOT NULL PRIMARY KEY,
         shape TEXT NOT NULL,
         up_to TEXT NOT NULL,
         frontier {integer}
       ){suffix})",
    R"(CREATE TABLE marks (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         number {integer} NOT NULL,
         PRIMARY KEY (pipeline, partition_key)
       ){suffix})",
    R"(ALTER TABLE ledger ADD COLUMN marks_made {integer} NOT NULL DEFAULT 0)",
};

// What a person asked of a run's next try, and partitions that a person holds back.
constexpr std::array<std::string_view, 3> kVersion5{
    R"(ALTER TABLE runs ADD COLUMN keep_steps TEXT)",
    R"(ALTER TABLE steps ADD COLUMN kept_from {integer})",
    R"(CREATE TABLE holds (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         reason TEXT NOT NULL,
         held_by TEXT NOT NULL,
         at {integer} NOT NULL,
         PRIMARY KEY (pipeline, partition_key)
       ){suffix})",
};

// Who may use the server, and what they did.
constexpr std::array<std::string_view, 9> kVersion6{
    R"(CREATE TABLE users (
         name TEXT NOT NULL PRIMARY KEY,
         role TEXT NOT NULL,
         password_hash TEXT NOT NULL,
         created {integer} NOT NULL,
         last_sign_in {integer}
       ){suffix})",
    R"(CREATE TABLE sessions (
         hash TEXT NOT NULL PRIMARY KEY,
         user_name TEXT NOT NULL REFERENCES users (name),
         created {integer} NOT NULL,
         expires {integer} NOT NULL
       ){suffix})",
    R"(CREATE INDEX sessions_by_user ON sessions (user_name))",
    R"(CREATE TABLE tokens (
         id {identity},
         user_name TEXT NOT NULL REFERENCES users (name),
         name TEXT NOT NULL,
         scope TEXT NOT NULL,
         hash TEXT NOT NULL UNIQUE,
         created {integer} NOT NULL,
         expires {integer} NOT NULL,
         last_used {integer}
       ){suffix})",
    R"(CREATE INDEX tokens_by_user ON tokens (user_name))",
    R"(CREATE TABLE audit (
         id {identity},
         at {integer} NOT NULL,
         user_name TEXT NOT NULL,
         role TEXT NOT NULL,
         via TEXT NOT NULL,
         action TEXT NOT NULL,
         pipeline TEXT NOT NULL,
         run_id TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         outcome TEXT NOT NULL,
         detail TEXT NOT NULL,
         undo TEXT NOT NULL,
         undone_by {integer}
       ){suffix})",
    R"(CREATE TABLE replies (
         user_name TEXT NOT NULL,
         request_key TEXT NOT NULL,
         request_hash TEXT NOT NULL,
         status {integer} NOT NULL,
         body TEXT NOT NULL,
         at {integer} NOT NULL,
         PRIMARY KEY (user_name, request_key)
       ){suffix})",
    R"(CREATE INDEX events_by_pipeline ON events (pipeline, sequence))",
    R"(CREATE INDEX runs_by_causing_run ON runs (caused_by) WHERE caused_by IS NOT NULL)",
};

struct Migration {
  int to;
  std::vector<std::string_view> statements;
};

const std::vector<Migration>& Migrations() {
  static const std::vector<Migration> migrations{
      {.to = 1, .statements = {kVersion1.begin(), kVersion1.end()}},
      {.to = 2, .statements = {kVersion2.begin(), kVersion2.end()}},
      {.to = 3, .statements = {kVersion3.begin(), kVersion3.end()}},
      {.to = 4, .statements = {kVersion4.begin(), kVersion4.end()}},
      {.to = 5, .statements = {kVersion5.begin(), kVersion5.end()}},
      {.to = 6, .statements = {kVersion6.begin(), kVersion6.end()}},
  };
  return migrations;
}

std::string InDialect(std::string_view statement, const Dialect& dialect) {
  std::string text(statement);
  const std::pair<std::string_view, std::string_view> words[] = {
      {"{integer}", dialect.integer},
      {"{identity}", dialect.identity},
      {"{suffix}", dialect.table_suffix},
  };
  for (const auto& [word, replacement] : words) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
      text.replace(at, word.size(), replacement);
      at += replacement.size();
    }
  }
  return text;
}

Status Ignore(const Row& /*row*/) {
  return {};
}

}  // namespace

int CurrentSchema() {
  return Migrations().back().to;
}

Status Migrate(Database& database, int from, Random& random) {
  for (const Migration& migration : Migrations()) {
    if (migration.to <= from) continue;
    for (const std::string_view statement : migration.statements) {
      LATECOMER_RETURN_IF_ERROR(database.Execute(InDialect(statement, database.dialect()), {}, Ignore));
    }
  }
  if (from == 0) {
    const std::string id = MakeUuid(random);
    const Parameter values[] = {std::string_view(id), std::int64_t{CurrentSchema()}};
    return database.Execute("INSERT INTO ledger (one, id, schema_version) VALUES (1, $1, $2)", values, Ignore);
  }
  const Parameter values[] = {std::int64_t{CurrentSchema()}};
  return database.Execute("UPDATE ledger SET schema_version = $1 WHERE one = 1", values, Ignore);
}

Result<LedgerHead> ReadHead(Database& database) {
  LedgerHead head;
  LATECOMER_RETURN_IF_ERROR(
      database.Execute("SELECT id, schema_version FROM ledger WHERE one = 1", {}, [&](const Row& row) -> Status {
        head.id = row.Text(0);
        head.schema = static_cast<int>(row.Integer(1));
        return {};
      }));
  if (head.id.empty()) return Fail(ErrorKind::kDamaged, "the ledger has lost its own id");
  return head;
}

Error NoLedger(const std::string& where) {
  return Error(ErrorKind::kNotFound, "there is no ledger here")
      .In(where)
      .Hint("`latecomer run PIPELINE` makes one; --ledger names another");
}

Status CheckNotTooNew(const LedgerHead& head, const std::string& where) {
  if (head.schema <= CurrentSchema()) return {};
  return Fail(Error(ErrorKind::kUnsupported, "a newer latecomer made this ledger (its schema is " +
                                                 std::to_string(head.schema) + ", this program knows " +
                                                 std::to_string(CurrentSchema()) + ")")
                  .In(where)
                  .Hint("use the newer latecomer"));
}

Status CheckReadable(const LedgerHead& head, const std::string& where) {
  LATECOMER_RETURN_IF_ERROR(CheckNotTooNew(head, where));
  if (head.schema == CurrentSchema()) return {};
  return Fail(Error(ErrorKind::kUnsupported,
                    "an older latecomer made this ledger, and it can't be brought up to date while it is only read")
                  .In(where)
                  .Hint("`latecomer run` brings it up to date"));
}

}  // namespace latecomer::ledger
