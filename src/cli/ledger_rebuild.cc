#include "cli/ledger_rebuild.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/workspace.h"
#include "engine/rebuild.h"

namespace latecomer::cli {
namespace {

struct RebuildOptions {
  WorkspaceOptions workspace;
  bool take_over = false;
};

constexpr std::size_t kMostNamed = 10;

void PrintList(Context& context, const std::vector<std::string>& partitions, const std::string& what) {
  if (partitions.empty()) return;
  context.out << partitions.size() << (partitions.size() == 1 ? " partition " : " partitions ") << what << ": ";
  for (std::size_t i = 0; i < partitions.size() && i < kMostNamed; ++i) {
    context.out << (i == 0 ? "" : ", ") << partitions[i];
  }
  if (partitions.size() > kMostNamed) context.out << ", … and " << partitions.size() - kMostNamed << " more";
  context.out << '\n';
}

void Print(Context& context, const RebuildOptions& options, const engine::Rebuilt& rebuilt) {
  for (const std::string& id : rebuilt.took_over) context.out << "took over from ledger " << Printable(id) << '\n';
  PrintList(context, rebuilt.recorded, "recorded as processed");
  PrintList(context, rebuilt.unknown, "left alone, because the commit that wrote them is gone from the output's log");
  PrintList(context, rebuilt.ahead,
            "left alone, because built from a version that the source doesn't have: it is another table now");
  PrintList(context, rebuilt.incomplete, "left alone, because some of the pipeline's outputs lack them");
  PrintList(context, rebuilt.without_source, "left as the output has them, because the sources have no rows of them");
  const bool all_known =
      rebuilt.recorded.empty() && rebuilt.unknown.empty() && rebuilt.ahead.empty() && rebuilt.incomplete.empty();
  if (all_known) context.out << "nothing that the ledger doesn't know already\n";
  if (rebuilt.kept > 0) context.out << rebuilt.kept << " were known already\n";
  context.out << "`latecomer plan " << Printable(options.workspace.pipeline_file) << "` shows what is processed next\n";
}

Status Rebuild(Context& context, OutputFormat format, const RebuildOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kWrite));
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources observed, workspace->Observe());
  LATECOMER_ASSIGN_OR_RETURN(const engine::Rebuilt rebuilt,
                             engine::RebuildProcessed(workspace->ledger(), workspace->pipeline(), workspace->catalog(),
                                                      observed, options.take_over, context.clock.Now()));
  if (format == OutputFormat::kJson) {
    const nlohmann::ordered_json json{{"pipeline", workspace->pipeline().id},
                                      {"took_over", rebuilt.took_over},
                                      {"recorded", rebuilt.recorded},
                                      {"unknown", rebuilt.unknown},
                                      {"ahead", rebuilt.ahead},
                                      {"incomplete", rebuilt.incomplete},
                                      {"without_source", rebuilt.without_source},
                                      {"kept", rebuilt.kept}};
    context.out << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  } else {
    Print(context, options, rebuilt);
  }
  return {};
}

}  // namespace

void AddLedgerRebuild(CommandLine& line, CLI::App* ledger) {
  CLI::App* command = ledger->add_subcommand("rebuild", "Record what the outputs tell was processed");
  auto options = std::make_shared<RebuildOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_flag("--take-over", options->take_over,
                    "Go on with outputs of another ledger, one that is lost or no longer used");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Rebuild(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
