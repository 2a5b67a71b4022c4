// `latecomer cancel`: ends queued or running runs.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/act_text.h"
#include "cli/commands.h"
#include "cli/run_text.h"
#include "cli/text_table.h"
#include "engine/controls.h"

namespace latecomer::cli {
namespace {

struct CancelOptions {
  WorkspaceOptions workspace;
  SelectionOptions selection;
  ActOptions act;
};

void PrintPreview(Context& context, const engine::CancelPlan& plan) {
  TextTable table({{"RUN"}, {"STATE"}});
  for (const ledger::RunRecord& run : plan.affected) table.Add({run.run_id, StateCell(run.state)});
  table.Print(context.out, context.color);
}

Status Cancel(Context& context, OutputFormat format, const CancelOptions& options) {
  const SelectionOptions& which = options.selection;
  if (which.runs.empty() && which.from.empty() && which.to.empty()) {
    return Fail(Error(ErrorKind::kInvalidArgument, "no run is named")
                    .Hint("name one, or `latest`, or a range of partitions with --from and --to"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  LATECOMER_ASSIGN_OR_RETURN(const engine::RunSelection selection, SelectionOf(*workspace, which));
  LATECOMER_ASSIGN_OR_RETURN(engine::CancelPlan plan,
                             engine::PreviewCancel(workspace->ledger(), workspace->pipeline(), selection));
  LATECOMER_RETURN_IF_ERROR(RefusedWhenNothing(which, plan.affected.size(), plan.untouched, "cancel"));
  const bool json = format == OutputFormat::kJson;
  const bool asks = !json && !options.act.yes && context.err_is_terminal;
  if (!json && (options.act.dry_run || asks) && !plan.affected.empty()) PrintPreview(context, plan);
  const bool act = !options.act.dry_run && !plan.affected.empty();
  if (act) {
    const std::string count = std::to_string(plan.affected.size()) + (plan.affected.size() == 1 ? " run" : " runs");
    if (asks && !MayAct(context, options.act, "Cancel " + count + "?")) return {};
    LATECOMER_ASSIGN_OR_RETURN(plan, engine::ApplyCancel(workspace->ledger(), workspace->pipeline(), selection,
                                                         plan.fingerprint, ActNow(context, options.act.note)));
  }
  for (const ledger::RunRecord& run : plan.affected) {
    if (json) {
      const nlohmann::ordered_json object{
          {"run_id", run.run_id}, {"state", std::string(Name(run.state))}, {"done", act}};
      context.out << object.dump() << '\n';
    } else if (act) {
      context.out << "cancelled " << Printable(run.run_id) << "; `latecomer clear` queues it again\n";
    }
  }
  if (!json && plan.affected.empty()) context.out << "nothing to cancel\n";
  PrintUntouched(context, format, plan.untouched);
  return {};
}

}  // namespace

void AddCancelCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "cancel", "Cancel queued or running runs",
                                 "latecomer cancel examples/devices/pipeline.yaml scheduled_2024-01-02\n"
                                 "latecomer cancel pipeline.yaml --from 2024-01-01 --to 2024-01-31 --dry-run");
  auto options = std::make_shared<CancelOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("run", options->selection.runs, "Run ids, or `latest`")->type_name("RUN");
  AddRangeOptions(command, options->selection);
  AddActOptions(command, options->act);
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Cancel(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
