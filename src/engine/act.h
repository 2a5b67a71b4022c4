// Who does something to a pipeline's runs and partitions, when, and what they say about it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"

namespace latecomer::engine {

struct Act {
  Instant now{};
  std::string by{};    // kept with the event; who is allowed to is asked before
  std::string note{};  // kept with each run that is affected; empty: the runs keep the notes they have
};

// A run that an action leaves alone, and why.
struct Untouched {
  std::string run_id;
  std::string why;
};

// Appends an event about a run, or about a partition or a whole pipeline (then the other texts are empty), with who did
// it. Returns its sequence, by which Undo knows it.
Result<std::int64_t> AppendActEvent(ledger::Writer& writer, const Act& act, ledger::EventRecord event,
                                    nlohmann::ordered_json detail);
ledger::EventRecord EventOf(const ledger::RunRecord& run, std::string what);

// kConflict unless `confirmed` is empty or equal to `now`: what a person was shown is what is done.
Status SameAsShown(const std::string& confirmed, const std::string& now);
// A short text that is equal only for equal lists.
std::string FingerprintOf(const std::vector<std::string>& lines);

}  // namespace latecomer::engine
