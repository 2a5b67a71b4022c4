#include "cli/outside_text.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "engine/outside_json.h"

namespace latecomer::cli {

void AddTicketOptions(CLI::App* command, TicketOptions& options) {
  AddWorkspaceOptions(command, options.workspace);
  command->add_option("run", options.ticket.run, "The claimed run's id")->required()->type_name("RUN");
  command->add_option("--token", options.ticket.token, "The claim's token, as `latecomer claim` printed it")
      ->required()
      ->type_name("T");
}

void PrintReported(Context& context, OutputFormat format, const engine::Ticket& ticket,
                   const engine::Reported& reported) {
  if (format == OutputFormat::kJson) {
    context.out << engine::ReportedJson(ticket, reported).dump() << '\n';
    return;
  }
  context.out << Printable(reported.run.run_id) << " is " << Name(reported.run.state);
  if (!reported.note.empty()) context.out << "; " << Printable(reported.note);
  context.out << '\n';
}

}  // namespace latecomer::cli
