// latecomer generate: rows to try things with.
#include "generate/generate.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "base/cadence.h"
#include "base/text.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/progress_bar.h"
#include "cli/small_file.h"
#include "cli/text_table.h"
#include "generate/builtin.h"
#include "generate/output_file.h"
#include "generate/spec.h"

namespace latecomer::cli {
namespace {

struct Options {
  std::string entity;
  std::string spec_file;
  std::string print_spec;
  std::string file = "-";
  std::string format;
  std::string late_rows;
  std::string event_time;
  std::string current;
  std::string cadence;
  std::optional<std::int64_t> rows;
  std::optional<std::uint64_t> seed;
};

Error Usage(std::string message, std::string hint) {
  return Error(ErrorKind::kInvalidArgument, std::move(message)).Hint(std::move(hint));
}

// An error of a value given as an option, with the option's name.
template <typename T>
Result<T> OfOption(const char* option, Result<T> result) {
  if (result) return result;
  Error error = std::move(result).error();
  error.message = std::string(option) + ": " + error.message;
  return Fail(std::move(error));
}

Result<generate::Spec> ReadSpec(const Options& options) {
  if (options.spec_file.empty() == options.entity.empty()) {
    return Fail(Usage(options.entity.empty() ? "say what to generate" : "an entity and --spec can't both be given",
                      "latecomer generate devices, or latecomer generate --spec FILE"));
  }
  if (!options.entity.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string_view yaml, generate::BuiltinSpec(options.entity));
    return generate::ParseSpec(std::string(yaml), "the built-in spec " + options.entity);
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::string yaml, ReadSmallFile(options.spec_file));
  return generate::ParseSpec(yaml, options.spec_file);
}

// What the command line says goes before what the spec says.
Status Override(const Options& options, generate::Spec& spec) {
  if (options.rows) spec.rows = *options.rows;
  if (options.seed) spec.seed = options.seed;
  if (!options.late_rows.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(spec.late_rows, OfOption("--late-rows", generate::ParseShare(options.late_rows)));
  }
  if (!options.event_time.empty()) {
    if (!spec.event_time) spec.event_time.emplace();
    spec.event_time->field = options.event_time;
  }
  if (!options.current.empty() || !options.cadence.empty()) {
    if (!spec.event_time) {
      return Fail(Usage(std::string(options.current.empty() ? "--cadence" : "--current") + " needs an event-time field",
                        "add --event-time event_time"));
    }
  }
  if (!options.current.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(spec.event_time->current, OfOption("--current", generate::ParseLocal(options.current)));
  }
  if (!options.cadence.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const Cadence cadence, OfOption("--cadence", ParseCadence(options.cadence)));
    spec.event_time->calendar = Calendar(cadence, spec.event_time->calendar.zone());
  }
  return generate::CheckSpec(spec);
}

// What is asked for, what the file's name says, what the spec says, JSON.
Result<generate::Format> FormatOf(const Options& options, const generate::Spec& spec) {
  if (!options.format.empty()) return generate::ParseFormat(options.format);
  if (options.file.ends_with(".gz")) {
    return Fail(Usage("files aren't packed here", "generate to `-` and pipe it through gzip"));
  }
  if (options.file.ends_with(".csv")) return generate::Format::kCsv;
  if (options.file.ends_with(".parquet")) return generate::Format::kParquet;
  if (options.file.ends_with(".json") || options.file.ends_with(".jsonl") || options.file.ends_with(".ndjson")) {
    return generate::Format::kJson;
  }
  return spec.format.value_or(generate::Format::kJson);
}

