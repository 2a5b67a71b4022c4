// All commands; each is defined in the .cc file of its name.
#pragma once

namespace latecomer::cli {

struct CommandLine;

// Tables and their logs.
void AddGenerateCommand(CommandLine& line);
void AddLoadCommand(CommandLine& line);
void AddChangesCommand(CommandLine& line);
void AddPartitionsCommand(CommandLine& line);
void AddLatenessCommand(CommandLine& line);

// Pipelines: what would be done, and why.
void AddValidateCommand(CommandLine& line);
void AddPlanCommand(CommandLine& line);
void AddExplainCommand(CommandLine& line);

// Runs.
void AddRunCommand(CommandLine& line);
void AddRunsCommand(CommandLine& line);
void AddShowCommand(CommandLine& line);
void AddLogsCommand(CommandLine& line);
void AddClearCommand(CommandLine& line);
void AddMarkCommand(CommandLine& line);
void AddCancelCommand(CommandLine& line);
void AddPauseCommand(CommandLine& line);
void AddHoldCommand(CommandLine& line);
void AddReleaseCommand(CommandLine& line);
void AddNoteCommand(CommandLine& line);
void AddUndoCommand(CommandLine& line);
void AddAdoptCommand(CommandLine& line);
void AddAcceptCommand(CommandLine& line);
void AddLedgerCommand(CommandLine& line);

// Workers outside.
void AddClaimCommand(CommandLine& line);
void AddRenewCommand(CommandLine& line);
void AddDoneCommand(CommandLine& line);
void AddFailCommand(CommandLine& line);

// The server.
void AddServeCommand(CommandLine& line);
void AddUsersCommand(CommandLine& line);

// The two commands that stand in for the original Spark job.
void AddConfigureBackfillCommand(CommandLine& line);
void AddUpdateLastProcessedCommand(CommandLine& line);

void AddVersionCommand(CommandLine& line);
void AddCompletionCommand(CommandLine& line);

}  // namespace latecomer::cli
