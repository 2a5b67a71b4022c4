// latecomer configure-backfill: in place of the original Spark job, with its arguments and its files.
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/last_processed.h"
#include "cli/open_table.h"
#include "cli/small_file.h"
#include "table/partition_key.h"

namespace latecomer::cli {
namespace {

struct Options {
  std::string output_location;
  std::string table;
  std::string file_name;
  std::string current_partition;
  bool allow_gap = false;
};

// Dates or integers in string columns compare as such, but only when both sides are; else as text.
std::strong_ordering CompareValues(const table::DataType& type, const table::PartitionValue& a,
                                   const table::PartitionValue& b) {
  if (type.kind != table::TypeKind::kString) return a <=> b;
  for (const table::TypeKind kind : {table::TypeKind::kDate, table::TypeKind::kLong}) {
    const auto x = table::PartitionValue::Parse({kind}, a.text());
    const auto y = table::PartitionValue::Parse({kind}, b.text());
    if (x && y) return *x <=> *y;
  }
  return a <=> b;
}

// Columns in the table's order decide one after another. A null is never before anything, nor is
// anything before it.
bool IsBefore(const table::PartitionSchema& schema, const table::PartitionKey& key,
              const table::PartitionKey& current) {
  for (const table::PartitionColumn& column : schema) {
    const table::PartitionValue* a = key.Find(column.name);
    const table::PartitionValue* b = current.Find(column.name);
    if (a == nullptr || b == nullptr || a->IsNull() || b->IsNull()) return false;
    const auto order = CompareValues(column.type, *a, *b);
    if (order != 0) return order < 0;
  }
  return false;
}

class ConfigureBackfill {
 public:
  ConfigureBackfill(Context& context, const Options& options) : context_(context), options_(options) {}
  Status Run();

 private:
  Status CheckNotAhead(Version newest) const;
  Status ReadChanges(const table::TableHistory& history, VersionRange range);
  Status ReadOverGap(const table::TableHistory& history, VersionRange range);
  void Note(const table::PartitionKey& key);

  Context& context_;
  const Options& options_;
  std::string folder_;
  std::optional<Version> last_processed_;
  std::set<table::PartitionKey, table::NamesThenValues> known_;
  std::vector<table::PartitionKey> changed_;  // in order of first appearance
};

void ConfigureBackfill::Note(const table::PartitionKey& key) {
  if (known_.insert(key).second) changed_.push_back(key);
}

Status ConfigureBackfill::CheckNotAhead(Version newest) const {
  if (!last_processed_ || *last_processed_ <= newest) return {};
  return Fail(
      Error(ErrorKind::kHistoryGone, "version " + std::to_string(last_processed_->value) +
                                         " was processed last, but the table is at version " +
                                         std::to_string(newest.value) + ": it was restored, or is another table")
          .In(LastProcessedPath(folder_))
          .Hint(
              "check the table; then write its version into the file, or remove the file to start from the beginning"));
}

Status ConfigureBackfill::ReadChanges(const table::TableHistory& history, VersionRange range) {
  return history.ReadCommits(range, [&](table::Commit&& commit) -> Status {
    for (const table::PartitionChange& change : commit.partitions) {
      if (change.data_change) Note(change.key);
    }
    return {};
  });
}

// What can't be read may have changed anything that is there now; what can be read is read.
Status ConfigureBackfill::ReadOverGap(const table::TableHistory& history, VersionRange range) {
  LATECOMER_ASSIGN_OR_RETURN(const table::Snapshot snapshot, history.ReadSnapshot(range.target));
  for (const table::PartitionState& state : snapshot.partitions) Note(state.key);
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<VersionRange> ranges, history.CommitRanges());
  for (const VersionRange& there : ranges) {
    const VersionRange part{std::max(there.base, range.base), std::min(there.target, range.target)};
    if (!part.Empty()) LATECOMER_RETURN_IF_ERROR(ReadChanges(history, part));
  }
  context_.err << "warning: commits between version " << range.base.value << " and " << range.target.value
               << " are gone; every partition of the table counts as changed\n";
  return {};
}

Status ConfigureBackfill::Run() {
  LATECOMER_ASSIGN_OR_RETURN(folder_, LocalFolder(options_.output_location));
  LATECOMER_ASSIGN_OR_RETURN(last_processed_, ReadLastProcessed(folder_));
  delta::ReadOptions read;
  read.removed_rows = delta::ReadOptions::RemovedRows::kLeaveUnknown;
  read.names = delta::ReadOptions::Names::kNewest;
  read.order = delta::ReadOptions::Order::kAsLogged;
  read.info = delta::ReadOptions::Info::kSkip;
  LATECOMER_ASSIGN_OR_RETURN(const auto history, OpenTable(options_.table, read));
  LATECOMER_ASSIGN_OR_RETURN(const Version newest, history->LatestVersion());
  LATECOMER_RETURN_IF_ERROR(CheckNotAhead(newest));
  LATECOMER_ASSIGN_OR_RETURN(const table::TableInfo info, history->ReadInfo(newest));
  const table::PartitionSchema& schema = info.partition_columns;
  table::PartitionKey current;
  if (!schema.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(current, table::PartitionKey::ParsePath(schema, options_.current_partition));
  }
  const VersionRange range{last_processed_.value_or(kBeforeFirst), newest};
  Status status = ReadChanges(*history, range);
  if (!status && status.error().kind == ErrorKind::kHistoryGone) {
    if (!options_.allow_gap) {
      return Fail(
          std::move(status.error()).Hint("--allow-gap goes on, and counts every partition of the table as changed"));
    }
    changed_.clear();
    known_.clear();
    status = ReadOverGap(*history, range);
  }
  LATECOMER_RETURN_IF_ERROR(status);
  std::string partitions;
  for (const table::PartitionKey& key : changed_) {
    if (IsBefore(schema, key, current)) partitions += (partitions.empty() ? "" : ",") + key.LogJson();
  }
  return ReplaceFile(
      InFolder(folder_, options_.file_name),
      "{\"partitions\":[" + partitions + "],\"lastProcessedVersion\":" + std::to_string(newest.value) + "}");
}

}  // namespace

void AddConfigureBackfillCommand(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = AddCommand(
      line, "configure-backfill", "Write which past partitions changed, as the Spark job did",
      "latecomer configure-backfill --outputLocation out --tableFullPath dataset/devices \\\n"
      "    --outputBackfillingFileName backfilling_configuration.json --currentPartition event_time=2024-01-02");
  command->add_option("--outputLocation", options->output_location, "Folder of the two files")
      ->required()
      ->type_name("FOLDER");
  command->add_option("--tableFullPath", options->table, "Folder of the table")->required()->type_name("TABLE");
  command->add_option("--outputBackfillingFileName", options->file_name, "Name of the configuration file to write")
      ->required()
      ->type_name("FILE");
  command->add_option("--currentPartition", options->current_partition, "Only partitions before this one count")
      ->required()
      ->type_name("COLUMN=VALUE");
  command->add_flag("--allow-gap", options->allow_gap,
                    "When commits are gone from the log, take every partition for changed");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return ConfigureBackfill(line.context, *options).Run(); }; });
}

}  // namespace latecomer::cli
