// latecomer load: appends rows of files to a Delta table.
#include "load/load.h"

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/progress_bar.h"
#include "cli/text_table.h"
#include "delta/table_writer.h"
#include "storage/open_store.h"

namespace latecomer::cli {
namespace {

struct Options {
  std::string table;
  std::vector<std::string> inputs;
  std::string format;
  std::vector<std::string> partition;
  std::vector<std::string> partition_by;
  std::vector<std::string> partition_types;
};

Result<load::LoadRequest> RequestOf(const Options& options) {
  load::LoadRequest request;
  request.inputs = options.inputs;
  if (options.format == "json") request.format = load::InputFormat::kJson;
  if (options.format == "csv") request.format = load::InputFormat::kCsv;
  if (options.format == "parquet") request.format = load::InputFormat::kParquet;
  for (const std::string& part : options.partition) {
    request.partitioning.fixed += (request.partitioning.fixed.empty() ? "" : "/") + part;
  }
  request.partitioning.by = options.partition_by;
  for (const std::string& given : options.partition_types) {
    const std::size_t equals = given.find('=');
    if (equals == std::string::npos) {
      return Fail(
          Error(ErrorKind::kInvalidArgument, "--partition-type " + Printable(given) + " isn't of the form column=type")
              .Hint("for example --partition-type event_time=date"));
    }
    request.partitioning.types[given.substr(0, equals)] = given.substr(equals + 1);
  }
  return request;
}

std::string Counted(std::int64_t count, const std::string& noun) {
  return GroupDigits(count) + " " + noun + (count == 1 ? "" : "s");
}

void PrintText(Context& context, const Options& options, const load::LoadReport& report) {
  context.out << "loaded " << Counted(report.rows, "row") << " into " << Printable(options.table);
  if (report.partitions.size() == 1 && !report.partitions.front().key.Empty()) {
    context.out << ", " << report.partitions.front().key.Display();
  } else if (report.partitions.size() > 1) {
    context.out << ", " << Counted(static_cast<std::int64_t>(report.partitions.size()), "partition");
  }
  context.out << ": version " << report.version.value << ", " << Counted(report.files, "file") << ", "
              << HumanBytes(report.bytes) << '\n';
  if (report.partitions.size() < 2) return;
  TextTable table({{"PARTITION"}, {"ROWS", Align::kRight}});
  for (const auto& partition : report.partitions) table.Add({partition.key.Display(), GroupDigits(partition.rows)});
  table.Print(context.out, context.color);
}

void PrintJson(Context& context, const Options& options, const load::LoadReport& report) {
  std::string text = "{\"table\":";
  AppendJsonString(text, options.table);
  AppendJsonMember(text, "version", report.version.value);
  AppendJsonMember(text, "rows", report.rows);
  AppendJsonMember(text, "files", report.files);
  AppendJsonMember(text, "bytes", report.bytes);
  text += ",\"partitions\":[";
  bool first = true;
  for (const auto& partition : report.partitions) {
    text += first ? "{\"partition\":" : ",{\"partition\":";
    first = false;
    text += partition.key.LogJson();
    AppendJsonMember(text, "rows", partition.rows);
    text += '}';
  }
  context.out << text << "]}\n";
}

Status Run(Context& context, OutputFormat format, const Options& options) {
  LATECOMER_ASSIGN_OR_RETURN(load::LoadRequest request, RequestOf(options));
  LATECOMER_ASSIGN_OR_RETURN(auto store, storage::ProcessStores()(options.table));
  LATECOMER_ASSIGN_OR_RETURN(const auto writer, delta::OpenDeltaWriter(std::move(store), storage::ProcessStores(),
                                                                       context.clock, context.random));
  std::optional<ProgressBar> bar(std::in_place, context, "loading");
  request.progress = [&](std::int64_t done, std::int64_t total) { bar->Show(done, total); };
  const auto report = load::Load(*writer, request);
  bar.reset();
  if (!report) return Fail(report.error());
  if (format == OutputFormat::kJson) {
    PrintJson(context, options, *report);
  } else {
    PrintText(context, options, *report);
  }
  return {};
}

}  // namespace

void AddLoadCommand(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      AddCommand(line, "load", "Append rows of files to a Delta table, in one commit",
                 "latecomer load dataset/devices dataset/input/dataset.json --partition event_time=2024-01-01\n"
                 "latecomer load dataset/visits visits.csv.gz --partition-by event_time\n"
                 "latecomer load dataset/visits day1.parquet day2.parquet --partition-by event_time\n"
                 "latecomer load dataset/sales sales.json --partition day=2024-01-01 --partition-type day=date");
  command->add_option("table", options->table, "Folder of the table; created when there is none")
      ->required()
      ->type_name("TABLE");
  command->add_option("input", options->inputs, "Files of rows: JSON lines, CSV (either also .gz) or Parquet")
      ->required()
      ->type_name("INPUT");
  command->add_option("--partition", options->partition, "The partition all rows go to")
      ->type_name("COLUMN=VALUE")
      ->allow_extra_args(false);
  command->add_option("--partition-by", options->partition_by, "Split the rows by this column")
      ->type_name("COLUMN")
      ->allow_extra_args(false)
      ->delimiter(',');
  command
      ->add_option("--partition-type", options->partition_types,
                   "Type of a new table's partition column (default string)")
      ->type_name("COLUMN=TYPE")
      ->allow_extra_args(false);
  command->add_option("--format", options->format, "Format of the inputs, when their names don't tell")
      ->type_name("json|csv|parquet")
      ->check(CLI::IsMember({"json", "csv", "parquet"}));
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Run(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
