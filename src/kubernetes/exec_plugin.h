// Programs that give credentials for a cluster (kubernetes.io/docs/reference/access-authn-authz/authentication,
// "client-go credential plugins").
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "kubernetes/cluster.h"

namespace latecomer::kubernetes {

struct ExecCredential {
  std::string token;
  std::optional<Instant> expires;
};

// Runs the program, without a shell and without a terminal, with this process's environment and its own additions.
// kNotFound when there is no such program, kPermission when it gives nothing, kUnsupported for client certificates. A
// message has the last line the program wrote to its standard error, and nothing of its output.
Result<ExecCredential> RunExecPlugin(const ExecPlugin& plugin,
                                     std::chrono::seconds patience = std::chrono::seconds(60));

}  // namespace latecomer::kubernetes
