// States of runs, tries, steps and attempts, and which may follow which. One table each; the ledger
// refuses any other transition.
#pragma once

#include <string_view>

#include "base/result.h"

namespace latecomer::ledger {

enum class RunKind { kScheduled, kBackfill, kManual };

// Airflow's names where the meaning is the same.
enum class RunState {
  kQueued,   // wants a claim; `waiting_for` says what it waits for (a slot, an earlier run, …)
  kRunning,  // a try of it holds the claim
  kSuccess,
  kFailed,
  kSkipped,  // nothing unseen was left when its turn came
  kCancelled,
};

enum class TryState {
  kRunning,
  kSuccess,
  kFailed,
  kSkipped,
  kCancelled,
  kLost
};  // kLost: its claim was lost, or its process died

enum class StepState {
  kWaiting,  // for the steps it needs
  kQueued,
  kRunning,
  kUpForRetry,  // until `retry_at`
  kDeferred,    // waits for an outside job
  kSuccess,
  kFailed,
  kSkipped,
  kUpstreamFailed,
  kCancelled,
};

enum class AttemptState {
  kStarting,
  kRunning,
  kSuccess,
  kFailed,
  kCancelled,
  kLost
};  // kLost: fate unknown after a crash, process known dead

std::string_view Name(RunKind kind);    // "scheduled", "backfill", "manual"
std::string_view Name(RunState state);  // "queued", …
std::string_view Name(TryState state);
std::string_view Name(StepState state);  // "upstream_failed", …
std::string_view Name(AttemptState state);
// kDamaged for a name that is none.
Result<RunKind> ParseRunKind(std::string_view name);
Result<RunState> ParseRunState(std::string_view name);
Result<TryState> ParseTryState(std::string_view name);
Result<StepState> ParseStepState(std::string_view name);
Result<AttemptState> ParseAttemptState(std::string_view name);

bool IsOpen(RunState state);   // queued or running
bool IsDone(StepState state);  // no further transition without a clear
bool MayFollow(RunState from, RunState to);
bool MayFollow(TryState from, TryState to);
bool MayFollow(StepState from, StepState to);
bool MayFollow(AttemptState from, AttemptState to);

}  // namespace latecomer::ledger
