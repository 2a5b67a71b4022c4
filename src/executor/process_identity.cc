#include "executor/process_identity.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/text.h"
#include "executor/system.h"

namespace latecomer::executor {
namespace {

constexpr std::string_view kFileName = "process";
constexpr std::string_view kFirstLine = "latecomer attempt 1";

// What /proc/<pid>/stat tells.
struct ProcessStat {
  pid_t pid = 0;
  char state = '?';
  pid_t group = 0;
  std::uint64_t start_ticks = 0;
  bool Lives() const { return state != 'Z' && state != 'X' && state != 'x'; }
};

template <typename Number>
std::optional<Number> ToNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::string> ReadSmallFile(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string content;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::string ProcPath(pid_t pid, std::string_view file) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(file);
}

std::optional<ProcessStat> StatOf(pid_t pid) {
  const auto text = ReadSmallFile(ProcPath(pid, "stat"));
  if (!text) return std::nullopt;
  // The name in parentheses may hold anything, parentheses and blanks included.
  const std::size_t name_end = text->rfind(')');
  if (name_end == std::string::npos || name_end + 2 > text->size()) return std::nullopt;
  const auto fields = Split(std::string_view(*text).substr(name_end + 2), ' ');
  constexpr std::size_t kState = 0, kGroup = 2, kStart = 19;  // fields 3, 5 and 22 of the line
  if (fields.size() <= kStart || fields[kState].empty()) return std::nullopt;
  const auto group = ToNumber<pid_t>(fields[kGroup]);
  const auto start = ToNumber<std::uint64_t>(fields[kStart]);
  if (!group || !start) return std::nullopt;
  return ProcessStat{.pid = pid, .state = fields[kState].front(), .group = *group, .start_ticks = *start};
}

std::vector<ProcessStat> LiveProcesses() {
  std::vector<ProcessStat> processes;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
    const auto pid = ToNumber<pid_t>(entry.path().filename().string());
    if (!pid) continue;
    const auto stat = StatOf(*pid);
    if (stat && stat->Lives()) processes.push_back(*stat);
  }
  return processes;
}

bool CarriesVariable(pid_t pid, const std::string& folder) {
  const auto environment = ReadSmallFile(ProcPath(pid, "environ"));
  if (!environment) return false;
  const std::string wanted = std::string(kAttemptFolderVariable) + "=" + folder;
  return std::ranges::any_of(Split(*environment, '\0'), [&](std::string_view variable) { return variable == wanted; });
}

std::string BootId() {
  const auto text = ReadSmallFile("/proc/sys/kernel/random/boot_id");
  return text ? std::string(Trim(*text)) : std::string();
}

std::string PidNamespace() {
  std::array<char, 64> name{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", name.data(), name.size());
  return size > 0 ? std::string(name.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string HostName() {
  struct utsname names {};
  return ::uname(&names) == 0 ? std::string(names.nodename) : std::string();
}

std::string IdentityPath(const std::string& folder) {
  return folder + "/" + std::string(kFileName);
}

Error CannotTell(const std::string& folder, const std::string& why) {
  return Error(ErrorKind::kUnknownOutcome, "it isn't known whether the attempt still runs: " + why).In(folder);
}

// What must end for the attempt to be over.
struct Remains {
  std::vector<ProcessStat> processes;
  std::optional<pid_t> stranger;  // in the group, but it can't be told whose it is
};

Remains FindRemains(const std::string& folder, const ProcessIdentity& identity) {
  const std::vector<ProcessStat> all = LiveProcesses();
  Remains remains;
  std::vector<ProcessStat> group;
  bool is_ours = false;
  for (const ProcessStat& process : all) {
    const bool leader = process.pid == identity.pid && process.start_ticks == identity.start_ticks;
    const bool carries = leader || CarriesVariable(process.pid, folder);
    if (process.group == identity.pid && process.start_ticks >= identity.start_ticks) {
      group.push_back(process);
      is_ours = is_ours || carries;
    } else if (carries) {
      remains.processes.push_back(process);
    }
  }
  // Another process with the leader's pid: the pid was given out again, so our group had ended.
  const auto leader = StatOf(identity.pid);
  const bool recycled = leader && leader->start_ticks != identity.start_ticks;
  const bool leader_is_ours = leader && !recycled;
  if (is_ours || leader_is_ours) {
    remains.processes.insert(remains.processes.end(), group.begin(), group.end());
  } else if (!group.empty() && !recycled) {
    remains.stranger = group.front().pid;
  }
  return remains;
}

// Kills exactly this process: once its descriptor is open, a pid that was given out again is noticed.
// Returns what becomes readable when it is gone.
Descriptor KillProcess(const ProcessStat& process) {
  Descriptor end = OpenPidDescriptor(process.pid);
  const auto now = StatOf(process.pid);
  if (!now || now->start_ticks != process.start_ticks) return end;
  if (!end || ::syscall(SYS_pidfd_send_signal, end.get(), SIGKILL, nullptr, 0) != 0) {
    ::kill(process.pid, SIGKILL);
  }
  return end;
}

}  // namespace

std::optional<ProcessIdentity> IdentityOf(pid_t pid) {
  const auto stat = StatOf(pid);
  if (!stat) return std::nullopt;
  return ProcessIdentity{.pid = pid,
                         .start_ticks = stat->start_ticks,
                         .boot = BootId(),
                         .pid_namespace = PidNamespace(),
                         .host = HostName()};
}

bool IsRunning(pid_t pid) {
  const auto stat = StatOf(pid);
  return stat && stat->Lives();
}

namespace {

constexpr std::string_view kBeforeStart = "\nstart ";

std::string BeforePid() {
  return std::string(kFirstLine) + "\npid ";
}

std::string AfterStart(const std::string& boot, const std::string& pid_namespace, const std::string& host) {
  return "\nboot " + boot + "\nnamespace " + pid_namespace + "\nhost " + host + "\n";
}

constexpr mode_t kOnlyOwner = 0600;

// Digits of the start in the text of /proc/<pid>/stat; empty when it has none.
std::string_view StartIn(std::string_view stat) noexcept {
  constexpr int kFieldsBetween = 20;  // blanks from the name's end to field 22
  std::size_t at = stat.rfind(')');
  for (int i = 0; i < kFieldsBetween && at != std::string_view::npos; ++i) at = stat.find(' ', at + 1);
  if (at == std::string_view::npos) return {};
  stat.remove_prefix(at + 1);
  return stat.substr(0, stat.find(' '));
}

// Text of bounded length without memory from the heap.
class FixedText {
 public:
  void Add(std::string_view text) noexcept {
    fits_ = fits_ && text.size() <= bytes_.size() - size_;
    if (!fits_) return;
    std::copy(text.begin(), text.end(), bytes_.data() + size_);
    size_ += text.size();
  }
  void Add(pid_t number) noexcept {
    const auto [end, failed] = std::to_chars(bytes_.data() + size_, bytes_.data() + bytes_.size(), number);
    fits_ = fits_ && failed == std::errc();
    if (fits_) size_ = static_cast<std::size_t>(end - bytes_.data());
  }
  bool fits() const noexcept { return fits_; }
  const char* data() const noexcept { return bytes_.data(); }
  std::size_t size() const noexcept { return size_; }

 private:
  std::array<char, 1024> bytes_;
  std::size_t size_ = 0;
  bool fits_ = true;
};

// What doesn't change while this process runs.
const std::string& OwnBootId() {
  static const std::string id = BootId();
  return id;
}
const std::string& OwnPidNamespace() {
  static const std::string name = PidNamespace();
  return name;
}

}  // namespace

OwnIdentity::OwnIdentity(const std::string& folder)
    : head_(BeforePid()),
      tail_(AfterStart(OwnBootId(), OwnPidNamespace(), HostName())),
      path_(IdentityPath(folder)),
      unfinished_(path_ + ".new") {}

int OwnIdentity::Write() const noexcept {
  std::array<char, 2048> stat;
  const int asked = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (asked < 0) return errno;
  const ssize_t got = ::read(asked, stat.data(), stat.size());
  ::close(asked);
  const std::string_view start =
      got > 0 ? StartIn(std::string_view(stat.data(), static_cast<std::size_t>(got))) : std::string_view();
  if (start.empty()) return ESRCH;
  FixedText text;
  text.Add(head_);
  text.Add(::getpid());
  text.Add(kBeforeStart);
  text.Add(start);
  text.Add(tail_);
  if (!text.fits()) return ENAMETOOLONG;
  const int file = ::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOnlyOwner);
  if (file < 0) return errno;
  const ssize_t written = ::write(file, text.data(), text.size());
  const int cause = written < 0 ? errno : ENOSPC;
  ::close(file);
  if (written != static_cast<ssize_t>(text.size())) return cause;
  // Not synced: after a crash of the machine none of its processes lives.
  return ::rename(unfinished_.c_str(), path_.c_str()) == 0 ? 0 : errno;
}

Status WriteIdentity(const std::string& folder, const ProcessIdentity& identity) {
  const std::string text = BeforePid() + std::to_string(identity.pid) + std::string(kBeforeStart) +
                           std::to_string(identity.start_ticks) +
                           AfterStart(identity.boot, identity.pid_namespace, identity.host);
  const std::string path = IdentityPath(folder);
  const std::string unfinished = path + ".new";
  {
    const Descriptor file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOnlyOwner));
    if (!file) return Fail(SystemError(errno, "create", unfinished));
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      return Fail(SystemError(errno == 0 ? ENOSPC : errno, "write", unfinished));
    }
  }
  // Not synced: after a crash of the machine none of its processes lives.
  if (::rename(unfinished.c_str(), path.c_str()) != 0) {
    return Fail(SystemError(errno, "rename", path));
  }
  return {};
}

