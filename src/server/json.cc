#include "server/json.h"

#include <algorithm>

#include "base/text.h"
#include "lateness/plan_names.h"

namespace latecomer::server {

using lateness::Decision;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Response JsonResponse(const Json& json, int status) {
  Response response;
  response.status = status;
  response.body = Dump(json);
  return response;
}

Json TimeJson(Instant at) {
  return FormatInstant(at);
}
Json TimeJson(const std::optional<Instant>& at) {
  return at ? Json(FormatInstant(*at)) : Json();
}
Json SecondsJson(const std::optional<Duration>& duration) {
  return duration ? Json(static_cast<double>(duration->count()) / 1000.0) : Json();
}
Json IntegerJson(const std::optional<std::int64_t>& number) {
  return number ? Json(*number) : Json();
}
Json TextOrNull(std::string_view text) {
  return text.empty() ? Json() : Json(std::string(text));
}
Json VectorJson(const VersionVector& vector) {
  Json json = Json::object();
  for (const auto& [source, version] : vector) json[source] = version.value;
  return json;
}

Json ValuesOf(std::string_view canonical) {
  Json values = Json::parse(canonical, nullptr, false);
  return values.is_object() ? values : Json::object();
}

std::string KeyOf(std::string_view canonical) {
  std::string key;
  const Json values = ValuesOf(canonical);  // items() refers to it
  for (const auto& [name, value] : values.items()) {
    key += (key.empty() ? "" : "/") + PercentEncode(name) + "=";
    key += value.is_string() ? PercentEncode(value.get_ref<const std::string&>(), ":") : "__HIVE_DEFAULT_PARTITION__";
  }
  return key;
}

std::string DisplayOf(std::string_view canonical) {
  std::string text;
  const Json values = ValuesOf(canonical);
  for (const auto& [name, value] : values.items()) {
    text += text.empty() ? "" : "-";
    text += value.is_string() ? value.get<std::string>() : "null";
  }
  return text;
}

std::string_view StateName(const lateness::PlanEntry& entry) {
  switch (entry.decision) {
    case Decision::kUpToDate: return "complete";
    case Decision::kProcess:
    case Decision::kWaiting: return entry.late ? "late" : "never";
    case Decision::kOpen: return "processing";
    case Decision::kHeld: return "held";
    case Decision::kFailed: return "failed";
    case Decision::kIgnored: return "ignored";
  }
  return "ignored";
}

Json RunRefJson(const ledger::RunRecord& run) {
  Json json;
  json["pipeline"] = run.pipeline;
  json["run_id"] = run.run_id;
  json["partition"] = run.partition_display;
  json["partition_key"] = KeyOf(run.partition);
  json["kind"] = Name(run.kind);
  json["state"] = Name(run.state);
  json["waiting_for"] = run.waiting_for;
  json["message"] = run.message;
  json["created"] = TimeJson(run.created);
  json["started"] = TimeJson(run.started);
  json["ended"] = TimeJson(run.ended);
  return json;
}

Json ChangeJson(const lateness::Change& change, const std::optional<Interval>& interval) {
  Json json;
  json["source"] = change.source;
  json["version"] = change.version.value;
  json["timestamp"] = TimeJson(change.timestamp);
  json["operation"] = change.operation;
  json["partition"] = ValuesOf(change.source_partition.LogJson());
  json["files_added"] = change.counts.files_added;
  json["files_removed"] = change.counts.files_removed;
  json["rows_added"] = IntegerJson(change.counts.rows_added);
  json["rows_removed"] = IntegerJson(change.counts.rows_removed);
  json["deletion_vector_updates"] = change.counts.deletion_vector_updates;
  json["lateness_seconds"] = interval ? SecondsJson(std::optional<Duration>(change.timestamp - interval->end)) : Json();
  json["assumed"] = change.assumed;
  json["note"] = change.note;
  return json;
}

Json EntryJson(const lateness::PlanEntry& entry) {
  const std::string canonical = entry.key.Canonical();
  Json json;
  json["key"] = KeyOf(canonical);
  json["partition"] = DisplayOf(canonical);
  json["values"] = ValuesOf(entry.key.LogJson());
  json["interval_start"] = entry.interval ? TimeJson(entry.interval->start) : Json();
  json["interval_end"] = entry.interval ? TimeJson(entry.interval->end) : Json();
  json["decision"] = Name(entry.decision);
  json["kind"] = Name(entry.kind);
  json["late"] = entry.late;
  json["rule"] = entry.rule;
  json["releasable"] = lateness::MayBeReleased(entry);
  json["reason"] = entry.reason;
  json["cause"] = entry.cause;
  json["lateness_seconds"] = SecondsJson(entry.lateness);
  json["rows"] = IntegerJson(entry.rows);
  json["blocking_run"] = TextOrNull(entry.blocking_run);
  json["changes"] = Json::array();
  for (const lateness::Change& change : entry.changes) json["changes"].push_back(ChangeJson(change, entry.interval));
  return json;
}

Json EventJson(const ledger::EventRecord& event) {
  Json json;
  json["sequence"] = event.sequence;
  json["at"] = TimeJson(event.at);
  json["pipeline"] = event.pipeline;
  json["partition"] = DisplayOf(event.partition);
  json["partition_key"] = KeyOf(event.partition);
  json["run_id"] = event.run_id;
  json["what"] = event.what;
  Json detail = Json::parse(event.detail, nullptr, false);
  json["detail"] = detail.is_object() ? std::move(detail) : Json::object();
  return json;
}

Json RunSecondsJson(const ledger::RunRecord& run, Instant now) {
  if (!run.started) return nullptr;
  if (!run.ended && run.state != ledger::RunState::kRunning) return nullptr;
  return SecondsJson(std::optional<Duration>(std::max(Duration(0), run.ended.value_or(now) - *run.started)));
}

std::string CauseText(const ledger::RunRecord& run) {
  constexpr std::string_view kLookback = "lookback:";
  if (run.kind == ledger::RunKind::kManual) return "a person asked for it";
  if (run.kind == ledger::RunKind::kScheduled) return "its interval was due";
  if (run.cause.starts_with(kLookback)) return "the look-back of " + run.cause.substr(kLookback.size());
  return "late data: " + run.cause;
}

Json Page(Json items, const std::optional<std::string>& next_cursor) {
  Json json;
  json["items"] = std::move(items);
  json["next_cursor"] = next_cursor ? Json(*next_cursor) : Json();
  return json;
}

}  // namespace latecomer::server
