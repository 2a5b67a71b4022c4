#include "engine/selection.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "engine/definition.h"
#include "engine/observed_sources.h"

namespace latecomer::engine {
namespace {

using ledger::RunKind;
using ledger::RunRecord;
using ledger::RunState;

std::vector<std::string> StepIds(const pipeline::Pipeline& pipeline) {
  std::vector<std::string> ids;
  for (const pipeline::Step& step : pipeline.steps) ids.push_back(step.id);
  return ids;
}

// As many passes as steps reach the end of every chain.
void AddDownstream(const pipeline::Pipeline& pipeline, std::set<std::string>& chosen) {
  for (std::size_t pass = 0; pass < pipeline.steps.size(); ++pass) {
    for (const pipeline::Step& step : pipeline.steps) {
      const bool needs =
          std::any_of(step.needs.begin(), step.needs.end(), [&](const std::string& id) { return chosen.contains(id); });
      if (needs) chosen.insert(step.id);
    }
  }
}

void AddUpstream(const pipeline::Pipeline& pipeline, std::set<std::string>& chosen) {
  for (std::size_t pass = 0; pass < pipeline.steps.size(); ++pass) {
    for (const pipeline::Step& step : pipeline.steps) {
      if (chosen.contains(step.id)) chosen.insert(step.needs.begin(), step.needs.end());
    }
  }
}

// The range that a selection means, by series of partitions; what has no interval is in no range.
struct Range {
  std::optional<LocalTime> first;  // inclusive; nullopt: open
  std::optional<LocalTime> last;
  std::optional<std::set<std::string>> series;  // nullopt: every one

  bool Holds(const PlacedRun& run) const {
    if (!run.start || (first && *run.start < *first) || (last && *run.start > *last)) return false;
    return !series || series->contains(run.series);
  }
};

bool Wanted(const PlacedRun& run, RangePick pick) {
  return pick == RangePick::kNewest ? run.run.state != RunState::kSkipped : ledger::IsOpen(run.run.state);
}

// Of the placed runs those that lie in one of the ranges.
void AddRanges(const std::vector<PlacedRun>& all, const std::vector<Range>& ranges, RangePick pick,
               std::map<std::int64_t, PlacedRun>& chosen) {
  std::map<std::string, const PlacedRun*> newest;  // by partition
  std::set<std::string> named;
  for (const auto& [id, run] : chosen) named.insert(run.run.partition);
  for (const PlacedRun& run : all) {
    const bool inside = std::any_of(ranges.begin(), ranges.end(), [&](const Range& one) { return one.Holds(run); });
    if (!inside || !Wanted(run, pick)) continue;
    if (pick == RangePick::kOpen) chosen.try_emplace(run.run.id, run);
    const PlacedRun*& best = newest[run.run.partition];
    if (best == nullptr || best->run.id < run.run.id) best = &run;
  }
  if (pick == RangePick::kOpen) return;
  for (const auto& [partition, run] : newest) {
    if (!named.contains(partition)) chosen.try_emplace(run->run.id, *run);
  }
}

Status AddOlder(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const table::PartitionSchema& schema,
                const RunSelection& selection, std::map<std::int64_t, PlacedRun>& chosen) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<std::int64_t> ids, RunsOfOlderDefinitions(reader, pipeline));
  std::vector<RunRecord> runs;
  for (const std::int64_t id : ids) {
    LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> run, reader.FindRun(id));
    if (run) runs.push_back(std::move(*run));
  }
  const bool all = !selection.from && !selection.to;
  const Range range{.first = selection.from, .last = selection.to, .series = std::nullopt};
  for (PlacedRun& run : PlaceRuns(pipeline, schema, std::move(runs))) {
    if (all || range.Holds(run)) chosen.try_emplace(run.run.id, std::move(run));
  }
  return {};
}

// `past` and `future` reach from the named runs.
std::vector<Range> RangesOf(const RunSelection& selection, const std::map<std::int64_t, PlacedRun>& named) {
  std::vector<Range> ranges;
  if ((selection.from || selection.to) && !selection.older_definition) {
    ranges.push_back({.first = selection.past ? std::nullopt : selection.from,
                      .last = selection.future ? std::nullopt : selection.to,
                      .series = std::nullopt});
  }
  for (const auto& [id, run] : named) {
    if (!run.start) continue;
    const std::set<std::string> same{run.series};
    if (selection.past) ranges.push_back({.first = std::nullopt, .last = run.start, .series = same});
    if (selection.future) ranges.push_back({.first = run.start, .last = std::nullopt, .series = same});
  }
  return ranges;
}

}  // namespace

bool HasFailed(const RunRecord& run) {
  return run.state == RunState::kFailed || run.state == RunState::kCancelled;
}

