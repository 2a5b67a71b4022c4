// What a person may do to runs and pipelines besides clear, mark, hold and trigger, which have files of their own:
// cancel, pause, notes. Each is one transaction on the ledger; a scheduler that is at work notices and obeys.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/act.h"
#include "engine/selection.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

struct CancelPlan {
  std::vector<ledger::RunRecord> affected;  // as they were; once done, as they are
  std::set<std::int64_t> interrupted;       // ids of those that were running
  std::vector<Untouched> untouched;
  std::string fingerprint;
};

// Of a range every run that is queued or running. A selection's steps and `only_failed` mean nothing here.
Result<CancelPlan> PreviewCancel(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                 const RunSelection& selection);
Result<CancelPlan> ApplyCancel(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                               const RunSelection& selection, const std::string& confirmed, const Act& act);

struct Paused {
  bool changed = false;    // false when it was so already
  std::int64_t event = 0;  // when it changed; Undo takes it
};
// kNotFound when the ledger doesn't know the pipeline.
Result<Paused> SetPaused(ledger::Ledger& ledger, const std::string& pipeline, bool paused, const Act& act);

struct Noted {
  ledger::RunRecord run;
  std::int64_t event = 0;  // Undo takes it
};
// The act's note becomes the run's; an empty one removes it. kInvalidArgument for one over 10,000 bytes.
Result<Noted> SetNote(ledger::Ledger& ledger, const std::string& pipeline, const std::string& word, const Act& act);

}  // namespace latecomer::engine
