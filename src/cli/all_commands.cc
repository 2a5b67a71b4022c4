// The list of commands. One line per command, in the order --help shows them.
#include "cli/commands.h"
#include "cli/fetch_inputs.h"
#include "cli/program.h"

namespace latecomer::cli {

void AddAllCommands(CommandLine& line) {
  // Tables and their logs.
  AddGenerateCommand(line);
  AddLoadCommand(line);
  AddChangesCommand(line);
  AddPartitionsCommand(line);
  AddLatenessCommand(line);

  // Pipelines.
  AddValidateCommand(line);
  AddPlanCommand(line);
  AddExplainCommand(line);

  // Runs.
  AddRunCommand(line);
  AddRunsCommand(line);
  AddShowCommand(line);
  AddLogsCommand(line);
  AddClearCommand(line);
  AddMarkCommand(line);
  AddCancelCommand(line);
  AddPauseCommand(line);
  AddHoldCommand(line);
  AddReleaseCommand(line);
  AddNoteCommand(line);
  AddUndoCommand(line);
  AddAdoptCommand(line);
  AddAcceptCommand(line);
  AddLedgerCommand(line);

  // Workers outside.
  AddClaimCommand(line);
  AddRenewCommand(line);
  AddDoneCommand(line);
  AddFailCommand(line);

  // The server.
  AddServeCommand(line);
  AddUsersCommand(line);

  // In place of the original Spark job.
  AddConfigureBackfillCommand(line);
  AddUpdateLastProcessedCommand(line);

  // The program itself.
  AddFetchInputsCommand(line);
  AddVersionCommand(line);
  AddCompletionCommand(line);
}

}  // namespace latecomer::cli
