// What happened: the pipeline's events, the audit log, and the live stream.
#include <charconv>

#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

// A client that missed more than this loads everything again; that is quicker.
constexpr int kMostResumed = 1000;

// A cursor that is the last item's number, when the page is full.
template <typename Record, typename NumberOf>
std::optional<std::string> NextAfter(const std::vector<Record>& records, int limit, const NumberOf& number) {
  if (records.size() < static_cast<std::size_t>(limit)) return std::nullopt;
  return std::to_string(number(records.back()));
}

std::optional<std::int64_t> ParseId(std::string_view text) {
  std::int64_t id = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (code != std::errc() || end != text.data() + text.size() || id < 0) return std::nullopt;
  return id;
}

std::string HelloText(const App& app, std::int64_t newest) {
  Json json;
  json["server"] = app.settings.instance;
  json["ledger"] = app.settings.ledger_id;
  json["newest"] = newest;
  Message hello;
  hello.event = "hello";
  hello.data = Dump(json);
  return "retry: 1000\n" + ToText(hello);
}

// Moves the client's last id, once it has everything up to here, without being an event of its own.
std::string UpToHere(std::int64_t newest) {
  return "id: " + std::to_string(newest) + "\n\n";
}

// What came between the client's last event and the moment it joined.
Result<std::string> MissedText(Call& call, std::string_view last_id, std::int64_t joined_at) {
  const std::string reset = ToText({.sequence = 0, .event = "reset", .pipelines = "", .data = "{}"});
  const auto last = ParseId(last_id);
  if (!last || *last > joined_at) return reset;
  LATECOMER_ASSIGN_OR_RETURN(const auto events, call.store.activity->EventsAfter(*last, kMostResumed + 1));
  if (events.size() > kMostResumed) return reset;
  const std::string only(call.request.Query("pipeline"));
  std::string text;
  for (const ledger::EventRecord& event : events) {
    if (event.sequence > joined_at || (!only.empty() && event.pipeline != only)) continue;
    text += ToText({.sequence = event.sequence, .event = "change", .pipelines = "", .data = Dump(EventJson(event))});
  }
  return text;
}

}  // namespace

Result<Response> ListEvents(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  QueryFields query(call.request);
  ledger::EventFilter filter{.pipeline = loaded.pipeline->id};
  filter.run_id = query.Text("run", 300);
  const std::string partition = query.Text("partition", 2000);
  filter.before = ParseCursor(query);
  filter.limit = static_cast<int>(query.Integer("limit", 1, 500, 100));
  if (auto problem = query.Problem()) return std::move(*problem);
  if (!partition.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, *loaded.pipeline));
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, ParseKey(*loaded.pipeline, *plan, partition));
    filter.partition = key.Canonical();
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto events, call.store.activity->Events(filter));
  Json items = Json::array();
  for (const ledger::EventRecord& event : events) items.push_back(EventJson(event));
  const auto next = NextAfter(events, filter.limit, [](const ledger::EventRecord& event) { return event.sequence; });
  return JsonResponse(Page(std::move(items), next));
}

Result<Response> ListAudit(Call& call) {
  QueryFields query(call.request);
  ledger::AuditFilter filter;
  filter.user = query.Text("user", 100);
  filter.action = query.Text("action", 100);
  filter.pipeline = query.Text("pipeline", 100);
  filter.run_id = query.Text("run", 300);
  filter.from = query.Time("from");
  filter.before_time = query.Time("to");
  filter.before = ParseCursor(query);
  filter.limit = static_cast<int>(query.Integer("limit", 1, 500, 100));
  if (auto problem = query.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const auto entries, call.store.accounts->Audit(filter));
  Json items = Json::array();
  for (const ledger::AuditRecord& entry : entries) {
    Json json;
    json["id"] = entry.id;
    json["at"] = TimeJson(entry.at);
    json["user"] = entry.user;
    json["role"] = entry.role;
    json["via"] = entry.via;
    json["action"] = entry.action;
    json["pipeline"] = entry.pipeline;
    json["run_id"] = entry.run_id;
    json["partition"] = entry.partition;
    json["outcome"] = entry.outcome;
    json["detail"] = entry.detail;
    json["undoable"] = !entry.undo.empty() && !entry.undone_by;
    json["undone_by"] = IntegerJson(entry.undone_by);
    items.push_back(std::move(json));
  }
  const auto next = NextAfter(entries, filter.limit, [](const ledger::AuditRecord& entry) { return entry.id; });
  return JsonResponse(Page(std::move(items), next));
}

Result<Response> StreamEvents(Call& call) {
  QueryFields query(call.request);
  const std::string pipeline = query.Text("pipeline", 100);
  std::string last_id = query.Text("last_event_id", 40);
  if (!call.request.Header("last-event-id").empty()) last_id = std::string(call.request.Header("last-event-id"));
  if (last_id.size() > 40) query.Wrong("Last-Event-ID", "is longer than 40 characters");
  if (auto problem = query.Problem()) return std::move(*problem);
  const EventHub::Joined joined = call.app.hub.Join(pipeline, call.who().key);
  std::string missed;
  if (!last_id.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(missed, MissedText(call, last_id, joined.sequence));
  }
  joined.stream->Begin(HelloText(call.app, joined.sequence) + missed + UpToHere(joined.sequence));
  Response response;
  response.content_type = "text/event-stream";
  response.stream = joined.stream;
  return std::move(response).With("Cache-Control", "no-store").With("X-Accel-Buffering", "no");
}

}  // namespace latecomer::server
