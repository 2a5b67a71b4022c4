// `latecomer release`: lets go what a rule holds back.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/act_text.h"
#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/workspace.h"
#include "engine/hold.h"

namespace latecomer::cli {
namespace {

struct ReleaseOptions {
  WorkspaceOptions workspace;
  std::string partition;
};

Status Release(Context& context, OutputFormat format, const ReleaseOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kWrite));
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources observed, workspace->Observe());
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, workspace->ParsePartition(observed, options.partition));
  LATECOMER_ASSIGN_OR_RETURN(
      const engine::Released released,
      engine::ReleasePartition(workspace->ledger(), workspace->pipeline(), observed, key, ActNow(context)));
  const VersionVector& up_to = released.up_to;
  if (format == OutputFormat::kJson) {
    nlohmann::ordered_json versions = nlohmann::ordered_json::object();
    for (const auto& [source, version] : up_to) versions[source] = version.value;
    context.out << nlohmann::ordered_json{{"partition", nlohmann::ordered_json::parse(key.LogJson())},
                                          {"rule", released.hold ? "hold" : released.rule},
                                          {"up_to", versions},
                                          {"event", released.event}}
                       .dump()
                << '\n';
    return {};
  }
  if (released.hold) {
    context.out << "released " << Printable(key.Display()) << ", which was held: " << Printable(released.hold->reason)
                << '\n';
    return {};
  }
  context.out << "released " << Printable(key.Display()) << " up to " << VectorText(up_to)
              << "; the next run processes it\n";
  return {};
}

}  // namespace

void AddReleaseCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "release", "Let go what a person or a rule holds back",
                                 "latecomer plan examples/devices/pipeline.yaml --held\n"
                                 "latecomer release examples/devices/pipeline.yaml 2024-01-01");
  auto options = std::make_shared<ReleaseOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("partition", options->partition, "The held output partition")->required()->type_name("PARTITION");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Release(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
