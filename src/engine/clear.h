// Clear: runs that ended, or single steps of them, are done again. What it affects is shown before it is done.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/act.h"
#include "engine/selection.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

struct ClearSelection {
  RunSelection which{};
  bool same_versions = false;  // keep the last try's pin
  bool new_steps = false;      // only steps that the last try hadn't
};

// A run that gets another try.
struct ClearedRun {
  ledger::RunRecord run;           // as it was before
  std::vector<std::string> again;  // the user's steps that run again; then `record`
  std::vector<std::string> kept;   // those that keep their success
  // The versions the next try reads. Nullopt: the newest when its turn comes. Where steps are kept or single ones were
  // named, the last try's.
  std::optional<VersionVector> versions;
  std::string note;        // for people: what is unusual about it; may be empty
  std::int64_t event = 0;  // once done
};

struct ClearPlan {
  std::vector<ClearedRun> affected;
  std::vector<Untouched> untouched;
  std::string fingerprint;  // of what is affected
};

// Writes nothing. kNotFound for runs and steps that there aren't.
Result<ClearPlan> PreviewClear(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                               const ClearSelection& selection);

// One transaction: each affected run is queued for a new try; a running one is ended first. Never deletes `processed`.
// With a preview's fingerprint in `confirmed`, kConflict when it would affect something else by now.
Result<ClearPlan> ApplyClear(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                             const ClearSelection& selection, const std::string& confirmed, const Act& act);

}  // namespace latecomer::engine
