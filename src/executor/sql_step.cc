#include "executor/sql_step.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>

#include "base/text.h"
#include "executor/files.h"
#include "executor/sql_inputs.h"
#include "executor/sql_message.h"
#include "executor/sql_script.h"

namespace latecomer::executor {
namespace {

constexpr std::string_view kScriptFile = "script.sql";

std::string ReadFileIfThere(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (file) content << file.rdbuf();
  return std::move(content).str();
}

void KeepNewest(const SqlWork::SourceView& view, std::vector<table::DataFile>& files) {
  std::optional<LocalTime> newest;
  for (const table::DataFile& file : files) newest = std::max(newest, view.newest_by(file.key));
  std::erase_if(files, [&](const table::DataFile& file) { return !newest || view.newest_by(file.key) != newest; });
}

Result<SqlSource> OpenSource(const SqlWork::SourceView& view, table::Catalog& catalog) {
  LATECOMER_ASSIGN_OR_RETURN(const std::shared_ptr<table::TableHistory> history, catalog.OpenHistory(view.location));
  SqlSource source;
  source.name = view.name;
  LATECOMER_ASSIGN_OR_RETURN(source.info, history->ReadInfo(view.version));
  LATECOMER_ASSIGN_OR_RETURN(source.files, history->ReadFiles(view.version, view.mapped));
  if (view.newest_by) KeepNewest(view, source.files);
  for (const table::DataFile& file : source.files) {
    if (!file.path.starts_with("/") || ::access(file.path.c_str(), F_OK) == 0) continue;
    return Fail(
        Error(ErrorKind::kHistoryGone, "a data file of version " + std::to_string(view.version.value) + " is gone")
            .In(file.path)
            .Hint("clear the run: its next try takes the newest version"));
  }
  return source;
}

// Columns of the output table, so that the query's integers take its types. None when there is no
// table yet.
Result<std::vector<table::Column>> OutputColumns(const std::string& location, table::Catalog& catalog) {
  LATECOMER_ASSIGN_OR_RETURN(const std::shared_ptr<table::TableHistory> history, catalog.OpenHistory(location));
  auto info = history->ReadInfo(std::nullopt);
  if (info) return std::move(info->columns);
  if (info.error().kind == ErrorKind::kNotFound) return std::vector<table::Column>();
  return Fail(std::move(info).error());
}

}  // namespace

Result<std::string> FindDuckDb(const std::string& executable) {
  if (const char* named = std::getenv("LATECOMER_DUCKDB"); named != nullptr && *named != '\0') {
    if (IsProgram(named)) return std::string(named);
    return Fail(Error(ErrorKind::kNotFound, "LATECOMER_DUCKDB names no program").In(named));
  }
  const std::filesystem::path installed =
      std::filesystem::path(executable).parent_path() / "../libexec/latecomer/duckdb";
  if (IsProgram(installed)) return installed.lexically_normal().string();
#ifdef LATECOMER_DUCKDB_DEFAULT
  if (IsProgram(LATECOMER_DUCKDB_DEFAULT)) return std::string(LATECOMER_DUCKDB_DEFAULT);
#endif
  const char* path = std::getenv("PATH");
  if (auto found = FindInPath(path == nullptr ? "" : path, "duckdb")) return *found;
  return Fail(Error(ErrorKind::kNotFound, "the duckdb program, which runs SQL steps, isn't there")
                  .Hint("`script/bootstrap` fetches it; LATECOMER_DUCKDB names another"));
}

Result<CommandWork> PrepareSql(const SqlWork& work, const std::string& folder, const SqlPrograms& programs,
                               table::Catalog& catalog) {
  SqlScript script;
  script.folder = folder;
  script.query = work.query;
  script.time_zone = work.time_zone;
  script.partition = work.partition;
  script.partition_columns = work.partition_columns;
  for (const SqlWork::SourceView& view : work.sources) {
    LATECOMER_ASSIGN_OR_RETURN(script.sources.emplace_back(), OpenSource(view, catalog));
  }
  const std::vector<RemoteInput> inputs = PlaceRemoteInputs(folder, script.sources);
  LATECOMER_ASSIGN_OR_RETURN(script.output_columns, OutputColumns(work.into, catalog));
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, MakeSqlScript(script));
  const std::string path = folder + "/" + std::string(kScriptFile);
  LATECOMER_RETURN_IF_ERROR(WriteFile(path, text));
  if (const std::string deleted = DeletedRows(script); !deleted.empty()) {
    LATECOMER_RETURN_IF_ERROR(WriteFile(folder + "/" + kSqlDeletedFile, deleted));
  }
  CommandWork command{.argv = {programs.duckdb, "-no-init", "-batch", "-bail", "-f", path}};
  if (inputs.empty()) return command;
  const std::string list = folder + "/" + kSqlInputList;
  LATECOMER_RETURN_IF_ERROR(WriteFile(list, InputListText(inputs, command.argv)));
  return CommandWork{.argv = {programs.latecomer, kFetchCommand, list}};
}

Result<table::WriteReport> CommitSql(const SqlWork& work, const std::string& folder, table::Catalog& catalog) {
  LATECOMER_ASSIGN_OR_RETURN(const std::shared_ptr<table::TableWriter> writer, catalog.OpenWriter(work.into));
  return writer->ReplacePartition({.key = work.partition,
                                   .parquet_file = folder + "/" + kSqlResultFile,
                                   .transaction = work.transaction,
                                   .partition_columns = work.partition_columns});
}

void RemoveSqlScratch(const std::string& folder) {
  std::error_code ignored;
  for (const char* name : {kSqlResultFile, kSqlDeletedFile, kSqlParseFile, kSqlSpillFolder, kSqlInputFolder}) {
    std::filesystem::remove_all(folder + "/" + name, ignored);
  }
}

std::string ExplainSqlFailure(const SqlWork& work, const std::string& folder, const std::string& output) {
  return DescribeSqlFailure({.output = output,
                             .parsed = ReadFileIfThere(folder + "/" + kSqlParseFile),
                             .query = work.query,
                             .query_file = work.query_file});
}

std::string DescribeWrite(const SqlWork& work, const table::WriteReport& report) {
  const std::string rows = std::to_string(report.rows) + (report.rows == 1 ? " row" : " rows");
  const std::string version = "version " + std::to_string(report.version.value);
  const std::string where = work.into + ", partition " + work.partition.Display();
  switch (report.outcome) {
    case table::WriteOutcome::kCommitted: return "wrote " + rows + " to " + where + ", as " + version;
    case table::WriteOutcome::kSameContent:
      return where + " held exactly these " + rows + " already; " + version + " records that they are up to date";
    case table::WriteOutcome::kRepeat: break;
  }
  return "this write had been committed before: " + rows + " in " + where + ", as " + version;
}

}  // namespace latecomer::executor