void PrintReport(std::ostream& out, OutputFormat output, const Options& options, const generate::Spec& spec,
                 std::uint64_t seed, generate::Format format, const generate::GenerateReport& report) {
  if (output == OutputFormat::kJson) {
    nlohmann::ordered_json json = {{"entity", spec.entity}, {"file", options.file}, {"format", FormatName(format)},
                                   {"rows", report.rows},   {"late_rows", nullptr}, {"bytes", report.bytes},
                                   {"seed", seed}};
    if (spec.event_time) json["late_rows"] = report.late_rows;
    out << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  out << "generated " << GroupDigits(report.rows) << (report.rows == 1 ? " row" : " rows") << " of "
      << Printable(spec.entity);
  if (spec.event_time) out << ", " << GroupDigits(report.late_rows) << " of them late,";
  out << " into " << Printable(options.file) << ": " << HumanBytes(report.bytes) << ", seed " << seed << '\n';
}

Status Run(Context& context, OutputFormat output_format, const Options& options) {
  if (!options.print_spec.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string_view yaml, generate::BuiltinSpec(options.print_spec));
    context.out << yaml;
    return {};
  }
  LATECOMER_ASSIGN_OR_RETURN(generate::Spec spec, ReadSpec(options));
  LATECOMER_RETURN_IF_ERROR(Override(options, spec));
  LATECOMER_ASSIGN_OR_RETURN(const generate::Format format, FormatOf(options, spec));
  const bool to_stream = options.file == "-";
  if (spec.late_rows > 0 && !spec.event_time) {
    context.err << "note: late rows are told by an event time, and " << Printable(spec.entity)
                << " have none: the share has no effect (add --event-time event_time --current 2024-01-02)\n";
  }
  // 32 bits, so that it can be typed again.
  const std::uint64_t seed = spec.seed ? *spec.seed : context.random.Next() >> 32;
  std::unique_ptr<generate::Output> output;
  if (to_stream) {
    output = generate::MakeStreamOutput(context.out);
  } else {
    LATECOMER_ASSIGN_OR_RETURN(output, generate::OpenOutputFile(options.file));
  }
  std::optional<ProgressBar> bar(std::in_place, context, "generating");
  const auto report =
      generate::Generate(spec, seed, format, *output, [&](std::int64_t rows) { bar->Show(rows, spec.rows); });
  bar.reset();
  if (!report) return Fail(report.error());
  // Rows on stdout stay alone there.
  if (!to_stream) PrintReport(context.out, output_format, options, spec, seed, format, *report);
  return {};
}

}  // namespace

void AddGenerateCommand(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      AddCommand(line, "generate", "Generate rows to try things with, late ones among them",
                 "latecomer generate devices --rows 100 --late-rows 70% -o dataset/input/dataset.json\n"
                 "latecomer generate devices --seed 7 --event-time event_time --current 2024-01-02 --late-rows 10%\n"
                 "latecomer generate --print-spec devices > devices.yaml\n"
                 "latecomer generate --spec devices.yaml --rows 1000000 -o devices.parquet");
  command->add_option("entity", options->entity, "A built-in entity: devices")->type_name("ENTITY");
  command->add_option("--spec", options->spec_file, "A YAML file that says what to generate")->type_name("FILE");
  command->add_option("--print-spec", options->print_spec, "Print the YAML of a built-in entity and end")
      ->type_name("ENTITY");
  command->add_option("--rows", options->rows, "How many rows")->type_name("N")->check(CLI::NonNegativeNumber);
  command->add_option("-o,--file", options->file, "Where to write; - is standard output (default)")->type_name("FILE");
  command->add_option("--format", options->format, "Format, when the file's name doesn't tell")
      ->type_name("json|csv|parquet")
      ->check(CLI::IsMember({"json", "csv", "parquet"}));
  command->add_option("--seed", options->seed, "The same seed gives the same rows; printed when it isn't given")
      ->type_name("N");
  command
      ->add_option("--late-rows", options->late_rows,
                   "Share of rows whose event time lies before the current partition")
      ->type_name("SHARE");
  command->add_option("--event-time", options->event_time, "Add an event-time field of this name")->type_name("FIELD");
  command->add_option("--current", options->current, "The current partition")->type_name("DATE");
  command->add_option("--cadence", options->cadence, "Length of a partition (default day)")->type_name("CADENCE");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Run(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
