#include "ledger/states.h"

#include <array>
#include <span>
#include <string>

namespace latecomer::ledger {
namespace {

// A state, its name, and the states that may come next.
template <typename State>
struct Row {
  State state;
  std::string_view name;
  std::array<State, 10> next;
  std::size_t next_count;

  template <typename... Next>
  constexpr Row(State state_in, std::string_view name_in, Next... next_in)
      : state(state_in), name(name_in), next{next_in...}, next_count(sizeof...(next_in)) {}
};

using Run = RunState;
// A run that has ended is queued again only by clear (or by marking a step of it), and turns into success or failed
// only by mark. From those two it goes back to skipped and cancelled when a mark is undone.
// running → queued: its claim was lost, it wants another.
constexpr std::array kRunStates{
    Row<Run>{Run::kQueued, "queued", Run::kRunning, Run::kSuccess, Run::kFailed, Run::kSkipped, Run::kCancelled},
    Row<Run>{Run::kRunning, "running", Run::kQueued, Run::kSuccess, Run::kFailed, Run::kSkipped, Run::kCancelled},
    Row<Run>{Run::kSuccess, "success", Run::kQueued, Run::kFailed, Run::kSkipped, Run::kCancelled},
    Row<Run>{Run::kFailed, "failed", Run::kQueued, Run::kSuccess, Run::kSkipped, Run::kCancelled},
    Row<Run>{Run::kSkipped, "skipped", Run::kQueued, Run::kSuccess, Run::kFailed},
    Row<Run>{Run::kCancelled, "cancelled", Run::kQueued, Run::kSuccess, Run::kFailed},
};

using Try = TryState;
// What a try ended with stays: clear and retry open another one. Lost → success, failed: an outside worker
// reported after its lease had run out, and before anyone else was granted the partition.
constexpr std::array kTryStates{
    Row<Try>{Try::kRunning, "running", Try::kSuccess, Try::kFailed, Try::kSkipped, Try::kCancelled, Try::kLost},
    Row<Try>{Try::kSuccess, "success"},
    Row<Try>{Try::kFailed, "failed"},
    Row<Try>{Try::kSkipped, "skipped"},
    Row<Try>{Try::kCancelled, "cancelled"},
    Row<Try>{Try::kLost, "lost", Try::kSuccess, Try::kFailed},
};

using Step = StepState;
// running → queued: the scheduler died before the attempt's fate was known. Done → waiting: clear.
constexpr std::array kStepStates{
    Row<Step>{Step::kWaiting, "waiting", Step::kQueued, Step::kRunning, Step::kSuccess, Step::kFailed, Step::kSkipped,
              Step::kUpstreamFailed, Step::kCancelled},
    Row<Step>{Step::kQueued, "queued", Step::kWaiting, Step::kRunning, Step::kSuccess, Step::kFailed, Step::kSkipped,
              Step::kUpstreamFailed, Step::kCancelled},
    Row<Step>{Step::kRunning, "running", Step::kQueued, Step::kUpForRetry, Step::kDeferred, Step::kSuccess,
              Step::kFailed, Step::kSkipped, Step::kCancelled},
    Row<Step>{Step::kUpForRetry, "up_for_retry", Step::kQueued, Step::kRunning, Step::kSuccess, Step::kFailed,
              Step::kSkipped, Step::kCancelled},
    Row<Step>{Step::kDeferred, "deferred", Step::kQueued, Step::kRunning, Step::kUpForRetry, Step::kSuccess,
              Step::kFailed, Step::kSkipped, Step::kCancelled},
    Row<Step>{Step::kSuccess, "success", Step::kWaiting, Step::kFailed},
    Row<Step>{Step::kFailed, "failed", Step::kWaiting, Step::kSuccess},
    Row<Step>{Step::kSkipped, "skipped", Step::kWaiting, Step::kSuccess, Step::kFailed},
    Row<Step>{Step::kUpstreamFailed, "upstream_failed", Step::kWaiting, Step::kSuccess, Step::kFailed},
    Row<Step>{Step::kCancelled, "cancelled", Step::kWaiting, Step::kSuccess, Step::kFailed},
};

using Attempt = AttemptState;
constexpr std::array kAttemptStates{
    Row<Attempt>{Attempt::kStarting, "starting", Attempt::kRunning, Attempt::kSuccess, Attempt::kFailed,
                 Attempt::kCancelled, Attempt::kLost},
    Row<Attempt>{Attempt::kRunning, "running", Attempt::kSuccess, Attempt::kFailed, Attempt::kCancelled,
                 Attempt::kLost},
    Row<Attempt>{Attempt::kSuccess, "success"},
    Row<Attempt>{Attempt::kFailed, "failed"},
    Row<Attempt>{Attempt::kCancelled, "cancelled"},
    Row<Attempt>{Attempt::kLost, "lost"},
};

constexpr std::array kRunKinds{
    Row<RunKind>{RunKind::kScheduled, "scheduled"},
    Row<RunKind>{RunKind::kBackfill, "backfill"},
    Row<RunKind>{RunKind::kManual, "manual"},
};

// The enumerators count from 0 in the order of their table; the unit test holds that true.
template <typename State, std::size_t size>
constexpr const Row<State>& Find(const std::array<Row<State>, size>& rows, State state) {
  return rows[static_cast<std::size_t>(state)];
}

template <typename State, std::size_t size>
bool Allows(const std::array<Row<State>, size>& rows, State from, State to) {
  if (from == to) return true;
  const Row<State>& row = Find(rows, from);
  for (std::size_t i = 0; i < row.next_count; ++i) {
    if (row.next[i] == to) return true;
  }
  return false;
}

template <typename State, std::size_t size>
Result<State> Parse(const std::array<Row<State>, size>& rows, std::string_view name, std::string_view what) {
  for (const Row<State>& row : rows) {
    if (row.name == name) return row.state;
  }
  return Fail(ErrorKind::kDamaged, "the ledger holds '" + std::string(name) + "', which is no " + std::string(what));
}

}  // namespace

std::string_view Name(RunKind kind) {
  return Find(kRunKinds, kind).name;
}
std::string_view Name(RunState state) {
  return Find(kRunStates, state).name;
}
std::string_view Name(TryState state) {
  return Find(kTryStates, state).name;
}
std::string_view Name(StepState state) {
  return Find(kStepStates, state).name;
}
std::string_view Name(AttemptState state) {
  return Find(kAttemptStates, state).name;
}

Result<RunKind> ParseRunKind(std::string_view name) {
  return Parse(kRunKinds, name, "kind of run");
}
Result<RunState> ParseRunState(std::string_view name) {
  return Parse(kRunStates, name, "state of a run");
}
Result<TryState> ParseTryState(std::string_view name) {
  return Parse(kTryStates, name, "state of a try");
}
Result<StepState> ParseStepState(std::string_view name) {
  return Parse(kStepStates, name, "state of a step");
}
Result<AttemptState> ParseAttemptState(std::string_view name) {
  return Parse(kAttemptStates, name, "state of an attempt");
}

bool IsOpen(RunState state) {
  return state == RunState::kQueued || state == RunState::kRunning;
}

bool IsDone(StepState state) {
  switch (state) {
    case StepState::kSuccess:
    case StepState::kFailed:
    case StepState::kSkipped:
    case StepState::kUpstreamFailed:
    case StepState::kCancelled: return true;
    default: return false;
  }
}

bool MayFollow(RunState from, RunState to) {
  return Allows(kRunStates, from, to);
}
bool MayFollow(TryState from, TryState to) {
  return Allows(kTryStates, from, to);
}
bool MayFollow(StepState from, StepState to) {
  return Allows(kStepStates, from, to);
}
bool MayFollow(AttemptState from, AttemptState to) {
  return Allows(kAttemptStates, from, to);
}

}  // namespace latecomer::ledger
