#include "executor/job_facts.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/text.h"
#include "executor/spark_text.h"
#include "table/recorded_write.h"

namespace latecomer::executor {

using nlohmann::ordered_json;
using table::TableHistory;

namespace {

// A longer condition stands in the job file only: the system limits an argument to 128 KiB.
constexpr std::size_t kLongestSetting = 32 * 1024;
constexpr char kMetadataSetting[] = "spark.databricks.delta.commitInfo.userMetadata";

}  // namespace

std::string JobText(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

namespace {

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

Status CheckOwner(const JobWork& work, const table::RecordedWrite& recorded) {
  const std::string& owner = recorded.transaction.ledger_id;
  if (table::MayFollow(work.transaction, owner)) return {};
  return Fail(Error(ErrorKind::kConflict, "this partition was written for another ledger, " + Printable(owner) +
                                              ", in version " + std::to_string(recorded.version.value))
                  .In(work.into)
                  .Hint("run with the ledger that owns the output (--ledger); when that one is lost or no longer used, "
                        "`latecomer ledger rebuild PIPELINE --take-over`"));
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

std::string ValueOr(const JobWork& work, const std::string& name) {
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

Result<ordered_json> SourcesOf(const JobWork& work, table::Catalog& catalog) {
  ordered_json sources = ordered_json::object();
  for (const SqlWork::SourceView& view : work.sources) {
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(view.location));
    LATECOMER_ASSIGN_OR_RETURN(const std::string where, ConditionOf(view, *history));
    sources[view.name] = {{"table", SparkLocation(view.location)}, {"version", view.version.value}, {"where", where}};
  }
  return sources;
}

Result<ordered_json> OutputOf(const JobWork& work) {
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
                      {"user_metadata", JobText({{"latecomer", Provenance(work.transaction)}})}};
}

ordered_json IntervalOf(const JobWork& work) {
  if (ValueOr(work, "interval.start").empty()) return {};
  return {{"start", ValueOr(work, "interval.start")}, {"end", ValueOr(work, "interval.end")}};
}

}  // namespace

Status CheckMayWrite(const JobWork& work, table::Catalog& catalog) {
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
  LATECOMER_ASSIGN_OR_RETURN(const auto recorded, table::WriteBehind(*output, work.transaction.app_id));
  return recorded ? CheckOwner(work, *recorded) : Status{};
}

Result<ordered_json> JobFactsOf(const JobWork& work, table::Catalog& catalog) {
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

namespace {

bool IsSettingName(const std::string& name) {
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f' && c != '='; });
}

}  // namespace

void AddJobSettings(const JobWork& work, const ordered_json& job, const std::map<std::string, std::string>& own,
                    std::map<std::string, std::string>& settings) {
  const ordered_json& output = job.at("output");
  if (output.is_object()) settings[kMetadataSetting] = output.at("user_metadata").get<std::string>();
  for (const auto& [name, value] : own) settings[name] = value;
  const auto tell = [&](const std::string& name, std::string value) {
    if (IsSettingName(name) && value.size() <= kLongestSetting) settings["spark.latecomer." + name] = std::move(value);
  };
  for (const auto& [name, value] : work.values) tell(name, value);
  for (const auto& [name, source] : job.at("sources").items()) {
    tell("sources." + name + ".table", source.at("table").get<std::string>());
    tell("sources." + name + ".where", source.at("where").get<std::string>());
  }
  if (!output.is_object()) return;
  tell("into", output.at("table").get<std::string>());
  for (const char* name : {"replace_where", "txn_app_id"}) tell(name, output.at(name).get<std::string>());
  tell("txn_version", std::to_string(work.transaction.version));
}

std::map<std::string, std::string> OutputEnvironment(const ordered_json& job) {
  const ordered_json& output = job.at("output");
  if (!output.is_object()) return {};
  return {{"LATECOMER_INTO", output.at("table").get<std::string>()},
          {"LATECOMER_REPLACE_WHERE", output.at("replace_where").get<std::string>()},
          {"LATECOMER_TXN_APP_ID", output.at("txn_app_id").get<std::string>()},
          {"LATECOMER_TXN_VERSION", std::to_string(output.at("txn_version").get<std::int64_t>())}};
}

Result<std::optional<table::WriteReport>> FindJobWrite(const JobWork& work, table::Catalog& catalog) {
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
  LATECOMER_ASSIGN_OR_RETURN(const auto recorded, table::WriteBehind(*output, work.transaction.app_id));
  table::WriteReport report{.version = newest->recorded_at};
  if (!recorded) return std::optional(report);
  if (!table::SameWrite(recorded->transaction, work.transaction)) {
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

}  // namespace latecomer::executor
