// The whole program as a function, so that tests can run it with their own streams.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"

namespace latecomer::cli {

// Parses `arguments` (without the program's name), runs the chosen command, prints its error if any, and
// returns the exit code.
int RunProgram(const std::vector<std::string>& arguments, Context& context);

// Every command there is, in the order --help shows them.
void AddAllCommands(CommandLine& line);

}  // namespace latecomer::cli
