// What outside workers are told, in the one shape that the command line and the API share (docs/formats/cli-json.md).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/outside_claims.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

nlohmann::ordered_json ClaimsJson(const pipeline::Pipeline& pipeline, const OutsideClaims& found);  // a list
nlohmann::ordered_json RenewedJson(const Ticket& ticket, Instant expires);
nlohmann::ordered_json ReportedJson(const Ticket& ticket, const Reported& reported);

}  // namespace latecomer::engine
