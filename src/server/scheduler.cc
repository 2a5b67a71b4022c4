#include "server/scheduler.h"

#include <algorithm>
#include <utility>

namespace latecomer::server {
namespace {

// Looks one after another while there is progress, without leaving the other pipelines waiting.
constexpr int kMostAtOnce = 20;
constexpr Duration kAfterError = std::chrono::seconds(5);
constexpr Duration kWithOthers = std::chrono::milliseconds(200);
// Between looks at the ledger, however seldom tables are looked at: intervals become due, other processes act.
constexpr Duration kIdle = std::chrono::seconds(1);

}  // namespace

Scheduler::~Scheduler() {
  if (!thread_.joinable()) return;
  Drain();
  Drain();
  Join();
}

void Scheduler::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Scheduler::Wake(const std::string& pipeline) {
  {
    const std::lock_guard lock(mutex_);
    woken_.insert(pipeline);
  }
  env_.executor.Wake();
}

void Scheduler::Drain() {
  ++drains_;
  env_.executor.Wake();
}

void Scheduler::Join() {
  if (thread_.joinable()) thread_.join();
}

void Scheduler::Loop() {
  std::optional<Instant> drain_until;
  while (true) {
    const Instant now = env_.clock.Now();
    if (drains_ > 0 && !drain_until) {
      drain_until = now + options_.drain;
      for (Worker& worker : workers_) worker.engine->StopStarting();
    }
    if (drain_until) {
      const bool idle = std::all_of(workers_.begin(), workers_.end(), [](const Worker& w) { return w.mine == 0; });
      if (idle || drains_ > 1 || now >= *drain_until) break;
    } else if (now >= next_scan_ || next_scan_ > now + options_.scan_every) {
      Scan(now);
    }
    std::set<std::string> woken;
    {
      const std::lock_guard lock(mutex_);
      woken.swap(woken_);
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      Worker& worker = workers_[i];
      const bool told = woken.contains("") || woken.contains(worker.id);
      if (told) worker.engine->PlanSoon();
      bool due = now >= worker.next || told || worker.next > now + kAfterError;
      // The executor may have woken us for something of its own.
      due = due || (worker.mine > 0 && worker.engine->HasNews());
      if (due) Look(worker, now);
      if ((due && worker.progressed) || told) TellOthers(i, now);
    }
    const auto gone = [](const Worker& worker) { return worker.retired && worker.mine == 0; };
    if (std::erase_if(workers_, gone) > 0) FindNeighbours();
    const Duration wait = UntilNext(env_.clock.Now());
    bool again = false;
    {
      const std::lock_guard lock(mutex_);
      again = !woken_.empty();
    }
    if (!again && wait > Duration(0)) env_.executor.Wait(wait);
  }
  End();
  ended_ = true;
}

void Scheduler::Scan(Instant now) {
  next_scan_ = now + options_.scan_every;
  const std::vector<std::string> changed = fleet_.Scan(now);
  const auto view = fleet_.View();
  for (const std::string& id : changed) {
    const auto loaded = view->pipelines.find(id);
    const bool gone = loaded == view->pipelines.end();
    if (!gone && loaded->second.file_problem) continue;  // goes on as it was
    for (Worker& worker : workers_) {
      if (worker.id != id || worker.retired) continue;
      worker.retired = true;
      worker.engine->StopStarting();
    }
    if (gone) continue;
    workers_.push_back({.id = id, .engine = std::make_unique<engine::Engine>(*loaded->second.pipeline, env_)});
  }
  scanned_ = true;
  if (!changed.empty()) FindNeighbours();
  if (!changed.empty() && callbacks_.on_files) callbacks_.on_files(changed);
}

// What one pipeline did may be what another one waits for; what it read, news to others.
void Scheduler::TellOthers(std::size_t place, Instant now) {
  pipeline::Neighbours::Places concerned = neighbours_.Downstream(place);
  if (workers_[place].read_more) concerned.merge(neighbours_.ReadingTheSame(place));
  for (const std::size_t i : concerned) {
    if (workers_[i].retired) continue;
    workers_[i].engine->LookAgain();
    workers_[i].next = std::min(workers_[i].next, now);
  }
}

void Scheduler::FindNeighbours() {
  std::vector<const pipeline::Pipeline*> pipelines;
  for (const Worker& worker : workers_) pipelines.push_back(&worker.engine->pipeline());
  neighbours_ = pipeline::Neighbours(pipelines);
}

void Scheduler::Look(Worker& worker, Instant now) {
  const Status done = Tick(worker, now);
  if (!done) {
    worker.next = now + (worker.mine > 0 ? kIdle : kAfterError);  // what runs here is kept alive
    if (callbacks_.on_error) callbacks_.on_error(worker.id, done.error());
  }
  if (!worker.retired) fleet_.SetTrouble(worker.id, done ? "" : done.error().ToString());
}

Status Scheduler::Tick(Worker& worker, Instant now) {
  if (!worker.registered) {
    LATECOMER_RETURN_IF_ERROR(worker.engine->Register());
    worker.registered = true;
  }
  worker.progressed = worker.read_more = false;
  engine::TickReport report;
  for (int i = 0; i < kMostAtOnce; ++i) {
    LATECOMER_ASSIGN_OR_RETURN(report, worker.engine->Tick());
    worker.mine = report.mine;
    worker.progressed = worker.progressed || report.progressed;
    worker.read_more = worker.read_more || report.read_more;
    if (!report.again) break;
  }
  worker.next = report.again ? now : std::min(now + kIdle, report.look_at.value_or(now + options_.watch_every));
  if (report.elsewhere > 0) worker.next = std::min(worker.next, now + kWithOthers);
  if (report.wake_at) worker.next = std::min(worker.next, std::max(*report.wake_at, now));
  return {};
}

Duration Scheduler::UntilNext(Instant now) const {
  Duration wait = std::chrono::seconds(1);
  if (drains_ == 0) wait = std::min(wait, next_scan_ - now);
  for (const Worker& worker : workers_) wait = std::min(wait, worker.next - now);
  return std::max(wait, Duration(1));
}

void Scheduler::End() {
  for (Worker& worker : workers_) {
    const Status done = worker.engine->LeaveMine("the server was stopped");
    if (!done && callbacks_.on_error) callbacks_.on_error(worker.id, done.error());
  }
  workers_.clear();
}

}  // namespace latecomer::server
