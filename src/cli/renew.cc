// `latecomer renew`: an outside worker keeps its claim for longer.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/outside_text.h"
#include "engine/outside_json.h"

namespace latecomer::cli {
namespace {

struct RenewOptions {
  TicketOptions ticket;
  std::string lease;
};

Status Renew(Context& context, OutputFormat format, const RenewOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace,
                             Workspace::Open(context, options.ticket.workspace, LedgerUse::kExisting));
  LATECOMER_ASSIGN_OR_RETURN(const Duration lease, engine::LeaseOf(options.lease, workspace->pipeline()));
  const engine::Ticket& ticket = options.ticket.ticket;
  LATECOMER_ASSIGN_OR_RETURN(const Instant expires, engine::RenewClaim(workspace->ledger(), workspace->pipeline().id,
                                                                       ticket, lease, context.clock.Now()));
  if (format == OutputFormat::kJson) {
    context.out << engine::RenewedJson(ticket, expires).dump() << '\n';
  } else {
    context.out << Printable(ticket.run) << " is held until " << FormatInstant(expires) << '\n';
  }
  return {};
}

}  // namespace

void AddRenewCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "renew", "Keep a claim for longer; exit code 7 says that it is lost",
                                 "latecomer renew examples/devices/pipeline.yaml scheduled_2024-01-01 --token 1\n"
                                 "latecomer renew pipeline.yaml scheduled_2024-01-01 --token 1 --lease 2h");
  auto options = std::make_shared<RenewOptions>();
  AddTicketOptions(command, options->ticket);
  command->add_option("--lease", options->lease, "From now; default as for `latecomer claim`. Never makes it shorter")
      ->type_name("DURATION");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Renew(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
