// `latecomer show`: the grid of runs × steps, or one run with its tries, steps and attempts.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/run_text.h"
#include "cli/workspace.h"
#include "engine/selection.h"

namespace latecomer::cli {
namespace {

using nlohmann::ordered_json;

struct ShowOptions {
  WorkspaceOptions workspace;
  std::string run;
  int limit = 30;
};

ordered_json Time(const std::optional<Instant>& at) {
  return at ? ordered_json(FormatInstant(*at)) : ordered_json();
}

ordered_json StepJson(const ledger::StepRecord& step, const std::vector<ledger::AttemptRecord>& attempts,
                      const std::string& child) {
  ordered_json json;
  json["step"] = step.step;
  json["map_index"] = step.map_index < 0 ? ordered_json() : ordered_json(step.map_index);
  json["state"] = std::string(Name(step.state));
  json["message"] = step.message;
  json["started"] = Time(step.started);
  json["ended"] = Time(step.ended);
  json["child_run"] = child.empty() ? ordered_json() : ordered_json(child);
  json["attempts"] = ordered_json::array();
  for (const ledger::AttemptRecord& attempt : attempts) {
    if (attempt.step != step.step || attempt.map_index != step.map_index) continue;
    json["attempts"].push_back({{"number", attempt.number},
                                {"state", std::string(Name(attempt.state))},
                                {"exit_code", attempt.exit_code ? ordered_json(*attempt.exit_code) : ordered_json()},
                                {"message", attempt.message},
                                {"log", attempt.log},
                                {"started", FormatInstant(attempt.started)},
                                {"ended", Time(attempt.ended)}});
  }
  return json;
}

Result<std::string> ChildName(ledger::Reader& reader, const ledger::StepRecord& step) {
  if (!step.child_run) return std::string();
  LATECOMER_ASSIGN_OR_RETURN(const auto child, reader.FindRun(*step.child_run));
  return child ? child->run_id : std::string();
}

Result<ordered_json> RunJson(ledger::Reader& reader, const ledger::RunRecord& run) {
  ordered_json json;
  json["run_id"] = run.run_id;
  json["partition"] = ordered_json::parse(run.partition);
  json["kind"] = std::string(Name(run.kind));
  json["cause"] = run.cause;
  json["state"] = std::string(Name(run.state));
  json["waiting_for"] = run.waiting_for;
  json["message"] = run.message;
  json["note"] = run.note;
  json["tries"] = ordered_json::array();
  LATECOMER_ASSIGN_OR_RETURN(const auto tries, reader.Tries(run.id));
  for (const ledger::TryRecord& attempt : tries) {
    ordered_json one;
    one["number"] = attempt.number;
    one["state"] = std::string(Name(attempt.state));
    one["token"] = attempt.token;
    one["versions"] = ordered_json::object();
    for (const auto& [source, version] : attempt.vector) one["versions"][source] = version.value;
    one["definition_hash"] = attempt.definition_hash;
    one["message"] = attempt.message;
    one["started"] = FormatInstant(attempt.started);
    one["ended"] = Time(attempt.ended);
    one["steps"] = ordered_json::array();
    LATECOMER_ASSIGN_OR_RETURN(const auto steps, reader.Steps(run.id, attempt.number));
    LATECOMER_ASSIGN_OR_RETURN(const auto attempts, reader.Attempts(run.id, attempt.number));
    for (const ledger::StepRecord& step : steps) {
      LATECOMER_ASSIGN_OR_RETURN(const std::string child, ChildName(reader, step));
      one["steps"].push_back(StepJson(step, attempts, child));
    }
    json["tries"].push_back(std::move(one));
  }
  return json;
}

Status PrintRun(Context& context, ledger::Reader& reader, const ledger::RunRecord& run) {
  const Instant now = context.clock.Now();
  context.out << Printable(run.run_id) << "  " << Name(run.state) << '\n';
  context.out << "  partition  " << Printable(run.partition_display) << '\n';
  context.out << "  kind       " << Name(run.kind) << ", caused by " << Printable(run.cause);
  if (run.caused_by) {
    LATECOMER_ASSIGN_OR_RETURN(const auto parent, reader.FindRun(*run.caused_by));
    if (parent) context.out << ", started by " << Printable(parent->run_id);
  }
  context.out << '\n';
  if (!run.waiting_for.empty()) context.out << "  waits for  " << Printable(run.waiting_for) << '\n';
  if (!run.message.empty()) context.out << "  message    " << Printable(run.message) << '\n';
  if (!run.note.empty()) context.out << "  note       " << Printable(run.note) << '\n';
  LATECOMER_ASSIGN_OR_RETURN(const auto tries, reader.Tries(run.id));
  for (const ledger::TryRecord& attempt : tries) {
    context.out << "\ntry " << attempt.number << "  " << Name(attempt.state) << "  built from "
                << VectorText(attempt.vector) << "  token " << attempt.token << "  "
                << DurationText(attempt.started, attempt.ended, now) << '\n';
    TextTable table({{"STEP"}, {"STATE"}, {"ATTEMPTS", Align::kRight}, {"TIME", Align::kRight}, {"MESSAGE"}});
    LATECOMER_ASSIGN_OR_RETURN(const auto steps, reader.Steps(run.id, attempt.number));
    for (const ledger::StepRecord& step : steps) {
      const std::string name = step.map_index < 0 ? step.step : step.step + " [" + std::to_string(step.map_index) + "]";
      table.Add({name, StateCell(step.state), step.attempts == 0 ? "-" : std::to_string(step.attempts),
                 DurationText(step.started, step.ended, now), step.message});
    }
    table.Print(context.out, context.color);
  }
  return {};
}

Status Show(Context& context, OutputFormat format, const ShowOptions& options) {
  const LedgerUse use = options.run.empty() ? LedgerUse::kReadOrEmpty : LedgerUse::kExisting;
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, use));
  const pipeline::Pipeline& pipeline = workspace->pipeline();
  return workspace->ledger().Read([&](ledger::Reader& reader) -> Status {
    if (options.run.empty() && format != OutputFormat::kJson)
      return PrintGrid(context, reader, pipeline, options.limit);
    std::vector<ledger::RunRecord> runs;
    if (options.run.empty()) {
      LATECOMER_ASSIGN_OR_RETURN(runs, reader.Runs({.pipeline = pipeline.id, .limit = options.limit}));
    } else {
      LATECOMER_ASSIGN_OR_RETURN(runs.emplace_back(), engine::FindRunByWord(reader, pipeline.id, options.run));
      if (format != OutputFormat::kJson) return PrintRun(context, reader, runs.front());
    }
    for (const ledger::RunRecord& run : runs) {
      LATECOMER_ASSIGN_OR_RETURN(const ordered_json json, RunJson(reader, run));
      context.out << json.dump() << '\n';
    }
    return {};
  });
}

}  // namespace

void AddShowCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "show", "Show the grid of runs and steps, or one run in full",
                                 "latecomer show examples/devices/pipeline.yaml\n"
                                 "latecomer show examples/devices/pipeline.yaml scheduled_2024-01-02\n"
                                 "latecomer show examples/devices/pipeline.yaml latest --output json");
  auto options = std::make_shared<ShowOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("run", options->run, "A run id, or `latest`")->type_name("RUN");
  command->add_option("--limit", options->limit, "The newest N runs of the grid")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Show(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
