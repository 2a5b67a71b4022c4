#include "server/views.h"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>

#include "base/text.h"
#include "engine/facts.h"
#include "engine/first_run.h"
#include "engine/open_facts.h"
#include "engine/step_machine.h"
#include "lateness/key_interval.h"

namespace latecomer::server {
namespace {

using lateness::Decision;
using lateness::PlanEntry;

constexpr int kLastRuns = 20;

Json BuiltinStep(const char* id, const std::vector<std::string>& needs) {
  Json json;
  json["id"] = id;
  json["kind"] = id;
  json["needs"] = needs;
  json["retries"] = 0;
  json["timeout_seconds"] = nullptr;
  json["into"] = nullptr;
  json["builtin"] = true;
  return json;
}

Json UserStep(const pipeline::Step& step) {
  const auto* sql = std::get_if<pipeline::SqlStep>(&step.action);
  Json json;
  json["id"] = step.id;
  json["kind"] = sql != nullptr ? "sql" : "command";
  json["needs"] = step.needs.empty() ? std::vector<std::string>{engine::kReadyStep} : step.needs;
  json["retries"] = step.retries;
  json["timeout_seconds"] = SecondsJson(step.timeout);
  json["into"] = sql != nullptr ? Json(sql->into_location) : Json();
  json["builtin"] = false;
  return json;
}

// What starts next, as far as anybody can know.
Json NextRunJson(const pipeline::Pipeline& pipeline, const std::vector<ledger::RunRecord>& open, const PlanView& plan) {
  const auto make = [](const std::string& partition, Json at, const std::string& waiting_for) {
    Json json;
    json["partition"] = partition;
    json["at"] = std::move(at);
    json["waiting_for"] = waiting_for;
    return json;
  };
  for (const ledger::RunRecord& run : open) {
    if (run.state == ledger::RunState::kQueued) return make(run.partition_display, nullptr, run.waiting_for);
  }
  const PlanEntry* next = nullptr;
  for (const PlanEntry& entry : plan.plan.entries) {
    const bool coming = entry.decision == Decision::kProcess || entry.decision == Decision::kWaiting;
    if (coming && (next == nullptr || (next->decision == Decision::kWaiting && entry.decision == Decision::kProcess))) {
      next = &entry;
    }
  }
  if (next == nullptr) return nullptr;
  const lateness::Ready& ready = pipeline.rules.ready;
  Json at;
  const bool by_time = ready.kind == lateness::Ready::Kind::kDelay && next->rule == "ready" && next->interval;
  if (by_time) at = TimeJson(next->interval->end + ready.delay);
  return make(DisplayOf(next->key.Canonical()), std::move(at), next->reason);
}

// What the ledger says of a pipeline's runs.
struct RunsNow {
  bool paused = false;
  std::vector<ledger::RunRecord> last;  // oldest first
  std::vector<ledger::RunRecord> open;
};

// How many partitions the first run of a paused pipeline would process, when they are enough to ask first.
Json FirstRunJson(const RunsNow& runs, const PlanView& plan) {
  if (!runs.paused || !runs.last.empty() || !runs.open.empty()) return nullptr;
  const auto& entries = plan.plan.entries;
  const std::int64_t due = std::count_if(entries.begin(), entries.end(),
                                         [](const PlanEntry& entry) { return entry.decision == Decision::kProcess; });
  return due > engine::kFirstRunAsksAbove ? Json(due) : Json();
}

struct Complete {
  std::string partition;  // as people read it
  Interval interval;
};

// The newest partition that was processed and has nothing to plan. What an open plan leaves out is settled.
Result<std::optional<Complete>> NewestComplete(Call& call, const pipeline::Pipeline& pipeline, const PlanView& plan) {
  constexpr int kMostLookedAt = 500;  // a pipeline whose newest so many are all late has nothing that is fresh
  std::optional<Complete> newest;
  if (!plan.known) return newest;
  const auto& entries = plan.plan.entries;
  const auto found = std::find_if(entries.rbegin(), entries.rend(), [](const PlanEntry& entry) {
    return entry.interval && entry.decision == Decision::kUpToDate;
  });
  if (found != entries.rend()) newest = Complete{DisplayOf(found->key.Canonical()), *found->interval};
  LATECOMER_ASSIGN_OR_RETURN(const auto processed, call.store.activity->NewestProcessed(pipeline.id, kMostLookedAt));
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, engine::OutputSchema(pipeline, plan.sources));
  for (const std::string& canonical : processed) {
    const PlanEntry* entry = plan.Find(canonical);
    if (entry != nullptr && entry->decision != Decision::kUpToDate) continue;
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, table::ParseCanonicalKey(schema, canonical));
    const auto interval = lateness::IntervalOfKey(key, pipeline.output.partition, pipeline.rules.calendar);
    if (interval && (!newest || interval->start > newest->interval.start)) {
      newest = Complete{DisplayOf(canonical), *interval};
    }
    break;
  }
  return newest;
}

