// Which process is which, across restarts of latecomer: a pid alone is given to another process sooner
// or later, a pid with its start time and boot is not.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace latecomer::executor {

// The environment variable that every process of an attempt inherits; holds the attempt's folder.
inline constexpr char kAttemptFolderVariable[] = "LATECOMER_ATTEMPT_FOLDER";

// The leader of an attempt's process group. Its pid is also the group's id.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // field 22 of /proc/<pid>/stat: clock ticks since boot
  std::string boot;               // /proc/sys/kernel/random/boot_id
  std::string pid_namespace;      // "pid:[4026531836]": pids mean something only inside it
  std::string host;               // name of the machine
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

// Of a process that exists (a zombie does). Nothing when there is none.
std::optional<ProcessIdentity> IdentityOf(pid_t pid);
// Whether there is such a process and it hasn't ended: one that its parent hasn't asked after yet does nothing any
// more.
bool IsRunning(pid_t pid);

// The file `process` in the attempt's folder; whole or not there.
Status WriteIdentity(const std::string& folder, const ProcessIdentity& identity);
// The same for a new process that names itself, before it runs its program.
class OwnIdentity {
 public:
  explicit OwnIdentity(const std::string& folder);
  // What WriteIdentity would write of the calling process. 0, or the errno of what failed. Only calls that are safe
  // between vfork and exec are made.
  int Write() const noexcept;

 private:
  std::string head_;  // of the file's text, to the pid
  std::string tail_;  // behind the start
  std::string path_;
  std::string unfinished_;
};
// Nothing when there is no such file: then nothing was ever started there. kDamaged when it isn't one.
Result<std::optional<ProcessIdentity>> ReadIdentity(const std::string& folder);

// Processes of the group that still run; zombies don't.
std::vector<pid_t> LiveGroupMembers(pid_t group);

// Kills what the identity file in `folder` names: the group, when its leader is that very process or
// when a member of it carries the attempt's variable, and every process that carries the variable.
// Returns when all of them are gone. kUnknownOutcome when it can't be told or took longer than
// `patience`.
Status KillAttempt(const std::string& folder, Duration patience);

}  // namespace latecomer::executor
