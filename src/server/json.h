// The API's JSON: pieces that several answers have. Shapes stand in openapi.yaml.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "lateness/plan.h"
#include "ledger/records.h"
#include "server/http.h"

namespace latecomer::server {

using Json = nlohmann::ordered_json;

// Bytes that are no UTF-8 become U+FFFD.
std::string Dump(const Json& json);
Response JsonResponse(const Json& json, int status = 200);

Json TimeJson(Instant at);
Json TimeJson(const std::optional<Instant>& at);
Json SecondsJson(const std::optional<Duration>& duration);
Json IntegerJson(const std::optional<std::int64_t>& number);
Json TextOrNull(std::string_view text);  // null when empty
Json VectorJson(const VersionVector& vector);

// From a canonical partition key (JSON text): "event_time=2024-01-01", what people call it, its values.
std::string KeyOf(std::string_view canonical);
std::string DisplayOf(std::string_view canonical);
Json ValuesOf(std::string_view canonical);

// The partition's state, in the API's words.
std::string_view StateName(const lateness::PlanEntry& entry);

Json RunRefJson(const ledger::RunRecord& run);
Json ChangeJson(const lateness::Change& change, const std::optional<Interval>& interval);
Json EntryJson(const lateness::PlanEntry& entry);
Json EventJson(const ledger::EventRecord& event);
// Of the newest try: up to `now` while it runs.
Json RunSecondsJson(const ledger::RunRecord& run, Instant now);
// "its interval", "late data: devices version 3": why a run exists, in a few words.
std::string CauseText(const ledger::RunRecord& run);

// A list's page: `items` under "items", and the cursor.
Json Page(Json items, const std::optional<std::string>& next_cursor);

}  // namespace latecomer::server
