// Mark: a person says how a run, or a step of it, counts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/act.h"
#include "engine/selection.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

enum class Mark { kSuccess, kFailed };

struct MarkSelection {
  RunSelection which{};  // with steps: these, else whole runs
  Mark mark = Mark::kSuccess;
};

struct MarkedRun {
  ledger::RunRecord run;           // as it was before; once done, as it is
  std::vector<std::string> steps;  // those that are marked; empty: the whole run
  std::string note;                // for people: what this comes to
  std::int64_t event = 0;          // once done; Undo takes it

  // What is written.
  ledger::RunState to = ledger::RunState::kSuccess;
  std::optional<ledger::ProcessedRecord> record;  // put in place of the one that is there
  bool withdraw = false;                          // or that is removed
  std::optional<VersionVector> keep_vector;       // of the next try, when the run goes on
  std::map<std::string, int> keep_steps;
};

struct MarkPlan {
  std::vector<MarkedRun> affected;
  std::vector<Untouched> untouched;
  std::string fingerprint;
};

// Whole runs: success records the last try's pin, or the newest seen versions when there was none; a record that is
// newer in everything stays. Failed withdraws `processed` when this run made it.
// Steps: success lets the run go on at the same versions with what needs them and what else had no success; of a `sql:
// into` step nobody looks then for the commit. Failed fails the run, and withdraws what it made.
// Running runs are left alone: cancel them first.
Result<MarkPlan> PreviewMark(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                             const MarkSelection& selection);
// One transaction. `confirmed` as with ApplyClear.
Result<MarkPlan> ApplyMark(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const MarkSelection& selection,
                           const std::string& confirmed, const Act& act);

}  // namespace latecomer::engine
