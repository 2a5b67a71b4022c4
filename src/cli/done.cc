// `latecomer done`: an outside worker says that its claimed run is processed.
#include <memory>

#include "cli/commands.h"
#include "cli/outside_text.h"

namespace latecomer::cli {
namespace {

Status Done(Context& context, OutputFormat format, const TicketOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  LATECOMER_ASSIGN_OR_RETURN(const engine::Reported reported,
                             engine::RecordOutside(workspace->ledger(), workspace->catalog(), workspace->pipeline(),
                                                   options.ticket, context.clock.Now()));
  PrintReported(context, format, options.ticket, reported);
  return {};
}

}  // namespace

void AddDoneCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "done", "Record a claimed run as processed at its pinned versions",
                                 "latecomer done examples/devices/pipeline.yaml scheduled_2024-01-01 --token 1\n"
                                 "latecomer done pipeline.yaml backfill_2024-01-01_v3 --token 2 --output json");
  auto options = std::make_shared<TicketOptions>();
  AddTicketOptions(command, *options);
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Done(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
