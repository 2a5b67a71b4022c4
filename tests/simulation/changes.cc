// What people make of pipeline files while schedulers work by them.
#include "engine/accept_definition.h"
#include "engine/controls.h"
#include "simulation.h"

namespace latecomer::simulation {

// Of each pipeline's schedulers some are started anew with it, others go on with what they read before.
void Simulation::ChangeDefinition() {
  const auto index = static_cast<std::size_t>(dice_.Below(static_cast<std::int64_t>(scenario_.pipelines.size())));
  if (waiting_.contains(index)) return;
  const PipelineFacts& facts = scenario_.facts[index];
  const bool last = index + 1 == scenario_.pipelines.size();  // nobody reads what it makes
  const bool may_move = last && scenario_.faults.restore_ledger == 0 && !AnyReplaced();
  const bool other_output = may_move && checks_.HasBuilt(facts.id) && dice_.OneIn(3);
  const bool may_map = scenario_.mappings_change && facts.sources.size() > 1 && scenario_.faults.restore_ledger == 0 &&
                       !AnyReplaced() && checks_.HasBuilt(facts.id);
  const NeedsAWord word = other_output                ? NeedsAWord::kOutput
                          : may_map && dice_.OneIn(2) ? NeedsAWord::kMapping
                                                      : NeedsAWord::kNothing;
  ChangedPipeline changed = DrawChange(dice_, scenario_, index, word);
  Say("the file of " + facts.id + " is changed" + (other_output ? ", and writes to " + changed.facts.into : "") +
      (word == NeedsAWord::kMapping ? ", and makes outputs of other days" : ""));
  std::unique_ptr<SimTable>& into = tables_[changed.facts.into];
  if (!into) into = std::make_unique<SimTable>(changed.facts.into, scenario_.columns, changed.facts.by_country);
  for (const auto& scheduler : schedulers_) {
    if (scheduler->pipeline_index() != static_cast<int>(index)) continue;
    scheduler->Redefine(changed.definition);
    if (scheduler->alive() && dice_.OneIn(2)) scheduler->Die();
  }
  if (word != NeedsAWord::kNothing) {
    waiting_.emplace(index, std::move(changed));
  } else {
    PutInForce(index, std::move(changed));
  }
}

void Simulation::PutInForce(std::size_t pipeline, ChangedPipeline changed) {
  scenario_.pipelines[pipeline] = std::move(changed.definition);
  scenario_.facts[pipeline] = std::move(changed.facts);
}

// False when a run is at work, which is cancelled for it, or when the tables were not read yet.
bool Simulation::PersonAccepts(std::size_t pipeline, engine::AcceptAs as) {
  const ChangedPipeline& changed = waiting_.at(pipeline);
  const Instant now = clocks_.front()->Now();
  const auto sources = SourcesOf(changed.definition);
  if (!sources) return false;
  const auto accepted = engine::AcceptDefinition(*ledger_.now(), changed.definition, *sources, as, now);
  if (!accepted) {
    if (accepted.error().kind != ErrorKind::kConflict) {
      throw Violation{"5 (any process may die)", "a definition can't be accepted: " + accepted.error().ToString()};
    }
    CancelToAccept(pipeline);
    return false;
  }
  if (!*accepted) throw Violation{"5 (any process may die)", "there is nothing to accept of " + changed.facts.id};
  Say("a person accepts what " + changed.facts.id + " is now: " + std::to_string((*accepted)->late) + " late, " +
      std::to_string((*accepted)->kept) + " kept, " + std::to_string((*accepted)->gone) + " gone");
  checks_.OnAccepted(scenario_.facts[pipeline], changed.facts, as == engine::AcceptAs::kProcessed);
  PutInForce(pipeline, std::move(waiting_.at(pipeline)));
  waiting_.erase(pipeline);
  // A process makes its definition known as soon as it has read it. Where nothing is processed yet any definition may
  // take over, so one that read an older file and waited until now would put that back.
  for (const auto& scheduler : schedulers_) {
    const bool its = scheduler->pipeline_index() == static_cast<int>(pipeline);
    if (its && scheduler->alive() && !scheduler->has_registered()) scheduler->Die();
  }
  return true;
}

// What is at work goes by what was before.
void Simulation::CancelToAccept(std::size_t pipeline) {
  const pipeline::Pipeline& definition = scenario_.pipelines[pipeline];
  for (const ledger::RunRecord& run : RunsOf(definition.id)) {
    if (run.state != ledger::RunState::kRunning) continue;
    const auto cancelled = engine::ApplyCancel(*watched_by_people_, definition, {.runs = {run.run_id}}, "",
                                               {.now = clocks_.front()->Now()});
    if (cancelled && !cancelled->affected.empty()) Say("a person cancels " + run.run_id + " to accept");
  }
}

// A scheduler with a definition that isn't the one in force stops and says so.
bool Simulation::WaitsForAccept(const Scheduler& scheduler, const Error& error) const {
  const auto index = static_cast<std::size_t>(scheduler.pipeline_index());
  const bool changed = waiting_.contains(index) || scenario_.facts[index].changed;
  return changed && error.kind == ErrorKind::kConflict && error.message.find("definition") != std::string::npos;
}

}  // namespace latecomer::simulation