std::string HealthOf(const Loaded& loaded, bool paused, const PlanView& plan,
                     const std::vector<ledger::RunRecord>& last) {
  if (loaded.file_problem || !loaded.trouble.empty()) return "error";
  if (paused) return "paused";
  if (!plan.known) return "unknown";
  const bool failed_last = !last.empty() && last.back().state == ledger::RunState::kFailed;
  if (plan.failed > 0 || failed_last) return "failed";
  return plan.late > 0 ? "late" : "ok";
}

Result<RunsNow> ReadRuns(ledger::Ledger& ledger, const std::string& id) {
  RunsNow now;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto record, reader.FindPipeline(id));
    now.paused = record && record->paused;
    LATECOMER_ASSIGN_OR_RETURN(now.last, reader.Runs({.pipeline = id, .limit = kLastRuns}));
    LATECOMER_ASSIGN_OR_RETURN(now.open, reader.Runs({.pipeline = id, .open_only = true}));
    return {};
  }));
  return now;
}

}  // namespace

std::string TableId(const std::string& location) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(location.data(), location.size())));
  return text;
}

Json StepDefinitionsJson(const pipeline::Pipeline& pipeline) {
  Json steps = Json::array();
  steps.push_back(BuiltinStep(engine::kReadyStep, {}));
  steps.push_back(BuiltinStep(engine::kDetectStep, {engine::kReadyStep}));
  std::vector<std::string> last;
  for (const pipeline::Step& step : pipeline.steps) {
    steps.push_back(UserStep(step));
    const bool needed = std::any_of(pipeline.steps.begin(), pipeline.steps.end(), [&](const pipeline::Step& other) {
      return std::find(other.needs.begin(), other.needs.end(), step.id) != other.needs.end();
    });
    if (!needed) last.push_back(step.id);
  }
  steps.push_back(BuiltinStep(engine::kRecordStep, last));
  steps.push_back(BuiltinStep(engine::kBackfillStep, {engine::kDetectStep}));
  return steps;
}

Json FileProblemJson(const FileProblem& problem) {
  Json json;
  json["file"] = problem.file;
  json["line"] = IntegerJson(problem.line);
  json["message"] = problem.message;
  json["hint"] = problem.hint;
  json["at"] = TimeJson(problem.at);
  return json;
}

Backlog BacklogOf(const PlanView& plan, Instant now) {
  Backlog backlog;
  std::set<std::pair<std::string, std::int64_t>> versions;
  for (const PlanEntry& entry : plan.plan.entries) {
    if (entry.decision == Decision::kUpToDate || entry.decision == Decision::kIgnored) continue;
    for (const lateness::Change& change : entry.changes) {
      versions.emplace(change.source, change.version.value);
      if (!entry.late || entry.decision == Decision::kHeld) continue;
      backlog.oldest_waiting = std::max(backlog.oldest_waiting.value_or(Duration(0)), now - change.timestamp);
    }
  }
  backlog.versions_behind = static_cast<std::int64_t>(versions.size());
  return backlog;
}

Result<ledger::RunRecord> FindRun(ledger::Reader& reader, const std::string& pipeline, const std::string& word) {
  LATECOMER_ASSIGN_OR_RETURN(auto run, reader.FindRunByName(pipeline, word));
  if (!run && word == "latest") {
    LATECOMER_ASSIGN_OR_RETURN(
        ledger::GridPage page,
        reader.Grid(
            {.pipeline = pipeline, .kinds = {ledger::RunKind::kScheduled, ledger::RunKind::kManual}, .limit = 1}));
    if (!page.runs.empty()) run = std::move(page.runs.front().run);
  }
  if (run) return std::move(*run);
  return Fail(ErrorKind::kNotFound, "pipeline " + pipeline + " has no run `" + Printable(word).substr(0, 300) + "`");
}

