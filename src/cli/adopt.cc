// `latecomer adopt`: records as processed what another system processed before.
#include <charconv>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "engine/controls.h"
#include "engine/engine.h"
#include "lateness/key_interval.h"

namespace latecomer::cli {
namespace {

struct AdoptOptions {
  WorkspaceOptions workspace;
  std::optional<std::int64_t> version;
  std::string time;
  std::string file;
  std::string to;
};

Result<Version> ReadVersionFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(SystemError(errno, "open", path));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string_view number = Trim(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size() || value < 0) {
    return Fail(Error(ErrorKind::kInvalidFile, "this file should hold one version number").In(path));
  }
  return Version{value};
}

// The newest version committed at or before `at`.
Result<Version> VersionAt(const table::TableHistory& history, Instant at) {
  LATECOMER_ASSIGN_OR_RETURN(const Version newest, history.LatestVersion());
  LATECOMER_ASSIGN_OR_RETURN(const Version oldest, history.OldestCommit());
  Version found = kBeforeFirst;
  LATECOMER_RETURN_IF_ERROR(
      history.ReadCommits({Version{oldest.value - 1}, newest}, [&](table::Commit&& commit) -> Status {
        if (commit.timestamp <= at) found = commit.version;
        return {};
      }));
  if (found != kBeforeFirst) return found;
  return Fail(Error(ErrorKind::kHistoryGone, "no commit of the table is as old as " + FormatInstant(at))
                  .In(history.location()));
}

Result<Version> ChosenVersion(const AdoptOptions& options, const table::TableHistory& history) {
  const int ways = (options.version ? 1 : 0) + (options.time.empty() ? 0 : 1) + (options.file.empty() ? 0 : 1);
  if (ways != 1) {
    return Fail(Error(ErrorKind::kInvalidArgument, "say once up to where things were processed")
                    .Hint("--at-version V, --at-time T, or --from-file _last_processed_version"));
  }
  if (options.version) return Version{*options.version};
  if (!options.file.empty()) return ReadVersionFile(options.file);
  LATECOMER_ASSIGN_OR_RETURN(const Instant at, ParseInstant(options.time));
  return VersionAt(history, at);
}

Status AdoptIt(Context& context, OutputFormat format, const AdoptOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kWrite));
  const pipeline::Pipeline& pipeline = workspace->pipeline();
  LATECOMER_ASSIGN_OR_RETURN(const auto history, workspace->SourceHistory());
  LATECOMER_ASSIGN_OR_RETURN(const Version at, ChosenVersion(options, *history));
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedTable observed, workspace->Observe());
  if (at > observed.record.seen.version) {
    return Fail(Error(ErrorKind::kHistoryGone, "version " + std::to_string(at.value) +
                                                   " is ahead of the table, which is at " +
                                                   std::to_string(observed.record.seen.version.value))
                    .In(history->location())
                    .Hint("was the table restored, or is it another one?"));
  }
  std::optional<LocalTime> last;
  if (!options.to.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, workspace->ParsePartition(observed, options.to));
    last = lateness::StartOfKey(key, pipeline.output.partition, pipeline.rules.calendar);
  }
  LATECOMER_RETURN_IF_ERROR(
      workspace->ledger().Write([&](ledger::Writer& writer) { return engine::Store(writer, observed); }));
  LATECOMER_ASSIGN_OR_RETURN(const engine::Adopted adopted, engine::Adopt(workspace->ledger(), pipeline, *history,
                                                                          observed, at, last, context.clock.Now()));
  if (format == OutputFormat::kJson) {
    context.out << nlohmann::ordered_json{{"version", at.value},
                                          {"adopted", adopted.partitions},
                                          {"already", adopted.already}}
                       .dump()
                << '\n';
    return {};
  }
  context.out << "recorded " << adopted.partitions.size() << " partitions as processed at version " << at.value;
  if (adopted.already > 0) context.out << "; " << adopted.already << " were recorded before and stay as they are";
  context.out << "\n`latecomer plan " << Printable(options.workspace.pipeline_file) << "` shows what came after\n";
  return {};
}

}  // namespace

void AddAdoptCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "adopt", "Record partitions as processed without running anything",
                                 "latecomer adopt examples/devices/pipeline.yaml --at-version 2 --to 2024-01-02\n"
                                 "latecomer adopt pipeline.yaml --at-time 2024-01-03T00:00:00Z\n"
                                 "latecomer adopt pipeline.yaml --from-file _last_processed_version");
  auto options = std::make_shared<AdoptOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("--at-version", options->version, "They were built from this version")
      ->type_name("V")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--at-time", options->time, "They were built from the table as it was then")->type_name("TIME");
  command->add_option("--from-file", options->file, "The version stands in this file")->type_name("FILE");
  command->add_option("--to", options->to, "Only partitions up to this one")->type_name("PARTITION");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return AdoptIt(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
