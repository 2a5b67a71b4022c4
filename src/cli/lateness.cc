// latecomer lateness: how late a table's data comes, from its log alone.
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/lateness_text.h"
#include "cli/open_table.h"
#include "lateness/find_time_columns.h"
#include "lateness/lateness_report.h"

namespace latecomer::cli {
namespace {

struct Options {
  std::string table;
  std::vector<std::string> columns;
  std::string format;
  std::string cadence;
  std::string time_zone = "UTC";
  std::string plot;
};

// Partitions to guess columns and cadence from: those that are there now, else those of the last commits.
Result<std::vector<table::PartitionKey>> SampleKeys(const table::TableHistory& history, const VersionRange& range) {
  std::vector<table::PartitionKey> keys;
  LATECOMER_ASSIGN_OR_RETURN(const table::Snapshot snapshot, history.ReadSnapshot(std::nullopt));
  for (const table::PartitionState& state : snapshot.partitions) keys.push_back(state.key);
  if (!keys.empty()) return keys;
  constexpr std::int64_t kEnough = 100;
  const VersionRange last{Version{std::max(range.base.value, range.target.value - kEnough)}, range.target};
  LATECOMER_RETURN_IF_ERROR(history.ReadCommits(last, [&](table::Commit&& commit) -> Status {
    for (table::PartitionChange& change : commit.partitions) keys.push_back(std::move(change.key));
    return {};
  }));
  return keys;
}

Result<lateness::TimeColumns> ChooseColumns(const Options& options, const table::TableInfo& info,
                                            const std::vector<table::PartitionKey>& keys) {
  std::vector<std::string> names;
  for (const table::PartitionColumn& column : info.partition_columns) names.push_back(column.name);
  std::string listed;
  for (const std::string& name : names) listed += (listed.empty() ? "" : ", ") + name;
  for (const std::string& wanted : options.columns) {
    if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
    return Fail(Error(ErrorKind::kInvalidArgument, "the table has no partition column `" + wanted + "`")
                    .In(options.table)
                    .Hint(names.empty() ? "it is not partitioned" : "it has " + listed));
  }
  if (!options.columns.empty()) return lateness::TimeColumns{options.columns, options.format};
  auto found = lateness::FindTimeColumns(info.partition_columns, keys);
  if (!found) {
    return Fail(Error(ErrorKind::kInvalidArgument, names.empty()
                                                       ? "the table is not partitioned, so no data belongs to a time"
                                                       : "no partition column of the table looks like time")
                    .In(options.table)
                    .Hint(names.empty() ? "" : "name it with --partition COLUMN; the table has: " + listed));
  }
  found->format = options.format;
  return *found;
}

Result<Calendar> ChooseCalendar(const Options& options, const lateness::TimeColumns& columns,
                                const std::vector<table::PartitionKey>& keys) {
  LATECOMER_ASSIGN_OR_RETURN(TimeZone zone, TimeZone::Load(options.time_zone));
  if (options.cadence.empty()) return Calendar(lateness::GuessCadence(columns, keys, zone), zone);
  LATECOMER_ASSIGN_OR_RETURN(const Cadence cadence, ParseCadence(options.cadence));
  return Calendar(cadence, zone);
}

Status WritePlot(const std::string& path, const Drawing& drawing) {
  std::string bytes;
  if (path.ends_with(".png")) {
    LATECOMER_ASSIGN_OR_RETURN(bytes, ToPng(drawing));
  } else {
    bytes = ToSvg(drawing);
  }
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return Fail(SystemError(errno, "write", path));
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  const int problem = errno;
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed) return Fail(SystemError(written ? errno : problem, "write", path));
  return {};
}

// Tells the collector what was there before the first commit that is left.
Status TakeKnown(Context& context, const table::TableHistory& history, Version base,
                 lateness::ArrivalCollector& collector) {
  if (base < Version{0}) return {};
  context.err << "note: the commits before version " << base.Next().value << " are not in the log any more\n";
  const auto before = history.ReadSnapshot(base);
  if (!before) {
    context.err << "note: what the table held then can't be read, so its first data may be counted as new\n";
    return {};
  }
  for (const table::PartitionState& state : before->partitions) collector.Known(state.key);
  return {};
}

Status Lateness(Context& context, OutputFormat format, const Options& options) {
  if (!options.plot.empty() && !options.plot.ends_with(".svg") && !options.plot.ends_with(".png")) {
    return Fail(Error(ErrorKind::kInvalidArgument, "--plot writes SVG or PNG, by the file's name: .svg or .png")
                    .In(options.plot));
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto history, OpenTable(options.table));
  LATECOMER_ASSIGN_OR_RETURN(const table::TableInfo info, history->ReadInfo(std::nullopt));
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<VersionRange> ranges, history->CommitRanges());
  if (ranges.empty()) {
    return Fail(Error(ErrorKind::kHistoryGone, "no commits are left in the log, only a checkpoint").In(options.table));
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto keys, SampleKeys(*history, ranges.back()));
  LATECOMER_ASSIGN_OR_RETURN(const lateness::TimeColumns columns, ChooseColumns(options, info, keys));
  LATECOMER_ASSIGN_OR_RETURN(const Calendar calendar, ChooseCalendar(options, columns, keys));
  lateness::ArrivalCollector collector(columns, calendar);
  for (const VersionRange& range : ranges) {
    LATECOMER_RETURN_IF_ERROR(TakeKnown(context, *history, range.base, collector));
    LATECOMER_RETURN_IF_ERROR(history->ReadCommits(range, [&](table::Commit&& commit) -> Status {
      collector.Take(commit);
      return {};
    }));
  }
  const lateness::Arrivals& arrivals = collector.arrivals();
  if (arrivals.commits_with_file_time > 0) {
    context.err << "note: " << arrivals.commits_with_file_time
                << " commits carry no time; that of their file was taken, which copying changes\n";
  }
  const lateness::LatenessReport report = lateness::MakeReport(arrivals, calendar);
  const LatenessSubject subject{
      history->location(), columns.columns, calendar, {ranges.front().base, ranges.back().target}};
  if (!options.plot.empty()) LATECOMER_RETURN_IF_ERROR(WritePlot(options.plot, LatenessDrawing(subject, report)));
  if (format == OutputFormat::kJson) {
    context.out << LatenessJson(subject, arrivals, report)
                       .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                << '\n';
  } else {
    PrintLateness(context, subject, arrivals, report);
  }
  return {};
}

}  // namespace

void AddLatenessCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "lateness", "How late a table's data comes, from its log alone",
                                 "latecomer lateness dataset/devices\n"
                                 "latecomer lateness dataset/events --cadence hour --time-zone Europe/Berlin\n"
                                 "latecomer lateness dataset/events --partition year --partition month\n"
                                 "latecomer lateness dataset/devices --plot lateness.svg\n"
                                 "latecomer lateness dataset/devices --output json | jq .lookback");
  auto options = std::make_shared<Options>();
  command->add_option("table", options->table, "Folder of the table")->required()->type_name("TABLE");
  command
      ->add_option("--partition", options->columns,
                   "A column that holds the time, or a part of it; may be repeated. Default: guessed")
      ->type_name("COLUMN")
      ->allow_extra_args(false);
  command->add_option("--format", options->format, "How the columns read, joined by a space: %Y %m %d %H %M %G %V")
      ->type_name("FORMAT");
  command->add_option("--cadence", options->cadence, "hour, day, week, month, or N of them. Default: guessed")
      ->type_name("CADENCE");
  command->add_option("--time-zone", options->time_zone, "The zone partitions are counted in")
      ->type_name("ZONE")
      ->capture_default_str();
  command->add_option("--plot", options->plot, "Also write the histogram to this file, as SVG or PNG by its name")
      ->type_name("FILE");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Lateness(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
