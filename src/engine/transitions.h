// Changes of state with the event that explains each; the only code that moves a run, try or step.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// Appends an event about a run. `detail` holds names and texts for people.
Status AppendRunEvent(ledger::Writer& writer, const ledger::RunRecord& run, const std::string& what,
                      const std::map<std::string, std::string>& detail, Instant now);

// Moves a run to another state; sets `ended` when that is a final one, and forgets then what was asked of its next
// try; clears `ended` otherwise. `message` says why and becomes the run's.
Status MoveRun(ledger::Writer& writer, ledger::RunRecord& run, ledger::RunState to, std::string message, Instant now);

// Moves the step, sets its `started`, `ended` and message.
Status MoveStep(ledger::Writer& writer, const ledger::RunRecord& run, ledger::StepRecord& step, ledger::StepState to,
                std::string message, Instant now);

// Ends a try with all that is open in it: steps and attempts take the given states.
Status EndTry(ledger::Writer& writer, const ledger::RunRecord& run, ledger::TryState to, const std::string& message,
              Instant now);

// Ends what is running of a run on a person's wish, and gives its claim back; the run itself is moved by the caller.
Status EndRunning(ledger::Writer& writer, const ledger::RunRecord& run, const std::string& why, Instant now);

// The partition counts as built by this try: from its versions, with its token.
Status RecordProcessed(ledger::Writer& writer, const pipeline::Pipeline& pipeline, const ledger::RunRecord& run,
                       const ledger::TryRecord& attempt, Instant now);

// Gives the claim of the run's partition back when this run holds it.
Status ReleaseClaim(ledger::Writer& writer, const ledger::RunRecord& run);

}  // namespace latecomer::engine
