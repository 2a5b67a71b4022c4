// The handlers of the API, one .cc file for each group. Each checks what it was given and answers in the shape that
// openapi.yaml has.
#pragma once

#include "server/app.h"

namespace latecomer::server {

// routes_session.cc
Result<Response> GetServer(Call& call);
Result<Response> GetOpenApi(Call& call);
Result<Response> GetSession(Call& call);
Result<Response> SignIn(Call& call);
Result<Response> SignOut(Call& call);

// routes_users.cc
Result<Response> GetMe(Call& call);
Result<Response> ChangePassword(Call& call);
Result<Response> ListTokens(Call& call);
Result<Response> CreateToken(Call& call);
Result<Response> DeleteToken(Call& call);
Result<Response> ListUsers(Call& call);
Result<Response> CreateUser(Call& call);
Result<Response> ChangeUser(Call& call);
Result<Response> DeleteUser(Call& call);

// routes_pipelines.cc
Result<Response> ListPipelines(Call& call);
Result<Response> GetPipeline(Call& call);
Result<Response> GetCascade(Call& call);

// routes_runs.cc
Result<Response> GetGrid(Call& call);
Result<Response> GetRun(Call& call);
Result<Response> GetWhy(Call& call);

// routes_logs.cc
Result<Response> GetLog(Call& call);
Result<Response> SearchLog(Call& call);
Result<Response> DownloadLog(Call& call);

// routes_partitions.cc
Result<Response> ListPartitions(Call& call);
Result<Response> GetPartition(Call& call);
Result<Response> GetPlan(Call& call);

// routes_versions.cc
Result<Response> GetVersions(Call& call);
// routes_lateness.cc
Result<Response> GetLateness(Call& call);

// routes_tables.cc
Result<Response> ListTables(Call& call);
Result<Response> GetTable(Call& call);
Result<Response> ListCommits(Call& call);

// routes_events.cc
Result<Response> ListEvents(Call& call);
Result<Response> ListAudit(Call& call);
Result<Response> StreamEvents(Call& call);

// routes_claims.cc
Result<Response> ClaimRuns(Call& call);
Result<Response> RenewRun(Call& call);
Result<Response> ReportDone(Call& call);
Result<Response> ReportFailed(Call& call);

// routes_actions.cc
Result<Response> ClearRun(Call& call);
Result<Response> MarkRun(Call& call);
Result<Response> CancelRun(Call& call);
Result<Response> RetryStep(Call& call);
Result<Response> NoteRun(Call& call);
Result<Response> Trigger(Call& call);
Result<Response> ClearPipeline(Call& call);
Result<Response> ReleaseRule(Call& call);
Result<Response> PausePipeline(Call& call);
Result<Response> ResumePipeline(Call& call);
Result<Response> ReleasePartition(Call& call);
Result<Response> HoldPartition(Call& call);
Result<Response> UndoAction(Call& call);

}  // namespace latecomer::server
