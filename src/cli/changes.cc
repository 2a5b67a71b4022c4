// latecomer changes: what each commit did to each partition.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/open_table.h"
#include "cli/text_table.h"
#include "table/partition_key.h"

namespace latecomer::cli {
namespace {

constexpr std::size_t kFlushBytes = 256 * 1024;

struct Options {
  std::string table;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  bool summary = false;
};

// Totals of one partition over the range.
struct Total {
  table::ChangeCounts counts;
  std::int64_t commits = 0;
  bool data_change = false;
  Version first;
  Version last;
};

class ChangesCommand {
 public:
  ChangesCommand(Context& context, OutputFormat format, const Options& options)
      : context_(context), format_(format), options_(options) {}

  Status Run();

 private:
  Result<std::vector<VersionRange>> Ranges(const table::TableHistory& history);
  void Begin();
  Status Take(const table::Commit& commit);
  void Flush(std::size_t at_least);
  void JsonCommit(const table::Commit& commit);
  void CsvCommit(const table::Commit& commit);
  void TableCommit(const table::Commit& commit);
  Total& TotalOf(const table::PartitionKey& key);
  void AddToTotals(const table::Commit& commit);
  void PrintTotals();
  void End();

  Context& context_;
  OutputFormat format_;
  const Options& options_;
  std::string text_;
  TextTable table_{{{"VERSION", Align::kRight},
                    {"TIME"},
                    {"OPERATION"},
                    {"PARTITION"},
                    {"FILES", Align::kRight},
                    {"ROWS", Align::kRight},
                    {"BYTES", Align::kRight},
                    {"NOTE"}}};
  using Totals = std::map<table::PartitionKey, Total, table::NamesThenValues>;
  Totals totals_;
  // By identity of the keys in `known_`, which keeps these alive: most commits bring keys that came before.
  std::unordered_map<const void*, Total*> total_of_;
  std::vector<table::PartitionKey> known_;
};

void AppendCounts(std::string& out, const table::ChangeCounts& counts) {
  AppendJsonMember(out, "files_added", counts.files_added);
  AppendJsonMember(out, "files_removed", counts.files_removed);
  AppendJsonMember(out, "rows_added", counts.rows_added);
  AppendJsonMember(out, "rows_removed", counts.rows_removed);
  AppendJsonMember(out, "bytes_added", counts.bytes_added);
  AppendJsonMember(out, "bytes_removed", counts.bytes_removed);
  AppendJsonMember(out, "deletion_vector_updates", counts.deletion_vector_updates);
}

void AppendCsvCounts(std::string& out, const table::ChangeCounts& counts) {
  for (const auto& number : {std::optional(counts.files_added), std::optional(counts.files_removed), counts.rows_added,
                             counts.rows_removed, std::optional(counts.bytes_added),
                             std::optional(counts.bytes_removed), std::optional(counts.deletion_vector_updates)}) {
    out += ',';
    AppendCsv(out, number);
  }
}

const char* BoolText(bool truth) {
  return truth ? "true" : "false";
}

// "+3 −1"; only the parts that are not zero.
std::string PlusMinus(std::optional<std::int64_t> plus, std::optional<std::int64_t> minus) {
  std::string text;
  if (!plus || *plus != 0) text = "+" + (plus ? GroupDigits(*plus) : "?");
  if (!minus || *minus != 0) text += (text.empty() ? "−" : " −") + (minus ? GroupDigits(*minus) : "?");
  return text.empty() ? "0" : text;
}

std::string BytesText(const table::ChangeCounts& counts) {
  std::string text;
  if (counts.files_added > 0) text = "+" + HumanBytes(counts.bytes_added);
  if (counts.files_removed > 0) text += (text.empty() ? "−" : " −") + HumanBytes(counts.bytes_removed);
  return text;
}

std::string NoteOf(const table::ChangeCounts& counts, bool data_change) {
  std::string note = data_change ? "" : "no data change";
  if (counts.deletion_vector_updates > 0) {
    note += (note.empty() ? "" : ", ") + GroupDigits(counts.deletion_vector_updates) + " deletion vectors";
  }
  return note;
}

// Sums that meet an unknown stay unknown.
void AddTo(std::optional<std::int64_t>& total, const std::optional<std::int64_t>& more) {
  if (total && more) {
    *total += *more;
  } else {
    total.reset();
  }
}

Result<std::vector<VersionRange>> ChangesCommand::Ranges(const table::TableHistory& history) {
  if (options_.from) {
    Version to;
    if (options_.to) {
      to = Version{*options_.to};
    } else {
      LATECOMER_ASSIGN_OR_RETURN(to, history.LatestVersion());
    }
    if (to < Version{*options_.from}) {
      return Fail(Error(ErrorKind::kInvalidArgument, "--from " + std::to_string(*options_.from) +
                                                         " lies after the last version to read, " +
                                                         std::to_string(to.value)));
    }
    return std::vector<VersionRange>{{Version{*options_.from}, to}};
  }
  LATECOMER_ASSIGN_OR_RETURN(std::vector<VersionRange> ranges, history.CommitRanges());
  if (options_.to) {
    const Version to{*options_.to};
    const Version newest = ranges.empty() ? kBeforeFirst : ranges.back().target;
    if (to > newest) {
      return Fail(Error(ErrorKind::kNotFound, "there is no commit of version " + std::to_string(to.value) +
                                                  "; the newest is " + std::to_string(newest.value))
                      .In(history.location()));
    }
    std::erase_if(ranges, [&](const VersionRange& range) { return range.base >= to; });
    if (!ranges.empty()) ranges.back().target = std::min(ranges.back().target, to);
  }
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const Version first = ranges[i].base.Next();
    if (i > 0) {
      context_.err << "note: commits after version " << ranges[i - 1].target.value << " and before version "
                   << first.value << " are missing; a checkpoint bridges them\n";
    } else if (first > Version{0}) {
      context_.err << "note: the commits before version " << first.value << " are not in the log any more\n";
    }
  }
  if (ranges.empty()) context_.err << "note: no commits are left in the log, only a checkpoint\n";
  return ranges;
}

void ChangesCommand::Flush(std::size_t at_least) {
  if (text_.size() < at_least) return;
  context_.out.write(text_.data(), static_cast<std::streamsize>(text_.size()));
  text_.clear();
}

void ChangesCommand::JsonCommit(const table::Commit& commit) {
  text_ += "{\"version\":";
  AppendJsonInteger(text_, commit.version.value);
  text_ += ",\"timestamp\":\"";
  text_ += FormatInstant(commit.timestamp);
  text_ += "\",\"operation\":";
  AppendJsonString(text_, commit.operation);
  text_ += ",\"metadata_changed\":";
  text_ += BoolText(commit.metadata_changed);
  text_ += ",\"protocol_changed\":";
  text_ += BoolText(commit.protocol_changed);
  text_ += ",\"partitions\":[";
  bool first = true;
  for (const table::PartitionChange& change : commit.partitions) {
    text_ += first ? "{\"partition\":" : ",{\"partition\":";
    first = false;
    text_ += change.key.LogJson();
    AppendCounts(text_, change.counts);
    text_ += ",\"data_change\":";
    text_ += BoolText(change.data_change);
    text_ += '}';
  }
  text_ += "]}\n";
}

void ChangesCommand::CsvCommit(const table::Commit& commit) {
  for (const table::PartitionChange& change : commit.partitions) {
    AppendCsv(text_, commit.version.value);
    text_ += ',' + FormatInstant(commit.timestamp) + ',';
    AppendCsv(text_, commit.operation);
    text_ += ',';
    AppendCsv(text_, table::HivePath(change.key));
    AppendCsvCounts(text_, change.counts);
    text_ += ',';
    text_ += BoolText(change.data_change);
    text_ += '\n';
  }
}

void ChangesCommand::TableCommit(const table::Commit& commit) {
  const std::string version = std::to_string(commit.version.value);
  const std::string time =
      FormatInstant(commit.timestamp) + (commit.timestamp_source == table::TimestampSource::kFile ? " (file)" : "");
  if (commit.partitions.empty()) {
    const char* note = commit.metadata_changed ? "metadata" : commit.protocol_changed ? "protocol" : "no files";
    table_.Add({version, time, commit.operation, Cell("", Paint::kMuted), "", "", "", Cell(note, Paint::kMuted)});
  }
  bool first = true;
  for (const table::PartitionChange& change : commit.partitions) {
    const Paint paint = change.data_change ? Paint::kNone : Paint::kMuted;
    const table::ChangeCounts& counts = change.counts;
    table_.Add({first ? version : "", first ? time : "", first ? commit.operation : "",
                Cell(change.key.Display(), paint), Cell(PlusMinus(counts.files_added, counts.files_removed), paint),
                Cell(PlusMinus(counts.rows_added, counts.rows_removed), paint), Cell(BytesText(counts), paint),
                Cell(NoteOf(counts, change.data_change), Paint::kMuted)});
    first = false;
  }
}

Total& ChangesCommand::TotalOf(const table::PartitionKey& key) {
  const auto [slot, is_new] = total_of_.try_emplace(key.identity(), nullptr);
  if (is_new) {
    slot->second = &totals_[key];
    known_.push_back(key);
  }
  return *slot->second;
}

void ChangesCommand::AddToTotals(const table::Commit& commit) {
  for (const table::PartitionChange& change : commit.partitions) {
    Total& total = TotalOf(change.key);
    if (total.commits == 0) total.first = commit.version;
    total.last = commit.version;
    ++total.commits;
    total.data_change = total.data_change || change.data_change;
    total.counts.files_added += change.counts.files_added;
    total.counts.files_removed += change.counts.files_removed;
    AddTo(total.counts.rows_added, change.counts.rows_added);
    AddTo(total.counts.rows_removed, change.counts.rows_removed);
    total.counts.bytes_added += change.counts.bytes_added;
    total.counts.bytes_removed += change.counts.bytes_removed;
    total.counts.deletion_vector_updates += change.counts.deletion_vector_updates;
  }
}

void ChangesCommand::PrintTotals() {
  TextTable table({{"PARTITION"},
                   {"COMMITS", Align::kRight},
                   {"VERSIONS", Align::kRight},
                   {"FILES", Align::kRight},
                   {"ROWS", Align::kRight},
                   {"BYTES", Align::kRight},
                   {"NOTE"}});
  for (const auto& [key, total] : totals_) {
    if (format_ == OutputFormat::kJson) {
      text_ += "{\"partition\":" + key.LogJson();
      AppendJsonMember(text_, "commits", total.commits);
      AppendJsonMember(text_, "first_version", total.first.value);
      AppendJsonMember(text_, "last_version", total.last.value);
      AppendCounts(text_, total.counts);
      text_ += std::string(",\"data_change\":") + BoolText(total.data_change) + "}\n";
    } else if (format_ == OutputFormat::kCsv) {
      AppendCsv(text_, table::HivePath(key));
      for (const std::int64_t number : {total.commits, total.first.value, total.last.value}) {
        text_ += ',';
        AppendCsv(text_, number);
      }
      AppendCsvCounts(text_, total.counts);
      text_ += std::string(",") + BoolText(total.data_change) + '\n';
    } else {
      const std::string first = std::to_string(total.first.value);
      const std::string last = std::to_string(total.last.value);
      table.Add({key.Display(), GroupDigits(total.commits), first == last ? first : first + "–" + last,
                 PlusMinus(total.counts.files_added, total.counts.files_removed),
                 PlusMinus(total.counts.rows_added, total.counts.rows_removed), BytesText(total.counts),
                 Cell(NoteOf(total.counts, total.data_change), Paint::kMuted)});
    }
  }
  if (format_ == OutputFormat::kTable) table.Print(context_.out, context_.color);
}

void ChangesCommand::Begin() {
  if (format_ != OutputFormat::kCsv) return;
  text_ = options_.summary ? "partition,commits,first_version,last_version," : "version,timestamp,operation,partition,";
  text_ +=
      "files_added,files_removed,rows_added,rows_removed,bytes_added,bytes_removed,deletion_vector_updates,data_"
      "change\n";
}

Status ChangesCommand::Take(const table::Commit& commit) {
  if (options_.summary) {
    AddToTotals(commit);
  } else if (format_ == OutputFormat::kJson) {
    JsonCommit(commit);
  } else if (format_ == OutputFormat::kCsv) {
    CsvCommit(commit);
  } else {
    TableCommit(commit);
  }
  Flush(kFlushBytes);
  return {};
}

void ChangesCommand::End() {
  if (options_.summary) {
    PrintTotals();
  } else if (format_ == OutputFormat::kTable && !table_.Empty()) {
    table_.Print(context_.out, context_.color);
  }
  Flush(0);
}

Status ChangesCommand::Run() {
  delta::ReadOptions read;
  read.metrics = delta::ReadOptions::Metrics::kSkip;
  LATECOMER_ASSIGN_OR_RETURN(const auto history, OpenTable(options_.table, read));
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<VersionRange> ranges, Ranges(*history));
  Begin();
  for (const VersionRange& range : ranges) {
    Status read_all = history->ReadCommits(range, [&](table::Commit&& commit) { return Take(commit); });
    if (!read_all) {
      if (!options_.summary) End();  // what was read before the problem is right, and worth showing
      return read_all;
    }
  }
  End();
  return {};
}

}  // namespace

void AddChangesCommand(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = AddCommand(line, "changes", "What each commit did to each partition of a table",
                                 "latecomer changes dataset/devices\n"
                                 "latecomer changes dataset/devices --from 2 --to 5\n"
                                 "latecomer changes dataset/devices --summary\n"
                                 "latecomer changes dataset/devices --output json | jq .version");
  command->add_option("table", options->table, "Folder of the table")->required()->type_name("TABLE");
  command->add_option("--from", options->from, "Only what came after this version (not the version itself)")
      ->type_name("V")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--to", options->to, "Up to and with this version")
      ->type_name("V")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--summary", options->summary, "Totals per partition over the range");
  AddOutputOption(line, command, true);
  command->callback([&line, options] {
    line.chosen = [&line, options] { return ChangesCommand(line.context, line.format, *options).Run(); };
  });
}

}  // namespace latecomer::cli
