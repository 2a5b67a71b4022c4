// `latecomer fetch-inputs LIST`: the first part of a SQL step's process whose sources lie in an object store. Not for
// people, so --help doesn't show it.
// The commands for people are in commands.h.
#pragma once

namespace latecomer::cli {

struct CommandLine;

void AddFetchInputsCommand(CommandLine& line);

}  // namespace latecomer::cli
