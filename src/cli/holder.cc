#include "cli/holder.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>

#include "base/text.h"

namespace latecomer::cli {
namespace {

std::string ReadFirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Field 22 of /proc/<pid>/stat, in clock ticks since boot; empty when there is no such process. The name in
// field 2 may hold anything, also spaces and brackets, so fields are counted from the last ')'.
std::string StartTime(const std::string& pid) {
  const std::string stat = ReadFirstLine("/proc/" + pid + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return "";
  std::string rest = stat.substr(name_end + 2);
  const auto fields = Split(rest, ' ');
  constexpr std::size_t kStartTimeAfterName = 19;
  return fields.size() > kStartTimeAfterName ? std::string(fields[kStartTimeAfterName]) : "";
}

std::string Host() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return PercentEncode(name.data());
}

std::string BootId() { return ReadFirstLine("/proc/sys/kernel/random/boot_id"); }

}  // namespace

std::string ThisHolder() {
  const std::string pid = std::to_string(::getpid());
  return Host() + "/" + BootId() + "/" + pid + "/" + StartTime(pid);
}

engine::HolderState ProbeHolder(const std::string& holder) {
  const auto parts = Split(holder, '/');
  if (parts.size() != 4 || parts[0] != Host()) return engine::HolderState::kUnknown;
  if (parts[1] != BootId()) return engine::HolderState::kDead;
  const std::string start = StartTime(std::string(parts[2]));
  return !start.empty() && start == parts[3] ? engine::HolderState::kAlive : engine::HolderState::kDead;
}

}  // namespace latecomer::cli
