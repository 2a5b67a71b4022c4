#include "engine/load_runs.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/open_facts.h"

namespace latecomer::engine {

using ledger::RunRecord;

Result<std::vector<PlacedRun>> LoadRuns(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                        const table::PartitionSchema& schema) {
  LATECOMER_ASSIGN_OR_RETURN(bool placed, HasPlanIndex(reader, pipeline));
  // The index knows of time alone, not which partitions follow each other besides.
  if (pipeline.depends_on_past && !pipeline::ExtraColumns(pipeline.output).empty()) placed = false;
  LATECOMER_ASSIGN_OR_RETURN(std::vector<RunRecord> open, reader.Runs({.pipeline = pipeline.id, .open_only = placed}));
  std::vector<PlacedRun> runs = PlaceRuns(pipeline, schema, std::move(open));
  if (!placed || !pipeline.depends_on_past) return runs;
  LATECOMER_ASSIGN_OR_RETURN(std::vector<RunRecord> others, reader.RunsNotPlaced(pipeline.id));
  std::set<LocalTime> starts;
  for (const PlacedRun& run : runs) {
    if (run.start && run.run.state == ledger::RunState::kQueued) starts.insert(*run.start);
  }
  for (const LocalTime start : starts) {
    LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> before, reader.RunBefore(pipeline.id, start));
    if (before) others.push_back(std::move(*before));
  }
  std::set<std::int64_t> there;
  for (const PlacedRun& run : runs) there.insert(run.run.id);
  std::erase_if(others, [&](const RunRecord& run) { return !there.insert(run.id).second; });
  std::vector<PlacedRun> more = PlaceRuns(pipeline, schema, std::move(others));
  std::move(more.begin(), more.end(), std::back_inserter(runs));
  std::sort(runs.begin(), runs.end(), [](const PlacedRun& a, const PlacedRun& b) { return a.run.id < b.run.id; });
  return runs;
}

}  // namespace latecomer::engine
