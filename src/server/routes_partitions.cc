// Output partitions: all of them, one with its history, and the plan.
#include <algorithm>
#include <functional>

#include "engine/definition.h"
#include "engine/facts.h"
#include "lateness/plan_names.h"
#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

using lateness::PlanEntry;

const std::vector<std::string> kStates{"complete", "late", "held", "processing", "failed", "never", "ignored"};
const std::vector<std::string> kDecisions{"up_to_date", "process", "open", "waiting", "held", "failed", "ignored"};

const std::vector<std::string> kRules(std::begin(lateness::kRuleNames), std::end(lateness::kRuleNames));

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

using ProcessedByKey = std::map<std::string, ledger::ProcessedRecord>;

Result<ProcessedByKey> ReadProcessed(ledger::Ledger& ledger, const std::string& pipeline) {
  ProcessedByKey by_key;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(auto records, reader.Processed(pipeline));
    for (ledger::ProcessedRecord& record : records) {
      std::string key = record.partition;
      by_key.emplace(std::move(key), std::move(record));
    }
    return {};
  }));
  return by_key;
}

Json PartitionJson(const PlanEntry& entry, const ledger::ProcessedRecord* processed) {
  const std::string canonical = entry.key.Canonical();
  Json json;
  json["key"] = KeyOf(canonical);
  json["partition"] = DisplayOf(canonical);
  json["values"] = ValuesOf(entry.key.LogJson());
  json["interval_start"] = entry.interval ? TimeJson(entry.interval->start) : Json();
  json["interval_end"] = entry.interval ? TimeJson(entry.interval->end) : Json();
  json["state"] = StateName(entry);
  json["late"] = entry.late;
  json["rule"] = entry.rule;
  json["reason"] = entry.reason;
  json["run_id"] = !entry.blocking_run.empty() ? Json(entry.blocking_run)
                   : processed != nullptr      ? Json(processed->run_id)
                                               : Json();
  json["built_from"] = processed != nullptr ? VectorJson(processed->vector) : Json();
  json["rows"] = IntegerJson(entry.rows);
  json["lateness_seconds"] = SecondsJson(entry.lateness);
  return json;
}

struct Range {
  std::optional<Instant> from, to;
  bool Holds(const PlanEntry& entry) const {
    if (!from && !to) return true;
    if (!entry.interval) return false;
    return (!from || entry.interval->start >= *from) && (!to || entry.interval->start < *to);
  }
};

// Places in the plan from the cursor on that are wanted, and the cursor of what follows.
struct Chosen {
  std::vector<std::size_t> places;
  std::optional<std::string> next;
};
Chosen Choose(const PlanView& plan, std::size_t from, std::size_t limit,
              const std::function<bool(const PlanEntry&)>& wanted) {
  Chosen chosen;
  for (std::size_t i = from; i < plan.plan.entries.size(); ++i) {
    if (!wanted(plan.plan.entries[i])) continue;
    if (chosen.places.size() == limit) {
      chosen.next = std::to_string(i);
      break;
    }
    chosen.places.push_back(i);
  }
  return chosen;
}

template <typename NameOf>
Json CountBy(const PlanView& plan, const NameOf& name_of) {
  std::map<std::string, std::int64_t> counts;
  for (const PlanEntry& entry : plan.plan.entries) ++counts[std::string(name_of(entry))];
  Json json = Json::object();
  for (const auto& [name, count] : counts) json[name] = count;
  return json;
}

// Of each rule that decided something: how often, and how much of that `release` lets go.
Json CountRules(const PlanView& plan) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> counts;
  for (const PlanEntry& entry : plan.plan.entries) {
    if (entry.rule.empty() || entry.decision == lateness::Decision::kIgnored) continue;
    auto& [all, releasable] = counts[entry.rule];
    ++all;
    releasable += lateness::MayBeReleased(entry) ? 1 : 0;
  }
  Json json = Json::array();
  for (const auto& [rule, count] : counts) {
    json.push_back({{"rule", rule}, {"partitions", count.first}, {"releasable", count.second}});
  }
  return json;
}

bool Covers(const VersionVector& vector, const lateness::Change& change) {
  const auto it = vector.find(change.source);
  return it != vector.end() && change.version <= it->second;
}

Status AddHistory(ledger::Reader& reader, Call& call, const pipeline::Pipeline& pipeline, const PlanView& plan,
                  const PlanEntry& entry, Json& json) {
  const std::string canonical = entry.key.Canonical();
  LATECOMER_ASSIGN_OR_RETURN(const auto processed, reader.FindProcessed(pipeline.id, canonical));
  LATECOMER_ASSIGN_OR_RETURN(const auto changes,
                             engine::UnseenChanges(reader, pipeline, plan.sources, canonical, std::nullopt));
  LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({.pipeline = pipeline.id, .partition = canonical}));
  json = PartitionJson(entry, processed ? &*processed : nullptr);
  json["plan"] = EntryJson(entry);
  json["processed"] = nullptr;
  if (processed) {
    json["processed"] = {
        {"versions", VectorJson(processed->vector)}, {"run_id", processed->run_id}, {"at", TimeJson(processed->at)}};
  }
  json["changes"] = Json::array();
  for (const lateness::Change& change : changes) {
    Json one = ChangeJson(change, entry.interval);
    one["covered"] = processed && Covers(processed->vector, change);
    json["changes"].push_back(std::move(one));
  }
  json["runs"] = Json::array();
  for (const ledger::RunRecord& run : runs) {
    LATECOMER_ASSIGN_OR_RETURN(const auto tries, reader.Tries(run.id));
    Json one = RunRefJson(run);
    one["cause"] = run.cause;
    one["versions"] = tries.empty() ? Json::object() : VectorJson(tries.back().vector);
    json["runs"].push_back(std::move(one));
  }
  json["events"] = Json::array();
  LATECOMER_ASSIGN_OR_RETURN(
      auto events, call.store.activity->Events({.pipeline = pipeline.id, .partition = canonical, .limit = 200}));
  std::reverse(events.begin(), events.end());
  for (const ledger::EventRecord& event : events) json["events"].push_back(EventJson(event));
  return {};
}

}  // namespace

