// latecomer validate: is a pipeline file right, and what does it mean with its defaults filled in.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/mapping_text.h"
#include "cli/pipeline_set.h"
#include "pipeline/cascade.h"
#include "pipeline/pipeline.h"

namespace latecomer::cli {
namespace {

using nlohmann::ordered_json;
using pipeline::Pipeline;
using pipeline::Step;

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string DetectName(lateness::Detect detect) {
  switch (detect) {
    case lateness::Detect::kChanges: return "changes";
    case lateness::Detect::kLookback: return "lookback";
    case lateness::Detect::kOff: return "off";
  }
  return "off";
}

std::string OrderName(lateness::Order order) {
  switch (order) {
    case lateness::Order::kOldestFirst: return "oldest_first";
    case lateness::Order::kNewestFirst: return "newest_first";
    case lateness::Order::kMostRows: return "most_rows";
  }
  return "oldest_first";
}

std::string ReadyText(const lateness::Ready& ready) {
  switch (ready.kind) {
    case lateness::Ready::Kind::kManual: return "manual";
    case lateness::Ready::Kind::kDelay: return "delay " + FormatDuration(ready.delay);
    case lateness::Ready::Kind::kCron: return "at " + ready.cron->text();
    case lateness::Ready::Kind::kNextPartition:
      return ready.at_latest ? "next_partition, at latest " + FormatDuration(*ready.at_latest) : "next_partition";
  }
  return "manual";
}

ordered_json DateJson(const std::optional<LocalTime>& date) {
  return date ? ordered_json(FormatLocal(*date)) : ordered_json();
}

ordered_json SpanJson(const std::optional<Duration>& span) {
  return span ? ordered_json(FormatDuration(*span)) : ordered_json();
}

ordered_json ScheduleJson(const Pipeline& pipeline) {
  const lateness::Rules& rules = pipeline.rules;
  const lateness::Ready& ready = rules.ready;
  using Kind = lateness::Ready::Kind;
  ordered_json json;
  json["start"] = DateJson(rules.start);
  json["end"] = DateJson(rules.end);
  json["ready"] = ready.kind == Kind::kManual  ? "manual"
                  : ready.kind == Kind::kDelay ? "delay"
                  : ready.kind == Kind::kCron  ? "cron"
                                               : "next_partition";
  json["at_latest"] = SpanJson(ready.at_latest);
  json["delay"] = ready.kind == Kind::kDelay ? SpanJson(ready.delay) : ordered_json();
  json["cron"] = ready.cron ? ordered_json(ready.cron->text()) : ordered_json();
  json["empty_partitions"] = rules.empty_partitions == lateness::EmptyPartitions::kRun ? "run" : "skip";
  json["max_active_runs"] = pipeline.max_active_runs;
  json["depends_on_past"] = pipeline.depends_on_past;
  json["catch_up"] = rules.catch_up;
  json["wait_for_upstream"] = pipeline.wait_for_upstream;
  json["workers"] = pipeline.workers == pipeline::Workers::kOutside ? "outside" : "own";
  return json;
}

ordered_json LateDataJson(const Pipeline& pipeline) {
  const lateness::Rules& rules = pipeline.rules;
  ordered_json json;
  json["detect"] = DetectName(rules.detect);
  json["lookback"] = rules.lookback;
  json["allowed_lateness"] = SpanJson(rules.allowed_lateness);
  json["frozen_before"] = DateJson(rules.frozen_before);
  json["settle"] = {{"quiet", SpanJson(rules.settle_quiet)}, {"at_most", SpanJson(rules.settle_at_most)}};
  json["min_rows"] = rules.min_rows;
  json["emptied"] = rules.emptied == lateness::HoldOrProcess::kHold ? "hold" : "process";
  json["no_interval"] = rules.no_interval == lateness::HoldOrProcess::kHold ? "hold" : "process";
  json["retry_failed_after"] = SpanJson(rules.retry_failed_after);
  json["propagate"] = rules.propagate == lateness::Propagate::kFollowing ? "following" : "none";
  json["max_backfills"] = rules.max_backfills;
  json["concurrency"] = pipeline.concurrency;
  json["order"] = OrderName(rules.order);
  json["max_wait"] = FormatDuration(pipeline.max_wait);
  return json;
}

ordered_json StepJson(const Step& step) {
  ordered_json json;
  json["id"] = step.id;
  const std::string* into = pipeline::DeclaredOutput(step);
  json["kind"] = pipeline::KindOf(step);
  json["into"] = into != nullptr ? ordered_json(*into) : ordered_json();
  json["needs"] = step.needs;
  json["retries"] = step.retries;
  json["retry_delay"] = FormatDuration(step.retry_delay);
  json["timeout"] = SpanJson(step.timeout);
  return json;
}

ordered_json PipelineJson(const Pipeline& pipeline, const std::vector<pipeline::Warning>& warnings) {
  ordered_json json;
  json["pipeline"] = pipeline.name;
  json["id"] = pipeline.id;
  json["file"] = pipeline.file;
  json["definition_hash"] = pipeline.definition_hash;
  json["sources"] = ordered_json::array();
  for (const pipeline::Source& source : pipeline.sources) {
    json["sources"].push_back({{"name", source.name},
                               {"location", source.location},
                               {"partition", source.partition.columns},
                               {"format", source.partition.format},
                               {"cadence", FormatCadence(source.cadence)},
                               {"time_zone", source.time_zone.name()},
                               {"watch_every", SpanJson(source.watch_every)},
                               {"mapping", MappingJson(source)},
                               {"example", MappingExampleJson(pipeline, source)}});
  }
  json["output"] = {{"partition", pipeline.output.columns},
                    {"cadence", FormatCadence(pipeline.output.cadence)},
                    {"time_zone", pipeline.output.time_zone.name()}};
  json["schedule"] = ScheduleJson(pipeline);
  json["steps"] = ordered_json::array();
  for (const Step& step : pipeline.steps) json["steps"].push_back(StepJson(step));
  json["late_data"] = LateDataJson(pipeline);
  json["warnings"] = ordered_json::array();
  for (const pipeline::Warning& warning : warnings) {
    json["warnings"].push_back({{"line", warning.line}, {"message", warning.message}});
  }
  return json;
}

// "label      value", the value made safe for a terminal.
class Lines {
 public:
  explicit Lines(std::ostream& out) : out_(out) {}
  void Add(const std::string& label, const std::string& value) {
    constexpr std::size_t kWidth = 12;
    out_ << label << std::string(label.size() < kWidth ? kWidth - label.size() : 1, ' ') << Printable(value) << '\n';
  }

