#include "cli/run_driver.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <ostream>

namespace latecomer::cli {
namespace {

std::atomic<int> interrupts{0};
executor::Executor* woken_by_signal = nullptr;

void OnSignal(int signal) {
  interrupts.fetch_add(signal == SIGTERM ? 2 : 1);
  if (woken_by_signal != nullptr) woken_by_signal->Wake();
}

class SignalScope {
 public:
  explicit SignalScope(executor::Executor& executor) {
    interrupts = 0;
    woken_by_signal = &executor;
    struct sigaction action {};
    action.sa_handler = OnSignal;
    ::sigaction(SIGINT, &action, &old_int_);
    ::sigaction(SIGTERM, &action, &old_term_);
  }
  ~SignalScope() {
    ::sigaction(SIGINT, &old_int_, nullptr);
    ::sigaction(SIGTERM, &old_term_, nullptr);
    woken_by_signal = nullptr;
  }
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;

 private:
  struct sigaction old_int_ {
  }, old_term_{};
};

Status CancelAll(std::vector<Lane>& lanes) {
  for (Lane& lane : lanes) {
    if (!lane.ended) LATECOMER_RETURN_IF_ERROR(lane.engine->CancelMine("cancelled on request"));
  }
  return Fail(Error(ErrorKind::kCancelled, "cancelled; what was running went back to the queue")
                  .Hint("`latecomer run` takes it up again"));
}

// One look; true when it got further.
bool TickOne(Lane& lane) {
  if (lane.ended) return false;
  Result<engine::TickReport> report = lane.engine->Tick();
  if (report) {
    lane.error.reset();
    lane.last = std::move(*report);
    return lane.last.progressed;
  }
  lane.error = report.error();
  lane.last = engine::TickReport();
  if (report.error().kind == ErrorKind::kNotFound) return false;
  lane.ended = true;
  // What it had running must not go on unwatched; when even that fails, whoever comes next ends it.
  const Status cancelled = lane.engine->LeaveMine("its scheduler failed: " + report.error().message);
  if (!cancelled) lane.error->message += " (and its runs could not be given back: " + cancelled.error().message + ")";
  return false;
}

bool TickAll(std::vector<Lane>& lanes) {
  bool any = false;
  for (Lane& lane : lanes) any = TickOne(lane) || any;
  return any;
}

// When nothing is left to do; else how long to wait for something.
std::optional<Duration> WaitFor(Context& context, const std::vector<Lane>& lanes, bool stopping) {
  Duration wait(1000);
  std::optional<Instant> wake_at;
  bool busy = false;
  for (const Lane& lane : lanes) {
    const engine::TickReport& last = lane.last;
    busy = busy || last.mine > 0 || (!stopping && last.elsewhere > 0);
    if (last.elsewhere > 0) wait = std::min(wait, Duration(200));
    if (last.wake_at) wake_at = std::min(wake_at.value_or(*last.wake_at), *last.wake_at);
  }
  if (!busy) return std::nullopt;
  if (wake_at) wait = std::clamp(*wake_at - context.clock.Now(), Duration(1), wait);
  return wait;
}

}  // namespace

Status Drive(Context& context, executor::Executor& executor, std::vector<Lane>& lanes) {
  const SignalScope signals(executor);
  bool told = false;
  bool moved = false;  // since what waits for others was looked at again
  while (true) {
    if (interrupts >= 2) return CancelAll(lanes);
    if (interrupts == 1 && !told) {
      told = true;
      for (Lane& lane : lanes) lane.engine->StopStarting();
      context.err << "\nfinishing what is running; press Ctrl-C again to cancel it\n";
    }
    if (TickAll(lanes)) {
      moved = true;
      continue;
    }
    if (moved) {
      moved = false;
      for (Lane& lane : lanes) lane.engine->LookAgain();
      continue;
    }
    const std::optional<Duration> wait = WaitFor(context, lanes, told);
    if (!wait) return {};
    executor.Wait(*wait);
  }
}

}  // namespace latecomer::cli
