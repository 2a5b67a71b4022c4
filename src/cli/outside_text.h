// What claim, renew, done and fail share: the ticket on the command line, leases, reports.
#pragma once

#include <string>

#include "cli/command_line.h"
#include "cli/workspace.h"
#include "engine/outside_claims.h"

namespace latecomer::cli {

struct TicketOptions {
  WorkspaceOptions workspace;
  engine::Ticket ticket;
};

// Adds PIPELINE, --ledger, RUN and --token.
void AddTicketOptions(CLI::App* command, TicketOptions& options);

// One line for people, one object with --output json.
void PrintReported(Context& context, OutputFormat format, const engine::Ticket& ticket,
                   const engine::Reported& reported);

}  // namespace latecomer::cli
