// `latecomer ledger rebuild`: what was processed, from the outputs' commits.
#pragma once

#include "cli/command_line.h"

namespace latecomer::cli {

// Adds it under the command `ledger`.
void AddLedgerRebuild(CommandLine& line, CLI::App* ledger);

}  // namespace latecomer::cli
