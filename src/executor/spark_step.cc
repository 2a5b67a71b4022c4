#include "executor/spark_step.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "executor/files.h"
#include "executor/spark_python.h"
#include "executor/spark_text.h"

namespace latecomer::executor {
namespace {

using nlohmann::ordered_json;
using table::TableHistory;

// A longer condition stands in the job file only: the system limits an argument to 128 KiB.
constexpr std::size_t kLongestSetting = 32 * 1024;
constexpr char kMetadataSetting[] = "spark.databricks.delta.commitInfo.userMetadata";

std::string Variable(const std::map<std::string, std::string>& environment, const char* name) {
  if (const auto own = environment.find(name); own != environment.end()) return own->second;
  const char* inherited = std::getenv(name);
  return inherited == nullptr ? "" : inherited;
}

// Spark takes a bare path for one of the cluster's default file system.
std::string SparkLocation(const std::string& location) {
  return location.starts_with('/') ? "file://" + location : location;
}

// ----- what the output holds already

std::string NamedTransaction(const table::WriteTransaction& transaction) {
  return "txn " + transaction.app_id + ", version " + std::to_string(transaction.version);
}

// Nothing when there is no table, or the transaction was never committed.
Result<std::optional<TableHistory::Transaction>> NewestTransaction(const TableHistory& output,
                                                                   const std::string& app_id) {
  auto found = output.FindTransaction(app_id);
  if (found || found.error().kind != ErrorKind::kNotFound) return found;
  return std::optional<TableHistory::Transaction>();
}

// Who made the newest write of an application; nothing when the log doesn't tell, because it was cleaned or because the
// writer didn't say.
Result<std::optional<table::RecordedWrite>> WriteBehind(const TableHistory& output, const std::string& app_id) {
  LATECOMER_ASSIGN_OR_RETURN(const auto writes, output.ReadRecordedWrites(app_id));
  const auto found =
      std::ranges::find_if(writes, [&](const auto& write) { return write.transaction.app_id == app_id; });
  if (found == writes.end() || found->transaction.ledger_id.empty()) return std::optional<table::RecordedWrite>();
  return std::optional(*found);
}

Status CheckOwner(const SparkWork& work, const table::RecordedWrite& recorded) {
  const std::string& owner = recorded.transaction.ledger_id;
  const auto& before = work.transaction.predecessors;
  if (owner == work.transaction.ledger_id || std::find(before.begin(), before.end(), owner) != before.end()) return {};
  return Fail(Error(ErrorKind::kConflict, "this partition was written for another ledger, " + Printable(owner) +
                                              ", in version " + std::to_string(recorded.version.value))
                  .In(work.into)
                  .Hint("run with the ledger that owns the output (--ledger); when that one is lost or no longer used, "
                        "`latecomer ledger rebuild PIPELINE --take-over`"));
}

Status CheckMayWrite(const SparkWork& work, table::Catalog& catalog) {
  if (work.into.empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(const auto output, catalog.OpenHistory(work.into));
  LATECOMER_ASSIGN_OR_RETURN(const auto newest, NewestTransaction(*output, work.transaction.app_id));
  if (!newest) return {};
  if (newest->version > work.transaction.version) {
    return Fail(Error(ErrorKind::kConflict, "a newer claim wrote this partition: its token is " +
                                                std::to_string(newest->version) + ", this one's " +
                                                std::to_string(work.transaction.version))
                    .In(work.into)
                    .Hint("nothing was started; the run that holds the newer claim goes on"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto recorded, WriteBehind(*output, work.transaction.app_id));
  return recorded ? CheckOwner(work, *recorded) : Status{};
}

bool SameWrite(const table::WriteTransaction& a, const table::WriteTransaction& b) {
  return a.ledger_id == b.ledger_id && a.run_id == b.run_id && a.try_number == b.try_number && a.vector == b.vector;
}

// ----- what the job is told

ordered_json Provenance(const table::WriteTransaction& transaction) {
  ordered_json vector = ordered_json::object();
  for (const auto& [source, version] : transaction.vector) vector[source] = version;
  return {{"ledgerId", transaction.ledger_id},
          {"runId", transaction.run_id},
          {"try", transaction.try_number},
          {"vector", std::move(vector)}};
}

std::string Text(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string ValueOr(const SparkWork& work, const std::string& name) {
  const auto found = work.values.find(name);
  return found == work.values.end() ? "" : found->second;
}

// Which rows of a source the run is made from.
Result<std::string> ConditionOf(const SqlWork::SourceView& view, const TableHistory& history) {
  LATECOMER_ASSIGN_OR_RETURN(const table::TableInfo info, history.ReadInfo(view.version));
  bool all = true;
  std::set<table::PartitionKey> mapped;
  LATECOMER_RETURN_IF_ERROR(history.ReadFiles(view.version, [&](const table::PartitionKey& key) {
    const bool is_mapped = view.mapped(key);
    if (is_mapped) mapped.insert(key);
    all = all && is_mapped;
    return false;  // the files themselves are Spark's affair
  }));
  if (view.newest_by) {
    std::optional<LocalTime> newest;
    for (const table::PartitionKey& key : mapped) newest = std::max(newest, view.newest_by(key));
    std::erase_if(mapped, [&](const auto& key) { return !newest || view.newest_by(key) != newest; });
  } else if (all) {
    return std::string("true");
  }
  return SparkCondition(info.partition_columns, mapped);
}

Result<ordered_json> SourcesOf(const SparkWork& work, table::Catalog& catalog) {
  ordered_json sources = ordered_json::object();
  for (const SqlWork::SourceView& view : work.sources) {
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(view.location));
    LATECOMER_ASSIGN_OR_RETURN(const std::string where, ConditionOf(view, *history));
    sources[view.name] = {{"table", SparkLocation(view.location)}, {"version", view.version.value}, {"where", where}};
  }
  return sources;
}

Result<ordered_json> OutputOf(const SparkWork& work) {
  if (work.into.empty()) return ordered_json();
  ordered_json partition = ordered_json::array();
  for (const table::PartitionColumn& column : work.partition_columns) {
    const table::PartitionValue* value = work.partition.Find(column.name);
    const bool is_null = value == nullptr || value->IsNull();
    LATECOMER_ASSIGN_OR_RETURN(const std::string condition, SparkCondition({column}, work.partition));
    partition.push_back({{"name", column.name},
                         {"type", SparkType(column.type)},
                         {"condition", condition},
                         {"value", is_null ? ordered_json() : ordered_json(SparkText(column.type, *value))}});
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::string where, SparkCondition(work.partition_columns, work.partition));
  return ordered_json{{"table", SparkLocation(work.into)},
                      {"partition", std::move(partition)},
                      {"replace_where", where},
                      {"txn_app_id", work.transaction.app_id},
                      {"txn_version", work.transaction.version},
                      {"user_metadata", Text({{"latecomer", Provenance(work.transaction)}})}};
}

ordered_json IntervalOf(const SparkWork& work) {
  if (ValueOr(work, "interval.start").empty()) return {};
  return {{"start", ValueOr(work, "interval.start")}, {"end", ValueOr(work, "interval.end")}};
}

Result<ordered_json> JobOf(const SparkWork& work, table::Catalog& catalog) {
  LATECOMER_ASSIGN_OR_RETURN(ordered_json sources, SourcesOf(work, catalog));
  LATECOMER_ASSIGN_OR_RETURN(ordered_json output, OutputOf(work));
  ordered_json partition = ordered_json::object();
  for (std::size_t i = 0; i < work.partition.size(); ++i) {
    const table::PartitionValue& value = work.partition.value(i);
    partition[work.partition.name(i)] = value.IsNull() ? ordered_json() : ordered_json(value.text());
  }
  return ordered_json{
      {"format", 1},
      {"pipeline", ValueOr(work, "pipeline")},
      {"step", ValueOr(work, "step")},
      {"run",
       {{"id", work.transaction.run_id}, {"kind", ValueOr(work, "run.kind")}, {"try", work.transaction.try_number}}},
      {"partition", std::move(partition)},
      {"interval", IntervalOf(work)},
      {"token", work.transaction.version},
      {"time_zone", work.time_zone},
      {"sources", std::move(sources)},
      {"output", std::move(output)}};
}

// ----- the command

bool IsSettingName(const std::string& name) {
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f' && c != '='; });
}

// As `--conf` takes them; the step's own come last and win, but for those that are latecomer's alone.
std::map<std::string, std::string> SettingsOf(const SparkWork& work, const ordered_json& job,
                                              const std::string& folder) {
  std::map<std::string, std::string> settings;
  if (work.kind == SparkWork::Kind::kSql) {
    settings["spark.sql.session.timeZone"] = work.time_zone;
    settings["spark.sql.warehouse.dir"] = folder + "/warehouse";
  }
  const ordered_json& output = job.at("output");
  if (output.is_object()) settings[kMetadataSetting] = output.at("user_metadata").get<std::string>();
  for (const auto& [name, value] : work.conf) settings[name] = value;
  const auto tell = [&](const std::string& name, std::string value) {
    if (IsSettingName(name) && value.size() <= kLongestSetting) settings["spark.latecomer." + name] = std::move(value);
  };
  for (const auto& [name, value] : work.values) tell(name, value);
  for (const auto& [name, source] : job.at("sources").items()) {
    tell("sources." + name + ".table", source.at("table").get<std::string>());
    tell("sources." + name + ".where", source.at("where").get<std::string>());
  }
  tell("job", folder + "/" + kSparkJobFile);
  if (!output.is_object()) return settings;
  tell("into", output.at("table").get<std::string>());
  for (const char* name : {"replace_where", "txn_app_id"}) tell(name, output.at(name).get<std::string>());
  tell("txn_version", std::to_string(work.transaction.version));
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
  LATECOMER_RETURN_IF_ERROR(WriteFile(folder + "/" + kSparkJobFile, Text(job) + "\n"));
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
  LATECOMER_ASSIGN_OR_RETURN(const ordered_json job, JobOf(work, catalog));
  LATECOMER_RETURN_IF_ERROR(WriteFiles(work, job, spec.folder));
  process.work = CommandWork{ArgumentsOf(submit, work, job, spec.folder)};
  if (!work.home.empty()) process.environment["SPARK_HOME"] = work.home;
  process.environment["LATECOMER_JOB"] = spec.folder + "/" + kSparkJobFile;
  const std::string modules = Variable(spec.environment, "PYTHONPATH");
  process.environment["PYTHONPATH"] = spec.folder + "/" + kSparkPythonFolder + (modules.empty() ? "" : ":" + modules);
  const ordered_json& output = job.at("output");
  if (!output.is_object()) return process;
  process.environment["LATECOMER_INTO"] = output.at("table").get<std::string>();
  process.environment["LATECOMER_REPLACE_WHERE"] = output.at("replace_where").get<std::string>();
  process.environment["LATECOMER_TXN_APP_ID"] = work.transaction.app_id;
  process.environment["LATECOMER_TXN_VERSION"] = std::to_string(work.transaction.version);
  return process;
}

Result<std::optional<table::WriteReport>> FindSparkWrite(const SparkWork& work, table::Catalog& catalog) {
  if (work.into.empty()) return std::optional<table::WriteReport>();
  LATECOMER_ASSIGN_OR_RETURN(const auto output, catalog.OpenHistory(work.into));
  LATECOMER_ASSIGN_OR_RETURN(const auto newest, NewestTransaction(*output, work.transaction.app_id));
  const auto missing = [&](const std::string& message, const std::string& hint) {
    return Fail(Error(ErrorKind::kRunFailed, message).In(work.into).Hint(hint));
  };
  const std::string wanted = NamedTransaction(work.transaction);
  if (!newest || newest->version < work.transaction.version) {
    return missing("the job ended well, but its commit (" + wanted + ") is not in its output",
                   "write with replaceWhere, txnAppId and txnVersion as the job is told; latecomer.py's write does it");
  }
  if (newest->version > work.transaction.version) {
    return missing("a newer claim wrote this partition (version " + std::to_string(newest->version) +
                       "), so Spark left out the job's write (" + wanted + ") without an error",
                   "nothing is recorded; the run that holds the newer claim goes on");
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto recorded, WriteBehind(*output, work.transaction.app_id));
  table::WriteReport report{.version = newest->recorded_at};
  if (!recorded) return std::optional(report);
  if (!SameWrite(recorded->transaction, work.transaction)) {
    return missing("another write used the job's transaction (" + wanted + "), so Spark left out the job's own: run " +
                       Printable(recorded->transaction.run_id) + ", ledger " +
                       Printable(recorded->transaction.ledger_id),
                   "clear the run: its next try gets a token of its own");
  }
  report.version = recorded->version;
  report.rows = recorded->rows;
  report.bytes = recorded->bytes;
  return std::optional(report);
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
