#include "executor/local_executor.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <type_traits>
#include <utility>

#include "base/text.h"
#include "executor/attempt_log.h"
#include "executor/job_facts.h"
#include "executor/spark_step.h"
#include "executor/sql_step.h"

namespace latecomer::executor {
namespace {

// The attempt's state tells the outcome; a log that can't be written to doesn't change it.
void AppendToLog(const std::string& log, const std::string& line) {
  std::ofstream file(log, std::ios::binary | std::ios::app);
  file << line << "\n";
}

std::string WithHint(const std::string& message, const Error& error) {
  return message + (error.hint.empty() ? "" : "\n  " + error.hint);
}

constexpr std::size_t kEnough = 64 * 1024;

std::string ReadLogFrom(const std::string& log, std::size_t start) {
  std::ifstream file(log, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(start));
  if (!file) return "";
  std::string text(kEnough, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

// The last of what was written after `start`.
std::string ReadLogEnd(const std::string& log, std::size_t start) {
  const std::size_t size = SizeOf(log);
  return ReadLogFrom(log, size > start + kEnough ? size - kEnough : start);
}

// Of work that is told what a job is told; empty of any other.
JobWork JobIn(const AttemptSpec& spec) {
  return std::visit(
      [](const auto& work) -> JobWork {
        if constexpr (std::is_base_of_v<JobWork, std::decay_t<decltype(work)>>) return work;
        return {};
      },
      spec.work);
}

// A few lines are enough for a state; the log has them all.
std::string FirstLines(const std::string& text) {
  constexpr int kLines = 4;
  std::size_t end = 0;
  for (int i = 0; i < kLines && end != std::string::npos; ++i) end = text.find('\n', end + 1);
  return text.substr(0, end);
}

Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return Fail(SystemError(failed.value(), "create folder", folder.string()));
  return {};
}

}  // namespace

Result<std::string> LocalExecutor::Start(const AttemptSpec& spec) {
  const auto* sql = std::get_if<SqlWork>(&spec.work);
  const auto* spark = std::get_if<SparkWork>(&spec.work);
  const bool outside = outside_.Runs(spec);
  if (sql == nullptr && spark == nullptr && !outside) return processes_.Start(spec);
  LATECOMER_RETURN_IF_ERROR(MakeFolder(spec.folder));
  LATECOMER_RETURN_IF_ERROR(MakeFolder(std::filesystem::path(spec.log).parent_path()));
  auto handle = outside ? StartOutside(spec) : sql != nullptr ? StartSql(spec, *sql) : StartSpark(spec, *spark);
  if (!handle) AppendToLog(spec.log, WithHint(handle.error().ToString(), handle.error()));
  return handle;
}

Result<std::string> LocalExecutor::StartSql(const AttemptSpec& spec, const SqlWork& work) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string duckdb, FindDuckDb(executable_));
  AttemptSpec process = spec;
  LATECOMER_ASSIGN_OR_RETURN(process.work, PrepareSql(work, spec.folder, {duckdb, executable_}, catalog_));
  process.working_folder = spec.folder;
  SqlAttempt attempt{.work = work, .folder = spec.folder, .log = spec.log, .log_start = SizeOf(spec.log)};
  LATECOMER_ASSIGN_OR_RETURN(std::string handle, processes_.Start(process));
  sql_.insert_or_assign(handle, std::move(attempt));
  return handle;
}

Result<std::string> LocalExecutor::StartSpark(const AttemptSpec& spec, const SparkWork& work) {
  LATECOMER_ASSIGN_OR_RETURN(const AttemptSpec process, PrepareSpark(spec, work, catalog_));
  JobAttempt attempt{.work = work, .log = spec.log, .log_start = SizeOf(spec.log)};
  LATECOMER_ASSIGN_OR_RETURN(std::string handle, processes_.Start(process));
  spark_.insert_or_assign(handle, std::move(attempt));
  return handle;
}

Result<std::string> LocalExecutor::StartOutside(const AttemptSpec& spec) {
  // One that was started before may have written already.
  const JobWork work = JobIn(spec);
  if (!spec.started_before) LATECOMER_RETURN_IF_ERROR(CheckMayWrite(work, catalog_));
  LATECOMER_ASSIGN_OR_RETURN(std::string handle, outside_.Start(spec));
  jobs_.insert_or_assign(handle, JobAttempt{.work = work, .log = spec.log});
  return handle;
}

