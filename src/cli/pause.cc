// `latecomer pause`: no run of the pipeline starts until it is resumed.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "engine/controls.h"

namespace latecomer::cli {
namespace {

struct PauseOptions {
  WorkspaceOptions workspace;
  bool resume = false;
};

Status Pause(Context& context, OutputFormat format, const PauseOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  const std::string& id = workspace->pipeline().id;
  LATECOMER_ASSIGN_OR_RETURN(const bool changed,
                             engine::SetPaused(workspace->ledger(), id, !options.resume, context.clock.Now()));
  if (format == OutputFormat::kJson) {
    context.out << nlohmann::ordered_json{{"pipeline", id}, {"paused", !options.resume}, {"changed", changed}}.dump()
                << '\n';
    return {};
  }
  const std::string state = options.resume ? "running" : "paused";
  context.out << Printable(id) << (changed ? " is now " : " was already ") << state << '\n';
  return {};
}

}  // namespace

void AddPauseCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "pause", "Start no run of a pipeline until it is resumed",
                                 "latecomer pause examples/devices/pipeline.yaml\n"
                                 "latecomer pause examples/devices/pipeline.yaml --resume");
  auto options = std::make_shared<PauseOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_flag("--resume", options->resume, "Let it start runs again");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Pause(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
