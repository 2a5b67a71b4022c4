#include "delta/commit_writer.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "delta/log_path.h"

namespace latecomer::delta {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMostPuts = 5;
// Left as they are in add.path; '%' and what a URI can't hold is encoded.
constexpr std::string_view kPathCharacters = "/=!$&'()*+,;@";

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::int64_t Millis(Instant at) {
  return at.time_since_epoch().count();
}

Json PartitionValues(const table::PartitionKey& key) {
  Json values = Json::object();
  for (std::size_t i = 0; i < key.size(); ++i) {
    values[key.name(i)] = key.value(i).IsNull() ? Json() : Json(key.value(i).text());
  }
  return values;
}

// Spark writes every parameter and metric as text.
Json Parameters(const CommitContent& content) {
  Json parameters = Json::object();
  parameters["mode"] = content.mode == WriteMode::kAppend ? "Append" : "Overwrite";
  parameters["partitionBy"] = Dump(Json(content.partition_by));
  if (content.replaced && !content.replaced->Empty()) {
    Json predicates = Json::array();
    for (std::size_t i = 0; i < content.replaced->size(); ++i) {
      const auto& value = content.replaced->value(i);
      predicates.push_back(content.replaced->name(i) + (value.IsNull() ? " IS NULL" : " = '" + value.text() + "'"));
    }
    parameters["predicate"] = Dump(predicates);
  }
  return parameters;
}

Json Metrics(const CommitContent& content) {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  for (const NewFile& file : content.added) {
    rows += file.rows;
    bytes += file.size_bytes;
  }
  Json metrics = Json::object();
  metrics["numFiles"] = std::to_string(content.added.size());
  metrics["numOutputRows"] = std::to_string(rows);
  metrics["numOutputBytes"] = std::to_string(bytes);
  if (content.mode == WriteMode::kOverwrite) {
    std::int64_t removed_bytes = 0;
    for (const RemovedFile& file : content.removed) removed_bytes += file.size_bytes;
    metrics["numRemovedFiles"] = std::to_string(content.removed.size());
    metrics["numRemovedBytes"] = std::to_string(removed_bytes);
  }
  return metrics;
}

Json CommitInfoJson(const CommitContent& content) {
  Json info = Json::object();
  if (content.in_commit_timestamp_ms) info["inCommitTimestamp"] = *content.in_commit_timestamp_ms;
  info["timestamp"] = content.in_commit_timestamp_ms.value_or(Millis(content.now));
  info["operation"] = "WRITE";
  info["operationParameters"] = Parameters(content);
  if (content.read_version) info["readVersion"] = content.read_version->value;
  info["isolationLevel"] = "Serializable";
  info["isBlindAppend"] = content.mode == WriteMode::kAppend;
  info["operationMetrics"] = Metrics(content);
  info["engineInfo"] = "latecomer/" LATECOMER_VERSION;
  info["txnId"] = content.transaction_id;
  if (content.transaction) {
    Json vector = Json::object();
    for (const auto& [source, version] : content.transaction->vector) vector[source] = version;
    info["latecomer"] = {{"ledgerId", content.transaction->ledger_id},
                         {"runId", content.transaction->run_id},
                         {"try", content.transaction->try_number},
                         {"vector", std::move(vector)}};
  }
  return Json{{"commitInfo", std::move(info)}};
}

void AppendCreation(const CommitContent& content, std::string& text) {
  Json protocol = {{"minReaderVersion", 1}, {"minWriterVersion", 2}};
  if (content.create->local_times) {
    protocol = {{"minReaderVersion", 3},
                {"minWriterVersion", 7},
                {"readerFeatures", {"timestampNtz"}},
                {"writerFeatures", {"timestampNtz"}}};
  }
  text += Dump(Json{{"protocol", std::move(protocol)}}) + '\n';
  Json metadata = {{"id", content.create->id},
                   {"format", {{"provider", "parquet"}, {"options", Json::object()}}},
                   {"schemaString", content.create->schema_json},
                   {"partitionColumns", content.create->partition_columns},
                   {"configuration", Json::object()},
                   {"createdTime", Millis(content.now)}};
  text += Dump(Json{{"metaData", std::move(metadata)}}) + '\n';
}

Json RemoveJson(const RemovedFile& file, Instant now) {
  Json remove = {
      {"path", file.path}, {"deletionTimestamp", Millis(now)}, {"dataChange", true}, {"extendedFileMetadata", true}};
  remove["partitionValues"] = Json::parse(file.partition_values_json, nullptr, false);
  if (!remove["partitionValues"].is_object()) remove["partitionValues"] = Json::object();
  remove["size"] = file.size_bytes;
  if (file.vector) {
    Json vector = {{"storageType", file.vector->storage_type}, {"pathOrInlineDv", file.vector->path_or_inline}};
    if (file.vector->offset) vector["offset"] = *file.vector->offset;
    vector["sizeInBytes"] = file.vector->size_bytes;
    vector["cardinality"] = file.vector->cardinality;
    remove["deletionVector"] = std::move(vector);
  }
  return Json{{"remove", std::move(remove)}};
}

Json AddJson(const NewFile& file, Instant now) {
  Json add = {{"path", PercentEncode(file.key, kPathCharacters)},
              {"partitionValues", PartitionValues(file.partition)},
              {"size", file.size_bytes},
              {"modificationTime", Millis(now)},
              {"dataChange", true},
              {"stats", file.stats_json}};
  if (!file.tags.empty()) add["tags"] = file.tags;
  return Json{{"add", std::move(add)}};
}

bool IsOurs(const std::string& text, const std::string& transaction_id) {
  return text.find("\"txnId\":\"" + transaction_id + "\"") != std::string::npos;
}

}  // namespace

std::string CommitText(const CommitContent& content) {
  std::string text = Dump(CommitInfoJson(content)) + '\n';
  if (content.create) AppendCreation(content, text);
  if (content.transaction) {
    text += Dump(Json{{"txn",
                       {{"appId", content.transaction->app_id},
                        {"version", content.transaction->version},
                        {"lastUpdated", Millis(content.now)}}}}) +
            '\n';
  }
  for (const RemovedFile& file : content.removed) text += Dump(RemoveJson(file, content.now)) + '\n';
  for (const NewFile& file : content.added) text += Dump(AddJson(file, content.now)) + '\n';
  return text;
}

Result<PutCommitOutcome> PutCommit(storage::ObjectStore& store, Version version, const std::string& text,
                                   const std::string& transaction_id) {
  const std::string key = CommitKey(version);
  Error problem;
  for (int i = 0; i < kMostPuts; ++i) {
    const auto put = store.PutIfAbsent(key, text);
    if (put && *put == storage::PutOutcome::kCreated) return PutCommitOutcome::kCommitted;
    // What is there may be ours: from an earlier put of this loop, or one that the store tried again by itself.
    problem = put ? Error(ErrorKind::kConflict, "a commit was there and is gone") : put.error();
    const auto there = store.Read(key);
    if (there) return IsOurs(*there, transaction_id) ? PutCommitOutcome::kCommitted : PutCommitOutcome::kTaken;
    if (there.error().kind != ErrorKind::kNotFound) {
      return Fail(Error(ErrorKind::kUnknownOutcome, "whether version " + std::to_string(version.value) +
                                                        " was committed isn't known: " + problem.ToString() +
                                                        "; then: " + there.error().ToString())
                      .In(store.location())
                      .Hint("look for it with `latecomer changes` before writing again"));
    }
    if (problem.kind != ErrorKind::kUnknownOutcome) return Fail(std::move(problem));
  }
  return Fail(std::move(problem));
}

}  // namespace latecomer::delta
