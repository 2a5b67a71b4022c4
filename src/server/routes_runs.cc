// The grid, one run, and why it exists.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "engine/facts.h"
#include "lateness/key_interval.h"
#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

using ledger::RunRecord;
using ledger::RunState;
using ledger::StepRecord;

const std::vector<std::string> kKinds{"scheduled", "backfill", "manual"};
const std::vector<std::string> kStates{"queued", "running", "success", "failed", "skipped", "cancelled"};

// "<created>.<id>"
std::optional<ledger::RunPlace> ParsePlace(const std::string& text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return std::nullopt;
  std::int64_t created = 0, id = 0;
  const auto first = std::from_chars(text.data(), text.data() + dot, created);
  const auto second = std::from_chars(text.data() + dot + 1, text.data() + text.size(), id);
  const bool whole = first.ptr == text.data() + dot && second.ptr == text.data() + text.size();
  if (first.ec != std::errc() || second.ec != std::errc() || !whole) return std::nullopt;
  return ledger::RunPlace{Instant(Duration(created)), id};
}

Result<ledger::GridFilter> ReadFilter(QueryFields& query, const std::string& pipeline) {
  ledger::GridFilter filter{.pipeline = pipeline};
  for (const std::string& name : query.Words("kind", kKinds)) {
    LATECOMER_ASSIGN_OR_RETURN(filter.kinds.emplace_back(), ledger::ParseRunKind(name));
  }
  for (const std::string& name : query.Words("state", kStates)) {
    LATECOMER_ASSIGN_OR_RETURN(filter.states.emplace_back(), ledger::ParseRunState(name));
  }
  filter.created_from = query.Time("from");
  filter.created_before = query.Time("to");
  filter.limit = static_cast<int>(query.Integer("limit", 1, 2000, 100));
  if (const std::string cursor = query.Text("cursor", 500); !cursor.empty()) {
    filter.before = ParsePlace(cursor);
    if (!filter.before) query.Wrong("cursor", "is none that this server gave");
  }
  return filter;
}

// Runs that are named by number, each read once.
class RunNames {
 public:
  explicit RunNames(ledger::Reader& reader) : reader_(reader) {}
  void Know(const RunRecord& run) { runs_.insert_or_assign(run.id, run); }
  Result<std::optional<RunRecord>> Find(std::int64_t id) {
    if (const auto it = runs_.find(id); it != runs_.end()) return std::optional(it->second);
    LATECOMER_ASSIGN_OR_RETURN(auto run, reader_.FindRun(id));
    if (run) runs_.emplace(id, *run);
    return run;
  }

 private:
  ledger::Reader& reader_;
  std::map<std::int64_t, RunRecord> runs_;
};

Result<Json> ChildJson(const StepRecord& step, RunNames& names) {
  LATECOMER_ASSIGN_OR_RETURN(const auto child, names.Find(*step.child_run));
  if (!child) return Json();
  Json json;
  json["map_index"] = step.map_index;
  json["run_id"] = child->run_id;
  json["partition"] = child->partition_display;
  json["state"] = Name(child->state);
  return json;
}

Result<Json> GridStepsJson(const std::vector<StepRecord>& steps, RunNames& names) {
  Json list = Json::array();
  std::map<std::string, std::size_t> places;
  for (const StepRecord& step : steps) {
    if (step.map_index >= 0) {
      const auto place = places.find(step.step);
      if (place == places.end() || !step.child_run) continue;
      LATECOMER_ASSIGN_OR_RETURN(Json child, ChildJson(step, names));
      if (!child.is_null()) list[place->second]["children"].push_back(std::move(child));
      continue;
    }
    Json json;
    json["step"] = step.step;
    json["state"] = Name(step.state);
    json["started"] = TimeJson(step.started);
    json["ended"] = TimeJson(step.ended);
    json["attempts"] = step.attempts;
    places[step.step] = list.size();
    list.push_back(std::move(json));
  }
  return list;
}

