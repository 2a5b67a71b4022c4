#include "cli/outside_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"

namespace latecomer::cli {

void AddTicketOptions(CLI::App* command, TicketOptions& options) {
  AddWorkspaceOptions(command, options.workspace);
  command->add_option("run", options.ticket.run, "The claimed run's id")->required()->type_name("RUN");
  command->add_option("--token", options.ticket.token, "The claim's token, as `latecomer claim` printed it")
      ->required()
      ->type_name("T");
}

Result<Duration> LeaseOf(const std::string& text, const pipeline::Pipeline& pipeline) {
  constexpr Duration kLongest = std::chrono::days(366);
  if (text.empty()) return std::min(engine::DefaultLease(pipeline), kLongest);
  LATECOMER_ASSIGN_OR_RETURN(const Duration lease, ParseDuration(text));
  if (lease <= kLongest) return lease;
  return Fail(Error(ErrorKind::kInvalidArgument, "a lease of " + FormatDuration(lease) + " is longer than a year")
                  .Hint("take a shorter one and `latecomer renew` it while the work goes on"));
}

void PrintReported(Context& context, OutputFormat format, const engine::Ticket& ticket,
                   const engine::Reported& reported) {
  const std::string state(Name(reported.run.state));
  if (format == OutputFormat::kJson) {
    const nlohmann::ordered_json json{{"run_id", reported.run.run_id},
                                      {"token", ticket.token},
                                      {"state", state},
                                      {"repeated", reported.repeated},
                                      {"note", reported.note}};
    context.out << json.dump() << '\n';
    return;
  }
  context.out << Printable(reported.run.run_id) << " is " << state;
  if (!reported.note.empty()) context.out << "; " << Printable(reported.note);
  context.out << '\n';
}

}  // namespace latecomer::cli
