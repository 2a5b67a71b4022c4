// Runs every kind of step: commands, SQL and Spark applications as processes of this machine, and jobs outside.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "executor/executor.h"
#include "executor/outside_jobs.h"
#include "executor/process_executor.h"
#include "table/catalog.h"

namespace latecomer::executor {

class LocalExecutor final : public Executor {
 public:
  // `executable` is the running latecomer, beside which the duckdb program may lie; it is looked for
  // when the first SQL step starts. `catalog` must outlive this object.
  LocalExecutor(std::string executable, table::Catalog& catalog,
                std::vector<std::shared_ptr<OutsideSystem>> outside = {}, OutsidePatience patience = {})
      : executable_(std::move(executable)),
        catalog_(catalog),
        outside_(
            std::move(outside), [this] { processes_.Wake(); }, patience) {}

  Result<std::string> Start(const AttemptSpec& spec) override;
  // Of a SQL step whose process ended well: commits its output first. Of a Spark step and a job outside: looks for its
  // commit.
  Result<AttemptStatus> Poll(const std::string& handle) override;
  Status Cancel(const std::string& handle, Duration grace) override;
  bool Outlives(const AttemptSpec& spec) const override { return outside_.Runs(spec); }
  Status Release(const std::string& handle) override;
  Status EnsureDead(const std::string& folder) override;
  void Wait(Duration at_most) override;
  void Wake() override;

 private:
  struct SqlAttempt {
    SqlWork work;
    std::string folder;
    std::string log;
    std::size_t log_start = 0;  // what was in the log before
  };

  // Of Spark, and outside.
  struct JobAttempt {
    JobWork work;
    std::string log;
    std::size_t log_start = 0;  // what was in the log before
  };

  Result<std::string> StartSql(const AttemptSpec& spec, const SqlWork& work);
  Result<std::string> StartSpark(const AttemptSpec& spec, const SparkWork& work);
  AttemptStatus Finish(const SqlAttempt& attempt, AttemptStatus status);
  Result<std::string> StartOutside(const AttemptSpec& spec);
  Result<AttemptStatus> PollOutside(const std::string& handle);
  static void ExplainSpark(const JobAttempt& attempt, AttemptStatus& status);
  AttemptStatus LookForWrite(const JobAttempt& attempt, AttemptStatus status);

  std::string executable_;
  table::Catalog& catalog_;
  ProcessExecutor processes_;
  OutsideJobs outside_;
  std::map<std::string, SqlAttempt> sql_;    // not ended, or not committed yet
  std::map<std::string, JobAttempt> spark_;  // not ended, or not looked for in the output yet
  std::map<std::string, JobAttempt> jobs_;   // outside; the same
  EndedAttempts ended_;
};

}  // namespace latecomer::executor
