#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <utility>
#include <vector>

#include "server/app.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

using Labels = std::vector<prometheus::ClientMetric::Label>;

const prometheus::Histogram::BucketBoundaries kRunSeconds{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400};
const prometheus::Histogram::BucketBoundaries kRequestSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                              0.1,   0.25,   0.5,   1,    2.5,   10};

double Seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}

// Gauges of one name.
class Gauges {
 public:
  Gauges(const char* name, const char* help) {
    family_.name = name;
    family_.help = help;
    family_.type = prometheus::MetricType::Gauge;
  }
  void Add(Labels labels, double value) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    family_.metric.push_back(std::move(metric));
  }
  void MoveTo(std::vector<prometheus::MetricFamily>& families) {
    if (!family_.metric.empty()) families.push_back(std::move(family_));
  }

 private:
  prometheus::MetricFamily family_;
};

Status AddPipelines(App& app, Store& store, std::vector<prometheus::MetricFamily>& families) {
  Gauges late("latecomer_late_partitions", "Late partitions that wait or are processed");
  Gauges held("latecomer_held_partitions", "Partitions whose changes a rule or a person holds");
  Gauges failed("latecomer_failed_partitions", "Partitions whose run failed");
  Gauges waiting("latecomer_oldest_waiting_seconds", "Since the oldest unprocessed late change that isn't held came");
  Gauges behind("latecomer_versions_behind", "Data-changing commits that some partition was not built from");
  Gauges broken("latecomer_pipeline_broken", "1 when the pipeline's file or tables can't be read");
  const Instant now = app.clock.Now();
  const auto fleet = app.fleet.View();
  for (const auto& [id, loaded] : fleet->pipelines) {
    const Labels labels{{"pipeline", id}};
    broken.Add(labels, loaded.file_problem || !loaded.trouble.empty() ? 1 : 0);
    LATECOMER_ASSIGN_OR_RETURN(const auto plan, app.plans.Of(store, *fleet, *loaded.pipeline, now, Scope::kOpen));
    if (!plan->known) continue;
    const Backlog backlog = BacklogOf(*plan, now);
    late.Add(labels, static_cast<double>(plan->late));
    held.Add(labels, static_cast<double>(plan->held));
    failed.Add(labels, static_cast<double>(plan->failed));
    waiting.Add(labels, Seconds(backlog.oldest_waiting.value_or(Duration(0))));
    behind.Add(labels, static_cast<double>(backlog.versions_behind));
  }
  for (Gauges* gauges : {&late, &held, &failed, &waiting, &behind, &broken}) gauges->MoveTo(families);
  return {};
}

Status AddRuns(Store& store, std::vector<prometheus::MetricFamily>& families) {
  Gauges runs("latecomer_runs", "Runs in the ledger by pipeline, kind and state");
  LATECOMER_ASSIGN_OR_RETURN(const auto counts, store.activity->RunCounts());
  for (const ledger::RunCount& count : counts) {
    runs.Add({{"pipeline", count.pipeline},
              {"kind", std::string(Name(count.kind))},
              {"state", std::string(Name(count.state))}},
             static_cast<double>(count.runs));
  }
  runs.MoveTo(families);
  return {};
}

Status AddTables(Store& store, std::vector<prometheus::MetricFamily>& families) {
  Gauges lag("latecomer_detection_lag_seconds", "From the newest commit's time until it was seen");
  Gauges seen("latecomer_seen_version", "The newest version that was seen of a source table");
  LATECOMER_ASSIGN_OR_RETURN(const auto tables, store.activity->SeenVersions());
  for (const auto& [location, version] : tables) {
    const Labels labels{{"table", location}};
    seen.Add(labels, static_cast<double>(version.value));
    LATECOMER_ASSIGN_OR_RETURN(const auto commits, store.activity->CommitsBefore(location, std::nullopt, 1));
    std::optional<ledger::TableRecord> table;
    LATECOMER_RETURN_IF_ERROR(store.ledger->Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(table, reader.FindTable(location));
      return {};
    }));
    if (commits.empty() || !table) continue;
    lag.Add(labels, Seconds(std::max(Duration(0), table->observed_at - commits.front().timestamp)));
  }
  seen.MoveTo(families);
  lag.MoveTo(families);
  return {};
}

}  // namespace

struct Counters::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                          .Name("latecomer_http_requests_total")
                                                          .Help("Requests that were answered")
                                                          .Register(registry);
  prometheus::Histogram& request_seconds = prometheus::BuildHistogram()
                                               .Name("latecomer_http_request_seconds")
                                               .Help("Time from a request's end to its answer")
                                               .Register(registry)
                                               .Add({}, kRequestSeconds);
  prometheus::Family<prometheus::Histogram>& run_seconds =
      prometheus::BuildHistogram()
          .Name("latecomer_run_seconds")
          .Help("Duration of the newest try of runs that ended here")
          .Register(registry);
};

Counters::Counters() : impl_(std::make_unique<Impl>()) {}
Counters::~Counters() = default;

void Counters::RequestDone(std::string_view method, int status, Duration took) {
  impl_->requests.Add({{"method", std::string(method)}, {"status", std::to_string(status)}}).Increment();
  impl_->request_seconds.Observe(Seconds(took));
}

void Counters::RunEnded(const ledger::RunRecord& run) {
  if (!run.started || !run.ended) return;
  const std::map<std::string, std::string> labels{
      {"pipeline", run.pipeline}, {"kind", std::string(Name(run.kind))}, {"state", std::string(Name(run.state))}};
  impl_->run_seconds.Add(labels, kRunSeconds).Observe(Seconds(*run.ended - *run.started));
}

Result<std::string> MetricsText(App& app, Store& store) {
  std::vector<prometheus::MetricFamily> families = app.counters.impl_->registry.Collect();
  std::erase_if(families, [](const prometheus::MetricFamily& family) { return family.metric.empty(); });
  Gauges build("latecomer_build_info", "Always 1; its label tells the version");
  build.Add({{"version", LATECOMER_VERSION}}, 1);
  build.MoveTo(families);
  Gauges watchers("latecomer_event_streams", "Live event streams");
  watchers.Add({}, static_cast<double>(app.hub.Watchers()));
  watchers.MoveTo(families);
  LATECOMER_RETURN_IF_ERROR(AddPipelines(app, store, families));
  LATECOMER_RETURN_IF_ERROR(AddRuns(store, families));
  LATECOMER_RETURN_IF_ERROR(AddTables(store, families));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace latecomer::server
