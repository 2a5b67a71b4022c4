// `latecomer adopt`: records as processed what another system processed before.
#include "engine/adopt.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/workspace.h"
#include "engine/engine.h"
#include "lateness/key_interval.h"

namespace latecomer::cli {
namespace {

struct AdoptOptions {
  WorkspaceOptions workspace;
  std::vector<std::string> versions;
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

// "3", or "devices=3"; the name may be left out when there is one source that goes by time.
Status ReadVersion(const std::string& text, const pipeline::Pipeline& pipeline, VersionVector& at) {
  std::string name = pipeline::ShapeOf(pipeline).name;
  std::string_view number = text;
  const auto goes_by_time = [](const pipeline::Source& source) { return lateness::GoesByTime(source.mapping); };
  if (const std::size_t equal = text.find('='); equal != std::string::npos) {
    name = text.substr(0, equal);
    number.remove_prefix(equal + 1);
  } else if (std::count_if(pipeline.sources.begin(), pipeline.sources.end(), goes_by_time) > 1) {
    return Fail(Error(ErrorKind::kInvalidArgument, "this pipeline has several sources, each with versions of its own")
                    .Hint("--at-version NAME=V for each of them, or --at-time T"));
  }
  const bool known = std::any_of(pipeline.sources.begin(), pipeline.sources.end(),
                                 [&](const pipeline::Source& source) { return source.name == name; });
  if (!known) return Fail(ErrorKind::kInvalidArgument, "the pipeline has no source `" + Printable(name) + "`");
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size() || value < 0) {
    return Fail(ErrorKind::kInvalidArgument, "--at-version takes V or NAME=V, not `" + Printable(text) + "`");
  }
  at[name] = Version{value};
  return {};
}

// A version for each source. Lookups that aren't named count as they are now.
Result<VersionVector> ChosenVersions(Workspace& workspace, const AdoptOptions& options,
                                     const engine::ObservedSources& observed) {
  const pipeline::Pipeline& pipeline = workspace.pipeline();
  const int ways = (options.versions.empty() ? 0 : 1) + (options.time.empty() ? 0 : 1) + (options.file.empty() ? 0 : 1);
  if (ways != 1) {
    return Fail(Error(ErrorKind::kInvalidArgument, "say once up to where things were processed")
                    .Hint("--at-version V, --at-time T, or --from-file _last_processed_version"));
  }
  VersionVector at;
  for (const std::string& text : options.versions) LATECOMER_RETURN_IF_ERROR(ReadVersion(text, pipeline, at));
  if (!options.file.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const Version version, ReadVersionFile(options.file));
    LATECOMER_RETURN_IF_ERROR(ReadVersion(std::to_string(version.value), pipeline, at));
  }
  for (const pipeline::Source& source : pipeline.sources) {
    const Version newest = observed.Of(source).record.seen.version;
    if (!options.time.empty()) {
      LATECOMER_ASSIGN_OR_RETURN(const Instant time, ParseInstant(options.time));
      LATECOMER_ASSIGN_OR_RETURN(const auto history, workspace.catalog().OpenHistory(source.location));
      LATECOMER_ASSIGN_OR_RETURN(at[source.name], VersionAt(*history, time));
    }
    if (!at.contains(source.name) && lateness::GoesByTime(source.mapping)) {
      return Fail(Error(ErrorKind::kInvalidArgument, "no version is given for source " + source.name)
                      .Hint("--at-version " + source.name + "=V"));
    }
    const Version chosen = at.try_emplace(source.name, newest).first->second;
    if (chosen <= newest) continue;
    return Fail(Error(ErrorKind::kHistoryGone, "version " + std::to_string(chosen.value) +
                                                   " is ahead of the table, which is at " +
                                                   std::to_string(newest.value))
                    .In(source.location)
                    .Hint("was the table restored, or is it another one?"));
  }
  return at;
}

std::string AdoptedJson(const VersionVector& at, const engine::Adopted& adopted) {
  nlohmann::ordered_json versions = nlohmann::ordered_json::object();
  for (const auto& [source, version] : at) versions[source] = version.value;
  nlohmann::ordered_json json;
  if (at.size() == 1) json["version"] = at.begin()->second.value;
  json["versions"] = versions;
  json["adopted"] = adopted.partitions;
  json["already"] = adopted.already;
  return json.dump();
}

Status AdoptIt(Context& context, OutputFormat format, const AdoptOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kWrite));
  const pipeline::Pipeline& pipeline = workspace->pipeline();
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources observed, workspace->Observe());
  LATECOMER_ASSIGN_OR_RETURN(const VersionVector at, ChosenVersions(*workspace, options, observed));
  std::optional<LocalTime> last;
  if (!options.to.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, workspace->ParsePartition(observed, options.to));
    last = lateness::StartOfKey(key, pipeline.output.partition, pipeline.rules.calendar);
  }
  LATECOMER_RETURN_IF_ERROR(workspace->ledger().Write([&](ledger::Writer& writer) -> Status {
    for (const auto& [location, table] : observed.tables) LATECOMER_RETURN_IF_ERROR(engine::Store(writer, table));
    return {};
  }));
  LATECOMER_ASSIGN_OR_RETURN(
      const engine::Adopted adopted,
      engine::Adopt(workspace->ledger(), pipeline, workspace->catalog(), observed, at, last, context.clock.Now()));
  if (format == OutputFormat::kJson) {
    context.out << AdoptedJson(at, adopted) << '\n';
    return {};
  }
  context.out << "recorded " << adopted.partitions.size() << " partitions as processed at "
              << (at.size() == 1 ? "version " + std::to_string(at.begin()->second.value) : VectorText(at));
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
  command
      ->add_option("--at-version", options->versions,
                   "They were built from this version; with several sources NAME=V for each")
      ->type_name("V")
      ->allow_extra_args(false);
  command->add_option("--at-time", options->time, "They were built from the table as it was then")->type_name("TIME");
  command->add_option("--from-file", options->file, "The version stands in this file")->type_name("FILE");
  command->add_option("--to", options->to, "Only partitions up to this one")->type_name("PARTITION");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return AdoptIt(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
