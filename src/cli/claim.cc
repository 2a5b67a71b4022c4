// `latecomer claim`: gives what is due or late to a worker outside, with pinned versions and a token.
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/first_run.h"
#include "cli/holder.h"
#include "cli/outside_text.h"
#include "cli/plan_text.h"
#include "cli/run_executor.h"
#include "cli/text_table.h"
#include "engine/engine.h"
#include "engine/outside_json.h"
#include "executor/process_identity.h"

namespace latecomer::cli {
namespace {

struct ClaimOptions {
  WorkspaceOptions workspace;
  int limit = 1;
  std::string partition;
  std::string as;
  std::string lease;
  bool yes = false;
};

Result<std::string> HolderName(const std::string& as) {
  if (!as.empty()) return engine::OutsideHolder(as);
  const auto self = executor::IdentityOf(::getpid());
  return engine::OutsideHolder(self && !self->host.empty() ? self->host : "unnamed");
}

void PrintClaims(Context& context, const engine::OutsideClaims& found) {
  TextTable table({{"RUN"}, {"PARTITION"}, {"READS"}, {"TRY", Align::kRight}, {"TOKEN", Align::kRight}, {"UNTIL"}});
  for (const engine::OutsideClaim& claim : found.claims) {
    table.Add({claim.run.run_id, claim.key.Display(), VectorText(claim.attempt.vector),
               std::to_string(claim.attempt.number), std::to_string(claim.attempt.token),
               FormatInstant(claim.expires)});
  }
  if (!table.Empty()) {
    table.Print(context.out, context.color);
    return;
  }
  context.out << "nothing to claim\n";
  for (const engine::PlacedRun& waiting : found.waiting) {
    context.out << Printable(waiting.run.run_id) << " waits for " << Printable(waiting.run.waiting_for) << '\n';
  }
}

Status Claim(Context& context, OutputFormat format, const ClaimOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string holder, HolderName(options.as));
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kWrite));
  const pipeline::Pipeline& pipeline = workspace->pipeline();
  LATECOMER_ASSIGN_OR_RETURN(const Duration lease, engine::LeaseOf(options.lease, pipeline));
  const auto executor = MakeRunExecutor(context, workspace->catalog());
  engine::Engine engine(pipeline, {.ledger = workspace->ledger(),
                                   .catalog = workspace->catalog(),
                                   .executor = *executor,
                                   .clock = context.clock,
                                   .random = context.random,
                                   .holder = holder,
                                   .probe_holder = ProbeHolder,
                                   .state_folder = workspace->state_folder(),
                                   .lease = lease,
                                   .definition_of = [&workspace](const ledger::PipelineRecord& record) {
                                     return workspace->book().Find(record);
                                   }});
  LATECOMER_RETURN_IF_ERROR(engine.Register());
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<Error> doubt, FirstRunDoubt(*workspace, engine));
  if (doubt && !options.yes) return latecomer::Fail(*doubt);
  engine::OutsideRequest request{.limit = options.limit, .partition = {}};
  if (!options.partition.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources observed, workspace->Observe());
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, workspace->ParsePartition(observed, options.partition));
    request.partition = key.Canonical();
  }
  LATECOMER_ASSIGN_OR_RETURN(const engine::OutsideClaims found, engine.ClaimOutside(request));
  if (format != OutputFormat::kJson) {
    PrintClaims(context, found);
    return {};
  }
  context.out << engine::ClaimsJson(pipeline, found).dump() << '\n';
  return {};
}

}  // namespace

void AddClaimCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "claim", "Claim what is due or late for a worker outside",
                                 "latecomer claim examples/devices/pipeline.yaml\n"
                                 "latecomer claim pipeline.yaml --limit 10 --as airflow --lease 2h --output json\n"
                                 "latecomer claim pipeline.yaml --partition 2024-01-01");
  auto options = std::make_shared<ClaimOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("--limit", options->limit, "At most N claims")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--partition", options->partition, "Only this partition, when it is due or late")
      ->type_name("VALUE");
  command->add_option("--as", options->as, "The worker's name, for people; default: this machine's")->type_name("NAME");
  command
      ->add_option("--lease", options->lease,
                   "How long the work may take; default: the steps' timeouts, an hour for a step without")
      ->type_name("DURATION");
  command->add_flag("--yes,-y", options->yes, "Go on when a first run would process more than 100 intervals");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Claim(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
