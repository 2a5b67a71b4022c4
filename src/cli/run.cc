// `latecomer run`: processes what is due and what is late, of one pipeline or several, until nothing is left to do.
#include <unistd.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/first_run.h"
#include "cli/holder.h"
#include "cli/lease_option.h"
#include "cli/ledger_place.h"
#include "cli/plan_text.h"
#include "cli/request.h"
#include "cli/run_driver.h"
#include "cli/run_executor.h"
#include "cli/run_progress.h"
#include "cli/workspace.h"
#include "engine/engine.h"

namespace latecomer::cli {
namespace {

using ledger::RunRecord;
using ledger::RunState;

struct RunOptions {
  PipelinesOptions pipelines;
  std::string partition;
  ActOptions act;
  std::string lease = "1m";
  bool quiet = false;
};

// False when a person said no.
Result<bool> MayStart(Context& context, Workspace& workspace, engine::Engine& engine, const RunOptions& options) {
  if (options.act.yes) return true;
  const auto doubt = FirstRunDoubt(workspace, engine);
  // A table that another pipeline makes first is looked for again later; one that nobody makes is missed then.
  if (!doubt && doubt.error().kind == ErrorKind::kNotFound) return true;
  if (!doubt) return Fail(doubt.error());
  if (!*doubt) return true;
  if (!context.err_is_terminal || ::isatty(STDIN_FILENO) == 0) return Fail(**doubt);
  context.err << (*doubt)->message << ".\n" << (*doubt)->hint << "\nStart? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

using Workspaces = std::vector<std::unique_ptr<Workspace>>;

void PrintWaiting(Context& context, const RunProgress& progress, const std::vector<Lane>& lanes) {
  for (const Lane& lane : lanes) {
    for (const engine::PlacedRun& held : lane.last.outside) {
      context.out << progress.NameOf(held.run) << " is with " << Printable(held.run.waiting_for) << '\n';
    }
    for (const engine::PlacedRun& waiting : lane.last.waiting) {
      context.out << progress.NameOf(waiting.run) << " waits for " << Printable(waiting.run.waiting_for) << '\n';
    }
    for (const auto& [key, reason] : lane.last.planned) {
      context.out << Printable(lane.pipeline) << " " << Printable(key.Display()) << " " << Printable(reason) << '\n';
    }
    if (lane.last.paused)
      context.out << Printable(lane.pipeline) << " is paused; `latecomer pause --resume` ends that\n";
  }
}

void PrintJson(Context& context, const RunProgress& progress, const std::vector<Lane>& lanes) {
  for (const auto& [id, run] : progress.runs()) context.out << RunJson(run).dump() << '\n';
  for (const Lane& lane : lanes) {
    for (const engine::PlacedRun& held : lane.last.outside) {
      if (!progress.runs().contains(held.run.id)) context.out << RunJson(held.run).dump() << '\n';
    }
  }
}

bool NothingWaits(const std::vector<Lane>& lanes) {
  for (const Lane& lane : lanes) {
    if (!lane.last.outside.empty() || !lane.last.waiting.empty()) return false;
  }
  return true;
}

Status Summarize(Context& context, OutputFormat format, const RunProgress& progress, const std::vector<Lane>& lanes) {
  int failed = 0;
  int done = 0;
  std::string first_failed;
  for (const auto& [id, run] : progress.runs()) {
    done += run.state == RunState::kSuccess ? 1 : 0;
    if (run.state == RunState::kFailed && failed++ == 0) first_failed = run.run_id;
  }
  if (format == OutputFormat::kJson) {
    PrintJson(context, progress, lanes);
  } else {
    PrintWaiting(context, progress, lanes);
    if (progress.runs().empty() && NothingWaits(lanes)) {
      context.out << "nothing to do\n";
    } else {
      context.out << done << (done == 1 ? " run" : " runs") << " succeeded, " << failed << " failed\n";
    }
  }
  for (const Lane& lane : lanes) {
    if (!lane.error) continue;
    if (lanes.size() > 1) context.err << "note: pipeline " << Printable(lane.pipeline) << " stopped\n";
    return Fail(*lane.error);
  }
  if (failed == 0) return {};
  return Fail(Error(ErrorKind::kRunFailed, std::to_string(failed) + (failed == 1 ? " run failed" : " runs failed"))
                  .Hint("`latecomer logs PIPELINE " + first_failed + "` shows the output, `latecomer clear PIPELINE " +
                        first_failed + "` queues it again"));
}

// Nullopt when a person said no.
Result<std::optional<std::vector<Lane>>> MakeLanes(Context& context, const Workspaces& workspaces,
                                                   const engine::Environment& environment, const RunOptions& options) {
  std::vector<Lane> lanes;
  for (const auto& workspace : workspaces) {
    Lane& lane = lanes.emplace_back();
    lane.pipeline = workspace->pipeline().id;
    lane.engine = std::make_unique<engine::Engine>(workspace->pipeline(), environment);
    LATECOMER_RETURN_IF_ERROR(lane.engine->Register());
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    LATECOMER_ASSIGN_OR_RETURN(const bool start, MayStart(context, *workspaces[i], *lanes[i].engine, options));
    if (!start) return std::optional<std::vector<Lane>>();
  }
  return std::optional(std::move(lanes));
}

Status Run(Context& context, OutputFormat format, const RunOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const Duration lease, ParseLease(options.lease));
  LATECOMER_ASSIGN_OR_RETURN(const Workspaces workspaces,
                             Workspace::OpenAll(context, options.pipelines, LedgerUse::kWrite));
  if (!options.partition.empty() && workspaces.size() > 1) {
    return Fail(Error(ErrorKind::kInvalidArgument, "--partition is about one pipeline")
                    .Hint("name the file of the one whose partition you mean"));
  }
  Workspace& first = *workspaces.front();
  const auto executor = MakeRunExecutor(context, first.catalog());
  RunProgress progress(context, format == OutputFormat::kJson || options.quiet, workspaces.size() > 1);
  const engine::Environment environment{
      .ledger = first.ledger(),
      .catalog = first.catalog(),
      .executor = *executor,
      .clock = context.clock,
      .random = context.random,
      .holder = ThisHolder(),
      .probe_holder = ProbeHolder,
      .state_folder = first.state_folder(),
      .listener = &progress,
      .lease = lease,
      .definition_of = [&first](const ledger::PipelineRecord& record) { return first.book().Find(record); }};
  LATECOMER_ASSIGN_OR_RETURN(auto lanes, MakeLanes(context, workspaces, environment, options));
  if (!lanes) return {};
  if (!options.partition.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const bool requested,
                               RequestRuns(context, format, first, options.partition, options.act));
    if (!requested) return {};
  }
  LATECOMER_ASSIGN_OR_RETURN(const LedgerPlace place, FindLedger(options.pipelines.ledger, first.pipeline().folder));
  Nudges nudges;
  const auto watch = WatchLedger(place, first.ledger().id(), [&](const std::string& pipeline) {
    nudges.Add(pipeline);
    executor->Wake();
  });
  LATECOMER_RETURN_IF_ERROR(Drive(context, *executor, nudges, *lanes));
  return Summarize(context, format, progress, *lanes);
}

}  // namespace

void AddRunCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line, "run", "Process what is due and what is late, then end",
                 "latecomer run examples/devices/pipeline.yaml\n"
                 "latecomer run examples/devices/pipeline.yaml --partition 2024-01-01\n"
                 "latecomer run examples/devices/pipeline.yaml --partition 2024-01-01..2024-01-31 --dry-run\n"
                 "latecomer run pipelines/\n"
                 "latecomer run pipeline.yaml --ledger sqlite:/var/lib/latecomer/ledger.db\n"
                 "latecomer run pipelines/ --ledger postgresql://latecomer@db.example/ledgers");
  auto options = std::make_shared<RunOptions>();
  AddPipelinesOptions(command, options->pipelines);
  command
      ->add_option("--partition", options->partition,
                   "Process this partition, or each of a range A..B, on request, whatever the plan says")
      ->type_name("VALUE");
  command->add_flag("--yes,-y", options->act.yes,
                    "Don't ask before a first run of more than 100 intervals, or a range of partitions");
  command->add_flag("--dry-run", options->act.dry_run, "With --partition: only show what it would process");
  command->add_option("--note", options->act.note, "With --partition: kept with each run")->type_name("TEXT");
  AddLeaseOption(command, options->lease);
  command->add_flag("--quiet,-q", options->quiet, "Only the closing summary");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Run(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