Result<RunRecord> FindRunByWord(ledger::Reader& reader, const std::string& pipeline, const std::string& word) {
  if (word != "latest") {
    LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> run, reader.FindRunByName(pipeline, word));
    if (run) return std::move(*run);
  }
  LATECOMER_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, reader.Runs({.pipeline = pipeline}));
  if (word == "latest") {
    // The newest by interval, as a person reads the grid; the ids of scheduled runs sort by it.
    const RunRecord* latest = nullptr;
    for (const RunRecord& run : runs) {
      if (run.kind == RunKind::kBackfill) continue;
      if (latest == nullptr || run.id > latest->id) latest = &run;
    }
    if (latest != nullptr) return *latest;
    return Fail(Error(ErrorKind::kNotFound, "pipeline " + pipeline + " has no scheduled run yet")
                    .Hint("`latecomer run` makes the first ones"));
  }
  std::vector<std::string> ids;
  for (const RunRecord& run : runs) ids.push_back(run.run_id);
  const auto nearest = NearestWord(word, ids);
  return Fail(Error(ErrorKind::kNotFound, "no run `" + Printable(word) + "` in pipeline " + pipeline)
                  .Hint(nearest ? "did you mean `" + *nearest + "`?" : "`latecomer runs` lists them"));
}

Result<table::PartitionSchema> KnownOutputSchema(ledger::Reader& reader, const pipeline::Pipeline& pipeline) {
  const std::string& location = pipeline::ShapeOf(pipeline).location;
  LATECOMER_ASSIGN_OR_RETURN(const auto record, reader.FindTable(location));
  if (!record) {
    return Fail(
        Error(ErrorKind::kNotFound, "pipeline " + pipeline.id + " has not run yet: the ledger has nothing of its table")
            .In(location)
            .Hint("`latecomer plan` shows what it would do, `latecomer run` does it"));
  }
  return OutputSchema(pipeline, record->partition_columns);
}

Result<SelectedRuns> SelectRuns(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                const RunSelection& selection, RangePick pick) {
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, KnownOutputSchema(reader, pipeline));
  const bool by_range = selection.from || selection.to || selection.older_definition;
  std::vector<std::string> words = selection.runs;
  if (words.empty() && !by_range) words.emplace_back("latest");
  std::vector<RunRecord> named;
  for (const std::string& word : words) {
    LATECOMER_ASSIGN_OR_RETURN(named.emplace_back(), FindRunByWord(reader, pipeline.id, word));
  }
  std::map<std::int64_t, PlacedRun> chosen;
  for (PlacedRun& run : PlaceRuns(pipeline, schema, std::move(named))) chosen.try_emplace(run.run.id, std::move(run));
  if (selection.older_definition) LATECOMER_RETURN_IF_ERROR(AddOlder(reader, pipeline, schema, selection, chosen));
  if (selection.from || selection.to || selection.past || selection.future) {
    LATECOMER_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, reader.Runs({.pipeline = pipeline.id}));
    const std::vector<Range> ranges = RangesOf(selection, chosen);
    AddRanges(PlaceRuns(pipeline, schema, std::move(runs)), ranges, pick, chosen);
  }
  SelectedRuns selected;
  for (auto& [id, run] : chosen) {
    const bool by_steps = !selection.steps.empty();
    if (selection.only_failed && !by_steps && !HasFailed(run.run)) {
      selected.untouched.push_back({run.run.run_id, "is " + std::string(Name(run.run.state))});
      continue;
    }
    selected.runs.push_back(std::move(run));
  }
  std::stable_sort(selected.runs.begin(), selected.runs.end(), [](const PlacedRun& a, const PlacedRun& b) {
    return a.start.value_or(LocalTime::max()) < b.start.value_or(LocalTime::max());
  });
  return selected;
}

Result<std::set<std::string>> SelectSteps(const pipeline::Pipeline& pipeline, const RunSelection& selection) {
  const std::vector<std::string> known = StepIds(pipeline);
  std::set<std::string> chosen;
  for (const std::string& id : selection.steps) {
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      const auto nearest = NearestWord(id, known);
      return Fail(
          Error(ErrorKind::kNotFound, "no step `" + Printable(id) + "` in pipeline " + pipeline.id)
              .Hint(nearest ? "did you mean `" + *nearest + "`?" : "only the pipeline's own steps can be named"));
    }
    chosen.insert(id);
  }
  std::set<std::string> both = chosen;
  if (selection.downstream) AddDownstream(pipeline, both);
  if (selection.upstream) AddUpstream(pipeline, chosen);
  both.insert(chosen.begin(), chosen.end());
  return both;
}

}  // namespace latecomer::engine
