// Commits × partitions: the picture that shows late data at a glance.
#include <algorithm>
#include <map>
#include <set>

#include "engine/output_groups.h"
#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

using lateness::PlanEntry;

constexpr int kMostCompactions = 50;  // commits whose partitions are read from the log for one answer

const pipeline::Source* FindSource(const pipeline::Pipeline& pipeline, const std::string& name) {
  if (name.empty()) return &pipeline::ShapeOf(pipeline);
  for (const pipeline::Source& source : pipeline.sources) {
    if (source.name == name) return &source;
  }
  return nullptr;
}

// Canonical key of a source partition → those of the outputs made from it, own intervals first.
using OutputsOf = std::map<std::string, std::vector<std::string>>;

Result<OutputsOf> MapOutputs(const pipeline::Pipeline& pipeline, const PlanView& plan, const pipeline::Source& source) {
  OutputsOf outputs;
  if (!plan.known) return outputs;
  LATECOMER_ASSIGN_OR_RETURN(const engine::OutputGroups groups, engine::GroupByOutput(pipeline, plan.sources));
  for (const auto& [output, group] : groups) {
    for (const engine::MappedPartition& mapped : group.partitions) {
      if (&pipeline.sources[mapped.source] != &source || !mapped.own) continue;
      outputs[mapped.record->key].push_back(output);
    }
  }
  return outputs;
}

// What one commit did to one output partition, over the source partitions it is made from.
struct Mark {
  std::int64_t files_added = 0, files_removed = 0;
  std::optional<std::int64_t> rows_added = 0, rows_removed = 0;
  Instant at{};
  bool first = false;       // brought the partition's first data
  bool compaction = false;  // changed files, not data
};
using Marks = std::map<std::pair<std::int64_t, std::string>, Mark>;  // by version and output key

void AddRows(std::optional<std::int64_t>& sum, const std::optional<std::int64_t>& rows) {
  sum = sum && rows ? std::optional(*sum + *rows) : std::nullopt;
}

void Add(Mark& mark, const table::ChangeCounts& counts, Instant at) {
  mark.files_added += counts.files_added;
  mark.files_removed += counts.files_removed;
  AddRows(mark.rows_added, counts.rows_added);
  AddRows(mark.rows_removed, counts.rows_removed);
  mark.at = at;
}

std::string ClassOf(const Mark& mark, const std::optional<Interval>& interval) {
  if (mark.compaction) return "compaction";
  const bool nothing_new = mark.rows_added && mark.rows_removed && *mark.rows_added <= *mark.rows_removed;
  if (nothing_new && !mark.first) return "rewrite";
  if (mark.first || !interval || mark.at < interval->end) return "on_time";
  return "late";
}

// Commits that changed no data are in the ledger without partitions; which they compacted stands in the log.
void AddCompactions(Call& call, const ledger::TableRecord& table, const std::vector<ledger::CommitRecord>& commits,
                    const std::set<std::int64_t>& with_changes, const OutputsOf& outputs, Marks& marks) {
  const auto history = call.app.catalog.OpenHistory(table.location);
  if (!history) return;
  int read = 0;
  for (const ledger::CommitRecord& commit : commits) {
    if (with_changes.contains(commit.version.value) || commit.version <= table.first_contact) continue;
    if (++read > kMostCompactions) return;
    const VersionRange range{Version{commit.version.value - 1}, commit.version};
    // A commit that is gone from the log just has no marks.
    (void)(*history)->ReadCommitsAfter({table.table_id, table.partition_columns}, range,
                                       [&](table::Commit&& found) -> Status {
                                         for (const table::PartitionChange& change : found.partitions) {
                                           const auto to = outputs.find(change.key.Canonical());
                                           if (to == outputs.end()) continue;
                                           for (const std::string& output : to->second) {
                                             Mark& mark = marks[{found.version.value, output}];
                                             Add(mark, change.counts, found.timestamp);
                                             mark.compaction = true;
                                           }
                                         }
                                         return {};
                                       });
  }
}

Json MarkJson(std::int64_t version, const std::string& output, const Mark& mark, const PlanEntry* entry,
              const ledger::ProcessedRecord* processed, const std::string& source) {
  const std::optional<Interval> interval = entry != nullptr ? entry->interval : std::nullopt;
  bool unseen = !mark.compaction;
  if (processed != nullptr) {
    const auto built = processed->vector.find(source);
    unseen = unseen && (built == processed->vector.end() || built->second.value < version);
  }
  Json json;
  json["version"] = version;
  json["key"] = KeyOf(output);
  json["class"] = ClassOf(mark, interval);
  json["rows_added"] = IntegerJson(mark.rows_added);
  json["rows_removed"] = IntegerJson(mark.rows_removed);
  json["files_added"] = mark.files_added;
  json["files_removed"] = mark.files_removed;
  json["lateness_seconds"] = interval ? SecondsJson(std::optional<Duration>(mark.at - interval->end)) : Json();
  json["unseen"] = unseen;
  return json;
}

Json RowJson(const PlanEntry& entry, const ledger::ProcessedRecord* processed, const std::string& source) {
  const std::string canonical = entry.key.Canonical();
  Json json;
  json["key"] = KeyOf(canonical);
  json["partition"] = DisplayOf(canonical);
  json["interval_start"] = entry.interval ? TimeJson(entry.interval->start) : Json();
  json["state"] = StateName(entry);
  json["built_at_version"] = nullptr;
  json["built_at"] = nullptr;
  json["run_id"] = nullptr;
  if (processed != nullptr) {
    const auto built = processed->vector.find(source);
    if (built != processed->vector.end()) json["built_at_version"] = built->second.value;
    json["built_at"] = TimeJson(processed->at);
    json["run_id"] = processed->run_id;
  }
  return json;
}

