// What the engine knows of the pipelines upstream, and of what is planned before other things.
#include <algorithm>
#include <set>

#include "engine/engine.h"
#include "engine/upstream.h"
#include "lateness/key_interval.h"
#include "pipeline/cascade.h"

namespace latecomer::engine {

namespace {

// With nothing in it, nothing is known.
bool SameList(const std::vector<ledger::PipelineRecord>& a, const std::vector<ledger::PipelineRecord>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.id == y.id && x.definition_hash == y.definition_hash && x.file == y.file && x.paused == y.paused;
  });
}

}  // namespace

// The definition that the ledger has, if it counts: one whose file is gone doesn't.
Result<std::optional<pipeline::Pipeline>> Engine::DefinitionOf(const ledger::PipelineRecord& record) const {
  if (env_.definition_of) return env_.definition_of(record);
  LATECOMER_ASSIGN_OR_RETURN(pipeline::Pipeline parsed, pipeline::ParsePipeline(record.text, record.file));
  return std::optional(std::move(parsed));
}

// Brings the links of the ledger's pipelines up to date. False when some don't count at the moment.
Result<bool> Engine::FindLinks(const std::vector<ledger::PipelineRecord>& listed) {
  std::map<std::string, Links> links;
  bool all = true;
  for (const ledger::PipelineRecord& record : listed) {
    if (record.id == pipeline_.id) continue;
    const auto known = links_.find(record.id);
    if (known != links_.end() && known->second.hash == record.definition_hash && known->second.file == record.file) {
      links.insert(links_.extract(known));
      continue;
    }
    LATECOMER_ASSIGN_OR_RETURN(const auto definition, DefinitionOf(record));
    all = all && definition;
    if (!definition) continue;
    Links& one = links[record.id];
    one.hash = record.definition_hash;
    one.file = record.file;
    for (const pipeline::Source& source : definition->sources) one.reads.insert(source.location);
    for (const pipeline::Step& step : definition->steps) {
      if (const std::string* into = pipeline::DeclaredOutput(step)) one.writes.insert(*into);
    }
  }
  links_ = std::move(links);
  return all;
}

// Of the ledger's pipelines those that make a source of this one, directly or over others in between.
Status Engine::FindUpstream(const std::vector<ledger::PipelineRecord>& listed) {
  listed_.clear();
  LATECOMER_ASSIGN_OR_RETURN(const bool all, FindLinks(listed));
  std::set<std::string> tables;
  for (const pipeline::Source& source : pipeline_.sources) tables.insert(source.location);
  std::set<std::string> upstream;
  for (std::size_t before = tables.size() + 1; before != tables.size() + upstream.size();) {
    before = tables.size() + upstream.size();
    for (const auto& [id, links] : links_) {
      const bool writes = std::any_of(links.writes.begin(), links.writes.end(),
                                      [&](const std::string& table) { return tables.contains(table); });
      if (writes && upstream.insert(id).second) tables.insert(links.reads.begin(), links.reads.end());
    }
  }
  upstream_pipelines_.clear();
  parsed_.clear();
  for (const ledger::PipelineRecord& record : listed) {
    if (upstream.contains(record.id)) upstream_pipelines_.push_back(record);
  }
  if (all) listed_ = listed;  // else they are sought again
  return {};
}

Result<std::vector<KnownPipeline>> Engine::PipelinesUpstream() {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::PipelineRecord> listed, view_.Pipelines());
  if (!SameList(listed, listed_)) LATECOMER_RETURN_IF_ERROR(FindUpstream(listed));
  std::vector<KnownPipeline> known;
  for (const ledger::PipelineRecord& record : upstream_pipelines_) {
    const auto parsed = parsed_.find(record.id);
    if (parsed != parsed_.end()) {
      known.push_back({parsed->second, record.paused});
      continue;
    }
    LATECOMER_ASSIGN_OR_RETURN(std::optional<pipeline::Pipeline> found, DefinitionOf(record));
    if (!found) continue;
    // Whether a file is still there is to be asked each time.
    if (!env_.definition_of) parsed_.emplace(record.id, *found);
    known.push_back({std::move(*found), record.paused});
  }
  return known;
}

// Looks at the tables of the pipelines upstream as at its own: what came there may make them late. Once in a look,
// unless this process wrote something since.
Status Engine::RefreshUpstream() {
  if (!pipeline_.wait_for_upstream) return {};
  LATECOMER_ASSIGN_OR_RETURN(const std::string before, view_.Stamp());
  if (!before.empty() && upstream_stamp_ == before) return {};
  upstream_ = UpstreamWaits();
  has_upstream_ = false;
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<KnownPipeline> known, PipelinesUpstream());
  if (!known.empty()) {
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
  }
  LATECOMER_ASSIGN_OR_RETURN(upstream_stamp_, view_.Stamp());
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