Result<Json> GridRunJson(const ledger::GridRun& shown, const VersionVector* versions, RunNames& names, Instant now) {
  const RunRecord& run = shown.run;
  Json json = RunRefJson(run);
  json["cause"] = run.cause;
  json["caused_by"] = nullptr;
  if (run.caused_by) {
    LATECOMER_ASSIGN_OR_RETURN(const auto parent, names.Find(*run.caused_by));
    if (parent) json["caused_by"] = parent->run_id;
  }
  json["tries"] = run.tries;
  json["versions"] = versions != nullptr ? VectorJson(*versions) : Json::object();
  json["duration_seconds"] = RunSecondsJson(run, now);
  json["has_note"] = !run.note.empty();
  LATECOMER_ASSIGN_OR_RETURN(json["steps"], GridStepsJson(shown.steps, names));
  return json;
}

Json AttemptJson(const ledger::AttemptRecord& attempt) {
  Json json;
  json["number"] = attempt.number;
  json["state"] = Name(attempt.state);
  json["exit_code"] = attempt.exit_code ? Json(*attempt.exit_code) : Json();
  json["message"] = attempt.message;
  json["has_log"] = !attempt.log.empty();
  json["started"] = TimeJson(attempt.started);
  json["ended"] = TimeJson(attempt.ended);
  return json;
}

Result<Json> StepJson(const StepRecord& step, const std::vector<ledger::AttemptRecord>& attempts, RunNames& names) {
  Json json;
  json["step"] = step.step;
  json["map_index"] = step.map_index < 0 ? Json() : Json(step.map_index);
  json["state"] = Name(step.state);
  json["message"] = step.message;
  json["started"] = TimeJson(step.started);
  json["ended"] = TimeJson(step.ended);
  json["retry_at"] = TimeJson(step.retry_at);
  json["child_run"] = nullptr;
  if (step.child_run) {
    LATECOMER_ASSIGN_OR_RETURN(const auto child, names.Find(*step.child_run));
    if (child) json["child_run"] = RunRefJson(*child);
  }
  json["attempts"] = Json::array();
  for (const ledger::AttemptRecord& attempt : attempts) {
    if (attempt.step == step.step && attempt.map_index == step.map_index)
      json["attempts"].push_back(AttemptJson(attempt));
  }
  return json;
}

Result<Json> TriesJson(ledger::Reader& reader, const std::vector<ledger::TryRecord>& tries, RunNames& names) {
  Json list = Json::array();
  for (const ledger::TryRecord& attempt : tries) {
    Json json;
    json["number"] = attempt.number;
    json["state"] = Name(attempt.state);
    json["token"] = attempt.token;
    json["versions"] = VectorJson(attempt.vector);
    json["definition_hash"] = attempt.definition_hash;
    json["message"] = attempt.message;
    json["started"] = TimeJson(attempt.started);
    json["ended"] = TimeJson(attempt.ended);
    json["steps"] = Json::array();
    LATECOMER_ASSIGN_OR_RETURN(const auto steps, reader.Steps(attempt.run, attempt.number));
    LATECOMER_ASSIGN_OR_RETURN(const auto attempts, reader.Attempts(attempt.run, attempt.number));
    for (const StepRecord& step : steps) {
      LATECOMER_ASSIGN_OR_RETURN(Json one, StepJson(step, attempts, names));
      json["steps"].push_back(std::move(one));
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json AllowedActions(const RunRecord& run) {
  Json actions = Json::array();
  if (run.state != RunState::kQueued) actions.push_back("clear");
  if (run.state != RunState::kRunning) {
    if (run.state != RunState::kSuccess) actions.push_back("mark_success");
    if (run.state != RunState::kFailed) actions.push_back("mark_failed");
  }
  if (ledger::IsOpen(run.state)) actions.push_back("cancel");
  if (run.state != RunState::kQueued && run.tries > 0) actions.push_back("retry");
  return actions;
}

// The key of a run's partition; nullopt when the tables were never looked at.
Result<std::optional<table::PartitionKey>> PartitionOf(const pipeline::Pipeline& pipeline, const PlanView& plan,
                                                       const RunRecord& run) {
  if (!plan.known) return std::optional<table::PartitionKey>();
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, engine::OutputSchema(pipeline, plan.sources));
  auto key = table::ParseCanonicalKey(schema, run.partition);
  if (!key) return std::optional<table::PartitionKey>();  // of a definition with other columns
  return std::optional(std::move(*key));
}

// What of its partition's history a run covered first, or would: newer than `before`, not newer than its pin.
std::vector<lateness::Change> ChangesOfRun(const std::vector<lateness::Change>& history, const VersionVector& before,
                                           const VersionVector& pinned) {
  std::vector<lateness::Change> changes;
  for (const lateness::Change& change : history) {
    const auto base = before.find(change.source);
    const auto pin = pinned.find(change.source);
    const bool unseen = base == before.end() || change.version > base->second;
    const bool covered = pin == pinned.end() || change.version <= pin->second;
    if (unseen && covered) changes.push_back(change);
  }
  return changes;
}

// What the partition was built from before this run: the newest vector of an earlier success.
Result<VersionVector> VectorBefore(ledger::Reader& reader, const RunRecord& run) {
  LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({.pipeline = run.pipeline, .partition = run.partition}));
  const Instant until = run.started.value_or(Instant::max());
  std::optional<Instant> newest;
  VersionVector vector;
  for (const RunRecord& other : runs) {
    const bool earlier =
        other.id != run.id && other.state == RunState::kSuccess && other.ended && *other.ended <= until;
    if (!earlier || (newest && *other.ended < *newest)) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto tries, reader.Tries(other.id));
    if (tries.empty()) continue;
    newest = other.ended;
    vector = tries.back().vector;
  }
  return vector;
}

