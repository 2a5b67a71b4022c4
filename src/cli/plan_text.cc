#include "cli/plan_text.h"

#include <nlohmann/json.hpp>

#include "lateness/plan_names.h"

namespace latecomer::cli {

using lateness::Decision;
using nlohmann::ordered_json;

Cell DecisionCell(const lateness::PlanEntry& entry) {
  switch (entry.decision) {
    case Decision::kProcess: return {entry.late ? "process (late)" : "process", Paint::kBold};
    case Decision::kUpToDate: return {"up to date", Paint::kGood};
    case Decision::kOpen: return {"open", Paint::kWarn};
    case Decision::kWaiting:
      return {lateness::MayBeReleased(entry) ? "waiting: " + entry.rule : "waiting", Paint::kMuted};
    case Decision::kHeld: return {"held: " + entry.rule, Paint::kWarn};
    case Decision::kFailed: return {"failed", Paint::kBad};
    case Decision::kIgnored: return {"not in schedule", Paint::kMuted};
  }
  return {"", Paint::kNone};
}

std::string LatenessText(const lateness::PlanEntry& entry) {
  if (!entry.late || !entry.lateness) return "-";
  return HumanDuration(*entry.lateness);
}

std::string VectorText(const VersionVector& vector) {
  std::string text;
  for (const auto& [source, version] : vector) {
    text += (text.empty() ? "" : ", ") + source + "@" + std::to_string(version.value);
  }
  return text;
}

namespace {

ordered_json Optional(const std::optional<std::int64_t>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

ordered_json LatenessJson(const std::optional<Duration>& lateness) {
  if (!lateness) return nullptr;
  return static_cast<double>(lateness->count()) / 1000.0;
}

}  // namespace

ordered_json ChangeJson(const lateness::Change& change, const std::optional<Interval>& interval) {
  ordered_json json;
  json["source"] = change.source;
  json["version"] = change.version.value;
  json["timestamp"] = FormatInstant(change.timestamp);
  json["operation"] = change.operation;
  json["partition"] = ordered_json::parse(change.source_partition.LogJson());
  json["files_added"] = change.counts.files_added;
  json["files_removed"] = change.counts.files_removed;
  json["rows_added"] = Optional(change.counts.rows_added);
  json["rows_removed"] = Optional(change.counts.rows_removed);
  json["deletion_vector_updates"] = change.counts.deletion_vector_updates;
  json["lateness_seconds"] =
      interval ? LatenessJson(std::optional<Duration>(change.timestamp - interval->end)) : ordered_json();
  json["assumed"] = change.assumed;
  json["note"] = change.note;
  return json;
}

ordered_json EntryJson(const lateness::PlanEntry& entry) {
  ordered_json json;
  json["partition"] = ordered_json::parse(entry.key.LogJson());
  json["interval_start"] = entry.interval ? ordered_json(FormatInstant(entry.interval->start)) : ordered_json();
  json["interval_end"] = entry.interval ? ordered_json(FormatInstant(entry.interval->end)) : ordered_json();
  json["decision"] = Name(entry.decision);
  json["kind"] = Name(entry.kind);
  json["late"] = entry.late;
  json["rule"] = entry.rule;
  json["reason"] = entry.reason;
  json["cause"] = entry.cause;
  json["lateness_seconds"] = LatenessJson(entry.lateness);
  json["rows"] = Optional(entry.rows);
  json["blocking_run"] = entry.blocking_run;
  json["changes"] = ordered_json::array();
  for (const lateness::Change& change : entry.changes) json["changes"].push_back(ChangeJson(change, entry.interval));
  return json;
}

}  // namespace latecomer::cli
