#include "executor/spark_step.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "executor/files.h"
#include "executor/job_facts.h"
#include "executor/spark_python.h"

namespace latecomer::executor {
namespace {

using nlohmann::ordered_json;

std::string Variable(const std::map<std::string, std::string>& environment, const char* name) {
  if (const auto own = environment.find(name); own != environment.end()) return own->second;
  const char* inherited = std::getenv(name);
  return inherited == nullptr ? "" : inherited;
}

// ----- the command

// As `--conf` takes them; the step's own come last and win, but for those that are latecomer's alone.
std::map<std::string, std::string> SettingsOf(const SparkWork& work, const ordered_json& job,
                                              const std::string& folder) {
  std::map<std::string, std::string> settings;
  if (work.kind == SparkWork::Kind::kSql) {
    settings["spark.sql.session.timeZone"] = work.time_zone;
    settings["spark.sql.warehouse.dir"] = folder + "/warehouse";
  }
  AddJobSettings(work, job, work.conf, settings);
  settings["spark.latecomer.job"] = folder + "/" + kSparkJobFile;
  return settings;
}

void AddList(std::vector<std::string>& argv, const char* option, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ",") + name;
  argv.insert(argv.end(), {option, std::move(joined)});
}

std::vector<std::string> ArgumentsOf(const std::string& submit, const SparkWork& work, const ordered_json& job,
                                     const std::string& folder) {
  std::vector<std::string> argv = {submit};
  if (!work.master.empty()) argv.insert(argv.end(), {"--master", work.master});
  argv.insert(argv.end(), {"--deploy-mode", "client"});
  if (!work.name.empty() && !work.conf.contains("spark.app.name")) argv.insert(argv.end(), {"--name", work.name});
  if (!work.main_class.empty()) argv.insert(argv.end(), {"--class", work.main_class});
  AddList(argv, "--packages", work.packages);
  AddList(argv, "--jars", work.jars);
  AddList(argv, "--py-files", work.py_files);
  for (const auto& [name, value] : SettingsOf(work, job, folder)) {
    argv.insert(argv.end(), {"--conf", name + "=" + value});
  }
  if (work.kind == SparkWork::Kind::kSql) {
    argv.push_back(folder + "/" + kSparkPythonFolder + "/run_sql.py");
    argv.push_back(folder + "/" + kSparkQueryFile);
    return argv;
  }
  argv.push_back(work.application);
  argv.insert(argv.end(), work.arguments.begin(), work.arguments.end());
  return argv;
}

Status WriteFiles(const SparkWork& work, const ordered_json& job, const std::string& folder) {
  const std::string python = folder + "/" + kSparkPythonFolder;
  std::error_code failed;
  std::filesystem::create_directories(python, failed);
  if (failed) return Fail(SystemError(failed.value(), "create folder", python));
  LATECOMER_RETURN_IF_ERROR(WriteFile(python + "/latecomer.py", SparkHelperText()));
  LATECOMER_RETURN_IF_ERROR(WriteFile(folder + "/" + kSparkJobFile, JobText(job) + "\n"));
  if (work.kind != SparkWork::Kind::kSql) return {};
  LATECOMER_RETURN_IF_ERROR(WriteFile(python + "/run_sql.py", SparkSqlRunnerText()));
  return WriteFile(folder + "/" + kSparkQueryFile, work.query);
}

// ----- its log

bool IsNamePart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '$';
}

// "pyspark.errors.exceptions.captured.AnalysisException: …", as Python and Java end a trace.
bool NamesError(std::string_view line) {
  const std::size_t end = static_cast<std::size_t>(std::ranges::find_if_not(line, IsNamePart) - line.begin());
  const std::string_view name = line.substr(0, end);
  const bool is_error = name.ends_with("Error") || name.ends_with("Exception");
  return is_error && (end == line.size() || line[end] == ':');
}

}  // namespace

Result<std::string> FindSparkSubmit(const std::string& home, const std::map<std::string, std::string>& environment) {
  const std::string folder = home.empty() ? Variable(environment, "SPARK_HOME") : home;
  if (!folder.empty()) {
    std::string program = (std::filesystem::path(folder) / "bin/spark-submit").string();
    if (IsProgram(program)) return program;
    return Fail(Error(ErrorKind::kNotFound, std::string(home.empty() ? "SPARK_HOME" : "spark_home") +
                                                " names a folder without bin/spark-submit")
                    .In(folder));
  }
  if (auto found = FindInPath(Variable(environment, "PATH"), "spark-submit")) return *found;
  return Fail(Error(ErrorKind::kNotFound, "spark-submit, which starts Spark steps, isn't there")
                  .Hint("install Spark and set SPARK_HOME, or name its folder with `spark_home:` in the step"));
}

Result<AttemptSpec> PrepareSpark(const AttemptSpec& spec, const SparkWork& work, table::Catalog& catalog) {
  if (spec.folder.find(':') != std::string::npos) {
    return Fail(Error(ErrorKind::kInvalidArgument, "Python finds no modules below a folder with a colon in its name")
                    .In(spec.folder)
                    .Hint("keep the ledger in a folder without one"));
  }
  AttemptSpec process = spec;
  LATECOMER_ASSIGN_OR_RETURN(const std::string submit, FindSparkSubmit(work.home, spec.environment));
  LATECOMER_RETURN_IF_ERROR(CheckMayWrite(work, catalog));
  LATECOMER_ASSIGN_OR_RETURN(const ordered_json job, JobFactsOf(work, catalog));
  LATECOMER_RETURN_IF_ERROR(WriteFiles(work, job, spec.folder));
  process.work = CommandWork{ArgumentsOf(submit, work, job, spec.folder)};
  if (!work.home.empty()) process.environment["SPARK_HOME"] = work.home;
  process.environment["LATECOMER_JOB"] = spec.folder + "/" + kSparkJobFile;
  const std::string modules = Variable(spec.environment, "PYTHONPATH");
  process.environment["PYTHONPATH"] = spec.folder + "/" + kSparkPythonFolder + (modules.empty() ? "" : ":" + modules);
  for (auto& [name, value] : OutputEnvironment(job)) process.environment[name] = std::move(value);
  return process;
}

std::string ExplainSparkFailure(std::string_view log) {
  std::string_view found;
  for (const std::string_view line : Split(log, '\n')) {
    constexpr std::string_view kThread = "Exception in thread \"main\" ";
    const std::string_view text = line.starts_with(kThread) ? line.substr(kThread.size()) : line;
    if (NamesError(text) || line.starts_with("latecomer: ")) found = text;
  }
  constexpr std::size_t kEnough = 400;
  const bool whole = found.size() <= kEnough;
  return std::string(Trim(found.substr(0, kEnough))) + (whole ? "" : "…");
}

}  // namespace latecomer::executor
