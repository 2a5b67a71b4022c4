#include "executor/process_executor.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "executor/process_identity.h"
#include "executor/spawn.h"

namespace latecomer::executor {
namespace {

using std::chrono::steady_clock;

// How long a killed process may take to be gone (it may wait for a disk).
constexpr Duration kKillPatience = std::chrono::seconds(30);

Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return Fail(SystemError(failed.value(), "create folder", folder.string()));
  return {};
}

AttemptStatus StatusOf(int wait_status, const std::string& ended_because) {
  constexpr int kSignalBase = 128;
  AttemptStatus status;
  if (WIFSIGNALED(wait_status)) {
    status.exit_code = kSignalBase + WTERMSIG(wait_status);
    status.message = "killed by signal " + std::to_string(WTERMSIG(wait_status));
  } else {
    status.exit_code = WEXITSTATUS(wait_status);
    if (*status.exit_code != 0) status.message = "exit code " + std::to_string(*status.exit_code);
  }
  // Whatever it said at the end: it was told to stop before it was done.
  if (!ended_because.empty()) status.message = ended_because;
  const bool good = *status.exit_code == 0 && ended_because.empty();
  status.phase = good ? Phase::kSucceeded : Phase::kFailed;
  return status;
}

Error UnknownHandle(const std::string& handle) {
  return Error(ErrorKind::kNotFound, "this process started no attempt " + handle);
}

}  // namespace

ProcessExecutor::ProcessExecutor(Duration timeout_grace)
    : timeout_grace_(timeout_grace), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

ProcessExecutor::~ProcessExecutor() {
  for (auto& [handle, attempt] : attempts_) {
    if (!attempt.result) KillAndReap(attempt);
  }
}

Result<std::string> ProcessExecutor::Start(const AttemptSpec& spec) {
  const auto* command = std::get_if<CommandWork>(&spec.work);
  if (command == nullptr) {
    return Fail(ErrorKind::kUnexpected, "the process executor was given work that is no command");
  }
  LATECOMER_RETURN_IF_ERROR(MakeFolder(spec.folder));
  LATECOMER_RETURN_IF_ERROR(MakeFolder(std::filesystem::path(spec.log).parent_path()));
  LATECOMER_ASSIGN_OR_RETURN(const pid_t pid, Spawn({.argv = command->argv,
                                                     .environment = spec.environment,
                                                     .working_folder = spec.working_folder,
                                                     .attempt_folder = spec.folder,
                                                     .log = spec.log}));
  Attempt attempt;
  attempt.pid = pid;
  attempt.folder = spec.folder;
  attempt.end = OpenPidDescriptor(pid);
  attempt.timeout = spec.timeout;
  if (spec.timeout) attempt.deadline = steady_clock::now() + *spec.timeout;
  // The folder is the attempt's own; the pid is there for people.
  std::string handle = std::to_string(pid) + " " + spec.folder;
  attempts_.insert_or_assign(handle, std::move(attempt));
  return handle;
}

Result<AttemptStatus> ProcessExecutor::Poll(const std::string& handle) {
  if (const AttemptStatus* ended = ended_.Find(handle)) return *ended;
  const auto found = attempts_.find(handle);
  if (found == attempts_.end()) return Fail(UnknownHandle(handle));
  Advance(found->second);
  if (!found->second.result) return AttemptStatus{};
  AttemptStatus result = std::move(*found->second.result);
  attempts_.erase(found);
  ended_.Add(handle, result);
  return result;
}

Status ProcessExecutor::Cancel(const std::string& handle, Duration grace) {
  if (ended_.Find(handle) != nullptr) return {};
  const auto found = attempts_.find(handle);
  if (found == attempts_.end()) return Fail(UnknownHandle(handle));
  Attempt& attempt = found->second;
  Advance(attempt);
  if (attempt.result || attempt.reaped) return {};
  if (attempt.ended_because.empty()) attempt.ended_because = "cancelled";
  const Moment kill_at = steady_clock::now() + grace;
  if (!attempt.kill_at) {
    ::kill(-attempt.pid, SIGTERM);
    ::kill(-attempt.pid, SIGCONT);  // a stopped process hears SIGTERM only when it goes on
  }
  attempt.kill_at = attempt.kill_at ? std::min(*attempt.kill_at, kill_at) : kill_at;
  EnforceDeadlines(attempt);
  return {};
}

