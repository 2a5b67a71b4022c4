// Activity as SQL on a Database.
#include <functional>
#include <initializer_list>
#include <span>
#include <utility>

#include "ledger/activity.h"
#include "ledger/record_text.h"
#include "ledger/sql_table_rows.h"
#include "ledger/transaction.h"

namespace latecomer::ledger {
namespace {

constexpr std::string_view kOfTable = " WHERE table_key = (SELECT id FROM source_tables WHERE location = $1)";

Result<std::int64_t> ReadInteger(const Row& row) {
  return row.Integer(0);
}

class SqlActivity final : public Activity {
 public:
  explicit SqlActivity(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<std::int64_t> NewestEvent() override { return Integer("SELECT coalesce(max(sequence), 0) FROM events", {}); }
  Result<std::vector<EventRecord>> EventsAfter(std::int64_t sequence, int limit) override {
    return Select<EventRecord>("SELECT " LATECOMER_EVENT_COLUMNS
                               " FROM events WHERE sequence > $1 ORDER BY sequence LIMIT $2",
                               {sequence, std::int64_t{limit}}, ReadEvent);
  }
  Result<std::vector<EventRecord>> Events(const EventFilter& filter) override;

  Result<std::map<std::string, Version>> SeenVersions() override;
  Result<std::int64_t> CountPartitions(const std::string& location) override {
    return Integer("SELECT count(*) FROM source_partitions" + std::string(kOfTable) + " AND files > 0",
                   {std::string_view(location)});
  }
  Result<std::vector<CommitRecord>> CommitsBefore(const std::string& location, std::optional<Version> before,
                                                  int limit) override {
    constexpr std::int64_t kAny = std::int64_t{1} << 62;
    return Select<CommitRecord>("SELECT " LATECOMER_COMMIT_COLUMNS " FROM commits" + std::string(kOfTable) +
                                    " AND version < $2 ORDER BY version DESC LIMIT $3",
                                {std::string_view(location), before ? before->value : kAny, std::int64_t{limit}},
                                ReadCommit);
  }
  Result<std::vector<ChangeRecord>> ChangesBetween(const std::string& location, Version from, Version to) override {
    return Select<ChangeRecord>("SELECT " LATECOMER_CHANGE_COLUMNS " FROM changes" + std::string(kOfTable) +
                                    " AND version >= $2 AND version <= $3 ORDER BY version, partition_key",
                                {std::string_view(location), from.value, to.value}, ReadChange);
  }

  Result<std::vector<std::int64_t>> Children(std::int64_t run) override {
    return Select<std::int64_t>("SELECT id FROM runs WHERE caused_by = $1 ORDER BY id LIMIT 1000", {run}, ReadInteger);
  }
  Result<std::vector<std::string>> NewestProcessed(const std::string& pipeline, int limit) override {
    return Select<std::string>(
        "SELECT partition_key FROM processed WHERE pipeline = $1 AND interval_start IS NOT NULL "
        "ORDER BY interval_start DESC, partition_key LIMIT $2",
        {std::string_view(pipeline), static_cast<std::int64_t>(limit)},
        [](const Row& row) -> Result<std::string> { return Owned(row, 0); });
  }
  Result<std::optional<Instant>> LastSuccess(const std::string& pipeline) override {
    LATECOMER_ASSIGN_OR_RETURN(const auto ends,
                               Select<std::int64_t>("SELECT ended FROM runs WHERE pipeline = $1 AND state = 'success'"
                                                    " AND ended IS NOT NULL ORDER BY id DESC LIMIT 20",
                                                    {std::string_view(pipeline)}, ReadInteger));
    std::optional<Instant> last;
    for (const std::int64_t end : ends) last = std::max(last.value_or(FromMillis(end)), FromMillis(end));
    return last;
  }
  Result<std::vector<RunCount>> RunCounts() override;
  Result<std::map<std::int64_t, VersionVector>> NewestVectors(const std::string& pipeline, std::int64_t from,
                                                              std::int64_t to) override;

 private:
  using Parameters = std::initializer_list<Parameter>;

  // One statement in a transaction of its own; rows may come again from the first one.
  Status Read(std::string_view sql, std::span<const Parameter> parameters, const std::function<void()>& begin,
              const RowSink& sink) {
    return RunTransaction(*database_, Intent::kRead, [&] {
      begin();
      return database_->Execute(sql, parameters, sink);
    });
  }
  template <typename T>
  Result<std::vector<T>> Select(std::string_view sql, std::span<const Parameter> parameters,
                                Result<T> (*read)(const Row&)) {
    std::vector<T> records;
    LATECOMER_RETURN_IF_ERROR(Read(
        sql, parameters, [&] { records.clear(); },
        [&](const Row& row) -> Status {
          LATECOMER_ASSIGN_OR_RETURN(T record, read(row));
          records.push_back(std::move(record));
          return {};
        }));
    return records;
  }
  template <typename T>
  Result<std::vector<T>> Select(std::string_view sql, Parameters parameters, Result<T> (*read)(const Row&)) {
    return Select(sql, std::span(parameters.begin(), parameters.size()), read);
  }
  Result<std::int64_t> Integer(std::string_view sql, Parameters parameters) {
    LATECOMER_ASSIGN_OR_RETURN(const auto found, Select<std::int64_t>(sql, parameters, ReadInteger));
    return found.empty() ? 0 : found.front();
  }

  std::unique_ptr<Database> database_;
};

Result<std::vector<EventRecord>> SqlActivity::Events(const EventFilter& filter) {
  std::string sql = "SELECT " LATECOMER_EVENT_COLUMNS " FROM events WHERE 1 = 1";
  std::vector<Parameter> parameters;
  const auto require = [&](std::string_view condition, Parameter value) {
    parameters.push_back(value);
    sql += " AND " + std::string(condition) + " $" + std::to_string(parameters.size());
  };
  if (!filter.pipeline.empty()) require("pipeline =", std::string_view(filter.pipeline));
  if (!filter.run_id.empty()) require("run_id =", std::string_view(filter.run_id));
  if (!filter.partition.empty()) require("partition_key =", std::string_view(filter.partition));
  if (filter.before) require("sequence <", *filter.before);
  parameters.emplace_back(std::int64_t{filter.limit});
  sql += " ORDER BY sequence DESC LIMIT $" + std::to_string(parameters.size());
  return Select<EventRecord>(sql, std::span<const Parameter>(parameters), ReadEvent);
}

Result<std::map<std::string, Version>> SqlActivity::SeenVersions() {
  std::map<std::string, Version> seen;
  LATECOMER_RETURN_IF_ERROR(Read(
      "SELECT location, seen_version FROM source_tables", {}, [&] { seen.clear(); },
      [&](const Row& row) -> Status {
        seen[Owned(row, 0)] = Version{row.Integer(1)};
        return {};
      }));
  return seen;
}

Result<std::vector<RunCount>> SqlActivity::RunCounts() {
  std::vector<RunCount> counts;
  LATECOMER_RETURN_IF_ERROR(Read(
      "SELECT pipeline, kind, state, count(*) FROM runs GROUP BY pipeline, kind, state", {}, [&] { counts.clear(); },
      [&](const Row& row) -> Status {
        RunCount count;
        count.pipeline = Owned(row, 0);
        LATECOMER_ASSIGN_OR_RETURN(count.kind, ParseRunKind(row.Text(1)));
        LATECOMER_ASSIGN_OR_RETURN(count.state, ParseRunState(row.Text(2)));
        count.runs = row.Integer(3);
        counts.push_back(std::move(count));
        return {};
      }));
  return counts;
}

Result<std::map<std::int64_t, VersionVector>> SqlActivity::NewestVectors(const std::string& pipeline, std::int64_t from,
                                                                         std::int64_t to) {
  std::map<std::int64_t, VersionVector> vectors;
  const Parameter parameters[] = {std::string_view(pipeline), from, to};
  LATECOMER_RETURN_IF_ERROR(Read(
      "SELECT r.id, t.vector FROM runs r JOIN tries t ON t.run = r.id AND t.number = r.tries"
      " WHERE r.pipeline = $1 AND r.id >= $2 AND r.id <= $3",
      parameters, [&] { vectors.clear(); },
      [&](const Row& row) -> Status {
        LATECOMER_ASSIGN_OR_RETURN(vectors[row.Integer(0)], VectorFromJson(row.Text(1)));
        return {};
      }));
  return vectors;
}

}  // namespace

std::unique_ptr<Activity> MakeActivity(std::unique_ptr<Database> database) {
  return std::make_unique<SqlActivity>(std::move(database));
}

}  // namespace latecomer::ledger
