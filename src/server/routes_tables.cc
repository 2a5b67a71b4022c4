// The tables that pipelines read and write.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

constexpr std::size_t kMostPartitions = 1000;

struct Users {
  std::vector<std::string> read_by, written_by;
};

// By location.
std::map<std::string, Users> TablesOf(const FleetView& fleet) {
  std::map<std::string, Users> tables;
  const auto add = [](std::vector<std::string>& ids, const std::string& id) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  for (const auto& [id, loaded] : fleet.pipelines) {
    for (const pipeline::Source& source : loaded.pipeline->sources) add(tables[source.location].read_by, id);
    for (const pipeline::Step& step : loaded.pipeline->steps) {
      const std::string* into = pipeline::DeclaredOutput(step);
      if (into != nullptr) add(tables[*into].written_by, id);
    }
  }
  return tables;
}

Json ColumnsJson(const table::PartitionSchema& columns) {
  Json list = Json::array();
  for (const table::PartitionColumn& column : columns) {
    list.push_back({{"name", column.name}, {"type", table::FormatDataType(column.type)}});
  }
  return list;
}

Result<std::optional<ledger::TableRecord>> FindSeen(Call& call, const std::string& location) {
  std::optional<ledger::TableRecord> seen;
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(seen, reader.FindTable(location));
    return {};
  }));
  return seen;
}

Result<Json> TableJson(Call& call, const std::string& location, const Users& users,
                       const std::optional<ledger::TableRecord>& seen) {
  const std::size_t slash = location.find_last_of('/');
  Json json;
  json["id"] = TableId(location);
  json["location"] = location;
  json["name"] = slash == std::string::npos ? location : location.substr(slash + 1);
  json["version"] = seen ? Json(seen->seen.version.value) : Json();
  json["observed_at"] = seen ? TimeJson(seen->observed_at) : Json();
  json["partition_columns"] = ColumnsJson(seen ? seen->partition_columns : table::PartitionSchema{});
  json["partitions"] = nullptr;
  if (seen) {
    LATECOMER_ASSIGN_OR_RETURN(json["partitions"], call.store.activity->CountPartitions(location));
  }
  json["read_by"] = users.read_by;
  json["written_by"] = users.written_by;
  return json;
}

struct Found {
  std::string location;
  Users users;
};
Result<Found> FindTable(Call& call) {
  const auto fleet = call.app.fleet.View();
  for (auto& [location, users] : TablesOf(*fleet)) {
    if (TableId(location) == call.Path("table")) return Found{location, users};
  }
  return Fail(Error(ErrorKind::kNotFound, "no pipeline reads or writes a table with this id")
                  .Hint("/api/v1/tables lists them"));
}

Json PartitionJson(const std::string& canonical, const std::string& log_json, std::int64_t files,
                   const std::optional<std::int64_t>& rows, std::int64_t bytes, std::int64_t last_changed) {
  Json json;
  json["key"] = KeyOf(canonical);
  json["values"] = ValuesOf(log_json);
  json["files"] = files;
  json["rows"] = IntegerJson(rows);
  json["bytes"] = bytes;
  json["last_changed"] = last_changed;
  return json;
}

Status AddSeenPartitions(Call& call, const ledger::TableRecord& seen, Json& list) {
  return call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto records, reader.SourcePartitions(seen.location));
    std::vector<std::pair<table::PartitionKey, const ledger::SourcePartitionRecord*>> ordered;
    for (const ledger::SourcePartitionRecord& record : records) {
      LATECOMER_ASSIGN_OR_RETURN(table::PartitionKey key, table::ParseCanonicalKey(seen.partition_columns, record.key));
      ordered.emplace_back(std::move(key), &record);
    }
    std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return b.first < a.first; });
    if (ordered.size() > kMostPartitions) ordered.resize(kMostPartitions);
    for (const auto& [key, record] : ordered) {
      list.push_back(PartitionJson(record->key, record->log_json, record->files, record->rows, record->bytes,
                                   record->last_changed.value));
    }
    return {};
  });
}

// Of a table that is only written: what it holds stands in its log.
Status AddFromLog(Call& call, const std::string& location, Json& json) {
  LATECOMER_ASSIGN_OR_RETURN(const auto history, call.app.catalog.OpenHistory(location));
  const auto snapshot = history->ReadSnapshot(std::nullopt);
  if (!snapshot) return {};  // not written yet
  json["version"] = snapshot->info.version.value;
  json["table_id"] = snapshot->info.id;
  json["partition_columns"] = ColumnsJson(snapshot->info.partition_columns);
  json["partitions"] = snapshot->partitions.size();
  std::size_t left = kMostPartitions;
  for (auto it = snapshot->partitions.rbegin(); it != snapshot->partitions.rend() && left > 0; ++it, --left) {
    json["partition_list"].push_back(PartitionJson(it->key.Canonical(), it->key.LogJson(), it->files, it->rows,
                                                   it->bytes, it->last_changed.value_or(Version{0}).value));
  }
  return {};
}

template <typename Change>
Json ChangeJsonOf(const Json& partition, const Change& change, bool assumed, const std::string& note) {
  Json json;
  json["partition"] = partition;
  json["files_added"] = change.counts.files_added;
  json["files_removed"] = change.counts.files_removed;
  json["rows_added"] = IntegerJson(change.counts.rows_added);
  json["rows_removed"] = IntegerJson(change.counts.rows_removed);
  json["bytes_added"] = change.counts.bytes_added;
  json["bytes_removed"] = change.counts.bytes_removed;
  json["deletion_vector_updates"] = change.counts.deletion_vector_updates;
  json["assumed"] = assumed;
  json["note"] = note;
  return json;
}

