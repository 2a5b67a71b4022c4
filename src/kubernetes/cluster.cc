#include "kubernetes/cluster.h"

#include <filesystem>
#include <system_error>

#include "base/text.h"
#include "http/secret_file.h"

namespace latecomer::kubernetes {
namespace {

bool IsFile(const std::string& path) {
  std::error_code unseen;
  return std::filesystem::is_regular_file(path, unseen);
}

// What the system gives to every pod with a service account.
Result<Cluster> OwnCluster(const std::string& host, const std::string& port, const std::string& folder) {
  Cluster cluster;
  const bool is_v6 = host.find(':') != std::string::npos && !host.starts_with('[');
  cluster.server = "https://" + (is_v6 ? "[" + host + "]" : host) + ":" + port;
  cluster.token_file = folder + "/token";
  LATECOMER_ASSIGN_OR_RETURN(cluster.tls.ca, http::ReadSecretFile(folder + "/ca.crt"));
  if (const auto name = http::ReadSecretFile(folder + "/namespace"); name && !Trim(*name).empty()) {
    cluster.name_space = std::string(Trim(*name));
  }
  cluster.described = "the cluster this runs in";
  return cluster;
}

std::vector<std::string> PathsIn(const std::string& list) {
  std::vector<std::string> paths;
  for (const std::string_view path : Split(list, ':')) {
    if (!path.empty()) paths.emplace_back(path);
  }
  return paths;
}

}  // namespace

Result<Cluster> FindCluster(const ClusterChoice& choice, const http::Environment& environment,
                            const std::string& service_account_folder) {
  if (!choice.kubeconfig.empty()) return ReadKubeconfig({choice.kubeconfig}, choice.context);
  if (const auto list = environment("KUBECONFIG")) return ReadKubeconfig(PathsIn(*list), choice.context);
  const std::string own = environment("HOME").value_or("/root") + "/.kube/config";
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  const auto port = environment("KUBERNETES_SERVICE_PORT");
  // A context stands in a file.
  if (choice.context.empty() && host && port && IsFile(service_account_folder + "/token")) {
    return OwnCluster(*host, *port, service_account_folder);
  }
  if (IsFile(own)) return ReadKubeconfig({own}, choice.context);
  return Fail(
      Error(ErrorKind::kNotFound, "nothing says which Kubernetes cluster to use")
          .Hint("name a file with `kubeconfig:` in the step or with KUBECONFIG; in a pod, mount the token of its "
                "service account"));
}

}  // namespace latecomer::kubernetes
