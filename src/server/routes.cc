#include "server/routes.h"

namespace latecomer::server {

std::vector<Route> ApiRoutes() {
  using enum Method;
  using enum Access;
  return {
      {kGet, "/server", kPublic, GetServer},
      {kGet, "/openapi.yaml", kPublic, GetOpenApi},
      {kGet, "/session", kViewer, GetSession},
      {kPost, "/session", kPublic, SignIn, Pace::kSlow},
      {kDelete, "/session", kViewer, SignOut},
      {kGet, "/me", kViewer, GetMe},
      {kPut, "/me/password", kViewer, ChangePassword, Pace::kSlow},
      {kGet, "/me/tokens", kViewer, ListTokens},
      {kPost, "/me/tokens", kViewer, CreateToken},
      {kDelete, "/me/tokens/{token_id}", kViewer, DeleteToken},
      {kGet, "/users", kAdmin, ListUsers},
      {kPost, "/users", kAdmin, CreateUser, Pace::kSlow},
      {kPatch, "/users/{user}", kAdmin, ChangeUser, Pace::kSlow},
      {kDelete, "/users/{user}", kAdmin, DeleteUser},
      {kGet, "/pipelines", kViewer, ListPipelines},
      {kGet, "/pipelines/{pipeline}", kViewer, GetPipeline},
      {kGet, "/pipelines/{pipeline}/grid", kViewer, GetGrid},
      {kGet, "/pipelines/{pipeline}/runs/{run}", kViewer, GetRun},
      {kGet, "/pipelines/{pipeline}/runs/{run}/logs", kViewer, GetLog},
      {kGet, "/pipelines/{pipeline}/runs/{run}/logs/search", kViewer, SearchLog},
      {kGet, "/pipelines/{pipeline}/runs/{run}/logs/download", kViewer, DownloadLog},
      {kGet, "/pipelines/{pipeline}/runs/{run}/why", kViewer, GetWhy},
      {kGet, "/pipelines/{pipeline}/partitions", kViewer, ListPartitions},
      {kGet, "/pipelines/{pipeline}/partitions/{partition}", kViewer, GetPartition},
      {kGet, "/pipelines/{pipeline}/versions", kViewer, GetVersions},
      {kGet, "/pipelines/{pipeline}/lateness", kViewer, GetLateness, Pace::kSlow},
      {kGet, "/pipelines/{pipeline}/plan", kViewer, GetPlan},
      {kGet, "/pipelines/{pipeline}/events", kViewer, ListEvents},
      {kPost, "/pipelines/{pipeline}/runs/{run}/clear", kOperator, ClearRun},
      {kPost, "/pipelines/{pipeline}/runs/{run}/mark", kOperator, MarkRun},
      {kPost, "/pipelines/{pipeline}/runs/{run}/cancel", kOperator, CancelRun},
      {kPost, "/pipelines/{pipeline}/runs/{run}/retry", kOperator, RetryStep},
      {kPost, "/pipelines/{pipeline}/runs/{run}/note", kOperator, NoteRun},
      {kPost, "/pipelines/{pipeline}/trigger", kOperator, Trigger},
      {kPost, "/pipelines/{pipeline}/clear", kOperator, ClearPipeline},
      {kPost, "/pipelines/{pipeline}/release", kOperator, ReleaseRule},
      {kPost, "/pipelines/{pipeline}/claims", kOperator, ClaimRuns, Pace::kSlow},
      {kPost, "/pipelines/{pipeline}/runs/{run}/renew", kOperator, RenewRun},
      {kPost, "/pipelines/{pipeline}/runs/{run}/done", kOperator, ReportDone, Pace::kSlow},
      {kPost, "/pipelines/{pipeline}/runs/{run}/fail", kOperator, ReportFailed},
      {kPost, "/pipelines/{pipeline}/pause", kOperator, PausePipeline},
      {kPost, "/pipelines/{pipeline}/resume", kOperator, ResumePipeline},
      {kPost, "/pipelines/{pipeline}/partitions/{partition}/release", kOperator, ReleasePartition},
      {kPost, "/pipelines/{pipeline}/partitions/{partition}/hold", kOperator, HoldPartition},
      {kPost, "/actions/{action_id}/undo", kOperator, UndoAction},
      {kGet, "/tables", kViewer, ListTables},
      {kGet, "/tables/{table}", kViewer, GetTable},
      {kGet, "/tables/{table}/commits", kViewer, ListCommits},
      {kGet, "/cascade", kViewer, GetCascade},
      {kGet, "/audit", kViewer, ListAudit},
      {kGet, "/events", kViewer, StreamEvents},
  };
}

}  // namespace latecomer::server
