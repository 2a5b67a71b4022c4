// The list of pipelines, one of them, and how they hang together.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

using pipeline::Pipeline;

std::string Folded(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folded;
}

Json SpanJson(const std::optional<Duration>& span) {
  return span ? Json(FormatDuration(*span)) : Json();
}
Json DateJson(const std::optional<LocalTime>& date) {
  return date ? Json(FormatLocal(*date)) : Json();
}

std::string ReadyText(const lateness::Ready& ready) {
  using Kind = lateness::Ready::Kind;
  if (ready.kind == Kind::kManual) return "manual";
  if (ready.kind == Kind::kDelay) return "delay " + FormatDuration(ready.delay);
  if (ready.kind == Kind::kCron) return "at " + ready.cron->text();
  if (ready.at_latest) return "next_partition, at latest " + FormatDuration(*ready.at_latest);
  return "next_partition";
}

Json ScheduleJson(const Pipeline& pipeline) {
  const lateness::Rules& rules = pipeline.rules;
  Json json;
  json["start"] = DateJson(rules.start);
  json["end"] = DateJson(rules.end);
  json["ready"] = ReadyText(rules.ready);
  json["max_active_runs"] = pipeline.max_active_runs;
  json["depends_on_past"] = pipeline.depends_on_past;
  json["catch_up"] = rules.catch_up;
  json["empty_partitions"] = rules.empty_partitions == lateness::EmptyPartitions::kRun ? "run" : "skip";
  return json;
}

Json LateDataJson(const Pipeline& pipeline) {
  const lateness::Rules& rules = pipeline.rules;
  const auto detect = [&] {
    switch (rules.detect) {
      case lateness::Detect::kChanges: return "changes";
      case lateness::Detect::kLookback: return "lookback";
      case lateness::Detect::kOff: return "off";
    }
    return "off";
  };
  const auto order = [&] {
    switch (rules.order) {
      case lateness::Order::kOldestFirst: return "oldest_first";
      case lateness::Order::kNewestFirst: return "newest_first";
      case lateness::Order::kMostRows: return "most_rows";
    }
    return "oldest_first";
  };
  Json json;
  json["detect"] = detect();
  json["lookback"] = rules.lookback;
  json["allowed_lateness"] = SpanJson(rules.allowed_lateness);
  json["frozen_before"] = DateJson(rules.frozen_before);
  json["settle_quiet"] = FormatDuration(rules.settle_quiet);
  json["settle_at_most"] = FormatDuration(rules.settle_at_most);
  json["min_rows"] = rules.min_rows;
  json["emptied"] = rules.emptied == lateness::HoldOrProcess::kHold ? "hold" : "process";
  json["no_interval"] = rules.no_interval == lateness::HoldOrProcess::kHold ? "hold" : "process";
  json["retry_failed_after"] = SpanJson(rules.retry_failed_after);
  json["propagate"] = rules.propagate == lateness::Propagate::kFollowing ? "following" : "none";
  json["max_backfills"] = rules.max_backfills;
  json["concurrency"] = pipeline.concurrency;
  json["order"] = order();
  json["max_wait"] = FormatDuration(pipeline.max_wait);
  return json;
}

std::string MappingText(const pipeline::Source& source) {
  if (source.rollup) return "rollup: " + FormatCadence(*source.rollup);
  return lateness::FormatMapping(source.mapping);
}

Json SourceJson(const pipeline::Source& source, const std::optional<ledger::TableRecord>& seen) {
  Json json;
  json["name"] = source.name;
  json["location"] = source.location;
  json["table"] = TableId(source.location);
  json["partition"] = source.partition.columns;
  json["cadence"] = FormatCadence(source.cadence);
  json["time_zone"] = source.time_zone.name();
  json["mapping"] = MappingText(source);
  json["version"] = seen ? Json(seen->seen.version.value) : Json();
  json["observed_at"] = seen ? TimeJson(seen->observed_at) : Json();
  return json;
}

// Written by which step; a table in each of the graph's edges is named by its id.
struct Edges {
  Json json = Json::array();
  void Add(const std::string& from, const std::string& to, const std::string& label) {
    json.push_back({{"from", from}, {"to", to}, {"label", label}});
  }
};

Json NodeJson(const std::string& id, const char* type, const std::string& name) {
  Json json;
  json["id"] = id;
  json["type"] = type;
  json["name"] = name;
  json["health"] = nullptr;
  json["late"] = nullptr;
  json["running"] = nullptr;
  return json;
}

