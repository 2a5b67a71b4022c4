// The seam for jobs that run outside this machine: in a cluster, in another scheduler.
//
// Such a job has a name that follows from its attempt. So creating it may be repeated, by whatever process: the second
// time finds it. It outlives this process; a later one finds it by name, or by what Identity says, to go on with it or
// to end it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "executor/attempt_log.h"
#include "executor/executor.h"
#include "http/interrupt.h"

namespace latecomer::executor {

struct OutsideState {
  Phase phase = Phase::kRunning;
  std::optional<int> exit_code;
  std::string message;  // running: what it does or waits for; failed: why
};

// The job of one attempt. All calls from one thread; they may block, and return soon after `interrupt` was set.
class OutsideJob {
 public:
  virtual ~OutsideJob() = default;

  // For people: "job latecomer-devices-1f0c in namespace data".
  virtual std::string Describe() const = 0;
  // What OutsideSystem::Find makes the same job of: one line of JSON, without secrets.
  virtual std::string Identity() const = 0;

  // Creates the job, or finds the one that an earlier call made. kIo and kUnknownOutcome: it may be there, and trying
  // again may help. Any other error: this call made nothing, and wouldn't the next time.
  virtual Status Create() = 0;
  // How it is. Returns when something has changed, and after `at_most` in any case. What it printed goes to `log`. That
  // somebody removed it is a state (failed), not an error.
  virtual Result<OutsideState> Look(Duration at_most, const AttemptLog& log, const http::Interrupt& interrupt) = 0;
  // Asks for its end; whether nothing of it runs any more, or ever did. Asked again until that is so.
  virtual Result<bool> End() = 0;
};

// One way to run jobs outside. All calls may be made from several threads.
class OutsideSystem {
 public:
  virtual ~OutsideSystem() = default;

  virtual std::string_view name() const = 0;  // "kubernetes"; stands in attempts' folders
  virtual bool Runs(const AttemptSpec& spec) const = 0;
  // Of an attempt that it runs. Nothing is asked outside yet; an error means that nothing was ever started.
  virtual Result<std::unique_ptr<OutsideJob>> Make(const AttemptSpec& spec) = 0;
  // To ask for the end of a job that another process made.
  virtual Result<std::unique_ptr<OutsideJob>> Find(const std::string& identity) = 0;
};

}  // namespace latecomer::executor
