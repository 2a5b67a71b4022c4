// How late a source's data comes.
#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

using lateness::Arrival;

Json Seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}

Json TotalJson(const lateness::ArrivalTotal& total) {
  Json json;
  json["changes"] = total.changes;
  json["rows"] = total.rows;
  json["unknown_changes"] = total.unknown_changes;
  json["estimate"] = total.estimate;
  return json;
}

Json ArrivalsJson(const lateness::Arrivals& arrivals) {
  constexpr std::pair<const char*, Arrival> kNames[] = {
      {"on_time", Arrival::kOnTime},           {"first_delivery", Arrival::kFirstDelivery},
      {"initial_load", Arrival::kInitialLoad}, {"late", Arrival::kLate},
      {"rewrite", Arrival::kRewrite},          {"no_interval", Arrival::kNoInterval}};
  Json json;
  for (const auto& [name, arrival] : kNames) json[name] = TotalJson(arrivals.total(arrival));
  return json;
}

Json GroupsJson(const std::vector<lateness::Group>& groups) {
  Json list = Json::array();
  for (const lateness::Group& group : groups) {
    const auto share = group.LateShare();
    list.push_back({{"start", FormatLocal(group.start)},
                    {"late_share", share ? Json(*share) : Json()},
                    {"late_changes", group.late_changes},
                    {"late_rows", group.late_rows},
                    {"arrived_rows", group.arrived_rows},
                    {"max_lateness_seconds", Seconds(group.max_lateness)}});
  }
  return list;
}

Json ReportJson(const lateness::LatenessReport& report) {
  Json json;
  json["late"] = TotalJson(report.late);
  json["late_intervals"] = report.late_intervals;
  json["by_rows"] = report.by_rows;
  json["share"] = report.share;
  const lateness::Percentiles& at = report.percentiles;
  json["percentiles"] = {{"p50", Seconds(at.p50)},
                         {"p90", Seconds(at.p90)},
                         {"p95", Seconds(at.p95)},
                         {"p99", Seconds(at.p99)},
                         {"max", Seconds(at.max)}};
  json["histogram"] = Json::array();
  for (const lateness::Bucket& bucket : report.histogram) {
    json["histogram"].push_back(
        {{"up_to_seconds", SecondsJson(bucket.up_to)}, {"changes", bucket.changes}, {"rows", bucket.rows}});
  }
  json["by_interval"] = GroupsJson(report.by_interval);
  json["by_month"] = GroupsJson(report.by_month);
  json["lookback"] = Json::array();
  for (const lateness::LookbackRow& row : report.lookback) {
    json["lookback"].push_back({{"n", row.n},
                                {"missed_changes", row.missed_changes},
                                {"missed_rows", row.missed_rows},
                                {"processed_again", row.processed_again},
                                {"for_nothing", row.for_nothing}});
  }
  json["suggestion"] = report.suggestion;
  return json;
}

}  // namespace

Result<Response> GetLateness(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  const pipeline::Pipeline& pipeline = *loaded.pipeline;
  QueryFields query(call.request);
  const std::string name = query.Text("source", 100);
  const pipeline::Source* source = name.empty() ? &pipeline::ShapeOf(pipeline) : nullptr;
  Json sources = Json::array();
  for (const pipeline::Source& one : pipeline.sources) {
    if (!lateness::GoesByTime(one.mapping)) continue;
    sources.push_back(one.name);
    if (one.name == name) source = &one;
  }
  if (source == nullptr) query.Wrong("source", "is none of the pipeline's that go by time");
  if (auto problem = query.Problem()) return std::move(*problem);
  std::optional<ledger::TableRecord> table;
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(table, reader.FindTable(source->location));
    return {};
  }));
  if (!table) return Fail(ErrorKind::kNotFound, "the table of source " + source->name + " was not looked at yet");
  LATECOMER_ASSIGN_OR_RETURN(
      const auto view, call.app.lateness.Of(call.app.catalog, *source, pipeline.definition_hash, table->seen.version));
  Json json;
  json["source"] = source->name;
  json["sources"] = std::move(sources);
  json["commits"] = view->arrivals.commits;
  json["arrivals"] = ArrivalsJson(view->arrivals);
  json.update(ReportJson(view->report));
  return JsonResponse(json);
}

}  // namespace latecomer::server
