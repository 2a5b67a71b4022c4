// `latecomer mark`: says that a run counts as succeeded or failed.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "engine/controls.h"

namespace latecomer::cli {
namespace {

struct MarkOptions {
  WorkspaceOptions workspace;
  std::string run;
  std::string state;
  std::string note;
};

Status MarkIt(Context& context, OutputFormat format, const MarkOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  const engine::Mark mark = options.state == "success" ? engine::Mark::kSuccess : engine::Mark::kFailed;
  LATECOMER_ASSIGN_OR_RETURN(const engine::Marked marked,
                             engine::MarkRun(workspace->ledger(), workspace->pipeline(), options.run, mark,
                                             options.note, context.clock.Now()));
  if (format == OutputFormat::kJson) {
    const nlohmann::ordered_json json{
        {"run_id", marked.run.run_id}, {"state", std::string(Name(marked.run.state))}, {"note", marked.note}};
    context.out << json.dump() << '\n';
  } else {
    context.out << "marked " << Printable(marked.run.run_id) << ' ' << Name(marked.run.state) << "; " << marked.note
                << '\n';
  }
  return {};
}

}  // namespace

void AddMarkCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "mark", "Mark a run as success or failed",
                                 "latecomer mark examples/devices/pipeline.yaml scheduled_2024-01-01 success\n"
                                 "latecomer mark examples/devices/pipeline.yaml latest failed --note 'wrong input'");
  auto options = std::make_shared<MarkOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("run", options->run, "A run id, or `latest`")->required()->type_name("RUN");
  command->add_option("state", options->state, "success or failed")
      ->required()
      ->check(CLI::IsMember({"success", "failed"}));
  command->add_option("--note", options->note, "Kept with the run")->type_name("TEXT");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return MarkIt(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
