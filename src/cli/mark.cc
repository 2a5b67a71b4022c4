// `latecomer mark`: says that runs, or steps of them, count as succeeded or failed.
#include "engine/mark.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/act_text.h"
#include "cli/commands.h"
#include "cli/run_text.h"
#include "cli/text_table.h"

namespace latecomer::cli {
namespace {

struct MarkOptions {
  WorkspaceOptions workspace;
  std::vector<std::string> words;  // runs, then the state
  SelectionOptions selection;
  ActOptions act;
};

std::string Joined(const std::vector<std::string>& steps) {
  std::string text;
  for (const std::string& step : steps) text += (text.empty() ? "" : ", ") + step;
  return text.empty() ? "the run" : text;
}

// The words are [RUN…] success|failed.
Result<engine::Mark> Sort(MarkOptions& options) {
  const std::string state = options.words.empty() ? "" : options.words.back();
  if (state != "success" && state != "failed") {
    return Fail(Error(ErrorKind::kInvalidArgument, "the last word says how it counts: success or failed")
                    .Hint("latecomer mark PIPELINE.yaml RUN success"));
  }
  options.words.pop_back();
  options.selection.runs = options.words;
  if (options.words.empty() && options.selection.from.empty() && options.selection.to.empty()) {
    return Fail(Error(ErrorKind::kInvalidArgument, "no run is named")
                    .Hint("name one, or `latest`, or a range of partitions with --from and --to"));
  }
  return state == "success" ? engine::Mark::kSuccess : engine::Mark::kFailed;
}

void PrintJson(Context& context, const engine::MarkPlan& plan, bool done) {
  for (const engine::MarkedRun& one : plan.affected) {
    const nlohmann::ordered_json json{{"run_id", one.run.run_id},
                                      {"state", std::string(Name(one.run.state))},
                                      {"steps", one.steps},
                                      {"note", one.note},
                                      {"event", done ? nlohmann::ordered_json(one.event) : nlohmann::ordered_json()},
                                      {"done", done}};
    context.out << json.dump() << '\n';
  }
}

void PrintPreview(Context& context, const engine::MarkPlan& plan) {
  TextTable table({{"RUN"}, {"STATE"}, {"MARKED"}, {"WHAT IT COMES TO"}});
  for (const engine::MarkedRun& one : plan.affected) {
    table.Add({one.run.run_id, StateCell(one.run.state), Joined(one.steps), one.note});
  }
  table.Print(context.out, context.color);
}

Status MarkThem(Context& context, OutputFormat format, MarkOptions options) {
  LATECOMER_ASSIGN_OR_RETURN(const engine::Mark mark, Sort(options));
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  engine::MarkSelection selection{.which = {}, .mark = mark};
  LATECOMER_ASSIGN_OR_RETURN(selection.which, SelectionOf(*workspace, options.selection));
  // What needs a marked step isn't marked with it, unlike with clear.
  selection.which.downstream = false;
  LATECOMER_ASSIGN_OR_RETURN(engine::MarkPlan plan,
                             engine::PreviewMark(workspace->ledger(), workspace->pipeline(), selection));
  LATECOMER_RETURN_IF_ERROR(RefusedWhenNothing(options.selection, plan.affected.size(), plan.untouched, "mark"));
  const bool json = format == OutputFormat::kJson;
  const std::string state = mark == engine::Mark::kSuccess ? "success" : "failed";
  // One named run can be undone; more than that is shown first.
  const bool asks = !json && !options.act.yes && context.err_is_terminal && plan.affected.size() > 1;
  if (!json && (options.act.dry_run || asks) && !plan.affected.empty()) PrintPreview(context, plan);
  const bool act = !options.act.dry_run && !plan.affected.empty();
  if (act) {
    const std::string question = "Mark " + std::to_string(plan.affected.size()) + " runs " + state + "?";
    if (asks && !MayAct(context, options.act, question)) return {};
    LATECOMER_ASSIGN_OR_RETURN(plan, engine::ApplyMark(workspace->ledger(), workspace->pipeline(), selection,
                                                       plan.fingerprint, ActNow(context, options.act.note)));
  }
  if (json) {
    PrintJson(context, plan, act);
  } else if (act) {
    for (const engine::MarkedRun& one : plan.affected) {
      context.out << "marked " << Printable(one.run.run_id);
      if (!one.steps.empty()) context.out << " " << Joined(one.steps);
      context.out << " " << state << "; " << Printable(one.note) << '\n';
    }
  } else if (plan.affected.empty()) {
    context.out << "nothing to mark\n";
  }
  PrintUntouched(context, format, plan.untouched);
  return {};
}

}  // namespace

void AddMarkCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "mark", "Mark runs, or steps of them, as success or failed",
                                 "latecomer mark examples/devices/pipeline.yaml scheduled_2024-01-01 success\n"
                                 "latecomer mark examples/devices/pipeline.yaml latest failed --note 'wrong input'\n"
                                 "latecomer mark pipeline.yaml latest success --step extract\n"
                                 "latecomer mark pipeline.yaml success --from 2024-01-01 --to 2024-01-05 --dry-run");
  auto options = std::make_shared<MarkOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("run", options->words, "Run ids, or `latest`; then success or failed")
      ->required()
      ->type_name("[RUN...] STATE");
  AddRangeOptions(command, options->selection);
  command->add_option("--step", options->selection.steps, "Only this step; may be repeated")
      ->type_name("ID")
      ->allow_extra_args(false);
  command->add_flag("--upstream", options->selection.upstream, "Also the steps that it needs");
  AddActOptions(command, options->act);
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return MarkThem(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
