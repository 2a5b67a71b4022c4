#include "cli/first_run.h"

#include "cli/text_table.h"
#include "engine/first_run.h"

namespace latecomer::cli {

Result<std::optional<Error>> FirstRunDoubt(Workspace& workspace, engine::Engine& engine) {
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<std::int64_t> due,
                             engine::LongFirstRun(workspace.ledger(), workspace.pipeline(), engine));
  if (!due) return std::optional<Error>{};
  return std::optional<Error>(
      Error(ErrorKind::kConflict, "this first run would process " + GroupDigits(*due) + " partitions")
          .In(workspace.pipeline().file)
          .Hint("--yes starts it; `latecomer adopt` records what was processed elsewhere already"));
}

}  // namespace latecomer::cli