Result<std::optional<ProcessIdentity>> ReadIdentity(const std::string& folder) {
  const std::string path = IdentityPath(folder);
  const auto text = ReadSmallFile(path);
  if (!text) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<ProcessIdentity>();
    return Fail(SystemError(errno, "read", path));
  }
  const auto lines = Split(*text, '\n');
  const auto value = [&](std::size_t line, std::string_view name) -> std::string_view {
    const std::string start = std::string(name) + " ";
    if (line >= lines.size() || !lines[line].starts_with(start)) return {};
    return lines[line].substr(start.size());
  };
  const auto pid = ToNumber<pid_t>(value(1, "pid"));
  const auto start = ToNumber<std::uint64_t>(value(2, "start"));
  constexpr std::size_t kLines = 7;  // the last one is empty: the file is whole
  if (lines.size() != kLines || lines[0] != kFirstLine || !pid || *pid <= 1 || !start) {
    return Fail(Error(ErrorKind::kDamaged, "this file doesn't name a process").In(path));
  }
  return std::optional(ProcessIdentity{.pid = *pid,
                                       .start_ticks = *start,
                                       .boot = std::string(value(3, "boot")),
                                       .pid_namespace = std::string(value(4, "namespace")),
                                       .host = std::string(value(5, "host"))});
}

