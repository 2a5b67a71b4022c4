// The frame every command hangs in: one file per command registers itself with a CommandLine.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace latecomer::cli {

enum class OutputFormat { kTable, kJson, kCsv };

// What commands may touch of the outside; tests give their own streams and clock.
struct Context {
  std::ostream& out;
  std::ostream& err;
  Clock& clock;
  Random& random;
  bool out_is_terminal = false;
  bool err_is_terminal = false;  // progress is drawn only then
  bool color = false;            // a terminal, and NO_COLOR is not set
  int width = 80;                // of the terminal
  std::string executable;        // absolute path of the running binary
};

// The parsed command line: which command was chosen, run after parsing succeeded.
struct CommandLine {
  CommandLine(CLI::App& app_in, Context& context_in) : app(app_in), context(context_in) {}
  CLI::App& app;
  Context& context;
  // Set by the chosen sub-command's callback; does the work.
  std::function<Status()> chosen;
  // The chosen command's format; an error is then written as JSON too.
  OutputFormat format = OutputFormat::kTable;
};

// Adds a sub-command. `description` is one line; `examples` go under --help, one command per line.
CLI::App* AddCommand(CommandLine& line, const std::string& name, const std::string& description,
                     const std::string& examples);
// Adds `--output table|json` (and csv when `with_csv`), stored in line.format.
void AddOutputOption(CommandLine& line, CLI::App* command, bool with_csv = false);

// 0 to 8, as docs/user-guide/exit-codes has them.
int ExitCodeOf(ErrorKind kind);
// Writes an error for a person, or as one JSON object when `format` is kJson.
void PrintError(Context& context, OutputFormat format, const Error& error);

}  // namespace latecomer::cli
