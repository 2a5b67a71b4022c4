#include "kubernetes/cluster.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "testing/temporary_folder.h"

namespace latecomer::kubernetes {
namespace {

constexpr const char* kConfig = R"(
apiVersion: v1
kind: Config
current-context: dev
contexts:
  - {name: dev, context: {cluster: near, user: me, namespace: data}}
  - {name: prod, context: {cluster: far, user: robot}}
  - {name: bare, context: {cluster: near}}
  - {name: stray, context: {cluster: gone, user: me}}
clusters:
  - {name: near, cluster: {server: "https://near:6443/", certificate-authority: ca.crt}}
  - {name: far, cluster: {server: "https://far", certificate-authority-data: Y2VydA==, insecure-skip-tls-verify: false}}
users:
  - {name: me, user: {client-certificate: me.crt, client-key-data: a2V5}}
  - {name: robot, user: {token: abc}}
)";

class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest() {
    Write("config", kConfig);
    Write("ca.crt", "the ca");
    Write("me.crt", "my certificate");
  }
  std::string Path(const std::string& name) const { return folder_ / name; }
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << text;
  }
  Result<Cluster> Find(const ClusterChoice& choice) const {
    return FindCluster(
        choice,
        [this](const std::string& name) -> std::optional<std::string> {
          const auto found = environment_.find(name);
          return found == environment_.end() ? std::nullopt : std::optional(found->second);
        },
        Path("account"));
  }
  // The error of a file with one user or cluster.
  Error RefusedWith(const std::string& cluster, const std::string& user) {
    Write("odd",
          "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: " +
              cluster + "}]\nusers: [{name: u, user: " + user + "}]\n");
    const auto found = Find({.kubeconfig = Path("odd"), .context = ""});
    if (found) ADD_FAILURE() << "it was taken: " << cluster << user;
    return found ? Error() : found.error();
  }

  testing::TemporaryFolder folder_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ClusterTest, TheCurrentContextOfTheFile) {
  const auto cluster = Find({.kubeconfig = Path("config"), .context = ""});
  ASSERT_TRUE(cluster) << cluster.error().ToString();
  EXPECT_EQ(cluster->server, "https://near:6443");
  EXPECT_EQ(cluster->tls.ca, "the ca");
  EXPECT_EQ(cluster->tls.certificate, "my certificate");
  EXPECT_EQ(cluster->tls.key, "key");
  EXPECT_TRUE(cluster->tls.verify);
  EXPECT_EQ(cluster->name_space, "data");
  EXPECT_EQ(cluster->described, "context dev of " + Path("config"));
}

TEST_F(ClusterTest, AnotherContext) {
  const auto cluster = Find({.kubeconfig = Path("config"), .context = "prod"});
  ASSERT_TRUE(cluster) << cluster.error().ToString();
  EXPECT_EQ(cluster->token, "abc");
  EXPECT_EQ(cluster->tls.ca, "cert");
  EXPECT_EQ(cluster->name_space, "default");
}

TEST_F(ClusterTest, OfSeveralFilesTheFirstThatHasItCounts) {
  Write("other", "current-context: prod\nclusters: [{name: far, cluster: {server: https://nearer}}]\n");
  environment_["KUBECONFIG"] = Path("missing") + ":" + Path("other") + ":" + Path("config");
  const auto cluster = Find({});
  ASSERT_TRUE(cluster) << cluster.error().ToString();
  EXPECT_EQ(cluster->server, "https://nearer");
  EXPECT_EQ(cluster->token, "abc");
}

