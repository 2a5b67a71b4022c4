#include "executor/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "executor/process_identity.h"
#include "executor/system.h"

extern char** environ;

namespace latecomer::executor {
namespace {

// Everything the child needs, made before vfork: until exec it runs in this process's memory, on the stack of the
// thread that waits for it, and may only make async-signal-safe calls. A fork would copy the page tables of all that
// the program has mapped for each process it starts.
struct ChildPlan {
  const char* program = nullptr;
  const char* working_folder = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  int input = -1;
  int log = -1;
  const OwnIdentity* identity = nullptr;
  int report = -1;  // gets a ChildFailure when the program can't be started
  pid_t parent = 0;
};

enum class ChildStage { kIdentity, kFolder, kProgram };
struct ChildFailure {
  ChildStage stage;
  int cause;
};

[[noreturn]] void GiveUp(const ChildPlan& plan, ChildStage stage, int cause) {
  const ChildFailure failure{stage, cause};
  [[maybe_unused]] const ssize_t written = ::write(plan.report, &failure, sizeof failure);
  ::_exit(127);
}

void ResetSignals() {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &usual, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void RunChild(const ChildPlan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // the parent ended before the line above
  ResetSignals();
  if (const int cause = plan.identity->Write(); cause != 0) GiveUp(plan, ChildStage::kIdentity, cause);
  ::dup2(plan.input, STDIN_FILENO);
  ::dup2(plan.log, STDOUT_FILENO);
  ::dup2(plan.log, STDERR_FILENO);
  // Libraries may have opened files without close-on-exec.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  if (::chdir(plan.working_folder) != 0) GiveUp(plan, ChildStage::kFolder, errno);
  ::execve(plan.program, plan.argv, plan.environment);
  GiveUp(plan, ChildStage::kProgram, errno);
}

// A descriptor that isn't one of the standard three, so that dup2 onto those can't clash with it.
Descriptor AboveStandard(int descriptor) {
  Descriptor low(descriptor);
  if (!low || low.get() > STDERR_FILENO) return low;
  return Descriptor(::fcntl(low.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

Result<std::pair<Descriptor, Descriptor>> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(SystemError(errno, "make a pipe", ""));
  return std::pair(AboveStandard(ends[0]), AboveStandard(ends[1]));
}

// What configures this program itself, and the password of its ledger's database. Programs show their environment in
// logs and crash reports, or hand it on to a cluster; a step that needs one of these is given it.
bool IsOurs(std::string_view name) {
  return name.starts_with("LATECOMER_") || name == "PGPASSWORD";
}

std::vector<std::string> MergedEnvironment(const SpawnRequest& request) {
  std::map<std::string, std::string> merged;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || IsOurs(text.substr(0, equals))) continue;
    merged.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const auto& [name, value] : request.environment) merged[name] = value;
  merged[kAttemptFolderVariable] = request.attempt_folder;
  std::vector<std::string> variables;
  variables.reserve(merged.size());
  for (const auto& [name, value] : merged) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Error CannotStart(const std::string& program, int cause) {
  Error error(cause == EACCES || cause == EPERM ? ErrorKind::kPermission : ErrorKind::kNotFound,
              "cannot start '" + program + "': " + std::generic_category().message(cause));
  if (cause == ENOEXEC) {
    return std::move(error).Hint("a script's first line names its interpreter, like #!/bin/sh");
  }
  if (cause == ENOENT) return std::move(error).Hint("check the name, and PATH");
  if (cause == EACCES) return std::move(error).Hint("make the file executable: chmod +x");
  if (cause == E2BIG) return std::move(error).Hint("arguments and environment are too large");
  return error;
}

std::string_view Variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view variable : environment) {
    if (variable.starts_with(name) && variable.substr(name.size()).starts_with('=')) {
      return variable.substr(name.size() + 1);
    }
  }
  return {};
}

// The file a program's name means, as execvp would find it, but in the child's PATH and folder.
Result<std::string> FindProgram(const SpawnRequest& request, const std::vector<std::string>& environment) {
  const std::string& name = request.argv.front();
  if (name.empty()) return Fail(CannotStart(name, ENOENT));
  if (name.find('/') != std::string::npos) return name;
  std::string_view path = Variable(environment, "PATH");
  if (path.empty()) path = "/usr/local/bin:/usr/bin:/bin";
  int cause = ENOENT;
  for (const std::string_view part : Split(path, ':')) {
    std::filesystem::path candidate = part.empty() ? "." : std::filesystem::path(part);
    if (candidate.is_relative()) candidate = request.working_folder / candidate;
    candidate /= name;
    struct stat info {};
    if (::stat(candidate.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate.string();
    cause = EACCES;
  }
  return Fail(CannotStart(name, cause));
}

bool HoldsNul(const SpawnRequest& request) {
  const auto holds = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  for (const std::string& argument : request.argv) {
    if (holds(argument)) return true;
  }
  for (const auto& [name, value] : request.environment) {
    if (holds(name) || holds(value) || name.empty() || name.find('=') != std::string::npos) {
      return true;
    }
  }
  return false;
}

// All signals, so that no handler of this program runs in the child.
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;
  ~BlockSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// Returns when the child runs its program or has given up.
pid_t Fork(const ChildPlan& plan) {
  const BlockSignals block;
  const pid_t pid = ::vfork();
  if (pid == 0) RunChild(plan);
  return pid;
}

void Reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Nothing when the program runs.
std::optional<ChildFailure> AwaitExec(const Descriptor& report) {
  ChildFailure failure{};
  ssize_t got = 0;
  do {
    got = ::read(report.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof failure)) return failure;
  return std::nullopt;
}

Result<pid_t> SpawnPlanned(const SpawnRequest& request, ChildPlan plan) {
  const OwnIdentity identity(request.attempt_folder);
  LATECOMER_ASSIGN_OR_RETURN(auto report, MakePipe());
  plan.identity = &identity;
  plan.report = report.second.get();
  plan.parent = ::getpid();
  const pid_t pid = Fork(plan);
  if (pid < 0) return Fail(SystemError(errno, "start a process for", request.argv.front()));
  report.second.Close();
  if (const auto failure = AwaitExec(report.first)) {
    Reap(pid);
    switch (failure->stage) {
      case ChildStage::kIdentity:
        return Fail(SystemError(failure->cause, "name the process in", request.attempt_folder));
      case ChildStage::kFolder: return Fail(SystemError(failure->cause, "change to folder", request.working_folder));
      case ChildStage::kProgram: return Fail(CannotStart(request.argv.front(), failure->cause));
    }
  }
  return pid;
}

}  // namespace

Result<pid_t> Spawn(const SpawnRequest& request) {
  if (request.argv.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "a command needs a program to start");
  }
  if (HoldsNul(request)) {
    return Fail(ErrorKind::kInvalidArgument,
                "a command's arguments and variables can't hold NUL, nor a variable's name '='");
  }
  std::vector<std::string> argv = request.argv;
  std::vector<std::string> environment = MergedEnvironment(request);
  LATECOMER_ASSIGN_OR_RETURN(const std::string program, FindProgram(request, environment));
  const std::vector<char*> argv_pointers = Pointers(argv);
  const std::vector<char*> environment_pointers = Pointers(environment);
  const Descriptor input = AboveStandard(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!input) return Fail(SystemError(errno, "open", "/dev/null"));
  constexpr mode_t kOnlyOwner = 0600;
  const Descriptor log =
      AboveStandard(::open(request.log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kOnlyOwner));
  if (!log) return Fail(SystemError(errno, "open", request.log));
  ChildPlan plan;
  plan.program = program.c_str();
  plan.working_folder = request.working_folder.c_str();
  plan.argv = argv_pointers.data();
  plan.environment = environment_pointers.data();
  plan.input = input.get();
  plan.log = log.get();
  return SpawnPlanned(request, plan);
}

}  // namespace latecomer::executor