 private:
  std::ostream& out_;
};

std::string ScheduleText(const Pipeline& pipeline) {
  const lateness::Rules& rules = pipeline.rules;
  std::string text = rules.start ? "from " + FormatLocal(*rules.start) : "from the first partition";
  if (rules.end) text += " to " + FormatLocal(*rules.end);
  text += "; ready: " + ReadyText(rules.ready);
  text += "; " + std::to_string(pipeline.max_active_runs) + (pipeline.max_active_runs == 1 ? " run" : " runs") +
          " at a time";
  if (pipeline.depends_on_past) text += ", each after the one before it";
  if (!rules.catch_up) text += "; no catch-up";
  if (rules.empty_partitions == lateness::EmptyPartitions::kRun) text += "; intervals without a partition, too";
  if (!pipeline.wait_for_upstream) text += "; doesn't wait for pipelines upstream";
  if (pipeline.workers == pipeline::Workers::kOutside) text += "; done by workers outside that claim it";
  return text;
}

std::string LateDataText(const Pipeline& pipeline) {
  const lateness::Rules& rules = pipeline.rules;
  if (rules.detect == lateness::Detect::kOff) return "left alone (detect: off)";
  if (rules.detect == lateness::Detect::kLookback) {
    return "the last " + std::to_string(rules.lookback) + " again with each scheduled run (detect: lookback)";
  }
  std::string text = "each changed partition again (detect: changes), " + OrderName(rules.order) + ", " +
                     std::to_string(pipeline.concurrency) + " at a time";
  text += "; held: more than " + std::to_string(rules.max_backfills) + " by one commit";
  if (rules.allowed_lateness) text += ", later than " + FormatDuration(*rules.allowed_lateness);
  if (rules.frozen_before) text += ", before " + FormatLocal(*rules.frozen_before);
  if (rules.min_rows > 0)
    text += ", fewer than " + std::to_string(rules.min_rows) + (rules.min_rows == 1 ? " row" : " rows");
  if (rules.emptied == lateness::HoldOrProcess::kHold) text += ", emptied";
  if (rules.no_interval == lateness::HoldOrProcess::kHold) text += ", without interval";
  if (rules.settle_quiet > Duration::zero()) text += "; settles for " + FormatDuration(rules.settle_quiet);
  if (rules.propagate == lateness::Propagate::kFollowing) text += "; then those that follow it";
  if (rules.retry_failed_after) text += "; what failed again after " + FormatDuration(*rules.retry_failed_after);
  return text;
}

std::string StepText(const Step& step) {
  std::string text = step.id;
  if (const auto* sql = std::get_if<pipeline::SqlStep>(&step.action)) {
    text += ": sql into " + sql->into_location;
  } else if (const auto* spark = std::get_if<pipeline::SparkStep>(&step.action)) {
    text += ": spark " + spark->application;
    if (!spark->into_location.empty()) text += " into " + spark->into_location;
  } else if (const auto* airflow = std::get_if<pipeline::AirflowDagStep>(&step.action)) {
    text += ": airflow_dag " + airflow->dag_id + " at " + airflow->url;
    if (!airflow->into_location.empty()) text += " into " + airflow->into_location;
  } else {
    text += ": " + Listed(std::get<pipeline::CommandStep>(step.action).argv);
  }
  if (!step.needs.empty()) text += "; needs " + Listed(step.needs);
  if (step.retries > 0)
    text += "; " + std::to_string(step.retries) + (step.retries == 1 ? " retry" : " retries") + " after " +
            FormatDuration(step.retry_delay);
  if (step.timeout) text += "; at most " + FormatDuration(*step.timeout);
  return text;
}

void PrintPipeline(Context& context, const Pipeline& pipeline, const std::vector<pipeline::Warning>& warnings) {
  Lines lines(context.out);
  lines.Add("pipeline", pipeline.name + (pipeline.id == pipeline.name ? "" : " (id " + pipeline.id + ")"));
  for (const pipeline::Source& source : pipeline.sources) {
    const std::string by = source.partition.columns.empty()
                               ? ""
                               : ", by " + Listed(source.partition.columns) + ", every " +
                                     FormatCadence(source.cadence) + ", " + source.time_zone.name();
    lines.Add("source", source.name + ": " + source.location + by);
    lines.Add("mapping",
              source.name + ": " + lateness::FormatMapping(source.mapping) + ": " + MappingText(pipeline, source));
  }
  lines.Add("output", "by " + Listed(pipeline.output.columns) + ", every " + FormatCadence(pipeline.output.cadence) +
                          ", " + pipeline.output.time_zone.name());
  lines.Add("schedule", ScheduleText(pipeline));
  for (const Step& step : pipeline.steps) lines.Add("step", StepText(step));
  lines.Add("late data", LateDataText(pipeline));
  for (const pipeline::Warning& warning : warnings) {
    const std::string where = warning.line > 0 ? "line " + std::to_string(warning.line) + ": " : "";
    lines.Add("warning", where + warning.message);
  }
  context.out << (warnings.empty() ? "valid\n" : "valid, with warnings\n");
}

// "report: waits for clean, which writes dataset/clean"
std::vector<std::string> CascadeLines(const std::vector<Pipeline>& pipelines) {
  std::vector<std::string> lines;
  for (const pipeline::CascadeEdge& edge : pipeline::CascadeOf(pipelines)) {
    const Pipeline& down = pipelines[edge.downstream];
    lines.push_back(down.id + (down.wait_for_upstream ? " waits for " : " follows ") + pipelines[edge.upstream].id +
                    ", whose step " + edge.step + " writes " + down.sources[edge.source].location);
  }
  return lines;
}

Status Validate(Context& context, OutputFormat format, const std::vector<std::string>& paths) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<std::string> files, ExpandPipelineFiles(paths));
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<Pipeline> pipelines, LoadPipelines(files));
  for (const Pipeline& pipeline : pipelines) {
    const std::vector<pipeline::Warning> warnings = pipeline::Warnings(pipeline);
    if (format == OutputFormat::kJson) {
      const ordered_json json = PipelineJson(pipeline, warnings);
      context.out << json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
    } else {
      PrintPipeline(context, pipeline, warnings);
      if (pipelines.size() > 1) context.out << '\n';
    }
  }
  if (format == OutputFormat::kJson) return {};
  for (const std::string& line : CascadeLines(pipelines)) context.out << Printable(line) << '\n';
  for (const std::string& warning : pipeline::CascadeWarnings(pipelines)) {
    context.out << "warning: " << Printable(warning) << '\n';
  }
  return {};
}

}  // namespace

void AddValidateCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "validate", "Check a pipeline file and show what it means, defaults included",
                                 "latecomer validate examples/devices/pipeline.yaml\n"
                                 "latecomer validate pipeline.yaml --output json | jq .late_data\n"
                                 "latecomer validate pipelines/");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("pipeline", *files, "Pipeline files, or folders of them")->required()->type_name("FILE...");
  AddOutputOption(line, command);
  command->callback(
      [&line, files] { line.chosen = [&line, files] { return Validate(line.context, line.format, *files); }; });
}

}  // namespace latecomer::cli
