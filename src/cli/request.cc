#include "cli/request.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/plan_text.h"
#include "cli/text_table.h"
#include "engine/engine.h"
#include "engine/trigger.h"
#include "lateness/key_interval.h"

namespace latecomer::cli {
namespace {

Result<LocalTime> StartOf(Workspace& workspace, const engine::ObservedSources& observed, const std::string& text) {
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, workspace.ParsePartition(observed, text));
  const pipeline::Pipeline& pipeline = workspace.pipeline();
  const auto start = lateness::StartOfKey(key, pipeline.output.partition, pipeline.rules.calendar);
  if (start) return *start;
  return Fail(ErrorKind::kInvalidArgument,
              "`" + Printable(text) + "` belongs to no interval, so no range begins there");
}

Result<engine::TriggerSelection> Parse(Workspace& workspace, const engine::ObservedSources& observed,
                                       const std::string& text) {
  engine::TriggerSelection selection;
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) {
    LATECOMER_ASSIGN_OR_RETURN(selection.partitions.emplace_back(), workspace.ParsePartition(observed, text));
    return selection;
  }
  const std::string from = text.substr(0, dots);
  const std::string to = text.substr(dots + 2);
  if (from.empty() || to.empty()) {
    return Fail(Error(ErrorKind::kInvalidArgument, "a range of partitions has two ends")
                    .Hint("--partition 2024-01-01..2024-01-31"));
  }
  LATECOMER_ASSIGN_OR_RETURN(selection.from, StartOf(workspace, observed, from));
  LATECOMER_ASSIGN_OR_RETURN(selection.to, StartOf(workspace, observed, to));
  if (*selection.from > *selection.to) {
    return Fail(ErrorKind::kInvalidArgument, "the range " + Printable(text) + " ends before it begins");
  }
  return selection;
}

void Print(Context& context, OutputFormat format, const engine::TriggerPlan& plan) {
  TextTable table({{"PARTITION"}, {"BUILT FROM"}, {"OPEN RUN"}});
  for (const engine::TriggeredRun& one : plan.affected) {
    if (format == OutputFormat::kJson) {
      nlohmann::ordered_json json;
      json["partition"] = nlohmann::ordered_json::parse(one.key.LogJson());
      json["processed"] = nullptr;
      if (one.processed) {
        json["processed"] = nlohmann::ordered_json::object();
        for (const auto& [source, version] : one.processed->vector) json["processed"][source] = version.value;
      }
      json["open_run"] = one.open_run;
      json["done"] = false;
      context.out << json.dump() << '\n';
      continue;
    }
    table.Add({one.key.Display(), one.processed ? VectorText(one.processed->vector) : "-",
               one.open_run.empty() ? "-" : one.open_run});
  }
  if (format != OutputFormat::kJson) table.Print(context.out, context.color);
}

}  // namespace

Result<bool> RequestRuns(Context& context, OutputFormat format, Workspace& workspace, const std::string& partitions,
                         const ActOptions& options) {
  const pipeline::Pipeline& pipeline = workspace.pipeline();
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources observed, workspace.Observe());
  LATECOMER_ASSIGN_OR_RETURN(const engine::TriggerSelection selection, Parse(workspace, observed, partitions));
  LATECOMER_ASSIGN_OR_RETURN(const engine::TriggerPlan plan,
                             engine::PreviewTrigger(workspace.ledger(), pipeline, observed, selection));
  if (plan.affected.empty()) {
    return Fail(Error(ErrorKind::kNotFound, "no partition begins in " + Printable(partitions))
                    .In(pipeline::ShapeOf(pipeline).location)
                    .Hint("`latecomer plan --all` lists those there are"));
  }
  if (options.dry_run) {
    Print(context, format, plan);
    return false;
  }
  if (plan.affected.size() > 1 && format != OutputFormat::kJson && context.err_is_terminal && !options.yes) {
    Print(context, format, plan);
    if (!MayAct(context, options, "Process " + std::to_string(plan.affected.size()) + " partitions?")) return false;
  }
  LATECOMER_RETURN_IF_ERROR(engine::ApplyTrigger(workspace.ledger(), pipeline, observed, selection, plan.fingerprint,
                                                 ActNow(context, options.note)));
  return true;
}

}  // namespace latecomer::cli
