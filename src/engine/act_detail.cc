#include "engine/act_detail.h"

namespace latecomer::engine {
namespace {

using nlohmann::ordered_json;

std::int64_t Millis(Instant at) {
  return at.time_since_epoch().count();
}

Instant TimeOf(const ordered_json& json) {
  return Instant(Duration(json.get<std::int64_t>()));
}

}  // namespace

ordered_json VectorJson(const VersionVector& vector) {
  ordered_json json = ordered_json::object();
  for (const auto& [source, version] : vector) json[source] = version.value;
  return json;
}

VersionVector VectorOf(const ordered_json& json) {
  VersionVector vector;
  for (const auto& [source, version] : json.items()) vector[source] = Version{version.get<std::int64_t>()};
  return vector;
}

ordered_json ProcessedJson(const ledger::ProcessedRecord& record) {
  return {{"versions", VectorJson(record.vector)},
          {"run_id", record.run_id},
          {"try", record.try_number},
          {"token", record.token},
          {"at", Millis(record.at)}};
}

ledger::ProcessedRecord ProcessedOf(const ordered_json& json) {
  ledger::ProcessedRecord record;
  record.vector = VectorOf(json.at("versions"));
  record.run_id = json.at("run_id").get<std::string>();
  record.try_number = json.at("try").get<int>();
  record.token = json.at("token").get<std::int64_t>();
  record.at = TimeOf(json.at("at"));
  return record;
}

ordered_json HoldJson(const ledger::HoldRecord& record) {
  return {{"reason", record.reason}, {"held_by", record.by}, {"at", Millis(record.at)}};
}

ledger::HoldRecord HoldOf(const ordered_json& json) {
  ledger::HoldRecord record;
  record.reason = json.at("reason").get<std::string>();
  record.by = json.at("held_by").get<std::string>();
  record.at = TimeOf(json.at("at"));
  return record;
}

ordered_json RunStateJson(const ledger::RunRecord& run) {
  ordered_json json{{"state", Name(run.state)}, {"message", run.message}, {"note", run.note}};
  json["ended"] = run.ended ? ordered_json(Millis(*run.ended)) : ordered_json();
  json["keep_versions"] = run.keep_vector ? VectorJson(*run.keep_vector) : ordered_json();
  json["keep_steps"] = ordered_json(run.keep_steps);
  return json;
}

Result<ledger::RunState> RunStateOf(const ordered_json& json, ledger::RunRecord& run) {
  run.message = json.at("message").get<std::string>();
  run.note = json.at("note").get<std::string>();
  run.ended = json.at("ended").is_null() ? std::nullopt : std::optional(TimeOf(json.at("ended")));
  run.keep_vector =
      json.at("keep_versions").is_null() ? std::nullopt : std::optional(VectorOf(json.at("keep_versions")));
  run.keep_steps = json.at("keep_steps").get<std::map<std::string, int>>();
  return ledger::ParseRunState(json.at("state").get<std::string>());
}

}  // namespace latecomer::engine
