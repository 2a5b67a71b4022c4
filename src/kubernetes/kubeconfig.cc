// kubeconfig files (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig).
#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>

#include "base/text.h"
#include "http/digest.h"
#include "http/secret_file.h"
#include "kubernetes/cluster.h"
#include "yaml/tree.h"

namespace latecomer::kubernetes {
namespace {

struct File {
  std::string path;
  YamlNode root;

  std::string Beside(const std::string& name) const {
    return (std::filesystem::path(path).parent_path() / name).lexically_normal().string();
  }
  Error Invalid(const YamlNode& node, const std::string& message) const {
    return Error(ErrorKind::kInvalidFile, message).In(path).At(node.line, node.column);
  }
};

// A named entry of `clusters`, `users` or `contexts`, and the file it stands in.
struct Entry {
  const File* file = nullptr;
  const YamlNode* value = nullptr;

  const YamlNode* Find(std::string_view key) const { return value == nullptr ? nullptr : value->Find(key); }
  // Empty when it isn't there.
  std::string Text(std::string_view key) const {
    const YamlNode* node = Find(key);
    return node != nullptr && node->kind == YamlNode::Kind::kScalar ? node->text : "";
  }
};

bool IsTrue(const YamlNode* node) {
  return node != nullptr && node->kind == YamlNode::Kind::kScalar && !node->quoted && node->text == "true";
}

class Kubeconfig {
 public:
  Status Read(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      Result<std::string> text = http::ReadSecretFile(path);
      // kubectl, too, passes over a file of the list that isn't there.
      if (!text && text.error().kind == ErrorKind::kNotFound && paths.size() > 1) continue;
      if (!text) return Fail(text.error());
      LATECOMER_ASSIGN_OR_RETURN(YamlNode root, ParseYaml(*text, path));
      if (root.kind != YamlNode::Kind::kMap)
        return Fail(Error(ErrorKind::kInvalidFile, "this is no kubeconfig").In(path));
      files_.push_back(std::make_unique<File>(File{path, std::move(root)}));
    }
    if (!files_.empty()) return {};
    return Fail(ErrorKind::kNotFound, "no kubeconfig file of KUBECONFIG is there");
  }

  const File& first() const { return *files_.front(); }

  std::string CurrentContext() const {
    for (const auto& file : files_) {
      const YamlNode* current = file->root.Find("current-context");
      if (current != nullptr && !current->text.empty()) return current->text;
    }
    return "";
  }

  // `list`: "clusters"; `kind`: "cluster", the key of the value.
  Result<Entry> Find(const std::string& list, const std::string& kind, const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& file : files_) {
      const YamlNode* entries = file->root.Find(list);
      if (entries == nullptr) continue;
      for (const YamlNode& entry : entries->items) {
        const YamlNode* own = entry.Find("name");
        if (own == nullptr) continue;
        if (own->text == name) return Entry{file.get(), entry.Find(kind)};
        names.push_back(own->text);
      }
    }
    Error error = Error(ErrorKind::kInvalidFile, "there is no " + kind + " `" + Printable(name) + "`").In(first().path);
    if (const auto nearest = NearestWord(name, names)) error.hint = "did you mean `" + Printable(*nearest) + "`?";
    return Fail(std::move(error));
  }

 private:
  std::vector<std::unique_ptr<File>> files_;
};

// The PEM text that stands in `<key>-data` as base64, or in the file that `<key>` names. Empty without either.
Result<std::string> PemOf(const Entry& entry, const std::string& key) {
  if (const YamlNode* data = entry.Find(key + "-data"); data != nullptr && !data->text.empty()) {
    auto decoded = http::FromBase64(data->text);
    if (!decoded) return Fail(entry.file->Invalid(*data, key + "-data is no base64"));
    return std::move(*decoded);
  }
  const std::string name = entry.Text(key);
  return name.empty() ? Result<std::string>("") : http::ReadSecretFile(entry.file->Beside(name));
}

// What isn't followed mustn't be passed over: the request would go elsewhere, or as somebody else.
Status RefuseKeys(const Entry& entry, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const YamlNode* node = entry.Find(key);
    if (node == nullptr || node->kind == YamlNode::Kind::kNull) continue;
    Error error = entry.file->Invalid(*node, std::string("`") + key + "` of a kubeconfig is not supported");
    error.kind = ErrorKind::kUnsupported;
    return Fail(std::move(error));
  }
  return {};
}

bool IsLoopback(const std::string& server) {
  std::string_view host = http::HostOf(server);
  if (host.starts_with('[')) return host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host == "127.0.0.1";
}

