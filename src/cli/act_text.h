// What commands that change runs share: who does it, the question before it, and what was left alone.
#pragma once

#include <string>
#include <vector>

#include "cli/workspace.h"
#include "engine/act.h"
#include "engine/selection.h"

namespace latecomer::cli {

// By the user this process belongs to, now.
engine::Act ActNow(Context& context, const std::string& note = "");

// How a command that shows first what it affects goes on.
struct ActOptions {
  bool dry_run = false;
  bool yes = false;
  std::string note;
};
// Adds --dry-run, --yes and --note.
void AddActOptions(CLI::App* command, ActOptions& options);

// True when it should be done: with --yes, after a "y" on a terminal, and where nobody can be asked.
bool MayAct(Context& context, const ActOptions& options, const std::string& question);

// Which runs are meant, as text.
struct SelectionOptions {
  std::vector<std::string> runs;
  std::string from;
  std::string to;
  bool past = false;
  bool future = false;
  bool older_definition = false;
  bool only_failed = false;
  std::vector<std::string> steps;
  bool upstream = false;
  bool downstream = true;  // of steps
};
// Adds --from, --to, --past, --future.
void AddRangeOptions(CLI::App* command, SelectionOptions& options);
// Adds --step, --upstream, --downstream, --only-failed.
void AddStepOptions(CLI::App* command, SelectionOptions& options);
Result<engine::RunSelection> SelectionOf(Workspace& workspace, const SelectionOptions& options);

// kConflict when runs were named and none of them is affected: why the first isn't.
Status RefusedWhenNothing(const SelectionOptions& options, std::size_t affected,
                          const std::vector<engine::Untouched>& untouched, const std::string& action);
// One line each, on standard output: for people after the table, as JSON `{"run_id", "untouched"}`.
void PrintUntouched(Context& context, OutputFormat format, const std::vector<engine::Untouched>& untouched);

}  // namespace latecomer::cli
