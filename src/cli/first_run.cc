#include "cli/first_run.h"

#include <algorithm>

#include "cli/text_table.h"

namespace latecomer::cli {

Result<std::optional<Error>> FirstRunDoubt(Workspace& workspace, engine::Engine& engine) {
  constexpr int kAsksAbove = 100;
  bool first = true;
  LATECOMER_RETURN_IF_ERROR(workspace.ledger().Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({.pipeline = workspace.pipeline().id, .limit = 1}));
    first = runs.empty();
    return {};
  }));
  if (!first) return std::optional<Error>{};
  LATECOMER_ASSIGN_OR_RETURN(const lateness::Plan plan, engine.PlanNow());
  const auto due = std::count_if(plan.entries.begin(), plan.entries.end(), [](const lateness::PlanEntry& entry) {
    return entry.decision == lateness::Decision::kProcess;
  });
  if (due <= kAsksAbove) return std::optional<Error>{};
  return std::optional<Error>(
      Error(ErrorKind::kConflict, "this first run would process " + GroupDigits(due) + " partitions")
          .In(workspace.pipeline().file)
          .Hint("--yes starts it; `latecomer adopt` records what was processed elsewhere already"));
}

}  // namespace latecomer::cli
