// `latecomer cancel`: ends a queued or running run.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "engine/controls.h"

namespace latecomer::cli {
namespace {

struct CancelOptions {
  WorkspaceOptions workspace;
  std::string run;
};

Status Cancel(Context& context, OutputFormat format, const CancelOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  LATECOMER_ASSIGN_OR_RETURN(
      const ledger::RunRecord run,
      engine::CancelRun(workspace->ledger(), workspace->pipeline().id, options.run, context.clock.Now()));
  if (format == OutputFormat::kJson) {
    context.out << nlohmann::ordered_json{{"run_id", run.run_id}, {"state", std::string(Name(run.state))}}.dump()
                << '\n';
  } else {
    context.out << "cancelled " << Printable(run.run_id) << "; `latecomer clear` queues it again\n";
  }
  return {};
}

}  // namespace

void AddCancelCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "cancel", "Cancel a queued or running run",
                                 "latecomer cancel examples/devices/pipeline.yaml scheduled_2024-01-02");
  auto options = std::make_shared<CancelOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("run", options->run, "A run id, or `latest`")->required()->type_name("RUN");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Cancel(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
