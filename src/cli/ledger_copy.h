// `latecomer ledger copy`.
#pragma once

#include "cli/command_line.h"

namespace latecomer::cli {

// Adds the sub-command to `ledger`.
void AddLedgerCopy(CommandLine& line, CLI::App* ledger);

}  // namespace latecomer::cli
