// `latecomer clear`: queues runs, or steps of them, for another try.
#include "engine/clear.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/act_text.h"
#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/run_text.h"
#include "cli/text_table.h"

namespace latecomer::cli {
namespace {

struct ClearOptions {
  WorkspaceOptions workspace;
  SelectionOptions selection;
  bool same_versions = false;
  bool new_steps = false;
  ActOptions act;
};

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "-" : text;
}

void PrintJson(Context& context, const engine::ClearPlan& plan, bool done) {
  for (const engine::ClearedRun& one : plan.affected) {
    nlohmann::ordered_json json;
    json["run_id"] = one.run.run_id;
    json["partition"] = nlohmann::ordered_json::parse(one.run.partition);
    json["state"] = std::string(Name(done ? ledger::RunState::kQueued : one.run.state));
    json["next_try"] = one.run.tries + 1;
    json["steps"] = one.again;
    json["kept"] = one.kept;
    json["versions"] = nullptr;
    if (one.versions) {
      json["versions"] = nlohmann::ordered_json::object();
      for (const auto& [source, version] : *one.versions) json["versions"][source] = version.value;
    }
    json["note"] = one.note;
    json["done"] = done;
    context.out << json.dump() << '\n';
  }
}

void PrintPreview(Context& context, const engine::ClearPlan& plan) {
  TextTable table({{"RUN"}, {"STATE"}, {"RUNS AGAIN"}, {"KEPT"}, {"READS"}, {"NOTE"}});
  for (const engine::ClearedRun& one : plan.affected) {
    table.Add({one.run.run_id, StateCell(one.run.state), Joined(one.again), Joined(one.kept),
               one.versions ? VectorText(*one.versions) : "the newest", one.note});
  }
  table.Print(context.out, context.color);
}

void PrintDone(Context& context, const engine::ClearPlan& plan, const std::string& pipeline_file) {
  for (const engine::ClearedRun& one : plan.affected) {
    context.out << "cleared " << Printable(one.run.run_id) << "; try " << one.run.tries + 1
                << (one.versions ? " keeps its versions" : " reads the newest version");
    if (!one.kept.empty()) context.out << " and the success of " << Joined(one.kept);
    context.out << '\n';
  }
  context.out << "`latecomer run " << Printable(pipeline_file) << "` starts "
              << (plan.affected.size() == 1 ? "it" : "them") << '\n';
}

Status Clear(Context& context, OutputFormat format, const ClearOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  engine::ClearSelection selection{.which = {}, .same_versions = options.same_versions, .new_steps = options.new_steps};
  LATECOMER_ASSIGN_OR_RETURN(selection.which, SelectionOf(*workspace, options.selection));
  LATECOMER_ASSIGN_OR_RETURN(engine::ClearPlan plan,
                             engine::PreviewClear(workspace->ledger(), workspace->pipeline(), selection));
  LATECOMER_RETURN_IF_ERROR(RefusedWhenNothing(options.selection, plan.affected.size(), plan.untouched, "clear"));
  const bool json = format == OutputFormat::kJson;
  const bool asks = !json && !options.act.yes && context.err_is_terminal;
  if (!json && (options.act.dry_run || asks) && !plan.affected.empty()) PrintPreview(context, plan);
  const bool act = !options.act.dry_run && !plan.affected.empty();
  if (act) {
    const std::string count = std::to_string(plan.affected.size()) + (plan.affected.size() == 1 ? " run" : " runs");
    if (asks && !MayAct(context, options.act, "Clear " + count + "?")) return {};
    LATECOMER_ASSIGN_OR_RETURN(plan, engine::ApplyClear(workspace->ledger(), workspace->pipeline(), selection,
                                                        plan.fingerprint, ActNow(context, options.act.note)));
  }
  if (json) {
    PrintJson(context, plan, act);
  } else if (act) {
    PrintDone(context, plan, options.workspace.pipeline_file);
  } else if (plan.affected.empty()) {
    context.out << "nothing to clear\n";
  }
  PrintUntouched(context, format, plan.untouched);
  return {};
}

}  // namespace

void AddClearCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "clear", "Queue runs, or steps of them, for another try",
                                 "latecomer clear examples/devices/pipeline.yaml\n"
                                 "latecomer clear examples/devices/pipeline.yaml scheduled_2024-01-01 --same-versions\n"
                                 "latecomer clear pipeline.yaml latest --step process_devices --no-downstream\n"
                                 "latecomer clear pipeline.yaml scheduled_2024-01-05 --future --dry-run\n"
                                 "latecomer clear pipeline.yaml --from 2024-01-01 --to 2024-01-31 --only-failed --yes");
  auto options = std::make_shared<ClearOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("run", options->selection.runs, "Run ids; default: the latest scheduled one")->type_name("RUN");
  AddRangeOptions(command, options->selection);
  command->add_flag("--older-definition", options->selection.older_definition,
                    "What an older definition built; all of it, or with --from and --to");
  AddStepOptions(command, options->selection);
  command->add_flag("--same-versions", options->same_versions, "Keep the versions of the last try");
  command->add_flag("--new-steps", options->new_steps, "Only steps that the last try hadn't");
  AddActOptions(command, options->act);
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Clear(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