const char* TimeSourceName(table::TimestampSource source) {
  switch (source) {
    case table::TimestampSource::kInCommit: return "in_commit";
    case table::TimestampSource::kCommitInfo: return "commit_info";
    case table::TimestampSource::kFile: return "file";
  }
  return "file";
}

Json CommitJson(std::int64_t version, Instant at, table::TimestampSource source, const std::string& operation) {
  Json json;
  json["version"] = version;
  json["timestamp"] = TimeJson(at);
  json["time_source"] = TimeSourceName(source);
  json["operation"] = operation;
  json["changes"] = Json::array();
  return json;
}

// Newest first.
Result<Json> SeenCommits(Call& call, const std::string& location, const std::optional<Version>& before, int limit) {
  Json items = Json::array();
  LATECOMER_ASSIGN_OR_RETURN(const auto commits, call.store.activity->CommitsBefore(location, before, limit));
  if (commits.empty()) return items;
  LATECOMER_ASSIGN_OR_RETURN(const auto changes, call.store.activity->ChangesBetween(location, commits.back().version,
                                                                                     commits.front().version));
  std::map<std::int64_t, Json> by_version;
  for (const ledger::ChangeRecord& change : changes) {
    by_version[change.version.value].push_back(ChangeJsonOf(ValuesOf(change.key), change, change.assumed, change.note));
  }
  for (const ledger::CommitRecord& commit : commits) {
    Json json = CommitJson(commit.version.value, commit.timestamp, commit.timestamp_source, commit.operation);
    if (const auto it = by_version.find(commit.version.value); it != by_version.end()) json["changes"] = it->second;
    items.push_back(std::move(json));
  }
  return items;
}

Result<Json> LogCommits(Call& call, const std::string& location, const std::optional<Version>& before, int limit) {
  Json items = Json::array();
  LATECOMER_ASSIGN_OR_RETURN(const auto history, call.app.catalog.OpenHistory(location));
  const auto latest = history->LatestVersion();
  const auto oldest = history->OldestCommit();
  if (!latest || !oldest) return items;  // not written yet
  const Version target = before ? std::min(*latest, Version{before->value - 1}) : *latest;
  const Version base{std::max(oldest->value - 1, target.value - limit)};
  if (base >= target) return items;
  std::vector<Json> found;
  LATECOMER_RETURN_IF_ERROR(history->ReadCommits({base, target}, [&](table::Commit&& commit) -> Status {
    Json json = CommitJson(commit.version.value, commit.timestamp, commit.timestamp_source, commit.operation);
    for (const table::PartitionChange& change : commit.partitions) {
      if (!change.data_change) continue;
      json["changes"].push_back(ChangeJsonOf(ValuesOf(change.key.LogJson()), change, false, ""));
    }
    found.push_back(std::move(json));
    return {};
  }));
  for (auto it = found.rbegin(); it != found.rend(); ++it) items.push_back(std::move(*it));
  return items;
}

}  // namespace

Result<Response> ListTables(Call& call) {
  const auto fleet = call.app.fleet.View();
  Json json;
  json["items"] = Json::array();
  for (const auto& [location, users] : TablesOf(*fleet)) {
    LATECOMER_ASSIGN_OR_RETURN(const auto seen, FindSeen(call, location));
    LATECOMER_ASSIGN_OR_RETURN(Json table, TableJson(call, location, users, seen));
    json["items"].push_back(std::move(table));
  }
  return JsonResponse(json);
}

Result<Response> GetTable(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Found found, FindTable(call));
  LATECOMER_ASSIGN_OR_RETURN(const auto seen, FindSeen(call, found.location));
  LATECOMER_ASSIGN_OR_RETURN(Json json, TableJson(call, found.location, found.users, seen));
  json["table_id"] = seen ? Json(seen->table_id) : Json();
  json["first_contact"] = seen ? Json(seen->first_contact.value) : Json();
  json["partition_list"] = Json::array();
  LATECOMER_RETURN_IF_ERROR(seen ? AddSeenPartitions(call, *seen, json["partition_list"])
                                 : AddFromLog(call, found.location, json));
  return JsonResponse(json);
}

Result<Response> ListCommits(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Found found, FindTable(call));
  QueryFields query(call.request);
  const auto cursor = ParseCursor(query);
  const auto limit = static_cast<int>(query.Integer("limit", 1, 500, 100));
  if (auto problem = query.Problem()) return std::move(*problem);
  const auto before = cursor ? std::optional(Version{*cursor}) : std::nullopt;
  LATECOMER_ASSIGN_OR_RETURN(const auto seen, FindSeen(call, found.location));
  LATECOMER_ASSIGN_OR_RETURN(Json items, seen ? SeenCommits(call, found.location, before, limit)
                                              : LogCommits(call, found.location, before, limit));
  std::optional<std::string> next;
  if (items.size() == static_cast<std::size_t>(limit)) {
    const auto last = items.back()["version"].get<std::int64_t>();
    if (last > 0) next = std::to_string(last);
  }
  return JsonResponse(Page(std::move(items), next));
}

}  // namespace latecomer::server
