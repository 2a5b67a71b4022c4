#include "executor/local_executor.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "executor/sql_step.h"

namespace latecomer::executor {
namespace {

// The attempt's state tells the outcome; a log that can't be written to doesn't change it.
void AppendToLog(const std::string& log, const std::string& line) {
  std::ofstream file(log, std::ios::binary | std::ios::app);
  file << line << "\n";
}

std::string ReadLogFrom(const std::string& log, std::size_t start) {
  std::ifstream file(log, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(start));
  if (!file) return "";
  constexpr std::size_t kEnough = 64 * 1024;
  std::string text(kEnough, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::size_t SizeOf(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  return failed ? 0 : static_cast<std::size_t>(size);
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
  if (sql == nullptr) return processes_.Start(spec);
  auto handle = StartSql(spec, *sql);
  if (!handle) AppendToLog(spec.log, handle.error().ToString());
  return handle;
}

Result<std::string> LocalExecutor::StartSql(const AttemptSpec& spec, const SqlWork& work) {
  LATECOMER_RETURN_IF_ERROR(MakeFolder(spec.folder));
  LATECOMER_RETURN_IF_ERROR(MakeFolder(std::filesystem::path(spec.log).parent_path()));
  LATECOMER_ASSIGN_OR_RETURN(const std::string duckdb, FindDuckDb(executable_));
  AttemptSpec process = spec;
  LATECOMER_ASSIGN_OR_RETURN(process.work, PrepareSql(work, spec.folder, duckdb, catalog_));
  process.working_folder = spec.folder;
  SqlAttempt attempt{.work = work, .folder = spec.folder, .log = spec.log, .log_start = SizeOf(spec.log)};
  LATECOMER_ASSIGN_OR_RETURN(std::string handle, processes_.Start(process));
  sql_.insert_or_assign(handle, std::move(attempt));
  return handle;
}

Result<AttemptStatus> LocalExecutor::Poll(const std::string& handle) {
  if (const AttemptStatus* ended = ended_.Find(handle)) return *ended;
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
    const std::string& hint = written.error().hint;
    AppendToLog(attempt.log, status.message + (hint.empty() ? "" : "\n  " + hint));
    return status;
  }
  status.written = *written;
  AppendToLog(attempt.log, DescribeWrite(attempt.work, *written));
  return status;
}

Status LocalExecutor::Cancel(const std::string& handle, Duration grace) {
  return processes_.Cancel(handle, grace);
}

Status LocalExecutor::EnsureDead(const std::string& folder) {
  return processes_.EnsureDead(folder);
}

void LocalExecutor::Wait(Duration at_most) {
  processes_.Wait(at_most);
}

void LocalExecutor::Wake() {
  processes_.Wake();
}

}  // namespace latecomer::executor