TEST_F(ClusterTest, InAPodItsServiceAccount) {
  environment_ = {
      {"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}, {"HOME", folder_.path()}};
  EXPECT_EQ(Find({}).error().kind, ErrorKind::kNotFound) << "no token is mounted";
  Write("account/token", "t");
  Write("account/ca.crt", "pod's ca");
  Write("account/namespace", "jobs\n");
  Write(".kube/config", kConfig);
  const auto cluster = Find({});
  ASSERT_TRUE(cluster) << cluster.error().ToString();
  EXPECT_EQ(cluster->server, "https://10.0.0.1:443");
  EXPECT_EQ(cluster->token_file, Path("account/token"));
  EXPECT_EQ(cluster->tls.ca, "pod's ca");
  EXPECT_EQ(cluster->name_space, "jobs");
  environment_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  EXPECT_EQ(Find({})->server, "https://[fd00::1]:443");
}

TEST_F(ClusterTest, OutsideOfOneTheFileInTheHomeFolder) {
  environment_ = {{"HOME", folder_.path()}};
  const auto nothing = Find({});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(nothing.error().hint.find("kubeconfig:"), std::string::npos);
  Write(".kube/config",
        "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: "
        "https://k}}]\n");
  EXPECT_EQ(Find({})->server, "https://k");
}

TEST_F(ClusterTest, NamesThatAreNotThereAreNamed) {
  const auto wrong = Find({.kubeconfig = Path("config"), .context = "deb"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "there is no context `deb`");
  EXPECT_EQ(wrong.error().hint, "did you mean `dev`?");
  EXPECT_EQ(Find({.kubeconfig = Path("config"), .context = "stray"}).error().message, "there is no cluster `gone`");
  EXPECT_EQ(Find({.kubeconfig = Path("none"), .context = ""}).error().kind, ErrorKind::kNotFound);
  Write("ca.crt.gone", "");
  std::filesystem::remove(Path("ca.crt"));
  EXPECT_EQ(Find({.kubeconfig = Path("config"), .context = ""}).error().file, Path("ca.crt"));
}

TEST_F(ClusterTest, WhatIsNotFollowedIsRefusedByName) {
  const std::string server = "{server: https://k}";
  for (const char* key : {"auth-provider: {name: oidc}", "username: a", "password: b", "as: somebody"}) {
    const Error error = RefusedWith(server, std::string("{") + key + "}");
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported) << key;
    const std::string name(key, std::string_view(key).find(':'));
    EXPECT_NE(error.message.find("`" + name + "`"), std::string::npos) << error.message;
  }
  EXPECT_EQ(RefusedWith("{server: https://k, proxy-url: http://p}", "{}").kind, ErrorKind::kUnsupported);
  EXPECT_EQ(RefusedWith("{server: https://k, tls-server-name: k}", "{}").kind, ErrorKind::kUnsupported);
}

TEST_F(ClusterTest, CredentialsDontGoWithoutTlsAndDontComeInMessages) {
  EXPECT_NE(RefusedWith("{server: http://far}", "{token: s3cret}").message.find("without TLS"), std::string::npos);
  EXPECT_EQ(RefusedWith("{server: far}", "{token: s3cret}").message.find("s3cret"), std::string::npos);
  const Error half = RefusedWith("{server: https://k}", "{client-key-data: czNjcmV0}");
  EXPECT_EQ(half.message, "a client certificate and its key come together");
  const Error no_base64 = RefusedWith("{server: https://k}", "{client-key-data: s3cret!}");
  EXPECT_EQ(no_base64.message, "client-key-data is no base64");
  Write("proxied",
        "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: "
        "'http://127.0.0.1:8001'}}]\n");
  EXPECT_TRUE(Find({.kubeconfig = Path("proxied"), .context = ""}));
}

TEST_F(ClusterTest, ChecksAreTurnedOffByTheFileAlone) {
  const auto read = [&](const std::string& value) {
    Write("k",
          "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: "
          "https://k, insecure-skip-tls-verify: " +
              value + "}}]\n");
    return Find({.kubeconfig = Path("k"), .context = ""});
  };
  EXPECT_FALSE(read("true")->tls.verify);
  EXPECT_TRUE(read("false")->tls.verify);
  EXPECT_TRUE(read("'true'")->tls.verify) << "a text is no word for it";
}

TEST_F(ClusterTest, WhatIsNoKubeconfigIsSaid) {
  for (const char* text : {"", "[]", "just text", "current-context: c\ncontexts: 3\n", "{", "current-context: [a]\n",
                           "current-context: c\ncontexts: [{name: c}]\n"}) {
    Write("odd", text);
    const auto found = Find({.kubeconfig = Path("odd"), .context = ""});
    EXPECT_FALSE(found) << text;
  }
}

}  // namespace
}  // namespace latecomer::kubernetes
