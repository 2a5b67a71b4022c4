// Which cluster is talked to, and as whom: from a kubeconfig file, or from what every pod is given.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/client.h"
#include "http/environment.h"

namespace latecomer::kubernetes {

// A program that gives credentials (client.authentication.k8s.io).
struct ExecPlugin {
  std::string api_version;
  std::string command;  // a path, or a name that is looked for in PATH
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string install_hint;
  std::string folder;  // the kubeconfig file's, which a relative path is taken from
};

struct Cluster {
  std::string server;  // "https://127.0.0.1:6443", without a / at its end
  http::Tls tls;
  std::string token;       // at most one of the three; none with a client certificate
  std::string token_file;  // read again as it is renewed
  std::optional<ExecPlugin> exec;
  std::string name_space = "default";  // where what names none goes
  std::string described;               // for people: "context dev of ~/.kube/config"
};

struct ClusterChoice {
  std::string kubeconfig;  // absolute; empty: $KUBECONFIG, else the pod's own, else ~/.kube/config
  std::string context;     // empty: the file's current one
};

// Where a pod finds its own.
inline constexpr char kServiceAccountFolder[] = "/var/run/secrets/kubernetes.io/serviceaccount";

// kNotFound when nothing says which, kInvalidFile for a kubeconfig that can't be taken as it is, kUnsupported for a way
// to sign in that isn't known here. No message holds a secret.
Result<Cluster> FindCluster(const ClusterChoice& choice, const http::Environment& environment,
                            const std::string& service_account_folder = kServiceAccountFolder);

// Of kubeconfig files as KUBECONFIG names them: of what several have, the first counts.
Result<Cluster> ReadKubeconfig(const std::vector<std::string>& paths, const std::string& context);

}  // namespace latecomer::kubernetes
