// `latecomer hold`: a person holds a partition back, with a reason.
#include "engine/hold.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/act_text.h"
#include "cli/commands.h"
#include "engine/definition.h"

namespace latecomer::cli {
namespace {

struct HoldOptions {
  WorkspaceOptions workspace;
  std::string partition;
  std::string reason;
};

Status Hold(Context& context, OutputFormat format, const HoldOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kWrite));
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources observed, workspace->Observe());
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, workspace->ParsePartition(observed, options.partition));
  // A hold may come before the first run.
  LATECOMER_RETURN_IF_ERROR(
      engine::RegisterPipeline(workspace->ledger(), workspace->pipeline(), workspace->catalog(), context.clock.Now()));
  LATECOMER_ASSIGN_OR_RETURN(const engine::Held held,
                             engine::HoldPartition(workspace->ledger(), workspace->pipeline(), observed, key,
                                                   options.reason, ActNow(context)));
  if (format == OutputFormat::kJson) {
    const nlohmann::ordered_json json{{"partition", nlohmann::ordered_json::parse(key.LogJson())},
                                      {"reason", held.hold.reason},
                                      {"by", held.hold.by},
                                      {"event", held.event}};
    context.out << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  } else {
    context.out << "held " << Printable(key.Display()) << "; `latecomer release "
                << Printable(options.workspace.pipeline_file) << " " << Printable(options.partition)
                << "` lets it go\n";
  }
  return {};
}

}  // namespace

void AddHoldCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line, "hold", "Hold a partition back until it is released",
                 "latecomer hold examples/devices/pipeline.yaml 2024-01-01 --reason 'vendor resends it'\n"
                 "latecomer plan examples/devices/pipeline.yaml --held\n"
                 "latecomer release examples/devices/pipeline.yaml 2024-01-01");
  auto options = std::make_shared<HoldOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("partition", options->partition, "The output partition")->required()->type_name("PARTITION");
  command->add_option("--reason", options->reason, "Why; shown wherever the partition is")
      ->required()
      ->type_name("TEXT");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Hold(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
