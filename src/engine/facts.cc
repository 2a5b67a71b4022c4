#include "engine/facts.h"

#include <utility>

#include "engine/facts_reader.h"

namespace latecomer::engine {

Result<lateness::PlanInput> GatherFacts(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                        const ObservedSources& sources, Instant now) {
  FactsReader facts_reader(reader, pipeline, sources, now);
  LATECOMER_RETURN_IF_ERROR(facts_reader.Open());
  lateness::PlanInput input;
  input.now = now;
  input.newest = NewestOf(pipeline, sources);
  LATECOMER_ASSIGN_OR_RETURN(input.proofs, facts_reader.Proofs());
  LATECOMER_ASSIGN_OR_RETURN(FactsReader::Facts facts, facts_reader.All());
  LATECOMER_RETURN_IF_ERROR(facts_reader.AddHeld(facts));
  for (auto& [canonical, one] : facts) input.outputs.push_back(std::move(one));
  return input;
}

Result<std::vector<lateness::Change>> UnseenChanges(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                                    const ObservedSources& sources, const std::string& output_key,
                                                    const std::optional<ledger::ProcessedRecord>& processed) {
  FactsReader facts_reader(reader, pipeline, sources, Instant{});
  LATECOMER_RETURN_IF_ERROR(facts_reader.Open());
  return facts_reader.UnseenOf(output_key, processed);
}

}  // namespace latecomer::engine