struct Window {
  std::optional<Instant> from, to;
  bool Holds(const PlanEntry& entry) const {
    if (!from && !to) return true;
    return entry.interval && (!from || entry.interval->start >= *from) && (!to || entry.interval->start < *to);
  }
};

// Everything read for one answer.
struct Picture {
  const pipeline::Source& source;
  std::shared_ptr<const PlanView> plan;
  std::optional<ledger::TableRecord> table;
  std::vector<ledger::CommitRecord> commits;  // oldest first
  std::set<std::int64_t> with_changes;
  std::map<std::string, ledger::ProcessedRecord> processed;
  Marks marks;
};

Status ReadMarks(Call& call, const pipeline::Pipeline& pipeline, Picture& picture) {
  LATECOMER_ASSIGN_OR_RETURN(const OutputsOf outputs, MapOutputs(pipeline, *picture.plan, picture.source));
  if (!picture.table || picture.commits.empty()) return {};
  const auto& known = picture.plan->sources.Of(picture.source).partitions;
  LATECOMER_ASSIGN_OR_RETURN(
      const auto changes, call.store.activity->ChangesBetween(picture.source.location, picture.commits.front().version,
                                                              picture.commits.back().version));
  for (const ledger::ChangeRecord& change : changes) {
    picture.with_changes.insert(change.version.value);
    const auto to = outputs.find(change.key);
    if (to == outputs.end()) continue;
    const auto record = known.find(change.key);
    for (const std::string& output : to->second) {
      Mark& mark = picture.marks[{change.version.value, output}];
      Add(mark, change.counts, change.timestamp);
      mark.first = mark.first || (record != known.end() && record->second.first_seen == change.timestamp);
    }
  }
  AddCompactions(call, *picture.table, picture.commits, picture.with_changes, outputs, picture.marks);
  return {};
}

Json ToJson(const pipeline::Pipeline& pipeline, const Picture& picture, const Window& window) {
  const auto processed = [&](const std::string& canonical) {
    const auto it = picture.processed.find(canonical);
    return it == picture.processed.end() ? nullptr : &it->second;
  };
  std::set<std::string> touched;
  Json marks = Json::array();
  for (const auto& [place, mark] : picture.marks) {
    const PlanEntry* entry = picture.plan->Find(place.second);
    if (entry != nullptr && !window.Holds(*entry)) continue;
    touched.insert(place.second);
    marks.push_back(MarkJson(place.first, place.second, mark, entry, processed(place.second), picture.source.name));
  }
  Json json;
  json["source"] = picture.source.name;
  json["table"] = TableId(picture.source.location);
  json["sources"] = Json::array();
  for (const pipeline::Source& source : pipeline.sources) json["sources"].push_back(source.name);
  json["commits"] = Json::array();
  for (const ledger::CommitRecord& commit : picture.commits) {
    json["commits"].push_back({{"version", commit.version.value},
                               {"timestamp", TimeJson(commit.timestamp)},
                               {"operation", commit.operation},
                               {"data_change", picture.with_changes.contains(commit.version.value)}});
  }
  json["partitions"] = Json::array();
  for (const PlanEntry& entry : picture.plan->plan.entries) {
    const std::string canonical = entry.key.Canonical();
    const bool open = entry.decision != lateness::Decision::kUpToDate && entry.decision != lateness::Decision::kIgnored;
    if (!window.Holds(entry) || (!open && !touched.contains(canonical))) continue;
    json["partitions"].push_back(RowJson(entry, processed(canonical), picture.source.name));
  }
  json["marks"] = std::move(marks);
  json["seen"] = picture.table ? picture.table->seen.version.value : -1;
  const bool more = !picture.commits.empty() && picture.commits.front().version.value > 0 &&
                    picture.commits.front().version > picture.table->first_contact;
  json["next_before"] = more ? Json(picture.commits.front().version.value) : Json();
  return json;
}

}  // namespace

Result<Response> GetVersions(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  const pipeline::Pipeline& pipeline = *loaded.pipeline;
  QueryFields query(call.request);
  const std::string name = query.Text("source", 100);
  const auto before = query.Integer("before", 0, 9007199254740991);
  const auto limit = static_cast<int>(query.Integer("limit", 1, 1000, 100));
  const Window window{query.Time("from"), query.Time("to")};
  const pipeline::Source* source = FindSource(pipeline, name);
  if (source == nullptr) query.Wrong("source", "is none of the pipeline's");
  if (auto problem = query.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(auto plan, PlanOf(call, pipeline, Scope::kAll));
  Picture picture{.source = *source,
                  .plan = std::move(plan),
                  .table = {},
                  .commits = {},
                  .with_changes = {},
                  .processed = {},
                  .marks = {}};
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(picture.table, reader.FindTable(source->location));
    LATECOMER_ASSIGN_OR_RETURN(const auto records, reader.Processed(pipeline.id));
    for (const ledger::ProcessedRecord& record : records) picture.processed.emplace(record.partition, record);
    return {};
  }));
  const auto older = before ? std::optional(Version{*before}) : std::nullopt;
  LATECOMER_ASSIGN_OR_RETURN(picture.commits, call.store.activity->CommitsBefore(source->location, older, limit));
  std::reverse(picture.commits.begin(), picture.commits.end());
  LATECOMER_RETURN_IF_ERROR(ReadMarks(call, pipeline, picture));
  return JsonResponse(ToJson(pipeline, picture, window));
}

}  // namespace latecomer::server
