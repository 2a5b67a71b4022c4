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
  std::string rule;
};

void Print(Context& context, OutputFormat format, const engine::Released& released) {
  const VersionVector& up_to = released.up_to;
  if (format == OutputFormat::kJson) {
    nlohmann::ordered_json versions = nlohmann::ordered_json::object();
    for (const auto& [source, version] : up_to) versions[source] = version.value;
    context.out << nlohmann::ordered_json{{"partition", nlohmann::ordered_json::parse(released.key.LogJson())},
                                          {"rule", released.hold ? "hold" : released.rule},
                                          {"up_to", versions},
                                          {"event", released.event}}
                       .dump()
                << '\n';
  } else if (released.hold) {
    context.out << "released " << Printable(released.key.Display())
                << ", which was held: " << Printable(released.hold->reason) << '\n';
  } else {
    context.out << "released " << Printable(released.key.Display()) << " up to " << VectorText(up_to)
                << "; the next run processes it\n";
  }
}

Status Release(Context& context, OutputFormat format, const ReleaseOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kWrite));
  if (options.partition.empty() == options.rule.empty()) {
    return Fail(Error(ErrorKind::kInvalidArgument, "either one partition is released, or all that one rule holds")
                    .Hint("`latecomer release PIPELINE PARTITION`, or `latecomer release PIPELINE --rule RULE`"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources observed, workspace->Observe());
  std::vector<engine::Released> released;
  if (options.rule.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, workspace->ParsePartition(observed, options.partition));
    LATECOMER_ASSIGN_OR_RETURN(
        released.emplace_back(),
        engine::ReleasePartition(workspace->ledger(), workspace->pipeline(), observed, key, ActNow(context)));
  } else {
    LATECOMER_ASSIGN_OR_RETURN(engine::RuleRelease all,
                               engine::ReleaseAllOfRule(workspace->ledger(), workspace->pipeline(), observed,
                                                        options.rule, "", ActNow(context)));
    released = std::move(all.affected);
  }
  for (const engine::Released& one : released) Print(context, format, one);
  return {};
}

}  // namespace

void AddReleaseCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "release", "Let go what a person or a rule holds back",
                                 "latecomer plan examples/devices/pipeline.yaml --held\n"
                                 "latecomer release examples/devices/pipeline.yaml 2024-01-01\n"
                                 "latecomer release examples/devices/pipeline.yaml --rule mass_change");
  auto options = std::make_shared<ReleaseOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("partition", options->partition, "The held output partition")->type_name("PARTITION");
  command->add_option("--rule", options->rule, "All that this rule holds, as `plan --held` names it")
      ->type_name("RULE");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Release(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
