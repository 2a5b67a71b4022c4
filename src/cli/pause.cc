// `latecomer pause`: no run of the pipeline starts until it is resumed.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/act_text.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "engine/controls.h"

namespace latecomer::cli {
namespace {

struct PauseOptions {
  WorkspaceOptions workspace;
  bool resume = false;
  std::string note;
};

Status Pause(Context& context, OutputFormat format, const PauseOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  const std::string& id = workspace->pipeline().id;
  LATECOMER_ASSIGN_OR_RETURN(const engine::Paused done, engine::SetPaused(workspace->ledger(), id, !options.resume,
                                                                          ActNow(context, options.note)));
  const bool changed = done.changed;
  if (format == OutputFormat::kJson) {
    context.out << nlohmann::ordered_json{{"pipeline", id},
                                          {"paused", !options.resume},
                                          {"changed", changed},
                                          {"event",
                                           changed ? nlohmann::ordered_json(done.event) : nlohmann::ordered_json()}}
                       .dump()
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
  command->add_option("--note", options->note, "Why; kept with the event")->type_name("TEXT");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Pause(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