Result<Response> ListPartitions(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  QueryFields query(call.request);
  const std::vector<std::string> states = query.Words("state", kStates);
  const Range range{query.Time("from"), query.Time("to")};
  const auto from = static_cast<std::size_t>(ParseCursor(query).value_or(0));
  const auto limit = static_cast<std::size_t>(query.Integer("limit", 1, 5000, 1000));
  if (auto problem = query.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, *loaded.pipeline, Scope::kAll));
  LATECOMER_ASSIGN_OR_RETURN(const ProcessedByKey processed, ReadProcessed(*call.store.ledger, loaded.pipeline->id));
  const Chosen chosen = Choose(*plan, from, limit, [&](const PlanEntry& entry) {
    return range.Holds(entry) && (states.empty() || Contains(states, StateName(entry)));
  });
  Json items = Json::array();
  for (const std::size_t place : chosen.places) {
    const PlanEntry& entry = plan->plan.entries[place];
    const auto it = processed.find(entry.key.Canonical());
    items.push_back(PartitionJson(entry, it == processed.end() ? nullptr : &it->second));
  }
  Json json = Page(std::move(items), chosen.next);
  json["counts"] = CountBy(*plan, StateName);
  json["cadence"] = FormatCadence(loaded.pipeline->output.cadence);
  json["time_zone"] = loaded.pipeline->output.time_zone.name();
  return JsonResponse(json);
}

Result<Response> GetPartition(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, *loaded.pipeline));
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, ParseKey(*loaded.pipeline, *plan, call.Path("partition")));
  Json json;
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto entry, EntryOf(reader, *loaded.pipeline, *plan, key, call.now));
    if (!entry) {
      return Fail(ErrorKind::kNotFound, "pipeline " + loaded.pipeline->id + " has no partition " + key.Display());
    }
    return AddHistory(reader, call, *loaded.pipeline, *plan, *entry, json);
  }));
  return JsonResponse(json);
}

Result<Response> GetPlan(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  QueryFields query(call.request);
  const std::vector<std::string> decisions = query.Words("decision", kDecisions);
  const std::vector<std::string> rules = query.Words("rule", kRules);
  const auto from = static_cast<std::size_t>(ParseCursor(query).value_or(0));
  const auto limit = static_cast<std::size_t>(query.Integer("limit", 1, 5000, 500));
  if (auto problem = query.Problem()) return std::move(*problem);
  const bool settled = Contains(decisions, Name(lateness::Decision::kUpToDate)) ||
                       Contains(decisions, Name(lateness::Decision::kIgnored));
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, *loaded.pipeline, settled ? Scope::kAll : Scope::kOpen));
  const Chosen chosen = Choose(*plan, from, limit, [&](const PlanEntry& entry) {
    if (!rules.empty() && !Contains(rules, entry.rule)) return false;
    if (!decisions.empty()) return Contains(decisions, Name(entry.decision));
    return entry.decision != lateness::Decision::kUpToDate && entry.decision != lateness::Decision::kIgnored;
  });
  Json items = Json::array();
  for (const std::size_t place : chosen.places) items.push_back(EntryJson(plan->plan.entries[place]));
  Json json = Page(std::move(items), chosen.next);
  json["counts"] = CountBy(*plan, [](const PlanEntry& entry) { return Name(entry.decision); });
  if (!settled) {  // of those only some were looked at
    json["counts"].erase(std::string(Name(lateness::Decision::kUpToDate)));
    json["counts"].erase(std::string(Name(lateness::Decision::kIgnored)));
  }
  json["rules"] = CountRules(*plan);
  json["newest"] = plan->known ? VectorJson(engine::NewestOf(*loaded.pipeline, plan->sources)) : Json::object();
  json["at"] = TimeJson(plan->made);
  json["queued"] = Json::array();
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto queued,
                               reader.Runs({.pipeline = loaded.pipeline->id, .state = ledger::RunState::kQueued}));
    for (const ledger::RunRecord& run : queued) json["queued"].push_back(RunRefJson(run));
    LATECOMER_ASSIGN_OR_RETURN(const auto older, engine::RunsOfOlderDefinitions(reader, *loaded.pipeline));
    json["older_definition"] = older.size();
    return {};
  }));
  return JsonResponse(json);
}

}  // namespace latecomer::server
