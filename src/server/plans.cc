#include "server/plans.h"

#include <algorithm>
#include <chrono>

#include "engine/admission.h"
#include "engine/facts.h"
#include "engine/open_facts.h"
#include "engine/upstream.h"

namespace latecomer::server {
namespace {

constexpr Duration kLongest = std::chrono::seconds(10);  // intervals become due without anything else happening
constexpr Duration kShortest = std::chrono::milliseconds(50);

// The planner's input; nullopt when a table was never looked at.
Result<std::optional<lateness::PlanInput>> Facts(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                                 Instant now, Scope scope,
                                                 std::optional<engine::ObservedSources>& sources) {
  LATECOMER_ASSIGN_OR_RETURN(sources, engine::LoadSources(reader, pipeline));
  if (!sources) return std::optional<lateness::PlanInput>();
  if (scope == Scope::kAll) {
    LATECOMER_RETURN_IF_ERROR(engine::LoadPartitions(reader, *sources));
    LATECOMER_ASSIGN_OR_RETURN(lateness::PlanInput all, engine::GatherFacts(reader, pipeline, *sources, now));
    return std::optional(std::move(all));
  }
  LATECOMER_ASSIGN_OR_RETURN(engine::OpenFacts open, engine::GatherOpenFacts(reader, pipeline, *sources, now));
  return std::optional(std::move(open.input));
}

Result<engine::UpstreamLook> LookAt(ledger::Reader& reader, const pipeline::Pipeline& pipeline, Instant now) {
  engine::UpstreamLook look;
  std::optional<engine::ObservedSources> sources;
  LATECOMER_ASSIGN_OR_RETURN(const auto facts, Facts(reader, pipeline, now, Scope::kOpen, sources));
  if (!facts) return look;
  look.plan = lateness::MakePlan(pipeline.rules, *facts);
  LATECOMER_ASSIGN_OR_RETURN(const auto schema, engine::OutputSchema(pipeline, *sources));
  LATECOMER_ASSIGN_OR_RETURN(auto runs, reader.Runs({.pipeline = pipeline.id, .open_only = true}));
  for (const engine::PlacedRun& run : engine::PlaceRuns(pipeline, schema, std::move(runs))) {
    look.open.emplace_back(run.key, run.run.run_id);
  }
  return look;
}

Result<engine::UpstreamWaits> LookUpstream(ledger::Reader& reader, const FleetView& fleet,
                                           const pipeline::Pipeline& pipeline, Instant now) {
  if (!pipeline.wait_for_upstream) return engine::UpstreamWaits();
  std::vector<engine::KnownPipeline> known;
  for (const auto& [id, loaded] : fleet.pipelines) {
    if (id == pipeline.id) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto record, reader.FindPipeline(id));
    known.push_back({*loaded.pipeline, record && record->paused});
  }
  return engine::LookUpstream(pipeline, known, [&](const pipeline::Pipeline& one) { return LookAt(reader, one, now); });
}

Result<std::shared_ptr<const PlanView>> Make(ledger::Ledger& ledger, const FleetView& fleet,
                                             const pipeline::Pipeline& pipeline, Instant now, Scope scope) {
  auto view = std::make_shared<PlanView>();
  view->made = now;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    std::optional<engine::ObservedSources> sources;
    LATECOMER_ASSIGN_OR_RETURN(auto facts, Facts(reader, pipeline, now, scope, sources));
    if (!facts) return {};
    view->sources = std::move(*sources);
    view->known = true;
    LATECOMER_ASSIGN_OR_RETURN(const auto upstream, LookUpstream(reader, fleet, pipeline, now));
    for (lateness::OutputFacts& one : facts->outputs) one.waits_for = upstream.Of(pipeline, one.key);
    view->plan = lateness::MakePlan(pipeline.rules, *facts);
    return {};
  }));
  auto& entries = view->plan.entries;
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    if (a.interval.has_value() != b.interval.has_value()) return a.interval.has_value();
    if (a.interval && a.interval->start != b.interval->start) return a.interval->start < b.interval->start;
    return a.key < b.key;
  });
  for (std::size_t i = 0; i < entries.size(); ++i) {
    view->at[entries[i].key.Canonical()] = i;
    view->late += entries[i].late && entries[i].decision != lateness::Decision::kHeld ? 1 : 0;
    view->held += entries[i].decision == lateness::Decision::kHeld ? 1 : 0;
    view->failed += entries[i].decision == lateness::Decision::kFailed ? 1 : 0;
  }
  return std::shared_ptr<const PlanView>(std::move(view));
}

Result<std::string> BasisOf(ledger::Activity& activity, const pipeline::Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t event, activity.NewestEvent());
  LATECOMER_ASSIGN_OR_RETURN(const auto seen, activity.SeenVersions());
  std::string basis = pipeline.definition_hash + " " + std::to_string(event);
  for (const pipeline::Source& source : pipeline.sources) {
    const auto it = seen.find(source.location);
    basis += " " + (it == seen.end() ? "-" : std::to_string(it->second.value));
  }
  return basis;
}

}  // namespace

const lateness::PlanEntry* PlanView::Find(const std::string& canonical) const {
  const auto it = at.find(canonical);
  return it == at.end() ? nullptr : &plan.entries[it->second];
}

Result<std::shared_ptr<const PlanView>> Plans::Of(Store& store, const FleetView& fleet,
                                                  const pipeline::Pipeline& pipeline, Instant now, Scope scope) {
  std::shared_ptr<Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    auto& slot = entries_[scope == Scope::kAll ? 1 : 0][pipeline.id];
    if (!slot) slot = std::make_shared<Entry>();
    entry = slot;
  }
  // Who comes while it is made waits for it instead of making it too.
  const std::lock_guard making(entry->making);
  LATECOMER_ASSIGN_OR_RETURN(std::string basis, BasisOf(*store.activity, pipeline));
  if (entry->view) {
    const Duration age = now - entry->view->made;
    const bool same = basis == entry->basis && age < kLongest;
    // While much happens it is made no more often than so that most of the time remains for other things.
    const bool fresh = age < std::max(kShortest, 3 * entry->cost);
    if (age >= Duration(0) && (same || fresh)) return entry->view;
  }
  const auto start = std::chrono::steady_clock::now();
  LATECOMER_ASSIGN_OR_RETURN(entry->view, Make(*store.ledger, fleet, pipeline, now, scope));
  entry->basis = std::move(basis);
  entry->cost = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
  return entry->view;
}

}  // namespace latecomer::server
