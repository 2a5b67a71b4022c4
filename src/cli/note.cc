// `latecomer note`: writes a note on a run.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/act_text.h"
#include "cli/commands.h"
#include "engine/controls.h"

namespace latecomer::cli {
namespace {

struct NoteOptions {
  WorkspaceOptions workspace;
  std::string run;
  std::string text;
};

Status Note(Context& context, OutputFormat format, const NoteOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  LATECOMER_ASSIGN_OR_RETURN(const engine::Noted noted, engine::SetNote(workspace->ledger(), workspace->pipeline().id,
                                                                        options.run, ActNow(context, options.text)));
  if (format == OutputFormat::kJson) {
    const nlohmann::ordered_json json{{"run_id", noted.run.run_id}, {"note", noted.run.note}, {"event", noted.event}};
    context.out << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  } else {
    context.out << (noted.run.note.empty() ? "removed the note of " : "noted on ") << Printable(noted.run.run_id)
                << '\n';
  }
  return {};
}

}  // namespace

void AddNoteCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line, "note", "Write a note on a run; an empty one removes it",
                 "latecomer note examples/devices/pipeline.yaml latest 'rerun after the vendor fixed it'");
  auto options = std::make_shared<NoteOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("run", options->run, "A run id, or `latest`")->required()->type_name("RUN");
  command->add_option("text", options->text, "The note")->required()->type_name("TEXT");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Note(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
