// `latecomer logs`: what a run's steps printed.
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "engine/selection.h"

namespace latecomer::cli {
namespace {

struct LogsOptions {
  WorkspaceOptions workspace;
  std::string run = "latest";
  std::string step;
  std::optional<int> try_number;
};

// Logs are untrusted: on a terminal, control sequences in them are shown, not obeyed.
void Copy(Context& context, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    context.out << "(no output: " << Printable(path) << " is not there)\n";
    return;
  }
  std::string text;
  while (std::getline(file, text)) context.out << (context.out_is_terminal ? Printable(text) : text) << '\n';
}

Status Logs(Context& context, OutputFormat format, const LogsOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  ledger::RunRecord run;
  std::vector<ledger::AttemptRecord> attempts;
  LATECOMER_RETURN_IF_ERROR(workspace->ledger().Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(run, engine::FindRunByWord(reader, workspace->pipeline().id, options.run));
    LATECOMER_ASSIGN_OR_RETURN(attempts, reader.Attempts(run.id, options.try_number.value_or(run.tries)));
    return {};
  }));
  std::erase_if(attempts, [&](const auto& attempt) { return !options.step.empty() && attempt.step != options.step; });
  if (attempts.empty()) {
    return Fail(Error(ErrorKind::kNotFound, "no step of " + run.run_id + " was started that fits")
                    .Hint("`latecomer show PIPELINE " + run.run_id + "` lists its steps"));
  }
  for (const ledger::AttemptRecord& attempt : attempts) {
    if (format == OutputFormat::kJson) {
      context.out << nlohmann::ordered_json{{"step", attempt.step},
                                            {"attempt", attempt.number},
                                            {"state", std::string(Name(attempt.state))},
                                            {"log", attempt.log}}
                         .dump()
                  << '\n';
      continue;
    }
    context.out << "== " << Printable(run.run_id) << "  " << Printable(attempt.step) << "  try " << attempt.try_number
                << ", attempt " << attempt.number << "  " << Name(attempt.state) << '\n';
    Copy(context, attempt.log);
  }
  return {};
}

}  // namespace

void AddLogsCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line, "logs", "Print what a run's steps printed",
                 "latecomer logs examples/devices/pipeline.yaml\n"
                 "latecomer logs examples/devices/pipeline.yaml scheduled_2024-01-02 --step process_devices");
  auto options = std::make_shared<LogsOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("run", options->run, "A run id; default: the latest scheduled one")->type_name("RUN");
  command->add_option("--step", options->step, "Only this step")->type_name("ID");
  command->add_option("--try", options->try_number, "Of this try; default: the newest")->type_name("N");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Logs(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
