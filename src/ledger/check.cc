#include "ledger/check.h"

#include <array>
#include <string_view>

#include "ledger/states.h"

namespace latecomer::ledger {
namespace {

using Problems = std::vector<std::string>;

// Every row that `sql` gives is a problem, described by its first column.
Status Collect(Database& database, std::string_view sql, const std::string& prefix, Problems& problems) {
  return database.Execute(sql, {}, [&](const Row& row) -> Status {
    problems.push_back(prefix + std::string(row.Text(0)));
    return {};
  });
}

template <typename State>
Status CheckStates(Database& database, const std::string& table, const std::string& column,
                   Result<State> (*parse)(std::string_view), Problems& problems) {
  return database.Execute(
      "SELECT " + column + ", count(*) FROM " + table + " GROUP BY " + column, {}, [&](const Row& row) -> Status {
        if (!parse(row.Text(0))) {
          problems.push_back(std::to_string(row.Integer(1)) + " rows of " + table + " have the " + column + " '" +
                             std::string(row.Text(0)) + "', which there is none of");
        }
        return {};
      });
}

struct Rule {
  std::string_view prefix;
  std::string_view sql;  // gives the offenders
};

constexpr std::array kRules{
    Rule{"more than one run is running for ",
         "SELECT pipeline || ' ' || partition_key FROM runs WHERE state = 'running' "
         "GROUP BY pipeline, partition_key HAVING count(*) > 1"},
    Rule{"a running run has no running try: ",
         "SELECT pipeline || ' ' || run_id FROM runs WHERE state = 'running' AND NOT EXISTS "
         "(SELECT 1 FROM tries WHERE tries.run = runs.id AND tries.state = 'running')"},
    Rule{"a try runs though its run doesn't: ",
         "SELECT pipeline || ' ' || run_id FROM runs WHERE state <> 'running' AND EXISTS "
         "(SELECT 1 FROM tries WHERE tries.run = runs.id AND tries.state = 'running')"},
    Rule{"a claim has a smaller token than a try of its partition: ",
         "SELECT DISTINCT claims.pipeline || ' ' || claims.partition_key FROM claims "
         "JOIN runs ON runs.pipeline = claims.pipeline "
         "AND runs.partition_key = claims.partition_key "
         "JOIN tries ON tries.run = runs.id WHERE tries.token > claims.token"},
    Rule{"a processed partition names a try that isn't known: ",
         "SELECT pipeline || ' ' || partition_key || ' ' || run_id FROM processed "
         "WHERE try_number > 0 AND NOT EXISTS (SELECT 1 FROM runs JOIN tries ON tries.run = runs.id "
         "WHERE runs.pipeline = processed.pipeline AND runs.run_id = processed.run_id "
         "AND tries.number = processed.try_number)"},
    Rule{"a source partition has no place in a reading of its table: ",
         "SELECT source_tables.location || ' ' || source_partitions.partition_key FROM readings "
         "JOIN source_tables ON source_tables.id = readings.table_key "
         "JOIN source_partitions ON source_partitions.table_key = readings.table_key "
         "WHERE NOT EXISTS (SELECT 1 FROM partition_starts WHERE partition_starts.reading = readings.id "
         "AND partition_starts.part = source_partitions.partition_key)"},
    Rule{"a change is newer than the last commit that was seen: ",
         "SELECT source_tables.location || ' version ' || changes.version FROM changes "
         "JOIN source_tables ON source_tables.id = changes.table_key "
         "WHERE changes.version > source_tables.seen_version"},
};

Status Count(Database& database, const std::string& table, std::int64_t& count) {
  return database.Execute("SELECT count(*) FROM " + table, {}, [&](const Row& row) -> Status {
    count = row.Integer(0);
    return {};
  });
}

}  // namespace

Status CheckContent(Database& database, LedgerCheck& check) {
  Problems& problems = check.problems;
  LATECOMER_RETURN_IF_ERROR(CheckStates(database, "runs", "kind", ParseRunKind, problems));
  LATECOMER_RETURN_IF_ERROR(CheckStates(database, "runs", "state", ParseRunState, problems));
  LATECOMER_RETURN_IF_ERROR(CheckStates(database, "tries", "state", ParseTryState, problems));
  LATECOMER_RETURN_IF_ERROR(CheckStates(database, "steps", "state", ParseStepState, problems));
  LATECOMER_RETURN_IF_ERROR(CheckStates(database, "attempts", "state", ParseAttemptState, problems));
  for (const Rule& rule : kRules) {
    // A few of a kind are enough to know what is wrong.
    LATECOMER_RETURN_IF_ERROR(
        Collect(database, std::string(rule.sql) + " LIMIT 20", std::string(rule.prefix), problems));
  }
  LATECOMER_RETURN_IF_ERROR(Count(database, "runs", check.runs));
  LATECOMER_RETURN_IF_ERROR(Count(database, "tries", check.tries));
  LATECOMER_RETURN_IF_ERROR(Count(database, "events", check.events));
  return Count(database, "processed", check.partitions);
}

}  // namespace latecomer::ledger