Result<AttemptStatus> LocalExecutor::PollOutside(const std::string& handle) {
  LATECOMER_ASSIGN_OR_RETURN(AttemptStatus status, outside_.Poll(handle));
  if (status.phase == Phase::kRunning) return status;
  const JobAttempt attempt = std::move(jobs_.at(handle));
  jobs_.erase(handle);
  if (status.phase == Phase::kSucceeded) status = LookForWrite(attempt, std::move(status));
  ended_.Add(handle, status);
  return status;
}

Result<AttemptStatus> LocalExecutor::Poll(const std::string& handle) {
  if (const AttemptStatus* ended = ended_.Find(handle)) return *ended;
  if (outside_.Knows(handle)) return PollOutside(handle);
  if (const auto spark = spark_.find(handle); spark != spark_.end()) {
    LATECOMER_ASSIGN_OR_RETURN(AttemptStatus status, processes_.Poll(handle));
    if (status.phase == Phase::kRunning) return status;
    const JobAttempt attempt = std::move(spark->second);
    spark_.erase(spark);
    if (status.phase == Phase::kFailed) ExplainSpark(attempt, status);
    const bool ended_well = status.phase == Phase::kSucceeded;
    AttemptStatus result = ended_well ? LookForWrite(attempt, std::move(status)) : std::move(status);
    ended_.Add(handle, result);
    return result;
  }
  const auto found = sql_.find(handle);
  if (found == sql_.end()) return processes_.Poll(handle);
  LATECOMER_ASSIGN_OR_RETURN(AttemptStatus status, processes_.Poll(handle));
  if (status.phase == Phase::kRunning) return status;
  const SqlAttempt attempt = std::move(found->second);
  sql_.erase(found);
  AttemptStatus result = Finish(attempt, std::move(status));
  RemoveSqlScratch(attempt.folder);
  ended_.Add(handle, result);
  return result;
}

AttemptStatus LocalExecutor::Finish(const SqlAttempt& attempt, AttemptStatus status) {
  if (status.phase == Phase::kFailed) {
    const std::string said =
        ExplainSqlFailure(attempt.work, attempt.folder, ReadLogFrom(attempt.log, attempt.log_start));
    const bool ended_itself = status.message.starts_with("exit code");
    if (ended_itself && !said.empty()) status.message = FirstLines(said);
    AppendToLog(attempt.log, ended_itself && !said.empty() ? said : status.message);
    return status;
  }
  const auto written = CommitSql(attempt.work, attempt.folder, catalog_);
  if (!written) {
    status.phase = Phase::kFailed;
    status.message = "the output was not committed: " + written.error().ToString();
    AppendToLog(attempt.log, WithHint(status.message, written.error()));
    return status;
  }
  status.written = *written;
  AppendToLog(attempt.log, DescribeWrite(attempt.work, *written));
  return status;
}

void LocalExecutor::ExplainSpark(const JobAttempt& attempt, AttemptStatus& status) {
  const bool ended_itself = status.message.starts_with("exit code");
  const std::string said = ended_itself ? ExplainSparkFailure(ReadLogEnd(attempt.log, attempt.log_start)) : "";
  if (!said.empty()) status.message += ": " + Printable(said);
  AppendToLog(attempt.log, status.message);
}

AttemptStatus LocalExecutor::LookForWrite(const JobAttempt& attempt, AttemptStatus status) {
  const auto written = FindJobWrite(attempt.work, catalog_);
  if (!written) {
    status.phase = Phase::kFailed;
    status.message = written.error().ToString();
    AppendToLog(attempt.log, WithHint(status.message, written.error()));
    return status;
  }
  status.written = *written;
  if (*written) {
    AppendToLog(attempt.log, "found the job's commit in " + attempt.work.into + ": version " +
                                 std::to_string((*written)->version.value));
  }
  return status;
}

Status LocalExecutor::Cancel(const std::string& handle, Duration grace) {
  return outside_.Knows(handle) ? outside_.Cancel(handle) : processes_.Cancel(handle, grace);
}

Status LocalExecutor::Release(const std::string& handle) {
  if (!outside_.Knows(handle)) return processes_.Cancel(handle, Duration(0));
  jobs_.erase(handle);
  return outside_.Release(handle);
}

Status LocalExecutor::EnsureDead(const std::string& folder) {
  if (const auto outside = outside_.EnsureDead(folder)) return *outside;
  return processes_.EnsureDead(folder);
}

void LocalExecutor::Wait(Duration at_most) {
  processes_.Wait(at_most);
}

void LocalExecutor::Wake() {
  processes_.Wake();
}

}  // namespace latecomer::executor
