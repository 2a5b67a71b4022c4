// `latecomer clear`: queues a run for a new try.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "engine/controls.h"

namespace latecomer::cli {
namespace {

struct ClearCommandOptions {
  WorkspaceOptions workspace;
  std::string run = "latest";
  engine::ClearOptions clear;
};

Status Clear(Context& context, OutputFormat format, const ClearCommandOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  LATECOMER_ASSIGN_OR_RETURN(
      const ledger::RunRecord run,
      engine::ClearRun(workspace->ledger(), workspace->pipeline(), options.run, options.clear, context.clock.Now()));
  if (format == OutputFormat::kJson) {
    const nlohmann::ordered_json json{
        {"run_id", run.run_id}, {"state", std::string(Name(run.state))}, {"next_try", run.tries + 1}};
    context.out << json.dump() << '\n';
    return {};
  }
  context.out << "cleared " << Printable(run.run_id) << "; try " << run.tries + 1
              << (run.keep_vector ? " keeps its versions" : " reads the newest version") << "\n`latecomer run "
              << Printable(options.workspace.pipeline_file) << "` starts it\n";
  return {};
}

}  // namespace

void AddClearCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "clear", "Queue a run for a new try at the newest version",
                                 "latecomer clear examples/devices/pipeline.yaml\n"
                                 "latecomer clear examples/devices/pipeline.yaml scheduled_2024-01-01 --same-versions\n"
                                 "latecomer clear pipeline.yaml latest --step process_devices");
  auto options = std::make_shared<ClearCommandOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("run", options->run, "A run id; default: the latest scheduled one")->type_name("RUN");
  command->add_flag("--same-versions", options->clear.same_versions, "Keep the versions of the last try");
  command
      ->add_option("--step", options->clear.steps,
                   "Only this step and what needs it, at the same versions; may be repeated")
      ->type_name("ID");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Clear(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
