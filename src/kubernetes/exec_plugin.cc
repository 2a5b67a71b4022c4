#include "kubernetes/exec_plugin.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/text.h"

extern char** environ;

namespace latecomer::kubernetes {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

constexpr std::size_t kMostBytes = std::size_t{1} << 20;

class Pipe {
 public:
  Pipe() { is_open_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
  ~Pipe() {
    CloseWriting();
    if (is_open_) ::close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool is_open() const { return is_open_; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void CloseWriting() {
    if (is_open_ && ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool is_open_ = false;
};

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentFor(const ExecPlugin& plugin) {
  std::vector<std::pair<std::string, std::string>> own = plugin.environment;
  own.emplace_back(
      "KUBERNETES_EXEC_INFO",
      json{{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", {{"interactive", false}}}}.dump());
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool replaced =
        std::any_of(own.begin(), own.end(), [&](const auto& one) { return text.starts_with(one.first + "="); });
    if (!replaced) environment.emplace_back(text);
  }
  for (const auto& [name, value] : own) environment.push_back(name + "=" + value);
  return environment;
}

Result<pid_t> Start(const ExecPlugin& plugin, const Pipe& out, const Pipe& err) {
  std::string program = plugin.command;
  if (program.find('/') != std::string::npos) program = (std::filesystem::path(plugin.folder) / program).string();
  std::vector<std::string> argv{program};
  argv.insert(argv.end(), plugin.arguments.begin(), plugin.arguments.end());
  std::vector<std::string> environment = EnvironmentFor(plugin);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.writing(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.writing(), STDERR_FILENO);
  pid_t pid = 0;
  const int failed =
      ::posix_spawnp(&pid, program.c_str(), &actions, nullptr, Pointers(argv).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed == 0) return pid;
  Error error = SystemError(failed, "start the credential plugin", program);
  if (failed == ENOENT) error.kind = ErrorKind::kNotFound;
  if (!plugin.install_hint.empty()) error.hint = Printable(plugin.install_hint);
  return Fail(std::move(error));
}

// What comes until both ends are closed; false when the time is up or it is too much.
bool ReadBoth(const Pipe& out, const Pipe& err, steady_clock::time_point until, std::string& from_out,
              std::string& from_err) {
  std::array<pollfd, 2> asked{pollfd{out.reading(), POLLIN, 0}, pollfd{err.reading(), POLLIN, 0}};
  std::array<std::string*, 2> into{&from_out, &from_err};
  std::array<char, 4096> buffer;
  while (asked[0].fd >= 0 || asked[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
    if (left <= 0 || from_out.size() + from_err.size() > kMostBytes) return false;
    if (::poll(asked.data(), asked.size(), static_cast<int>(left)) < 0 && errno != EINTR) return false;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (asked[i].fd < 0 || asked[i].revents == 0) continue;
      const ssize_t got = ::read(asked[i].fd, buffer.data(), buffer.size());
      if (got > 0) into[i]->append(buffer.data(), static_cast<std::size_t>(got));
      if (got == 0 || (got < 0 && errno != EINTR)) asked[i].fd = -1;
    }
  }
  return true;
}

std::string LastLine(std::string_view text) {
  constexpr std::size_t kEnough = 300;
  const std::string_view trimmed = Trim(text);
  const std::size_t begin = trimmed.rfind('\n');
  return Printable(trimmed.substr(begin == std::string_view::npos ? 0 : begin + 1).substr(0, kEnough));
}

Result<ExecCredential> ReadCredential(const std::string& output, const std::string& who) {
  const json answer = json::parse(output, nullptr, /*allow_exceptions=*/false);
  const json status = answer.is_object() ? answer.value("status", json()) : json();
  const auto text = [&](const char* key) {
    const bool has = status.is_object() && status.contains(key) && status[key].is_string();
    return has ? status[key].get<std::string>() : std::string();
  };
  ExecCredential credential{.token = text("token"), .expires = std::nullopt};
  if (credential.token.empty() && !text("clientCertificateData").empty()) {
    return Fail(ErrorKind::kUnsupported, who + " gives a client certificate, which is not supported; only tokens are");
  }
  if (credential.token.empty()) return Fail(ErrorKind::kPermission, who + " gave no token");
  if (const auto at = ParseInstant(text("expirationTimestamp"))) credential.expires = *at;
  return credential;
}

}  // namespace

Result<ExecCredential> RunExecPlugin(const ExecPlugin& plugin, std::chrono::seconds patience) {
  const std::string who = "the credential plugin " + Printable(plugin.command);
  Pipe out;
  Pipe err;
  if (!out.is_open() || !err.is_open()) return Fail(SystemError(errno, "make a pipe", plugin.command));
  LATECOMER_ASSIGN_OR_RETURN(const pid_t pid, Start(plugin, out, err));
  out.CloseWriting();
  err.CloseWriting();
  std::string from_out;
  std::string from_err;
  const bool in_time = ReadBoth(out, err, steady_clock::now() + patience, from_out, from_err);
  if (!in_time) ::kill(pid, SIGKILL);
  int how = 0;
  while (::waitpid(pid, &how, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return Fail(ErrorKind::kIo, who + " took too long, or said too much");
  if (!WIFEXITED(how) || WEXITSTATUS(how) != 0) {
    const std::string said = LastLine(from_err);
    return Fail(ErrorKind::kPermission, who + " failed" + (said.empty() ? "" : ": " + said));
  }
  return ReadCredential(from_out, who);
}

}  // namespace latecomer::kubernetes
