// Watches jobs outside this machine, each on a thread of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "executor/executor.h"
#include "executor/outside_job.h"

namespace latecomer::executor {

struct OutsidePatience {
  Duration look = std::chrono::seconds(5);                // the longest look
  Duration first_pause = std::chrono::milliseconds(200);  // after an error; doubled up to:
  Duration longest_pause = std::chrono::seconds(10);
  Duration end_pause = std::chrono::milliseconds(500);  // between asking whether it has ended
  Duration cancel = std::chrono::seconds(60);  // a cancelled job that can't be seen to end counts as ended after that
  Duration ensure = std::chrono::seconds(3);   // how long EnsureDead waits for the end
};

// An attempt ends only when its job is seen to have ended, or to be gone: as long as that can't be asked, it runs. What
// is watched when this object goes away goes on without it.
class OutsideJobs {
 public:
  // `changed` is called from other threads when Poll has something new.
  OutsideJobs(std::vector<std::shared_ptr<OutsideSystem>> systems, std::function<void()> changed,
              OutsidePatience patience = {});
  ~OutsideJobs();
  OutsideJobs(const OutsideJobs&) = delete;
  OutsideJobs& operator=(const OutsideJobs&) = delete;

  bool Runs(const AttemptSpec& spec) const { return SystemOf(spec) != nullptr; }
  // The attempt's folder and that of its log are there.
  Result<std::string> Start(const AttemptSpec& spec);
  // Null when it is none of them.
  bool Knows(const std::string& handle) const;
  // An ended one is forgotten with that.
  Result<AttemptStatus> Poll(const std::string& handle);
  Status Cancel(const std::string& handle);
  Status Release(const std::string& handle);
  // Nothing when no job outside was started in this folder; else as Executor::EnsureDead.
  std::optional<Status> EnsureDead(const std::string& folder);

 private:
  struct Attempt;

  OutsideSystem* SystemOf(const AttemptSpec& spec) const;
  OutsideSystem* SystemNamed(const std::string& name) const;
  Result<std::unique_ptr<OutsideJob>> JobIn(const std::string& folder, const std::string& text) const;
  Status EndJob(OutsideJob& job) const;

  const std::vector<std::shared_ptr<OutsideSystem>> systems_;
  const std::function<void()> changed_;
  const OutsidePatience patience_;
  std::map<std::string, std::unique_ptr<Attempt>> attempts_;  // by handle; of the executor's thread
};

}  // namespace latecomer::executor