std::string WhySentence(const RunRecord& run, const std::vector<ledger::EventRecord>& events) {
  for (const ledger::EventRecord& event : events) {
    if (event.what != "run.created") continue;
    const Json detail = Json::parse(event.detail, nullptr, false);
    if (detail.is_object() && detail.contains("why") && detail["why"].is_string()) {
      const std::string why = detail["why"].get<std::string>();
      if (!why.empty()) return why;
    }
  }
  return CauseText(run);
}

}  // namespace

Result<Response> GetGrid(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  QueryFields query(call.request);
  LATECOMER_ASSIGN_OR_RETURN(const ledger::GridFilter filter, ReadFilter(query, loaded.pipeline->id));
  if (auto problem = query.Problem()) return std::move(*problem);
  Json json;
  json["steps"] = StepDefinitionsJson(*loaded.pipeline);
  json["runs"] = Json::array();
  json["next_cursor"] = nullptr;
  ledger::GridPage page;
  std::map<std::int64_t, VersionVector> vectors;
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(page, reader.Grid(filter));
    if (page.runs.empty()) return {};
    const auto by_id = [](const ledger::GridRun& a, const ledger::GridRun& b) { return a.run.id < b.run.id; };
    const auto [least, most] = std::minmax_element(page.runs.begin(), page.runs.end(), by_id);
    LATECOMER_ASSIGN_OR_RETURN(vectors,
                               call.store.activity->NewestVectors(loaded.pipeline->id, least->run.id, most->run.id));
    RunNames names(reader);
    for (const ledger::GridRun& run : page.runs) names.Know(run.run);
    for (const ledger::GridRun& run : page.runs) {
      const auto vector = vectors.find(run.run.id);
      LATECOMER_ASSIGN_OR_RETURN(
          Json one, GridRunJson(run, vector == vectors.end() ? nullptr : &vector->second, names, call.now));
      json["runs"].push_back(std::move(one));
    }
    return {};
  }));
  if (page.next) {
    json["next_cursor"] =
        std::to_string(page.next->created.time_since_epoch().count()) + "." + std::to_string(page.next->id);
  }
  json["at"] = TimeJson(call.now);
  return JsonResponse(json);
}

