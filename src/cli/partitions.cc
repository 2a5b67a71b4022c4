// latecomer partitions: what each partition holds at a version, as sums or file by file.
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/open_table.h"
#include "cli/text_table.h"
#include "table/partition_key.h"

namespace latecomer::cli {
namespace {

struct Options {
  std::string table;
  std::optional<std::int64_t> at;
  bool files = false;
};

std::optional<std::int64_t> NumberOf(const std::optional<Version>& version) {
  return version ? std::optional(version->value) : std::nullopt;
}

void PrintTable(Context& context, const table::Snapshot& snapshot) {
  TextTable table({{"PARTITION"},
                   {"FILES", Align::kRight},
                   {"ROWS", Align::kRight},
                   {"BYTES", Align::kRight},
                   {"LAST CHANGED BY", Align::kRight}});
  for (const table::PartitionState& state : snapshot.partitions) {
    const auto changed = NumberOf(state.last_changed);
    table.Add({state.key.Display(), GroupDigits(state.files), state.rows ? GroupDigits(*state.rows) : "?",
               HumanBytes(state.bytes), changed ? "version " + std::to_string(*changed) : "before the log"});
  }
  if (table.Empty()) {
    context.out << "The table has no files at version " << snapshot.info.version.value << ".\n";
  } else {
    table.Print(context.out, context.color);
  }
}

std::string JsonLines(const table::Snapshot& snapshot) {
  std::string text;
  for (const table::PartitionState& state : snapshot.partitions) {
    text += "{\"partition\":" + state.key.LogJson();
    AppendJsonMember(text, "files", state.files);
    AppendJsonMember(text, "rows", state.rows);
    AppendJsonMember(text, "bytes", state.bytes);
    AppendJsonMember(text, "last_changed_version", NumberOf(state.last_changed));
    text += "}\n";
  }
  return text;
}

std::string Csv(const table::Snapshot& snapshot) {
  std::string text = "partition,files,rows,bytes,last_changed_version\n";
  for (const table::PartitionState& state : snapshot.partitions) {
    AppendCsv(text, table::HivePath(state.key));
    for (const auto& number :
         {std::optional(state.files), state.rows, std::optional(state.bytes), NumberOf(state.last_changed)}) {
      text += ',';
      AppendCsv(text, number);
    }
    text += '\n';
  }
  return text;
}

// Rows that a reader sees: those of the file less the hidden ones.
std::optional<std::int64_t> VisibleRows(const table::DataFile& file) {
  if (!file.rows) return std::nullopt;
  return *file.rows - static_cast<std::int64_t>(file.deleted_rows.size());
}

std::string FilesText(OutputFormat format, const std::vector<table::DataFile>& files) {
  std::string text = format == OutputFormat::kCsv ? "partition,path,rows,bytes\n" : "";
  for (const table::DataFile& file : files) {
    if (format == OutputFormat::kCsv) {
      AppendCsv(text, table::HivePath(file.key));
      text += ',';
      AppendCsv(text, file.path);
      text += ',';
      AppendCsv(text, VisibleRows(file));
      text += ',';
      AppendCsv(text, std::optional(file.size_bytes));
      text += '\n';
    } else {
      text += "{\"partition\":" + file.key.LogJson();
      text += ",\"path\":";
      AppendJsonString(text, file.path);
      AppendJsonMember(text, "rows", VisibleRows(file));
      AppendJsonMember(text, "bytes", file.size_bytes);
      text += "}\n";
    }
  }
  return text;
}

void PrintFiles(Context& context, const std::vector<table::DataFile>& files) {
  TextTable table({{"PARTITION"}, {"ROWS", Align::kRight}, {"BYTES", Align::kRight}, {"FILE"}});
  for (const table::DataFile& file : files) {
    const auto rows = VisibleRows(file);
    table.Add({file.key.Display(), rows ? GroupDigits(*rows) : "?", HumanBytes(file.size_bytes), file.path});
  }
  table.Print(context.out, context.color);
}

Status RunFiles(Context& context, OutputFormat format, const table::TableHistory& history, std::optional<Version> at) {
  if (!at) {
    LATECOMER_ASSIGN_OR_RETURN(at, history.LatestVersion());
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto files, history.ReadFiles(*at, [](const table::PartitionKey&) { return true; }));
  if (format != OutputFormat::kTable) {
    context.out << FilesText(format, files);
  } else if (files.empty()) {
    context.out << "The table has no files at version " << at->value << ".\n";
  } else {
    PrintFiles(context, files);
  }
  return {};
}

Status Run(Context& context, OutputFormat format, const Options& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto history, OpenTable(options.table));
  const std::optional<Version> at = options.at ? std::optional(Version{*options.at}) : std::nullopt;
  if (options.files) return RunFiles(context, format, *history, at);
  LATECOMER_ASSIGN_OR_RETURN(const table::Snapshot snapshot, history->ReadSnapshot(at));
  switch (format) {
    case OutputFormat::kTable: PrintTable(context, snapshot); break;
    case OutputFormat::kJson: context.out << JsonLines(snapshot); break;
    case OutputFormat::kCsv: context.out << Csv(snapshot); break;
  }
  return {};
}

}  // namespace

void AddPartitionsCommand(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = AddCommand(line, "partitions", "What each partition of a table holds",
                                 "latecomer partitions dataset/devices\n"
                                 "latecomer partitions dataset/devices --at 3\n"
                                 "latecomer partitions dataset/devices --files\n"
                                 "latecomer partitions dataset/devices --output csv");
  command->add_option("table", options->table, "Folder of the table")->required()->type_name("TABLE");
  command->add_option("--at", options->at, "At this version instead of the newest")
      ->type_name("V")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--files", options->files, "One line for each live data file");
  AddOutputOption(line, command, true);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Run(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
