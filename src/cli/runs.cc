// `latecomer runs`: the pipeline's runs, oldest first, and what each waiting one waits for.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/run_text.h"
#include "cli/workspace.h"

namespace latecomer::cli {
namespace {

struct RunsOptions {
  WorkspaceOptions workspace;
  std::string state;
  int limit = 50;
};

nlohmann::ordered_json Time(const std::optional<Instant>& at) {
  return at ? nlohmann::ordered_json(FormatInstant(*at)) : nlohmann::ordered_json();
}

nlohmann::ordered_json ToJson(const ledger::RunRecord& run, const std::vector<ledger::TryRecord>& tries) {
  nlohmann::ordered_json json;
  json["run_id"] = run.run_id;
  json["partition"] = nlohmann::ordered_json::parse(run.partition);
  json["kind"] = std::string(Name(run.kind));
  json["cause"] = run.cause;
  json["state"] = std::string(Name(run.state));
  json["waiting_for"] = run.waiting_for;
  json["message"] = run.message;
  json["tries"] = run.tries;
  json["versions"] = nlohmann::ordered_json::object();
  if (!tries.empty()) {
    for (const auto& [source, version] : tries.back().vector) json["versions"][source] = version.value;
  }
  json["created"] = FormatInstant(run.created);
  json["started"] = Time(run.started);
  json["ended"] = Time(run.ended);
  json["note"] = run.note;
  return json;
}

Status Runs(Context& context, OutputFormat format, const RunsOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace,
                             Workspace::Open(context, options.workspace, LedgerUse::kReadOrEmpty));
  ledger::RunFilter filter{.pipeline = workspace->pipeline().id, .limit = options.limit};
  if (!options.state.empty()) {
    const auto state = ledger::ParseRunState(options.state);
    if (!state) {
      return Fail(Error(ErrorKind::kInvalidArgument, "no run state is called '" + options.state + "'")
                      .Hint("states are queued, running, success, failed, skipped, cancelled"));
    }
    filter.state = *state;
  }
  return workspace->ledger().Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs(filter));
    TextTable table({{"RUN"},
                     {"STATE"},
                     {"KIND"},
                     {"TRY", Align::kRight},
                     {"BUILT FROM"},
                     {"STARTED"},
                     {"TIME", Align::kRight},
                     {"NOTE"}});
    for (const ledger::RunRecord& run : runs) {
      LATECOMER_ASSIGN_OR_RETURN(const auto tries, reader.Tries(run.id));
      if (format == OutputFormat::kJson) {
        context.out << ToJson(run, tries).dump() << '\n';
        continue;
      }
      const std::string note = run.waiting_for.empty() ? run.message : "waits for " + run.waiting_for;
      table.Add({run.run_id, StateCell(run.state), std::string(Name(run.kind)), std::to_string(run.tries),
                 tries.empty() ? "-" : VectorText(tries.back().vector),
                 run.started ? FormatInstant(*run.started).substr(0, 19) + "Z" : "-",
                 DurationText(run.started, run.ended, context.clock.Now()), note});
    }
    if (format == OutputFormat::kJson) return {};
    if (table.Empty()) {
      context.out << "no runs\n";
    } else {
      table.Print(context.out, context.color);
    }
    return {};
  });
}

}  // namespace

void AddRunsCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "runs", "List the runs of a pipeline",
                                 "latecomer runs examples/devices/pipeline.yaml\n"
                                 "latecomer runs examples/devices/pipeline.yaml --state failed --output json");
  auto options = std::make_shared<RunsOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("--state", options->state, "Only runs in this state")->type_name("STATE");
  command->add_option("--limit", options->limit, "The newest N")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Runs(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