Status ProcessExecutor::EnsureDead(const std::string& folder) {
  for (auto& [handle, attempt] : attempts_) {
    if (attempt.folder == folder && !attempt.result) KillAndReap(attempt);
  }
  return KillAttempt(folder, kKillPatience);
}

void ProcessExecutor::Wait(Duration at_most) {
  std::vector<int> descriptors{wake_.get()};
  const Moment now = steady_clock::now();
  Moment until = now + at_most;
  for (const auto& [handle, attempt] : attempts_) {
    if (attempt.result) continue;
    if (!attempt.reaped) descriptors.push_back(attempt.end.get());
    for (const Descriptor& straggler : attempt.stragglers) descriptors.push_back(straggler.get());
    if (attempt.kill_at) until = std::min(until, *attempt.kill_at);
    if (attempt.deadline && !attempt.kill_at) until = std::min(until, *attempt.deadline);
  }
  const auto left = std::chrono::ceil<Duration>(until - now);
  WaitUntilReadable(descriptors, std::max(left, Duration::zero()));
  std::uint64_t wakes = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &wakes, sizeof wakes);
  for (auto& [handle, attempt] : attempts_) {
    if (!attempt.result) EnforceDeadlines(attempt);
  }
}

void ProcessExecutor::Wake() {
  const int cause = errno;  // a signal handler leaves errno as it was
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  errno = cause;
}

// Moves the attempt as far as it has come: leader ended, group gone, result.
void ProcessExecutor::Advance(Attempt& attempt) {
  if (attempt.result) return;
  if (!Reap(attempt)) {
    EnforceDeadlines(attempt);
    return;
  }
  if (GroupIsGone(attempt)) attempt.result = StatusOf(attempt.wait_status, attempt.ended_because);
}

void ProcessExecutor::EnforceDeadlines(Attempt& attempt) {
  if (attempt.reaped) return;
  const Moment now = steady_clock::now();
  if (attempt.deadline && now >= *attempt.deadline && !attempt.kill_at) {
    attempt.ended_because = "timed out after " + FormatDuration(*attempt.timeout);
    attempt.kill_at = now + timeout_grace_;
    ::kill(-attempt.pid, SIGTERM);
    ::kill(-attempt.pid, SIGCONT);
  }
  // The leader isn't reaped, so the group's id can't belong to anybody else.
  if (attempt.kill_at && now >= *attempt.kill_at) ::kill(-attempt.pid, SIGKILL);
}

// True when the leader has ended.
bool ProcessExecutor::Reap(Attempt& attempt) {
  if (attempt.reaped) return true;
  siginfo_t info{};
  const int asked = ::waitid(P_PID, static_cast<id_t>(attempt.pid), &info, WEXITED | WNOHANG | WNOWAIT);
  if (asked != 0 || info.si_pid == 0) return false;
  // While the leader is a zombie its group's id is still its own: what is left in it can be killed.
  ::kill(-attempt.pid, SIGKILL);
  while (::waitpid(attempt.pid, &attempt.wait_status, 0) < 0 && errno == EINTR) {
  }
  attempt.reaped = true;
  attempt.end.Close();
  return true;
}

// After the leader was reaped and the rest was killed.
bool ProcessExecutor::GroupIsGone(Attempt& attempt) {
  attempt.stragglers.clear();
  if (::kill(-attempt.pid, 0) != 0 && errno == ESRCH) return true;
  // Zombies that nobody reaps still count as members for kill; they don't for us.
  for (const pid_t pid : LiveGroupMembers(attempt.pid)) {
    attempt.stragglers.push_back(OpenPidDescriptor(pid));
  }
  return attempt.stragglers.empty();
}

void ProcessExecutor::KillAndReap(Attempt& attempt) {
  if (attempt.ended_because.empty()) attempt.ended_because = "killed";
  if (!attempt.reaped) {
    ::kill(-attempt.pid, SIGKILL);
    WaitUntilReadable({attempt.end.get()}, kKillPatience);
  }
  const Moment give_up = steady_clock::now() + kKillPatience;
  while (!attempt.result && steady_clock::now() < give_up) {
    Advance(attempt);
    if (attempt.result) return;
    std::vector<int> ends{attempt.reaped ? wake_.get() : attempt.end.get()};
    for (const Descriptor& straggler : attempt.stragglers) ends.push_back(straggler.get());
    WaitUntilReadable(ends, std::chrono::milliseconds(20));
  }
}

}  // namespace latecomer::executor