std::vector<pid_t> LiveGroupMembers(pid_t group) {
  std::vector<pid_t> members;
  for (const ProcessStat& process : LiveProcesses()) {
    if (process.group == group) members.push_back(process.pid);
  }
  return members;
}

Status KillAttempt(const std::string& folder, Duration patience) {
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<ProcessIdentity> identity, ReadIdentity(folder));
  if (!identity) return {};
  if (identity->host != HostName()) {
    return Fail(CannotTell(folder, "it was started on machine " + identity->host));
  }
  if (identity->boot != BootId()) return {};  // the machine was started again since
  if (identity->pid_namespace != PidNamespace()) {
    return Fail(CannotTell(folder, "it was started in another container"));
  }
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (true) {
    const Remains remains = FindRemains(folder, *identity);
    if (remains.stranger) {
      return Fail(CannotTell(folder, "process " + std::to_string(*remains.stranger) +
                                         " is in its process group and doesn't say whose it is")
                      .Hint("end that process, or leave it until it ends, and try again"));
    }
    if (remains.processes.empty()) return {};
    std::vector<Descriptor> ends;
    for (const ProcessStat& process : remains.processes) ends.push_back(KillProcess(process));
    if (std::chrono::steady_clock::now() >= give_up) {
      return Fail(CannotTell(
          folder, "process " + std::to_string(remains.processes.front().pid) + " was killed and doesn't end"));
    }
    for (const Descriptor& end : ends) {
      WaitUntilReadable({end.get()}, std::chrono::milliseconds(50));
    }
  }
}

}  // namespace latecomer::executor
