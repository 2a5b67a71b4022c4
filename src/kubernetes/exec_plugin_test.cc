#include "kubernetes/exec_plugin.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "testing/temporary_folder.h"

namespace latecomer::kubernetes {
namespace {

class ExecPluginTest : public ::testing::Test {
 protected:
  ExecPlugin Plugin(const std::string& script) const {
    const std::string path = folder_ / "plugin";
    std::ofstream(path) << "#!/bin/sh\n" + script;
    ::chmod(path.c_str(), 0755);
    ExecPlugin plugin;
    plugin.api_version = "client.authentication.k8s.io/v1";
    plugin.command = "./plugin";
    plugin.folder = folder_.path();
    return plugin;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ExecPluginTest, ATokenAndItsExpiry) {
  ExecPlugin plugin = Plugin(
      R"(echo '{"kind":"ExecCredential","status":{"token":"'$1-$REGION'","expirationTimestamp":"2030-01-01T00:00:00Z"}}')");
  plugin.arguments = {"a b"};
  plugin.environment = {{"REGION", "north"}};
  const auto credential = RunExecPlugin(plugin);
  ASSERT_TRUE(credential) << credential.error().ToString();
  EXPECT_EQ(credential->token, "a b-north");
  ASSERT_TRUE(credential->expires);
  EXPECT_EQ(FormatInstant(*credential->expires), "2030-01-01T00:00:00.000Z");
}

TEST_F(ExecPluginTest, ItIsToldThatNobodyIsThereToAsk) {
  const auto credential = RunExecPlugin(
      Plugin(R"(case $KUBERNETES_EXEC_INFO in *'"interactive":false'*) echo '{"status":{"token":"t"}}' ;; esac)"));
  ASSERT_TRUE(credential) << credential.error().ToString();
  EXPECT_FALSE(credential->expires);
}

TEST_F(ExecPluginTest, AFailureSaysWhatThePluginSaidAndNoTokens) {
  const auto failed = RunExecPlugin(
      Plugin("echo '{\"status\":{\"token\":\"s3cret\"}}'; echo first >&2; echo 'please sign in' >&2; exit 1"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::kPermission);
  EXPECT_EQ(failed.error().message, "the credential plugin ./plugin failed: please sign in");
}

TEST_F(ExecPluginTest, WhatIsNoAnswerIsSaid) {
  for (const char* said : {"", "[]", "nonsense", "{\"status\":3}", "{\"status\":{\"token\":7}}", "{\"status\":{}}"}) {
    const auto answer = RunExecPlugin(Plugin(std::string("printf '%s' '") + said + "'"));
    ASSERT_FALSE(answer) << said;
    EXPECT_EQ(answer.error().message, "the credential plugin ./plugin gave no token");
  }
  EXPECT_EQ(RunExecPlugin(Plugin("echo '{\"status\":{\"clientCertificateData\":\"x\"}}'")).error().kind,
            ErrorKind::kUnsupported);
}

TEST_F(ExecPluginTest, OneThatNeverEndsIsEnded) {
  const auto answer = RunExecPlugin(Plugin("exec cat /dev/zero"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kIo);
  EXPECT_EQ(RunExecPlugin(Plugin("exec tail -f /dev/null"), std::chrono::seconds(1)).error().kind, ErrorKind::kIo);
}

TEST_F(ExecPluginTest, OneThatIsNotThereSaysHowToGetIt) {
  ExecPlugin plugin = Plugin("");
  plugin.command = "no-such-plugin-anywhere";
  plugin.install_hint = "install it from the shelf";
  const auto missing = RunExecPlugin(plugin);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(missing.error().hint, "install it from the shelf");
}

}  // namespace
}  // namespace latecomer::kubernetes