Status TakeServer(const Entry& entry, Cluster& cluster) {
  LATECOMER_RETURN_IF_ERROR(RefuseKeys(entry, {"tls-server-name", "proxy-url"}));
  cluster.server = entry.Text("server");
  while (cluster.server.ends_with('/')) cluster.server.pop_back();
  const bool is_url = cluster.server.starts_with("https://") || cluster.server.starts_with("http://");
  if (!is_url) {
    const YamlNode* node = entry.Find("server");
    return Fail(
        entry.file->Invalid(node != nullptr ? *node : *entry.value, "the cluster's `server` is no https:// URL"));
  }
  if (cluster.server.starts_with("http://") && !IsLoopback(cluster.server)) {
    return Fail(entry.file->Invalid(*entry.Find("server"),
                                    "the cluster's `server` is reached without TLS, and not on "
                                    "this machine; credentials don't go there"));
  }
  LATECOMER_ASSIGN_OR_RETURN(cluster.tls.ca, PemOf(entry, "certificate-authority"));
  cluster.tls.verify = !IsTrue(entry.Find("insecure-skip-tls-verify"));
  return {};
}

Result<ExecPlugin> ReadExec(const Entry& user, const YamlNode& node) {
  const Entry exec{user.file, &node};
  ExecPlugin plugin;
  plugin.api_version = exec.Text("apiVersion");
  plugin.command = exec.Text("command");
  plugin.install_hint = exec.Text("installHint");
  plugin.folder = std::filesystem::path(user.file->path).parent_path().string();
  if (plugin.command.empty()) return Fail(user.file->Invalid(node, "exec names no command"));
  const bool known = plugin.api_version == "client.authentication.k8s.io/v1" ||
                     plugin.api_version == "client.authentication.k8s.io/v1beta1";
  if (!known) {
    return Fail(user.file->Invalid(node, "exec has the apiVersion `" + Printable(plugin.api_version) +
                                             "`; it is client.authentication.k8s.io/v1 or /v1beta1"));
  }
  if (const YamlNode* args = node.Find("args")) {
    for (const YamlNode& item : args->items) plugin.arguments.push_back(item.text);
  }
  if (const YamlNode* env = node.Find("env")) {
    for (const YamlNode& item : env->items) {
      const Entry variable{user.file, &item};
      plugin.environment.emplace_back(variable.Text("name"), variable.Text("value"));
    }
  }
  return plugin;
}

Status TakeUser(const Entry& entry, Cluster& cluster) {
  LATECOMER_RETURN_IF_ERROR(
      RefuseKeys(entry, {"username", "password", "auth-provider", "as", "as-uid", "as-groups", "as-user-extra"}));
  LATECOMER_ASSIGN_OR_RETURN(cluster.tls.certificate, PemOf(entry, "client-certificate"));
  LATECOMER_ASSIGN_OR_RETURN(cluster.tls.key, PemOf(entry, "client-key"));
  if (cluster.tls.certificate.empty() != cluster.tls.key.empty()) {
    return Fail(entry.file->Invalid(*entry.value, "a client certificate and its key come together"));
  }
  cluster.token = entry.Text("token");
  if (const std::string file = entry.Text("tokenFile"); !file.empty()) {
    cluster.token_file = entry.file->Beside(file);
    cluster.token.clear();  // as kubectl: the file comes first
  }
  const YamlNode* exec = entry.Find("exec");
  const bool has_other = !cluster.token.empty() || !cluster.token_file.empty() || !cluster.tls.certificate.empty();
  if (exec == nullptr || exec->kind != YamlNode::Kind::kMap || has_other) return {};
  LATECOMER_ASSIGN_OR_RETURN(cluster.exec, ReadExec(entry, *exec));
  return {};
}

}  // namespace

Result<Cluster> ReadKubeconfig(const std::vector<std::string>& paths, const std::string& context) {
  Kubeconfig config;
  LATECOMER_RETURN_IF_ERROR(config.Read(paths));
  const std::string name = context.empty() ? config.CurrentContext() : context;
  if (name.empty()) {
    return Fail(Error(ErrorKind::kInvalidFile, "the kubeconfig names no current-context")
                    .In(config.first().path)
                    .Hint("name one with `context:` in the step"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const Entry chosen, config.Find("contexts", "context", name));
  LATECOMER_ASSIGN_OR_RETURN(const Entry server, config.Find("clusters", "cluster", chosen.Text("cluster")));
  Cluster cluster;
  if (server.value == nullptr)
    return Fail(Error(ErrorKind::kInvalidFile, "the cluster is empty").In(server.file->path));
  LATECOMER_RETURN_IF_ERROR(TakeServer(server, cluster));
  if (!chosen.Text("user").empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const Entry user, config.Find("users", "user", chosen.Text("user")));
    if (user.value != nullptr) LATECOMER_RETURN_IF_ERROR(TakeUser(user, cluster));
  }
  if (const std::string space = chosen.Text("namespace"); !space.empty()) cluster.name_space = space;
  cluster.described = "context " + Printable(name) + " of " + config.first().path;
  return cluster;
}

}  // namespace latecomer::kubernetes
