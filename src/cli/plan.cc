// `latecomer plan`: what would be processed now, and why. Writes nothing.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/workspace.h"
#include "engine/facts.h"

namespace latecomer::cli {
namespace {

struct PlanOptions {
  WorkspaceOptions workspace;
  bool held = false;
  bool all = false;
};

bool Shown(const lateness::PlanEntry& entry, const PlanOptions& options) {
  using lateness::Decision;
  if (options.held) return entry.decision == Decision::kHeld;
  if (options.all) return true;
  return entry.decision != Decision::kUpToDate && entry.decision != Decision::kIgnored;
}

void PrintTable(Context& context, const lateness::Plan& plan, const PlanOptions& options) {
  TextTable table(
      {{"PARTITION"}, {"DECISION"}, {"KIND"}, {"LATE BY", Align::kRight}, {"ROWS", Align::kRight}, {"WHY"}});
  int up_to_date = 0;
  int process = 0;
  for (const lateness::PlanEntry& entry : plan.entries) {
    up_to_date += entry.decision == lateness::Decision::kUpToDate ? 1 : 0;
    process += entry.decision == lateness::Decision::kProcess ? 1 : 0;
    if (!Shown(entry, options)) continue;
    table.Add({entry.key.Display(), DecisionCell(entry), KindName(entry.kind), LatenessText(entry),
               entry.rows && entry.late ? GroupDigits(*entry.rows) : "-", entry.reason});
  }
  if (!table.Empty()) {
    table.Print(context.out, context.color);
    context.out << '\n';
  }
  if (options.held && table.Empty()) {
    context.out << "nothing is held\n";
    return;
  }
  context.out << "at " << VectorText(plan.newest) << ": " << process << " to process, " << up_to_date
              << " up to date\n";
}

Status Plan(Context& context, OutputFormat format, const PlanOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace,
                             Workspace::Open(context, options.workspace, LedgerUse::kReadOrEmpty));
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources observed, workspace->Observe());
  lateness::Plan plan;
  LATECOMER_RETURN_IF_ERROR(workspace->ledger().Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto facts,
                               engine::GatherFacts(reader, workspace->pipeline(), observed, context.clock.Now()));
    plan = lateness::MakePlan(workspace->pipeline().rules, facts);
    return {};
  }));
  if (!observed.Note().empty()) context.err << "note: " << observed.Note() << '\n';
  if (format != OutputFormat::kJson) {
    PrintTable(context, plan, options);
    return {};
  }
  for (const lateness::PlanEntry& entry : plan.entries) {
    if (Shown(entry, options)) context.out << EntryJson(entry).dump() << '\n';
  }
  return {};
}

}  // namespace

void AddPlanCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "plan", "Show which partitions would be processed now, and why",
                                 "latecomer plan examples/devices/pipeline.yaml\n"
                                 "latecomer plan examples/devices/pipeline.yaml --held\n"
                                 "latecomer plan examples/devices/pipeline.yaml --all --output json");
  auto options = std::make_shared<PlanOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_flag("--held", options->held, "Only what a rule holds back");
  command->add_flag("--all", options->all, "Also what is up to date");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Plan(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