std::string LastPart(const std::string& location) {
  const std::size_t slash = location.find_last_of('/');
  return slash == std::string::npos || slash + 1 == location.size() ? location : location.substr(slash + 1);
}

}  // namespace

Result<Response> ListPipelines(Call& call) {
  QueryFields query(call.request);
  const std::string search = Folded(query.Text("search", 200));
  const std::string after = query.Text("cursor", 500);
  const auto limit = static_cast<std::size_t>(query.Integer("limit", 1, 500, 100));
  if (auto problem = query.Problem()) return std::move(*problem);
  const auto view = call.app.fleet.View();
  std::vector<std::pair<std::string, const Loaded*>> shown;  // by name, then id
  for (const auto& [id, loaded] : view->pipelines) {
    const std::string name = Folded(loaded.pipeline->name);
    if (name.find(search) == std::string::npos && Folded(id).find(search) == std::string::npos) continue;
    shown.emplace_back(name + "\n" + id, &loaded);
  }
  std::sort(shown.begin(), shown.end());
  Json items = Json::array();
  std::optional<std::string> next;
  std::string last;
  for (const auto& [place, loaded] : shown) {
    if (!after.empty() && place <= after) continue;
    if (items.size() == limit) {
      next = last;
      break;
    }
    LATECOMER_ASSIGN_OR_RETURN(Summary summary, SummaryOf(call, *loaded));
    items.push_back(std::move(summary.json));
    last = place;
  }
  Json json = Page(std::move(items), next);
  json["file_errors"] = Json::array();
  for (const FileProblem& problem : view->files) json["file_errors"].push_back(FileProblemJson(problem));
  return JsonResponse(json);
}

Result<Response> GetPipeline(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  const Pipeline& pipeline = *loaded.pipeline;
  LATECOMER_ASSIGN_OR_RETURN(Summary summary, SummaryOf(call, loaded));
  Json& json = summary.json;
  json["definition"] = pipeline.text;
  json["definition_hash"] = pipeline.definition_hash;
  json["steps"] = StepDefinitionsJson(pipeline);
  json["sources"] = Json::array();
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto record, reader.FindPipeline(pipeline.id));
    json["updated"] = TimeJson(record ? record->updated : call.now);
    for (const pipeline::Source& source : pipeline.sources) {
      LATECOMER_ASSIGN_OR_RETURN(const auto seen, reader.FindTable(source.location));
      json["sources"].push_back(SourceJson(source, seen));
    }
    return {};
  }));
  json["output"] = {{"columns", pipeline.output.columns},
                    {"cadence", FormatCadence(pipeline.output.cadence)},
                    {"time_zone", pipeline.output.time_zone.name()}};
  json["schedule"] = ScheduleJson(pipeline);
  json["late_data"] = LateDataJson(pipeline);
  json["warnings"] = Json::array();
  for (const pipeline::Warning& warning : pipeline::Warnings(pipeline)) {
    json["warnings"].push_back({{"line", warning.line}, {"message", warning.message}});
  }
  return JsonResponse(json);
}

Result<Response> GetCascade(Call& call) {
  const auto view = call.app.fleet.View();
  Json nodes = Json::array();
  Edges edges;
  std::map<std::string, std::string> tables;  // node id → location
  const auto table_node = [&](const std::string& location) {
    const std::string id = "table:" + TableId(location);
    tables[id] = location;
    return id;
  };
  for (const auto& [id, loaded] : view->pipelines) {
    LATECOMER_ASSIGN_OR_RETURN(const Summary summary, SummaryOf(call, loaded));
    Json node = NodeJson("pipeline:" + id, "pipeline", loaded.pipeline->name);
    node["health"] = summary.health;
    node["late"] = summary.late;
    node["running"] = summary.running;
    nodes.push_back(std::move(node));
    for (const pipeline::Source& source : loaded.pipeline->sources) {
      edges.Add(table_node(source.location), "pipeline:" + id, MappingText(source));
    }
    for (const pipeline::Step& step : loaded.pipeline->steps) {
      const std::string* into = pipeline::DeclaredOutput(step);
      if (into != nullptr) edges.Add("pipeline:" + id, table_node(*into), step.id);
    }
  }
  for (const auto& [id, location] : tables) nodes.push_back(NodeJson(id, "table", LastPart(location)));
  Json json;
  json["nodes"] = std::move(nodes);
  json["edges"] = std::move(edges.json);
  return JsonResponse(json);
}

}  // namespace latecomer::server
