// Runs every kind of step that needs nothing but this machine: commands, and SQL.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "executor/executor.h"
#include "executor/process_executor.h"
#include "table/catalog.h"

namespace latecomer::executor {

class LocalExecutor final : public Executor {
 public:
  // `executable` is the running latecomer, beside which the duckdb program may lie; it is looked for
  // when the first SQL step starts. `catalog` must outlive this object.
  LocalExecutor(std::string executable, table::Catalog& catalog)
      : executable_(std::move(executable)), catalog_(catalog) {}

  Result<std::string> Start(const AttemptSpec& spec) override;
  // Of a SQL step whose process ended well: commits its output first.
  Result<AttemptStatus> Poll(const std::string& handle) override;
  Status Cancel(const std::string& handle, Duration grace) override;
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

  Result<std::string> StartSql(const AttemptSpec& spec, const SqlWork& work);
  AttemptStatus Finish(const SqlAttempt& attempt, AttemptStatus status);

  std::string executable_;
  table::Catalog& catalog_;
  ProcessExecutor processes_;
  std::map<std::string, SqlAttempt> sql_;  // not ended, or not committed yet
  EndedAttempts ended_;
};

}  // namespace latecomer::executor
