// Runs commands as local processes.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "executor/ended_attempts.h"
#include "executor/executor.h"
#include "executor/system.h"

namespace latecomer::executor {

// Each attempt is a process group; what is left of it when its leader ends is killed before the attempt
// counts as ended. When this process dies, the leaders die with it, and EnsureDead of a later process
// finds the rest. Call Start from one thread that lives as long as the attempts: the system ties a
// child's life to the thread that started it.
class ProcessExecutor final : public Executor {
 public:
  // `timeout_grace`: after a timeout, between SIGTERM and SIGKILL.
  explicit ProcessExecutor(Duration timeout_grace = std::chrono::seconds(10));
  // Kills what still runs.
  ~ProcessExecutor() override;

  Result<std::string> Start(const AttemptSpec& spec) override;
  Result<AttemptStatus> Poll(const std::string& handle) override;
  Status Cancel(const std::string& handle, Duration grace) override;
  Status EnsureDead(const std::string& folder) override;
  void Wait(Duration at_most) override;
  void Wake() override;

 private:
  using Moment = std::chrono::steady_clock::time_point;

  struct Attempt {
    pid_t pid = 0;  // also of the group
    std::string folder;
    Descriptor end;  // readable when the leader has ended
    std::optional<Duration> timeout;
    std::optional<Moment> deadline;  // when the timeout ends it
    std::optional<Moment> kill_at;   // SIGTERM was sent; when SIGKILL follows
    std::string ended_because;       // "timed out after 1h", "cancelled"
    bool reaped = false;
    int wait_status = 0;                  // valid when reaped
    std::vector<Descriptor> stragglers;   // of the group, killed, not gone yet
    std::optional<AttemptStatus> result;  // the end of the story
  };

  void Advance(Attempt& attempt);
  void EnforceDeadlines(Attempt& attempt);
  bool Reap(Attempt& attempt);
  bool GroupIsGone(Attempt& attempt);
  void KillAndReap(Attempt& attempt);

  Duration timeout_grace_;
  std::map<std::string, Attempt> attempts_;  // whose end nobody has heard of
  EndedAttempts ended_;
  Descriptor wake_;
};

}  // namespace latecomer::executor
