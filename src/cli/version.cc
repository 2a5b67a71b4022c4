// latecomer version
#include <ostream>

#include "cli/command_line.h"
#include "cli/commands.h"

namespace latecomer::cli {

void AddVersionCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line, "version", "Show the version of this program", "latecomer version\nlatecomer --version");
  AddOutputOption(line, command);
  command->callback([&line] {
    line.chosen = [&line]() -> Status {
      if (line.format == OutputFormat::kJson) {
        line.context.out << "{\"version\":\"" LATECOMER_VERSION "\"}\n";
      } else {
        line.context.out << "latecomer " LATECOMER_VERSION "\n";
      }
      return {};
    };
  });
}

}  // namespace latecomer::cli
