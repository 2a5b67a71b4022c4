#include "engine/outside_json.h"

#include <nlohmann/json.hpp>

#include "lateness/key_interval.h"

namespace latecomer::engine {

using nlohmann::ordered_json;

namespace {

ordered_json SourcesJson(const pipeline::Pipeline& pipeline, const OutsideClaim& claim) {
  ordered_json sources = ordered_json::object();
  for (const pipeline::Source& source : pipeline.sources) {
    const auto pinned = claim.attempt.vector.find(source.name);
    sources[source.name] = {
        {"table", source.location},
        {"version", pinned == claim.attempt.vector.end() ? ordered_json() : ordered_json(pinned->second.value)}};
  }
  return sources;
}

ordered_json ClaimJson(const pipeline::Pipeline& pipeline, const OutsideClaim& claim) {
  const auto interval = lateness::IntervalOfKey(claim.key, pipeline.output.partition, pipeline.rules.calendar);
  ordered_json json;
  json["pipeline"] = pipeline.id;
  json["run_id"] = claim.run.run_id;
  json["kind"] = std::string(Name(claim.run.kind));
  json["partition"] = ordered_json::parse(claim.key.LogJson());
  json["interval_start"] = interval ? ordered_json(FormatInstant(interval->start)) : ordered_json();
  json["interval_end"] = interval ? ordered_json(FormatInstant(interval->end)) : ordered_json();
  json["try_number"] = claim.attempt.number;
  json["token"] = claim.attempt.token;
  json["lease_expires"] = FormatInstant(claim.expires);
  json["sources"] = SourcesJson(pipeline, claim);
  json["steps"] = claim.steps;
  json["outputs"] = ordered_json::array();
  for (const OutsideOutput& output : OutputsOf(pipeline, claim)) {
    json["outputs"].push_back({{"step", output.step},
                               {"table", output.location},
                               {"txn_app_id", output.txn_app_id},
                               {"txn_version", claim.attempt.token}});
  }
  return json;
}

}  // namespace

ordered_json ClaimsJson(const pipeline::Pipeline& pipeline, const OutsideClaims& found) {
  ordered_json list = ordered_json::array();
  for (const OutsideClaim& claim : found.claims) list.push_back(ClaimJson(pipeline, claim));
  return list;
}

ordered_json RenewedJson(const Ticket& ticket, Instant expires) {
  return {{"run_id", ticket.run}, {"token", ticket.token}, {"lease_expires", FormatInstant(expires)}};
}

ordered_json ReportedJson(const Ticket& ticket, const Reported& reported) {
  return {{"run_id", reported.run.run_id},
          {"token", ticket.token},
          {"state", std::string(Name(reported.run.state))},
          {"repeated", reported.repeated},
          {"note", reported.note}};
}

}  // namespace latecomer::engine
