#include "server/plans.h"

#include <algorithm>
#include <chrono>

#include "engine/facts.h"

namespace latecomer::server {
namespace {

constexpr Duration kLongest = std::chrono::seconds(10);  // intervals become due without anything else happening
constexpr Duration kShortest = std::chrono::milliseconds(50);

Result<std::shared_ptr<const PlanView>> Make(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, Instant now) {
  auto view = std::make_shared<PlanView>();
  view->made = now;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(auto sources, engine::LoadSources(reader, pipeline));
    if (!sources) return {};
    view->sources = std::move(*sources);
    view->known = true;
    LATECOMER_ASSIGN_OR_RETURN(const auto facts, engine::GatherFacts(reader, pipeline, view->sources, now));
    view->plan = lateness::MakePlan(pipeline.rules, facts);
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

Result<std::shared_ptr<const PlanView>> Plans::Of(Store& store, const pipeline::Pipeline& pipeline, Instant now) {
  std::shared_ptr<Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    auto& slot = entries_[pipeline.id];
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
  LATECOMER_ASSIGN_OR_RETURN(entry->view, Make(*store.ledger, pipeline, now));
  entry->basis = std::move(basis);
  entry->cost = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
  return entry->view;
}

}  // namespace latecomer::server
