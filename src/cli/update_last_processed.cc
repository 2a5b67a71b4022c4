// latecomer update-last-processed: takes the version of a configuration over into _last_processed_version.
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/last_processed.h"
#include "cli/small_file.h"

namespace latecomer::cli {
namespace {

struct Options {
  std::string output_location;
  std::string file_name;
};

Result<Version> VersionOfConfiguration(const std::string& path) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path));
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  const auto wrong = [&] {
    return Fail(
        Error(ErrorKind::kInvalidFile, "no backfilling configuration: it needs lastProcessedVersion, a version number")
            .In(path)
            .Hint("'latecomer configure-backfill' writes it"));
  };
  if (!json.is_object()) return wrong();
  const auto found = json.find("lastProcessedVersion");
  if (found == json.end() || !found->is_number_integer()) return wrong();
  const Version version{found->get<std::int64_t>()};
  if (version < kBeforeFirst) return wrong();
  return version;
}

Status Run(const Options& options) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string folder, LocalFolder(options.output_location));
  LATECOMER_ASSIGN_OR_RETURN(const Version version, VersionOfConfiguration(InFolder(folder, options.file_name)));
  LATECOMER_ASSIGN_OR_RETURN(const auto before, ReadLastProcessed(folder));
  if (before && *before > version) {
    return Fail(Error(ErrorKind::kConflict, "the configuration says version " + std::to_string(version.value) +
                                                ", but version " + std::to_string(before->value) +
                                                " was processed already")
                    .In(LastProcessedPath(folder))
                    .Hint("run 'latecomer configure-backfill' again; a version never goes backwards"));
  }
  return ReplaceFile(LastProcessedPath(folder), std::to_string(version.value));
}

}  // namespace

void AddUpdateLastProcessedCommand(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = AddCommand(line, "update-last-processed",
                                 "Take the version of a backfilling configuration over into _last_processed_version",
                                 "latecomer update-last-processed --outputLocation out --outputBackfillingFileName "
                                 "backfilling_configuration.json");
  command->add_option("--outputLocation", options->output_location, "Folder of the two files")
      ->required()
      ->type_name("FOLDER");
  command->add_option("--outputBackfillingFileName", options->file_name, "Name of the configuration file to read")
      ->required()
      ->type_name("FILE");
  AddOutputOption(line, command);
  command->callback([&line, options] { line.chosen = [options] { return Run(*options); }; });
}

}  // namespace latecomer::cli
