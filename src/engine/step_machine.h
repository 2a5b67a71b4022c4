// What a try does next: pure decisions from the steps' states.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "ledger/records.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// Steps every run has besides the user's.
inline constexpr const char* kReadyStep = "ready";
inline constexpr const char* kDetectStep = "detect";
inline constexpr const char* kRecordStep = "record";
inline constexpr const char* kBackfillStep = "backfill";

// The step records of a new try, in the order people expect: ready, detect, the user's steps, record,
// backfill. `ready` has succeeded, and so have those of the user's that the run's `keep_steps` names; in backfill runs
// `detect` and `backfill` are skipped.
std::vector<ledger::StepRecord> NewSteps(const pipeline::Pipeline& pipeline, const ledger::RunRecord& run,
                                         int try_number, Instant now);

struct StepMove {
  std::string step;
  ledger::StepState to;
  std::string message;
};

struct NextMoves {
  std::vector<StepMove> moves;     // user steps and `record` that change state without an attempt
  std::vector<std::string> start;  // user steps to start an attempt of now
  std::optional<Instant> wake_at;  // the nearest retry
  bool record = false;             // every user step succeeded: record now
  bool failed = false;             // nothing more can happen and some step failed
  std::string failed_step;
};

NextMoves DecideNext(const pipeline::Pipeline& pipeline, const std::vector<ledger::StepRecord>& steps, Instant now);

}  // namespace latecomer::engine
