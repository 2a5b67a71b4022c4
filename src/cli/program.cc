#include "cli/program.h"

#include <algorithm>
#include <exception>
#include <ostream>

#include "base/text.h"

namespace latecomer::cli {
namespace {

constexpr int kExitUnexpected = 1;
constexpr int kExitUsage = 2;

// The format that was asked for, looked up before parsing, so that a usage error can keep to it.
OutputFormat FormatAskedFor(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--output=json") return OutputFormat::kJson;
    if (arguments[i] == "--output" && i + 1 < arguments.size() && arguments[i + 1] == "json") {
      return OutputFormat::kJson;
    }
  }
  return OutputFormat::kTable;
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// CLI11 would call a wrong command an unexpected argument; this names the nearest one.
Status CheckCommand(const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto is_word = [](const std::string& a) { return !a.starts_with('-'); };
  const auto word = std::find_if(arguments.begin(), arguments.end(), is_word);
  if (word == arguments.end()) return {};
  const std::vector<std::string> names = CommandNames(app);
  if (std::find(names.begin(), names.end(), *word) != names.end()) return {};
  Error error(ErrorKind::kInvalidArgument, "there is no command '" + Printable(*word) + "'");
  const auto nearest = NearestWord(*word, names);
  error.hint = nearest ? "did you mean 'latecomer " + *nearest + "'?" : "'latecomer --help' lists the commands";
  return Fail(std::move(error));
}

// Names of the options a command takes, for the nearest one to a wrong option.
std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

Error UsageError(const CLI::App& app, const CLI::ParseError& problem, const std::vector<std::string>& arguments) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  const std::string help = chosen.empty() ? "'latecomer --help'" : "'latecomer " + command.get_name() + " --help'";
  Error error(ErrorKind::kInvalidArgument, Printable(problem.what()));
  error.hint = help + " shows what it takes";
  if (problem.get_exit_code() != static_cast<int>(CLI::ExitCodes::ExtrasError)) return error;
  const std::vector<std::string> known = OptionNames(command);
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    if (!name.starts_with("--") || std::find(known.begin(), known.end(), name) != known.end()) continue;
    error.message = "unknown option '" + Printable(name) + "'";
    if (const auto nearest = NearestWord(name, known)) error.hint = "did you mean '" + *nearest + "'? " + error.hint;
    return error;
  }
  error.message = "unexpected argument: " + error.message;
  return error;
}

// The command's own error, or what kept its output from being written.
Status RunChosen(CommandLine& line) {
  if (!line.chosen) return Fail(ErrorKind::kUnexpected, "the command does nothing");
  LATECOMER_RETURN_IF_ERROR(line.chosen());
  line.context.out.flush();
  if (!line.context.out) return Fail(ErrorKind::kIo, "the output could not be written");
  return {};
}

int Report(Context& context, OutputFormat format, const Error& error) {
  context.out.flush();
  PrintError(context, format, error);
  return ExitCodeOf(error.kind);
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments, Context& context) {
  CLI::App app(
      "Finds the past partitions of a lakehouse table that received late data, and gets exactly those\n"
      "processed again.",
      "latecomer");
  app.get_formatter()->column_width(34);
  app.set_help_flag("-h,--help", "Show this help");
  CommandLine line(app, context);
  AddAllCommands(line);
  OutputFormat asked = FormatAskedFor(arguments);
  try {
    if (arguments.empty()) {
      context.err << app.help();
      return kExitUsage;
    }
    if (arguments == std::vector<std::string>{"--version"}) return RunProgram({"version"}, context);
    if (const Status known = CheckCommand(app, arguments); !known) return Report(context, asked, known.error());
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
    asked = line.format;
    const Status done = RunChosen(line);
    return done ? 0 : Report(context, line.format, done.error());
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    context.out << (chosen.empty() ? app.help() : chosen.front()->help());
    return 0;
  } catch (const CLI::ParseError& problem) {
    return Report(context, asked, UsageError(app, problem, arguments));
  } catch (const std::exception& problem) {
    Report(context, asked, Error(ErrorKind::kUnexpected, problem.what()));
    return kExitUnexpected;
  }
}

}  // namespace latecomer::cli
