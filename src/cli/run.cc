// `latecomer run`: processes what is due and what is late, until nothing is left to do.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/first_run.h"
#include "cli/holder.h"
#include "cli/plan_text.h"
#include "cli/request.h"
#include "cli/run_executor.h"
#include "cli/workspace.h"
#include "engine/engine.h"

namespace latecomer::cli {
namespace {

using ledger::RunRecord;
using ledger::RunState;

struct RunOptions {
  WorkspaceOptions workspace;
  std::string partition;
  ActOptions act;
  bool quiet = false;
};

std::atomic<int> interrupts{0};
executor::Executor* woken_by_signal = nullptr;

// SIGINT: first stop starting, then cancel. SIGTERM: cancel; the runs go back to the queue.
void OnSignal(int signal) {
  interrupts.fetch_add(signal == SIGTERM ? 2 : 1);
  if (woken_by_signal != nullptr) woken_by_signal->Wake();
}

class SignalScope {
 public:
  explicit SignalScope(executor::Executor& executor) {
    interrupts = 0;
    woken_by_signal = &executor;
    struct sigaction action {};
    action.sa_handler = OnSignal;
    ::sigaction(SIGINT, &action, &old_int_);
    ::sigaction(SIGTERM, &action, &old_term_);
  }
  ~SignalScope() {
    ::sigaction(SIGINT, &old_int_, nullptr);
    ::sigaction(SIGTERM, &old_term_, nullptr);
    woken_by_signal = nullptr;
  }
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;

 private:
  struct sigaction old_int_ {
  }, old_term_{};
};

// One line per thing that happened, and what the closing summary needs.
class Progress final : public engine::Listener {
 public:
  Progress(Context& context, bool silent) : context_(context), silent_(silent) {}

  void OnObserved(const std::string& location, Version newest, std::int64_t new_commits,
                  const std::string& note) override {
    if (silent_) return;
    Line("", location + " is at version " + std::to_string(newest.value) + " (" + GroupDigits(new_commits) + " new)");
    if (!note.empty()) Line("", "note: " + note);
  }

  void OnRun(const RunRecord& run) override {
    runs_[run.id] = run;
    if (!silent_) Line(run.run_id, Describe(run));
  }

  void OnStep(const RunRecord& run, const ledger::StepRecord& step) override {
    if (silent_ || step.state == ledger::StepState::kUpstreamFailed) return;
    const bool quiet_step = step.step == "record" || (step.state == ledger::StepState::kSkipped);
    if (quiet_step) return;
    std::string text = "  " + step.step + " " + std::string(Name(step.state));
    if (step.state == ledger::StepState::kRunning && step.attempts > 1)
      text += " (attempt " + std::to_string(step.attempts) + ")";
    if (ledger::IsDone(step.state) && step.started && step.ended && step.step != "detect") {
      text += " in " + HumanDuration(*step.ended - *step.started);
    }
    if (!step.message.empty()) text += ": " + Printable(step.message);
    Line(run.run_id, text);
  }

  const std::map<std::int64_t, RunRecord>& runs() const { return runs_; }

 private:
  static std::string Describe(const RunRecord& run) {
    switch (run.state) {
      case RunState::kQueued: return run.tries == 0 ? "queued" : "queued again: " + Printable(run.message);
      case RunState::kRunning: return run.tries == 1 ? "started" : "started, try " + std::to_string(run.tries);
      case RunState::kSuccess: return "success in " + HumanDuration(*run.ended - *run.started);
      default: return std::string(Name(run.state)) + (run.message.empty() ? "" : ": " + Printable(run.message));
    }
  }

  void Line(const std::string& run_id, const std::string& text) {
    const std::string now = FormatInstant(context_.clock.Now()).substr(11, 8);
    context_.out << now << "  ";
    if (!run_id.empty()) context_.out << Printable(run_id) << "  ";
    context_.out << text << std::endl;  // flushed: people watch it
  }

