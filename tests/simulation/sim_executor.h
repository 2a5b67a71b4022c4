// The executor of one scheduler: starts jobs and asks after them.
#pragma once

#include <string>

#include "executor/executor.h"
#include "fault_points.h"
#include "sim_jobs.h"

namespace latecomer::simulation {

class SimExecutor final : public executor::Executor {
 public:
  // All outlive this object.
  SimExecutor(SimJobs& jobs, int machine, table::Catalog& catalog, FaultPoints& points)
      : jobs_(jobs), machine_(machine), catalog_(catalog), points_(points) {}

  Result<std::string> Start(const executor::AttemptSpec& spec) override;
  Result<executor::AttemptStatus> Poll(const std::string& handle) override;
  Status Cancel(const std::string& handle, Duration grace) override;
  bool Outlives(const executor::AttemptSpec&) const override { return jobs_.outside; }
  Status Release(const std::string&) override { return points_.Pass("release", FaultPoints::MayFail::kYes); }
  // Certain for jobs of this machine, and for those that are outside.
  Status EnsureDead(const std::string& folder) override;
  void Wait(Duration) override {}
  void Wake() override {}

 private:
  SimJobs& jobs_;
  int machine_;
  table::Catalog& catalog_;
  FaultPoints& points_;
};

}  // namespace latecomer::simulation
