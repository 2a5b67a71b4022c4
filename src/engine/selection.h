// Which runs and steps of a pipeline a person means.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/cadence.h"
#include "engine/act.h"
#include "engine/admission.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// Which run a person means: a run id, or "latest" for the newest scheduled or manual one of the pipeline.
Result<ledger::RunRecord> FindRunByWord(ledger::Reader& reader, const std::string& pipeline, const std::string& word);

struct RunSelection {
  std::vector<std::string> runs;  // by word; exactly these
  // And of each partition that begins in [from, to] its newest run; both inclusive, a missing one is open.
  std::optional<LocalTime> from{};
  std::optional<LocalTime> to{};
  // And of each partition before (after) the first (last) of these its newest run; only of partitions that differ from
  // one of them in nothing but time. Without runs and range: of the latest run.
  bool past = false;
  bool future = false;
  // And of each partition in [from, to], of all without a range, the run that built it, if that was by an older
  // definition.
  bool older_definition = false;
  // Only runs that failed or were cancelled; of steps only those without success.
  bool only_failed = false;
  std::vector<std::string> steps{};  // the user's; empty: whole runs
  bool upstream = false;             // also the steps that those need
  bool downstream = false;           // also the steps that need those
};

// Why a run is left alone whose partition is none since the definition was changed.
inline constexpr const char* kNoOutputAnyMore = "is of a partition that is no output of the pipeline any more";

// Which run of a partition a range means.
enum class RangePick {
  kNewest,  // the newest that was not skipped: what it did is what stands
  kOpen,    // every one that is queued or running
};

struct SelectedRuns {
  std::vector<PlacedRun> runs;  // by interval, then in the order they were made
  std::vector<Untouched> untouched;
};

// kNotFound for a word or a step that there isn't; an empty list when a range has no run.
Result<SelectedRuns> SelectRuns(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                const RunSelection& selection, RangePick pick);

// The steps that the selection names, with what `upstream` and `downstream` add. kNotFound for one that there isn't.
Result<std::set<std::string>> SelectSteps(const pipeline::Pipeline& pipeline, const RunSelection& selection);

bool HasFailed(const ledger::RunRecord& run);

// The output's partition columns as the ledger knows them. kNotFound when it doesn't know the table yet.
Result<table::PartitionSchema> KnownOutputSchema(ledger::Reader& reader, const pipeline::Pipeline& pipeline);

}  // namespace latecomer::engine
