#include "cli/run_driver.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <ostream>
#include <utility>

#include "pipeline/neighbours.h"

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

// Between looks of a lane that nobody told of anything: intervals become due, other processes act.
constexpr Duration kIdle = std::chrono::seconds(1);
constexpr Duration kWithOthers = std::chrono::milliseconds(200);

// The lanes of one `latecomer run`, each with its time to look.
class Rounds {
 public:
  Rounds(Context& context, std::vector<Lane>& lanes)
      : context_(context), lanes_(lanes), neighbours_(Pipelines(lanes)) {}

  // All lanes that are due look once. True when one got further.
  bool LookAround() {
    const Instant now = context_.clock.Now();
    bool any = false;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (IsDue(lanes_[i], now)) any = Look(i, now) || any;
    }
    return any;
  }

  void LookAgain(std::size_t lane) {
    lanes_[lane].engine->LookAgain();
    lanes_[lane].due = true;
  }

  void LookAgainAtAll() {
    for (std::size_t i = 0; i < lanes_.size(); ++i) LookAgain(i);
  }

  void Nudge(const std::set<std::string>& pipelines) {
    for (std::size_t i = 0; i < lanes_.size() && !pipelines.empty(); ++i) {
      if (!pipelines.contains("") && !pipelines.contains(lanes_[i].pipeline)) continue;
      lanes_[i].due = true;
      for (const std::size_t other : neighbours_.Downstream(i)) LookAgain(other);
    }
  }

  // When nothing is left to do; else how long to wait for something.
  std::optional<Duration> Wait(bool stopping) const {
    const Instant now = context_.clock.Now();
    Duration wait = kIdle;
    bool busy = false;
    for (const Lane& lane : lanes_) {
      busy = busy || lane.last.mine > 0 || (!stopping && lane.last.elsewhere > 0);
      if (!lane.ended) wait = std::min(wait, lane.due ? Duration(0) : lane.next - now);
    }
    if (!busy) return std::nullopt;
    return std::max(wait, Duration(1));
  }

 private:
  static pipeline::Neighbours Pipelines(const std::vector<Lane>& lanes) {
    std::vector<const pipeline::Pipeline*> pipelines;
    for (const Lane& lane : lanes) pipelines.push_back(&lane.engine->pipeline());
    return pipeline::Neighbours(pipelines);
  }

  // A clock that was set back counts as time that passed.
  static bool IsDue(Lane& lane, Instant now) {
    if (lane.ended) return false;
    if (lane.due || now >= lane.next || now + kIdle < lane.next) return true;
    return lane.last.mine > 0 && lane.engine->HasNews();
  }

  bool Look(std::size_t i, Instant now) {
    Lane& lane = lanes_[i];
    const bool progressed = TickOne(lane);
    lane.due = lane.last.again;
    lane.next = now + (lane.last.elsewhere > 0 ? kWithOthers : kIdle);
    if (lane.last.wake_at) lane.next = std::min(lane.next, *lane.last.wake_at);
    if (!progressed) return false;
    for (const std::size_t other : neighbours_.Downstream(i)) LookAgain(other);
    if (!lane.last.read_more) return true;
    for (const std::size_t other : neighbours_.ReadingTheSame(i)) LookAgain(other);
    return true;
  }

  Context& context_;
  std::vector<Lane>& lanes_;
  pipeline::Neighbours neighbours_;
};

}  // namespace

void Nudges::Add(const std::string& pipeline) {
  const std::lock_guard lock(mutex_);
  pipelines_.insert(pipeline);
}

std::set<std::string> Nudges::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(pipelines_, {});
}

Status Drive(Context& context, executor::Executor& executor, Nudges& nudges, std::vector<Lane>& lanes) {
  const SignalScope signals(executor);
  Rounds rounds(context, lanes);
  bool told = false;
  bool moved = false;  // since all looked once more
  while (true) {
    if (interrupts >= 2) return CancelAll(lanes);
    if (interrupts == 1 && !told) {
      told = true;
      for (Lane& lane : lanes) lane.engine->StopStarting();
      context.err << "\nfinishing what is running; press Ctrl-C again to cancel it\n";
    }
    rounds.Nudge(nudges.Take());
    if (rounds.LookAround()) {
      moved = true;
      continue;
    }
    if (const std::optional<Duration> wait = rounds.Wait(told)) {
      executor.Wait(*wait);
      continue;
    }
    if (!moved) return {};
    // Steps write tables, too, that no pipeline file names as their output.
    moved = false;
    rounds.LookAgainAtAll();
  }
}

}  // namespace latecomer::cli