Result<Response> GetRun(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, *loaded.pipeline));
  Json json;
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const RunRecord run, FindRun(reader, loaded.pipeline->id, call.Path("run")));
    LATECOMER_ASSIGN_OR_RETURN(const auto tries, reader.Tries(run.id));
    RunNames names(reader);
    json = RunRefJson(run);
    json["cause"] = run.cause;
    json["cause_text"] = CauseText(run);
    json["caused_by"] = nullptr;
    if (run.caused_by) {
      LATECOMER_ASSIGN_OR_RETURN(const auto parent, names.Find(*run.caused_by));
      if (parent) json["caused_by"] = RunRefJson(*parent);
    }
    json["children"] = Json::array();
    LATECOMER_ASSIGN_OR_RETURN(const auto children, call.store.activity->Children(run.id));
    for (const std::int64_t id : children) {
      LATECOMER_ASSIGN_OR_RETURN(const auto child, names.Find(id));
      if (child) json["children"].push_back(RunRefJson(*child));
    }
    json["partition_values"] = ValuesOf(run.partition);
    LATECOMER_ASSIGN_OR_RETURN(const auto key, PartitionOf(*loaded.pipeline, *plan, run));
    const auto interval =
        key ? lateness::IntervalOfKey(*key, loaded.pipeline->output.partition, loaded.pipeline->rules.calendar)
            : std::nullopt;
    json["interval_start"] = interval ? TimeJson(interval->start) : Json();
    json["interval_end"] = interval ? TimeJson(interval->end) : Json();
    json["versions"] = tries.empty() ? Json::object() : VectorJson(tries.back().vector);
    json["note"] = run.note;
    json["duration_seconds"] = RunSecondsJson(run, call.now);
    json["older_definition"] = !tries.empty() && tries.back().definition_hash != loaded.pipeline->definition_hash;
    json["actions"] = AllowedActions(run);
    LATECOMER_ASSIGN_OR_RETURN(json["tries"], TriesJson(reader, tries, names));
    return {};
  }));
  return JsonResponse(json);
}

Result<Response> GetWhy(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, *loaded.pipeline));
  Json json;
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const RunRecord run, FindRun(reader, loaded.pipeline->id, call.Path("run")));
    LATECOMER_ASSIGN_OR_RETURN(const auto events, reader.Events(run.pipeline, run.run_id, std::nullopt));
    LATECOMER_ASSIGN_OR_RETURN(const auto tries, reader.Tries(run.id));
    LATECOMER_ASSIGN_OR_RETURN(const auto processed, reader.FindProcessed(run.pipeline, run.partition));
    LATECOMER_ASSIGN_OR_RETURN(const VersionVector before, VectorBefore(reader, run));
    std::vector<lateness::Change> history;
    if (plan->known) {
      LATECOMER_ASSIGN_OR_RETURN(
          history, engine::UnseenChanges(reader, *loaded.pipeline, plan->sources, run.partition, std::nullopt));
    }
    LATECOMER_ASSIGN_OR_RETURN(const auto key, PartitionOf(*loaded.pipeline, *plan, run));
    std::optional<lateness::PlanEntry> entry;
    if (key) {
      LATECOMER_ASSIGN_OR_RETURN(entry, EntryOf(reader, *loaded.pipeline, *plan, *key, call.now));
    }
    const std::optional<Interval> interval = entry ? entry->interval : std::nullopt;
    json["run"] = RunRefJson(run);
    json["sentence"] = WhySentence(run, events);
    json["changes"] = Json::array();
    const VersionVector pinned = tries.empty() ? VersionVector{} : tries.back().vector;
    for (const auto& change : ChangesOfRun(history, before, pinned)) {
      json["changes"].push_back(ChangeJson(change, interval));
    }
    json["plan"] = entry ? EntryJson(*entry) : Json();
    json["processed"] = nullptr;
    if (processed) {
      json["processed"] = {
          {"versions", VectorJson(processed->vector)}, {"run_id", processed->run_id}, {"at", TimeJson(processed->at)}};
    }
    json["events"] = Json::array();
    for (const ledger::EventRecord& event : events) json["events"].push_back(EventJson(event));
    return {};
  }));
  return JsonResponse(json);
}

}  // namespace latecomer::server