  Context& context_;
  bool silent_;
  std::map<std::int64_t, RunRecord> runs_;
};

Status Drive(Context& context, engine::Engine& engine, executor::Executor& executor, engine::TickReport& last) {
  bool told = false;
  while (true) {
    if (interrupts >= 2) {
      LATECOMER_RETURN_IF_ERROR(engine.CancelMine("cancelled on request"));
      return Fail(Error(ErrorKind::kCancelled, "cancelled; what was running went back to the queue")
                      .Hint("`latecomer run` takes it up again"));
    }
    if (interrupts == 1 && !told) {
      told = true;
      engine.StopStarting();
      context.err << "\nfinishing what is running; press Ctrl-C again to cancel it\n";
    }
    LATECOMER_ASSIGN_OR_RETURN(last, engine.Tick());
    if (last.progressed) continue;
    if (last.mine == 0 && (told || last.elsewhere == 0)) return {};
    Duration wait = last.elsewhere > 0 ? Duration(200) : Duration(1000);
    if (last.wake_at) wait = std::clamp(*last.wake_at - context.clock.Now(), Duration(1), wait);
    executor.Wait(wait);
  }
}

// False when a person said no.
Result<bool> MayStart(Context& context, Workspace& workspace, engine::Engine& engine, const RunOptions& options) {
  if (options.act.yes) return true;
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<Error> doubt, FirstRunDoubt(workspace, engine));
  if (!doubt) return true;
  if (!context.err_is_terminal || ::isatty(STDIN_FILENO) == 0) return Fail(*doubt);
  context.err << doubt->message << ".\n" << doubt->hint << "\nStart? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

nlohmann::ordered_json RunJson(const RunRecord& run) {
  nlohmann::ordered_json json;
  json["run_id"] = run.run_id;
  json["partition"] = nlohmann::ordered_json::parse(run.partition);
  json["kind"] = std::string(Name(run.kind));
  json["state"] = std::string(Name(run.state));
  json["tries"] = run.tries;
  json["message"] = run.message;
  json["waiting_for"] = run.waiting_for;
  return json;
}

Status Summarize(Context& context, OutputFormat format, const Progress& progress, const engine::TickReport& last) {
  int failed = 0;
  int done = 0;
  std::string first_failed;
  for (const auto& [id, run] : progress.runs()) {
    done += run.state == RunState::kSuccess ? 1 : 0;
    if (run.state == RunState::kFailed && failed++ == 0) first_failed = run.run_id;
    if (format == OutputFormat::kJson) context.out << RunJson(run).dump() << '\n';
  }
  for (const engine::PlacedRun& held : last.outside) {
    if (format == OutputFormat::kJson) {
      if (!progress.runs().contains(held.run.id)) context.out << RunJson(held.run).dump() << '\n';
    } else {
      context.out << Printable(held.run.run_id) << " is with " << Printable(held.run.waiting_for) << '\n';
    }
  }
  if (format != OutputFormat::kJson) {
    for (const engine::PlacedRun& waiting : last.waiting) {
      context.out << Printable(waiting.run.run_id) << " waits for " << Printable(waiting.run.waiting_for) << '\n';
    }
    if (progress.runs().empty() && last.waiting.empty() && last.outside.empty()) {
      context.out << "nothing to do\n";
    } else {
      context.out << done << (done == 1 ? " run" : " runs") << " succeeded, " << failed << " failed\n";
    }
  }
  if (failed == 0) return {};
  return Fail(Error(ErrorKind::kRunFailed, std::to_string(failed) + (failed == 1 ? " run failed" : " runs failed"))
                  .Hint("`latecomer logs PIPELINE " + first_failed + "` shows the output, `latecomer clear PIPELINE " +
                        first_failed + "` queues it again"));
}

Status Run(Context& context, OutputFormat format, const RunOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kWrite));
  const auto executor = MakeRunExecutor(context, workspace->catalog());
  Progress progress(context, format == OutputFormat::kJson || options.quiet);
  engine::Environment environment{.ledger = workspace->ledger(),
                                  .catalog = workspace->catalog(),
                                  .executor = *executor,
                                  .clock = context.clock,
                                  .random = context.random,
                                  .holder = ThisHolder(),
                                  .probe_holder = ProbeHolder,
                                  .state_folder = workspace->state_folder(),
                                  .listener = &progress};
  engine::Engine engine(workspace->pipeline(), environment);
  LATECOMER_RETURN_IF_ERROR(engine.Register());
  LATECOMER_ASSIGN_OR_RETURN(const bool start, MayStart(context, *workspace, engine, options));
  if (!start) return {};
  if (!options.partition.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const bool requested,
                               RequestRuns(context, format, *workspace, options.partition, options.act));
    if (!requested) return {};
  }
  const SignalScope signals(*executor);
  engine::TickReport last;
  LATECOMER_RETURN_IF_ERROR(Drive(context, engine, *executor, last));
  return Summarize(context, format, progress, last);
}

}  // namespace

void AddRunCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line, "run", "Process what is due and what is late, then end",
                 "latecomer run examples/devices/pipeline.yaml\n"
                 "latecomer run examples/devices/pipeline.yaml --partition 2024-01-01\n"
                 "latecomer run examples/devices/pipeline.yaml --partition 2024-01-01..2024-01-31 --dry-run\n"
                 "latecomer run pipeline.yaml --ledger sqlite:/var/lib/latecomer/ledger.db");
  auto options = std::make_shared<RunOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command
      ->add_option("--partition", options->partition,
                   "Process this partition, or each of a range A..B, on request, whatever the plan says")
      ->type_name("VALUE");
  command->add_flag("--yes,-y", options->act.yes,
                    "Don't ask before a first run of more than 100 intervals, or a range of partitions");
  command->add_flag("--dry-run", options->act.dry_run, "With --partition: only show what it would process");
  command->add_option("--note", options->act.note, "With --partition: kept with each run")->type_name("TEXT");
  command->add_flag("--quiet,-q", options->quiet, "Only the closing summary");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Run(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
