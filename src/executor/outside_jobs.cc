#include "executor/outside_jobs.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "executor/files.h"

namespace latecomer::executor {
namespace {

using std::chrono::steady_clock;

constexpr char kIdentityFile[] = "outside.json";

// Errors that say nothing about the job itself.
bool MayPass(const Error& error) {
  return error.kind == ErrorKind::kIo || error.kind == ErrorKind::kUnknownOutcome;
}

std::string WithHint(const Error& error) {
  return error.ToString() + (error.hint.empty() ? "" : "; " + error.hint);
}

class Pauses {
 public:
  explicit Pauses(const OutsidePatience& patience) : patience_(patience), next_(patience.first_pause) {}
  Duration Next() { return std::exchange(next_, std::min(next_ * 2, patience_.longest_pause)); }
  void Reset() { next_ = patience_.first_pause; }

 private:
  const OutsidePatience& patience_;
  Duration next_;
};

// Whole, or not there.
Status WriteIdentityFile(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".unfinished";
  LATECOMER_RETURN_IF_ERROR(WriteFile(unfinished, text));
  std::error_code failed;
  std::filesystem::rename(unfinished, path, failed);
  if (failed) return Fail(SystemError(failed.value(), "rename", unfinished));
  return {};
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

// One job and the thread that watches it.
struct OutsideJobs::Attempt {
  Attempt(std::unique_ptr<OutsideJob> job_in, const AttemptSpec& spec, const OutsidePatience& patience_in,
          const std::function<void()>& changed_in)
      : job(std::move(job_in)),
        folder(spec.folder),
        log(spec.log),
        patience(patience_in),
        changed(changed_in),
        timeout(spec.timeout),
        may_exist(spec.started_before.has_value()) {
    if (timeout) deadline = steady_clock::now() + *timeout - spec.started_before.value_or(Duration(0));
    status.outside = job->Describe();
  }

  void Run();
  bool Create();
  void Watch();
  void End(const std::string& why);
  bool TimeIsUp() const { return deadline && steady_clock::now() >= *deadline; }
  std::string TimedOut() const { return "timed out after " + FormatDuration(*timeout); }
  // At most `most`, and not beyond the deadline.
  Duration Until(Duration most) const {
    if (!deadline) return most;
    const auto left = std::chrono::ceil<Duration>(*deadline - steady_clock::now());
    return std::clamp(left, Duration(0), most);
  }
  void Show(const std::string& what);
  void Finish(AttemptStatus end);
  void EndBadly(const std::string& message) { Finish({.phase = Phase::kFailed, .message = message}); }
  bool Left() const { return leave.IsSet(); }

  const std::unique_ptr<OutsideJob> job;
  const std::string folder;
  const AttemptLog log;
  const OutsidePatience& patience;
  const std::function<void()>& changed;
  const std::optional<Duration> timeout;
  std::optional<steady_clock::time_point> deadline;
  bool may_exist;        // the job; of the thread
  http::Interrupt told;  // to end the job, or to leave it
  http::Interrupt leave;

  std::mutex mutex;
  AttemptStatus status;  // guarded
  std::thread thread;
};

void OutsideJobs::Attempt::Show(const std::string& what) {
  {
    const std::lock_guard lock(mutex);
    if (status.outside == what) return;
    status.outside = what;
  }
  changed();
}

void OutsideJobs::Attempt::Finish(AttemptStatus end) {
  {
    const std::lock_guard lock(mutex);
    status = std::move(end);
  }
  changed();
}

void OutsideJobs::Attempt::Run() {
  if (Create()) Watch();
}

// Whether it is there to be watched.
bool OutsideJobs::Attempt::Create() {
  Pauses pauses(patience);
  while (!told.IsSet() && !TimeIsUp()) {
    const Status created = job->Create();
    if (created) {
      may_exist = true;
      return true;
    }
    const Error& error = created.error();
    if (!MayPass(error)) {
      if (may_exist) {
        End(WithHint(error));
      } else {
        log.Say(WithHint(error));
        EndBadly(error.ToString());
      }
      return false;
    }
    may_exist = true;
    Show(WithHint(error));
    told.WaitFor(Until(pauses.Next()));
  }
  if (!Left()) End(told.IsSet() ? "cancelled" : TimedOut());
  return false;
}

void OutsideJobs::Attempt::Watch() {
  Pauses pauses(patience);
  while (!told.IsSet()) {
    if (TimeIsUp()) return End(TimedOut());
    const Result<OutsideState> state = job->Look(Until(patience.look), log, told);
    if (!state && !MayPass(state.error())) return End(WithHint(state.error()));
    if (!state) {
      Show(WithHint(state.error()));
      told.WaitFor(Until(pauses.Next()));
      continue;
    }
    pauses.Reset();
    if (state->phase != Phase::kRunning) {
      return Finish({.phase = state->phase, .exit_code = state->exit_code, .message = state->message});
    }
    Show(job->Describe() + (state->message.empty() ? "" : ": " + state->message));
  }
  if (!Left()) End("cancelled");
}

// The attempt has failed for this reason, which counts only when the job is known to be gone: the next attempt mustn't
// begin beside it.
void OutsideJobs::Attempt::End(const std::string& why) {
  log.Say(why);
  const auto give_up = steady_clock::now() + patience.cancel;
  Pauses pauses(patience);
  std::string waits;
  while (!Left()) {
    const Result<bool> gone = job->End();
    if (gone && *gone) return EndBadly(why);
    waits = gone ? "waits for the end of " + job->Describe() : WithHint(gone.error());
    Show(why + "; " + waits);
    if (told.IsSet() && steady_clock::now() >= give_up) return EndBadly(why + "; it may go on: " + waits);
    leave.WaitFor(gone ? patience.end_pause : pauses.Next());
  }
}

OutsideJobs::OutsideJobs(std::vector<std::shared_ptr<OutsideSystem>> systems, std::function<void()> changed,
                         OutsidePatience patience)
    : systems_(std::move(systems)), changed_(std::move(changed)), patience_(patience) {}

OutsideJobs::~OutsideJobs() {
  for (const auto& [handle, attempt] : attempts_) {
    attempt->leave.Set();
    attempt->told.Set();
  }
  for (const auto& [handle, attempt] : attempts_) attempt->thread.join();
}

OutsideSystem* OutsideJobs::SystemOf(const AttemptSpec& spec) const {
  const auto found = std::ranges::find_if(systems_, [&](const auto& system) { return system->Runs(spec); });
  return found == systems_.end() ? nullptr : found->get();
}

OutsideSystem* OutsideJobs::SystemNamed(const std::string& name) const {
  const auto found = std::ranges::find_if(systems_, [&](const auto& system) { return system->name() == name; });
  return found == systems_.end() ? nullptr : found->get();
}

Result<std::string> OutsideJobs::Start(const AttemptSpec& spec) {
  std::string handle = "outside " + spec.folder;
  if (attempts_.contains(handle)) {
    return Fail(ErrorKind::kConflict, "the job of this attempt is still watched by this process");
  }
  OutsideSystem& system = *SystemOf(spec);
  LATECOMER_ASSIGN_OR_RETURN(auto job, system.Make(spec));
  // Before anything exists outside, so that whoever comes after a crash can end it.
  const nlohmann::json file = {{"system", system.name()}, {"job", job->Identity()}};
  LATECOMER_RETURN_IF_ERROR(WriteIdentityFile(spec.folder + "/" + kIdentityFile, file.dump() + "\n"));
  auto attempt = std::make_unique<Attempt>(std::move(job), spec, patience_, changed_);
  attempt->thread = std::thread([watched = attempt.get()] { watched->Run(); });
  attempts_.emplace(handle, std::move(attempt));
  return handle;
}

bool OutsideJobs::Knows(const std::string& handle) const {
  return attempts_.contains(handle);
}

Result<AttemptStatus> OutsideJobs::Poll(const std::string& handle) {
  const auto found = attempts_.find(handle);
  if (found == attempts_.end()) return Fail(ErrorKind::kNotFound, "this process watches no job " + handle);
  AttemptStatus status;
  {
    const std::lock_guard lock(found->second->mutex);
    status = found->second->status;
  }
  if (status.phase == Phase::kRunning) return status;
  found->second->thread.join();
  attempts_.erase(found);
  return status;
}

Status OutsideJobs::Cancel(const std::string& handle) {
  const auto found = attempts_.find(handle);
  if (found != attempts_.end()) found->second->told.Set();
  return {};
}

Status OutsideJobs::Release(const std::string& handle) {
  const auto found = attempts_.find(handle);
  if (found == attempts_.end()) return {};
  found->second->leave.Set();
  found->second->told.Set();
  found->second->thread.join();
  attempts_.erase(found);
  return {};
}

Result<std::unique_ptr<OutsideJob>> OutsideJobs::JobIn(const std::string& folder, const std::string& text) const {
  const auto file = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto text_of = [&](const char* key) {
    const bool has = file.is_object() && file.contains(key) && file[key].is_string();
    return has ? file[key].get<std::string>() : std::string();
  };
  OutsideSystem* system = SystemNamed(text_of("system"));
  if (system == nullptr) {
    return Fail(
        Error(ErrorKind::kDamaged, "this names no kind of job that latecomer knows").In(folder + "/" + kIdentityFile));
  }
  return system->Find(text_of("job"));
}

Status OutsideJobs::EndJob(OutsideJob& job) const {
  const auto until = steady_clock::now() + patience_.ensure;
  const http::Interrupt never;
  while (true) {
    LATECOMER_ASSIGN_OR_RETURN(const bool gone, job.End());
    if (gone) return {};
    if (steady_clock::now() >= until) break;
    never.WaitFor(patience_.end_pause);
  }
  return Fail(ErrorKind::kConflict, "the end of " + job.Describe());
}

std::optional<Status> OutsideJobs::EnsureDead(const std::string& folder) {
  const std::string path = folder + "/" + kIdentityFile;
  std::error_code unseen;
  if (!std::filesystem::exists(path, unseen)) return std::nullopt;
  if (attempts_.contains("outside " + folder)) {
    const Status told = Cancel("outside " + folder);
    return Fail(ErrorKind::kConflict, "the end of a job that this process was told to end");
  }
  const auto job = JobIn(folder, ReadFile(path));
  const Status ended = job ? EndJob(**job) : Status(Fail(job.error()));
  if (ended || ended.error().kind == ErrorKind::kConflict) return ended;
  // Nothing is started beside a job that may go on.
  return Fail(Error(ErrorKind::kConflict, "the end of a job that can't be asked after: " + WithHint(ended.error()))
                  .Hint("when it is known to be gone, remove " + path));
}

}  // namespace latecomer::executor
