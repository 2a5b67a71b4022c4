#include "cli/command_line.h"

#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"

namespace latecomer::cli {

CLI::App* AddCommand(CommandLine& line, const std::string& name, const std::string& description,
                     const std::string& examples) {
  CLI::App* command = line.app.add_subcommand(name, description);
  if (!examples.empty()) {
    std::string footer = "Examples:";
    for (const std::string_view example : Split(examples, '\n')) {
      if (!example.empty()) footer.append("\n  ").append(example);
    }
    command->footer(footer);
  }
  return command;
}

void AddOutputOption(CommandLine& line, CLI::App* command, bool with_csv) {
  std::map<std::string, OutputFormat> formats{{"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}};
  if (with_csv) formats.emplace("csv", OutputFormat::kCsv);
  const auto choose = [&line, formats](const std::vector<std::string>& values) {
    const auto found = formats.find(values.back());
    if (found == formats.end()) return false;
    line.format = found->second;
    return true;
  };
  const auto check = [formats](const std::string& value) {
    if (formats.contains(value)) return std::string();
    std::string known;
    for (const auto& [name, format] : formats) known += (known.empty() ? "" : ", ") + name;
    return "'" + value + "' is no output format; there are " + known;
  };
  command->add_option("--output", choose, with_csv ? "How to print: table, json, csv" : "How to print: table, json")
      ->type_name("FORMAT")
      ->default_str("table")
      ->check(CLI::Validator(check, "", "format"));
}

int ExitCodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kInvalidFile: return 2;
    case ErrorKind::kNotFound:
    case ErrorKind::kDamaged: return 3;
    case ErrorKind::kUnsupported: return 4;
    case ErrorKind::kHistoryGone: return 5;
    case ErrorKind::kPermission: return 6;
    case ErrorKind::kConflict: return 7;
    case ErrorKind::kRunFailed: return 8;
    case ErrorKind::kUnexpected:
    case ErrorKind::kIo:
    case ErrorKind::kUnknownOutcome:
    case ErrorKind::kCancelled: return 1;
  }
  return 1;
}

void PrintError(Context& context, OutputFormat format, const Error& error) {
  if (format == OutputFormat::kJson) {
    nlohmann::ordered_json body;
    body["kind"] = std::string(ErrorKindName(error.kind));
    body["message"] = error.message;
    body["file"] = error.file.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(error.file);
    body["line"] = error.line ? nlohmann::ordered_json(*error.line) : nlohmann::ordered_json();
    body["hint"] = error.hint.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(error.hint);
    const nlohmann::ordered_json whole{{"error", body}};
    context.err << whole.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  const bool color = context.err_is_terminal && context.color;
  context.err << (color ? "\x1b[31merror:\x1b[0m " : "error: ") << Printable(error.ToString()) << '\n';
  if (!error.hint.empty()) context.err << "  " << Printable(error.hint) << '\n';
}

}  // namespace latecomer::cli
