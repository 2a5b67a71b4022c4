// What the ledger and the planner say at this moment, for the checks and for the people of the simulation.
#include <stdexcept>

#include "engine/facts.h"
#include "engine/observed_sources.h"
#include "sim_keys.h"
#include "simulation.h"

namespace latecomer::simulation {

lateness::Plan Simulation::PlanOf(std::size_t pipeline, Versions* seen, std::map<Slot, VersionVector>* processed) {
  const pipeline::Pipeline& definition = scenario_.pipelines[pipeline];
  lateness::Plan plan;
  const Status read = ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto sources, engine::LoadSources(reader, definition));
    if (!sources) return {};
    for (const pipeline::Source& source : definition.sources) {
      if (seen != nullptr) (*seen)[source.name] = sources->Of(source).record.seen.version.value;
    }
    LATECOMER_ASSIGN_OR_RETURN(const auto facts,
                               engine::GatherFacts(reader, definition, *sources, clocks_.front()->Now()));
    plan = lateness::MakePlan(definition.rules, facts);
    if (processed == nullptr) return {};
    LATECOMER_ASSIGN_OR_RETURN(const auto records, reader.Processed(definition.id));
    for (const ledger::ProcessedRecord& record : records) {
      (*processed)[SlotOfCanonical(record.partition)] = record.vector;
    }
    return {};
  });
  if (!read) throw std::runtime_error("no plan: " + read.error().ToString());
  return plan;
}

// As the ledger knows them; nullopt when it doesn't yet.
std::optional<engine::ObservedSources> Simulation::SourcesOf(const pipeline::Pipeline& pipeline) {
  std::optional<engine::ObservedSources> sources;
  const Status read = ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(sources, engine::LoadSources(reader, pipeline));
    return {};
  });
  if (!read) throw std::runtime_error("no sources: " + read.error().ToString());
  return sources;
}

std::vector<ledger::RunRecord> Simulation::RunsOf(const std::string& pipeline) {
  std::vector<ledger::RunRecord> runs;
  const Status read = ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(runs, reader.Runs({.pipeline = pipeline}));
    return {};
  });
  if (!read) throw std::runtime_error("no runs: " + read.error().ToString());
  return runs;
}

void Simulation::CheckNothingLost() {
  for (std::size_t i = 0; i < scenario_.pipelines.size(); ++i) {
    Versions seen;
    std::map<Slot, VersionVector> processed;
    const lateness::Plan plan = PlanOf(i, &seen, &processed);
    if (seen.empty() || ReadsReplaced(scenario_.facts[i])) continue;
    checks_.NothingLost(scenario_.facts[i], plan, seen, processed);
  }
}

void Simulation::SayWhatIsLeft() {
  for (std::size_t i = 0; i < scenario_.pipelines.size(); ++i) {
    for (const lateness::PlanEntry& entry : PlanOf(i, nullptr, nullptr).entries) {
      if (entry.decision == lateness::Decision::kUpToDate) continue;
      Say(scenario_.facts[i].id + " " + entry.key.Display() + " (" + entry.cause + "): " + entry.reason);
    }
    for (const ledger::RunRecord& run : RunsOf(scenario_.facts[i].id)) {
      Say(run.run_id + " (" + run.cause + ") is " + std::string(Name(run.state)) + ": " + run.message +
          run.waiting_for);
    }
  }
}

}  // namespace latecomer::simulation
