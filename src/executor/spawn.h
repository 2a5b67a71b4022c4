// Starts one program in a process group of its own, without a shell.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace latecomer::executor {

struct SpawnRequest {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // in addition to this process's own, less what is latecomer's
  std::string working_folder;
  std::string attempt_folder;  // exists; gets the identity file before the program starts
  std::string log;             // stdout and stderr are appended
};

// The new process leads its own group, reads nothing (/dev/null) and is killed when the calling thread
// ends. Returns its pid after the program was started; an error says why it couldn't be, and then
// nothing runs.
Result<pid_t> Spawn(const SpawnRequest& request);

}  // namespace latecomer::executor
