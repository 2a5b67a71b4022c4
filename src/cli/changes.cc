// latecomer changes: what each commit did to each partition.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
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
#include "delta/whole_history.h"
#include "storage/open_store.h"
#include "table/partition_key.h"

namespace latecomer::cli {
namespace {

constexpr std::size_t kFlushBytes = 256 * 1024;
constexpr std::size_t kMostKnown = 100'000;  // keys remembered at once, so that their number doesn't fill the memory

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
  void NoteGap(Version before, Version base);
  Status Read();
  void Begin();
  Status Take(const table::Commit& commit);
  void Flush(std::size_t at_least);
  void JsonCommit(const table::Commit& commit);
  void CsvCommit(const table::Commit& commit);
  void TableCommit(const table::Commit& commit);
  struct KnownKey;
  KnownKey& Know(const table::PartitionKey& key);
  void SettleTotals();
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
  // By the identity of keys, which it keeps alive: most commits bring keys that came before.
  struct KnownKey {
    table::PartitionKey key;
    Total total;       // with --summary: what isn't in totals_ yet
    std::string json;  // else, when asked for
  };
  std::unordered_map<const void*, KnownKey> known_;
};

// Short text, put together on the stack: with a million partitions to write, appending each piece to a string is most
// of the work.
class ShortText {
 public:
  template <std::size_t kSize>
  ShortText& Put(const char (&literal)[kSize]) {
    std::memcpy(end_, literal, kSize - 1);
    end_ += kSize - 1;
    return *this;
  }
  ShortText& Put(std::optional<std::int64_t> number) {
    if (!number) return Put("null");
    end_ = std::to_chars(end_, room_ + sizeof room_, *number).ptr;
    return *this;
  }
  std::string_view text() const { return {room_, end_}; }

 private:
  char room_[512];  // seven names, seven numbers of 20 digits
  char* end_ = room_;
};

void AppendCounts(std::string& out, const table::ChangeCounts& counts) {
  ShortText text;
  text.Put(",\"files_added\":").Put(counts.files_added);
  text.Put(",\"files_removed\":").Put(counts.files_removed);
  text.Put(",\"rows_added\":").Put(counts.rows_added);
  text.Put(",\"rows_removed\":").Put(counts.rows_removed);
  text.Put(",\"bytes_added\":").Put(counts.bytes_added);
  text.Put(",\"bytes_removed\":").Put(counts.bytes_removed);
  text.Put(",\"deletion_vector_updates\":").Put(counts.deletion_vector_updates);
  out += text.text();
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

void Add(table::ChangeCounts& total, const table::ChangeCounts& more) {
  total.files_added += more.files_added;
  total.files_removed += more.files_removed;
  AddTo(total.rows_added, more.rows_added);
  AddTo(total.rows_removed, more.rows_removed);
  total.bytes_added += more.bytes_added;
  total.bytes_removed += more.bytes_removed;
  total.deletion_vector_updates += more.deletion_vector_updates;
}

void Merge(Total& total, const Total& more) {
  total.first = total.commits == 0 ? more.first : std::min(total.first, more.first);
  total.last = std::max(total.last, more.last);
  total.commits += more.commits;
  total.data_change = total.data_change || more.data_change;
  Add(total.counts, more.counts);
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
    if (!ranges.empty() && ranges.front().base >= to) {
      context_.err << "note: the commits before version " << ranges.front().base.Next().value
                   << " are not in the log any more, so there is nothing to show up to version " << to.value << '\n';
    }
    std::erase_if(ranges, [&](const VersionRange& range) { return range.base >= to; });
    if (!ranges.empty()) ranges.back().target = std::min(ranges.back().target, to);
  }
  return ranges;
}

// Before the commits after `base`, where those up to `before` were read.
void ChangesCommand::NoteGap(Version before, Version base) {
  if (before != kBeforeFirst) {
    context_.err << "note: commits after version " << before.value << " and before version " << base.Next().value
                 << " are missing; a checkpoint bridges them\n";
  } else if (base != kBeforeFirst) {
    context_.err << "note: the commits before version " << base.Next().value << " are not in the log any more\n";
  }
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
    if (!first) text_ += ',';
    first = false;
    KnownKey& known = Know(change.key);
    if (known.json.empty()) known.json = "{\"partition\":" + change.key.LogJson();
    text_ += known.json;
    AppendCounts(text_, change.counts);
    text_ += change.data_change ? ",\"data_change\":true}" : ",\"data_change\":false}";
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

// Equal keys of several identities come together.
void ChangesCommand::SettleTotals() {
  for (const auto& [identity, known] : known_) {
    if (known.total.commits > 0) Merge(totals_[known.key], known.total);
  }
  known_.clear();
}

ChangesCommand::KnownKey& ChangesCommand::Know(const table::PartitionKey& key) {
  if (known_.size() >= kMostKnown) SettleTotals();
  const auto [slot, is_new] = known_.try_emplace(key.identity());
  if (is_new) slot->second.key = key;
  return slot->second;
}

void ChangesCommand::AddToTotals(const table::Commit& commit) {
  for (const table::PartitionChange& change : commit.partitions) {
    Total& total = Know(change.key).total;
    if (total.commits == 0) total.first = commit.version;
    total.last = commit.version;
    ++total.commits;
    total.data_change = total.data_change || change.data_change;
    Add(total.counts, change.counts);
  }
}

void ChangesCommand::PrintTotals() {
  SettleTotals();
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

Status ChangesCommand::Read() {
  delta::ReadOptions read;
  read.info = options_.summary ? delta::ReadOptions::Info::kSkip : delta::ReadOptions::Info::kWithoutMetrics;
  if (options_.summary) read.order = delta::ReadOptions::Order::kAsLogged;
  const auto take = [&](const table::Commit& commit) { return Take(commit); };
  bool some = false;
  const auto begin = [&](Version before, Version base) -> Status {
    some = true;
    if (!options_.from) NoteGap(before, base);
    return {};
  };
  if (!options_.from && !options_.to) {
    LATECOMER_ASSIGN_OR_RETURN(auto store, storage::ProcessStores()(options_.table));
    LATECOMER_RETURN_IF_ERROR(delta::ReadWholeHistory(std::move(store), storage::ProcessStores(), read, begin, take));
  } else {
    LATECOMER_ASSIGN_OR_RETURN(const auto history, OpenTable(options_.table, read));
    LATECOMER_ASSIGN_OR_RETURN(const std::vector<VersionRange> ranges, Ranges(*history));
    Version before = kBeforeFirst;
    for (const VersionRange& range : ranges) {
      LATECOMER_RETURN_IF_ERROR(begin(before, range.base));
      LATECOMER_RETURN_IF_ERROR(history->ReadCommits(range, take));
      before = range.target;
    }
  }
  if (!some && !options_.to) context_.err << "note: no commits are left in the log, only a checkpoint\n";
  return {};
}

Status ChangesCommand::Run() {
  Begin();
  Status all = Read();
  if (all || !options_.summary) End();  // what was read before a problem is right, and worth showing
  return all;
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
