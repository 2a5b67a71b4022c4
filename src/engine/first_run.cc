#include "engine/first_run.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/controls.h"

namespace latecomer::engine {
namespace {

// Who is named as the one that paused it; no user can be called so.
constexpr const char* kAsker = "latecomer serve";

Result<bool> HasRuns(ledger::Reader& reader, const pipeline::Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({.pipeline = pipeline.id, .limit = 1}));
  return !runs.empty();
}

// Was it paused for this question before?
Result<bool> WasAsked(ledger::Reader& reader, const pipeline::Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const auto events, reader.Events(pipeline.id, std::nullopt, std::nullopt));
  return std::any_of(events.begin(), events.end(), [](const ledger::EventRecord& event) {
    if (event.what != "pipeline.paused") return false;
    const auto detail = nlohmann::json::parse(event.detail, nullptr, false);
    return detail.is_object() && detail.value("by", "") == kAsker;
  });
}

}  // namespace

Result<std::optional<std::int64_t>> LongFirstRun(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                                 Engine& engine) {
  bool first = true;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const bool has_runs, HasRuns(reader, pipeline));
    first = !has_runs;
    return {};
  }));
  if (!first) return std::optional<std::int64_t>{};
  LATECOMER_ASSIGN_OR_RETURN(const lateness::Plan plan, engine.PlanNow());
  const std::int64_t due =
      std::count_if(plan.entries.begin(), plan.entries.end(),
                    [](const lateness::PlanEntry& entry) { return entry.decision == lateness::Decision::kProcess; });
  return due > kFirstRunAsksAbove ? std::optional(due) : std::nullopt;
}

Result<FirstRun> AskByPausing(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, Engine& engine, Instant now) {
  bool asked = false, paused = false, has_runs = false;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(has_runs, HasRuns(reader, pipeline));
    if (has_runs) return {};
    LATECOMER_ASSIGN_OR_RETURN(asked, WasAsked(reader, pipeline));
    LATECOMER_ASSIGN_OR_RETURN(const auto record, reader.FindPipeline(pipeline.id));
    paused = record && record->paused;
    return {};
  }));
  if (has_runs) return FirstRun::kBegan;
  if (paused) return FirstRun::kWaits;
  if (asked) return FirstRun::kMayBegin;
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<std::int64_t> partitions, LongFirstRun(ledger, pipeline, engine));
  if (!partitions) return FirstRun::kMayBegin;
  const Act act{.now = now,
                .by = kAsker,
                .note = "its first run would process " + std::to_string(*partitions) +
                        " partitions; resume it to start them, or record with `latecomer adopt` what was processed "
                        "elsewhere"};
  LATECOMER_RETURN_IF_ERROR(SetPaused(ledger, pipeline.id, true, act).map([](auto) {}));
  return FirstRun::kWaits;
}

}  // namespace latecomer::engine
