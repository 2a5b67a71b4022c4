#include "sim_executor.h"

namespace latecomer::simulation {

Result<std::string> SimExecutor::Start(const executor::AttemptSpec& spec) {
  LATECOMER_RETURN_IF_ERROR(points_.Pass("before start", FaultPoints::MayFail::kYes));
  auto handle = jobs_.Start(spec, machine_, catalog_);
  LATECOMER_RETURN_IF_ERROR(points_.Pass("after start", FaultPoints::MayFail::kNo));
  return handle;
}

Result<executor::AttemptStatus> SimExecutor::Poll(const std::string& handle) {
  LATECOMER_RETURN_IF_ERROR(points_.Pass("poll", FaultPoints::MayFail::kYes));
  const Job* job = jobs_.Find(handle);
  if (job == nullptr) return Fail(ErrorKind::kNotFound, "no attempt " + handle);
  executor::AttemptStatus status;
  status.phase = job->phase;
  status.message = job->message;
  if (jobs_.outside && status.phase == executor::Phase::kRunning) status.outside = job->handle;
  return status;
}

Status SimExecutor::Cancel(const std::string& handle, Duration) {
  LATECOMER_RETURN_IF_ERROR(points_.Pass("cancel", FaultPoints::MayFail::kYes));
  if (Job* job = jobs_.Find(handle)) jobs_.Kill(*job, "killed by signal 15");
  return {};
}

Status SimExecutor::EnsureDead(const std::string& folder) {
  LATECOMER_RETURN_IF_ERROR(points_.Pass("ensure dead", FaultPoints::MayFail::kYes));
  if (jobs_.LivesElsewhere(folder, machine_)) {
    return Fail(ErrorKind::kUnknownOutcome, "the attempt was started on another machine");
  }
  jobs_.KillFolder(folder);
  return {};
}

}  // namespace latecomer::simulation
