// What the engine knows of the pipelines upstream, and of what is planned before other things.
#include <algorithm>

#include "engine/engine.h"
#include "engine/upstream.h"
#include "lateness/key_interval.h"
#include "pipeline/cascade.h"

namespace latecomer::engine {

Result<std::vector<KnownPipeline>> Engine::KnownPipelines() {
  std::vector<ledger::PipelineRecord> records;
  LATECOMER_RETURN_IF_ERROR(env_.ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(records, reader.Pipelines());
    return {};
  }));
  std::vector<KnownPipeline> known;
  for (const ledger::PipelineRecord& record : records) {
    if (record.id == pipeline_.id) continue;
    if (!env_.definition_of) {
      const std::string key = record.id + "\n" + record.definition_hash;
      if (!parsed_.contains(key)) {
        LATECOMER_ASSIGN_OR_RETURN(pipeline::Pipeline parsed, pipeline::ParsePipeline(record.text, record.file));
        parsed_.emplace(key, std::move(parsed));
      }
      known.push_back({parsed_.at(key), record.paused});
      continue;
    }
    LATECOMER_ASSIGN_OR_RETURN(std::optional<pipeline::Pipeline> found, env_.definition_of(record));
    if (found) known.push_back({std::move(*found), record.paused});
  }
  return known;
}

// Looks at the tables of the pipelines upstream as at its own: what came there may make them late.
Status Engine::RefreshUpstream() {
  upstream_ = UpstreamWaits();
  has_upstream_ = false;
  if (!pipeline_.wait_for_upstream) return {};
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<KnownPipeline> known, KnownPipelines());
  Environment silent = env_;
  silent.listener = nullptr;
  const LookAt look_at = [&](const pipeline::Pipeline& one) -> Result<UpstreamLook> {
    has_upstream_ = true;
    Engine engine(one, silent);
    Result<lateness::Plan> plan = engine.PlanNow();
    // A pipeline whose source isn't there yet has nothing to do.
    if (!plan && plan.error().kind == ErrorKind::kNotFound) return UpstreamLook();
    if (!plan) return Fail(plan.error());
    UpstreamLook look{.plan = std::move(*plan)};
    LATECOMER_ASSIGN_OR_RETURN(const std::vector<PlacedRun> runs, engine.LoadRuns());
    for (const PlacedRun& run : runs) {
      if (ledger::IsOpen(run.run.state)) look.open.emplace_back(run.key, run.run.run_id);
    }
    return look;
  };
  LATECOMER_ASSIGN_OR_RETURN(upstream_, LookUpstream(pipeline_, known, look_at));
  return {};
}

void Engine::AddUpstream(lateness::PlanInput& input) const {
  if (upstream_.Empty()) return;
  for (lateness::OutputFacts& facts : input.outputs) facts.waits_for = upstream_.Of(pipeline_, facts.key);
}

namespace {

// Not started, but before later ones of its series.
bool IsPlanned(const lateness::PlanEntry& entry) {
  if (entry.decision == lateness::Decision::kProcess) return true;
  if (entry.decision != lateness::Decision::kWaiting) return false;
  return entry.rule == "settle" || entry.rule == "max_backfills" || entry.rule == "wait_for_upstream";
}

}  // namespace

void Engine::NotePlan(const lateness::Plan& plan) {
  planned_.clear();
  waits_planned_.clear();
  waits_upstream_ = false;
  for (const lateness::PlanEntry& entry : plan.entries) {
    const bool waits = entry.decision == lateness::Decision::kWaiting;
    const bool upstream = waits && entry.rule == "wait_for_upstream";
    if (upstream || (waits && entry.rule == "settle")) waits_planned_.emplace_back(entry.key, entry.reason);
    waits_upstream_ = waits_upstream_ || upstream;
    // One that was built before and is late now has something to go on with: a later run's own `detect` finds it.
    const bool first = entry.kind == lateness::RunFact::Kind::kScheduled;
    if (!pipeline_.depends_on_past || !first || !IsPlanned(entry)) continue;
    const auto start = lateness::StartOfKey(entry.key, pipeline_.output.partition, pipeline_.rules.calendar);
    if (!start) continue;
    planned_.push_back(
        {*start, SeriesOf(pipeline_, entry.key), entry.key.Display() + ", which is " + (entry.late ? "late" : "due")});
  }
}

void Engine::LookAgain() {
  if (has_upstream_) plan_due_ = true;
  // What it wrote may be a source here. Tables that are looked at as their own line says stay with that.
  for (const pipeline::Source& source : pipeline_.sources) {
    if (!source.watch_every) next_look_.erase(source.location);
  }
}

}  // namespace latecomer::engine
