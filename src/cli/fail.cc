// `latecomer fail`: an outside worker says that its claimed run failed, or gives it back.
#include <memory>

#include "cli/commands.h"
#include "cli/outside_text.h"

namespace latecomer::cli {
namespace {

struct FailOptions {
  TicketOptions ticket;
  std::string message;
  bool give_back = false;
};

Status FailIt(Context& context, OutputFormat format, const FailOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace,
                             Workspace::Open(context, options.ticket.workspace, LedgerUse::kExisting));
  const auto after = options.give_back ? engine::AfterFailure::kQueueAgain : engine::AfterFailure::kStayFailed;
  LATECOMER_ASSIGN_OR_RETURN(const engine::Reported reported,
                             engine::FailOutside(workspace->ledger(), workspace->pipeline(), options.ticket.ticket,
                                                 options.message, after, context.clock.Now()));
  PrintReported(context, format, options.ticket.ticket, reported);
  return {};
}

}  // namespace

void AddFailCommand(CommandLine& line) {
  CLI::App* command = AddCommand(
      line, "fail", "Say that a claimed run failed, or give it back",
      "latecomer fail examples/devices/pipeline.yaml scheduled_2024-01-01 --token 1 --message 'no disk left'\n"
      "latecomer fail pipeline.yaml scheduled_2024-01-01 --token 1 --give-back");
  auto options = std::make_shared<FailOptions>();
  AddTicketOptions(command, options->ticket);
  command->add_option("--message", options->message, "Why; kept with the run")->type_name("TEXT");
  command->add_flag("--give-back", options->give_back, "Queue the run again, for whoever claims it next");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return FailIt(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