Result<std::shared_ptr<const PlanView>> PlanOf(Call& call, const pipeline::Pipeline& pipeline, Scope scope) {
  return call.app.plans.Of(call.store, *call.app.fleet.View(), pipeline, call.now, scope);
}

Result<std::optional<PlanEntry>> EntryOf(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                         const PlanView& plan, const table::PartitionKey& key, Instant now) {
  if (const PlanEntry* entry = plan.Find(key.Canonical())) return std::optional(*entry);
  LATECOMER_ASSIGN_OR_RETURN(auto sources, engine::LoadSources(reader, pipeline));
  if (!sources) return std::optional<PlanEntry>();
  lateness::PlanInput facts;
  if (lateness::StartOfKey(key, pipeline.output.partition, pipeline.rules.calendar)) {
    LATECOMER_ASSIGN_OR_RETURN(engine::OpenFacts around,
                               engine::GatherOpenFacts(reader, pipeline, *sources, now, {.ahead = 1, .around = key}));
    facts = std::move(around.input);
  } else {  // no place in time to look around
    LATECOMER_RETURN_IF_ERROR(engine::LoadPartitions(reader, *sources));
    LATECOMER_ASSIGN_OR_RETURN(facts, engine::GatherFacts(reader, pipeline, *sources, now));
  }
  const lateness::Plan around = lateness::MakePlan(pipeline.rules, facts);
  for (const PlanEntry& entry : around.entries) {
    if (entry.key == key) return std::optional(entry);
  }
  return std::optional<PlanEntry>();
}

Result<Summary> SummaryOf(Call& call, const Loaded& loaded) {
  const pipeline::Pipeline& pipeline = *loaded.pipeline;
  Summary summary;
  LATECOMER_ASSIGN_OR_RETURN(const RunsNow runs, ReadRuns(*call.store.ledger, pipeline.id));
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, pipeline));
  LATECOMER_ASSIGN_OR_RETURN(const auto last_success, call.store.activity->LastSuccess(pipeline.id));
  const auto count = [&](ledger::RunState state) {
    return std::count_if(runs.open.begin(), runs.open.end(), [&](const auto& run) { return run.state == state; });
  };
  summary.health = HealthOf(loaded, runs.paused, *plan, runs.last);
  summary.late = plan->late;
  summary.running = count(ledger::RunState::kRunning);
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<Complete> newest, NewestComplete(call, pipeline, *plan));
  const Backlog backlog = BacklogOf(*plan, call.now);
  Json& json = summary.json;
  json["id"] = pipeline.id;
  json["name"] = pipeline.name;
  json["paused"] = runs.paused;
  json["health"] = summary.health;
  json["file"] = pipeline.file;
  json["file_error"] = loaded.file_problem ? FileProblemJson(*loaded.file_problem) : Json();
  json["problem"] = TextOrNull(loaded.trouble);
  json["late"] = plan->late;
  json["held"] = plan->held;
  json["failed"] = plan->failed;
  json["queued"] = count(ledger::RunState::kQueued);
  json["running"] = summary.running;
  json["last_runs"] = Json::array();
  for (const ledger::RunRecord& run : runs.last) json["last_runs"].push_back(RunRefJson(run));
  json["last_success"] = TimeJson(last_success);
  json["newest_complete"] = newest ? Json(newest->partition) : Json();
  json["freshness_seconds"] = newest ? SecondsJson(std::optional<Duration>(call.now - newest->interval.end)) : Json();
  json["first_run_partitions"] = FirstRunJson(runs, *plan);
  json["next_run"] = runs.paused ? Json() : NextRunJson(pipeline, runs.open, *plan);
  json["versions_behind"] = plan->known ? Json(backlog.versions_behind) : Json();
  json["oldest_waiting_seconds"] = SecondsJson(backlog.oldest_waiting);
  return summary;
}

Result<table::PartitionKey> ParseKey(const pipeline::Pipeline& pipeline, const PlanView& plan,
                                     const std::string& text) {
  if (!plan.known) return Fail(ErrorKind::kNotFound, "the tables of " + pipeline.id + " were not looked at yet");
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, engine::OutputSchema(pipeline, plan.sources));
  return table::PartitionKey::ParsePath(schema, text);
}

std::optional<std::int64_t> ParseCursor(QueryFields& query) {
  const std::string text = query.Text("cursor", 500);
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size() && value >= 0) return value;
  query.Wrong("cursor", "is none that this server gave");
  return std::nullopt;
}

}  // namespace latecomer::server
