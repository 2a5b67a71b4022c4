// The API server's answers, given by a server of the test.
#include "kubernetes/api.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "testing/http_server.h"
#include "testing/temporary_folder.h"

namespace latecomer::kubernetes {
namespace {

using testing::ServedAnswer;
using testing::ServedRequest;
using testing::TestServer;

Cluster At(const TestServer& server, const std::string& token = "t") {
  Cluster cluster;
  cluster.server = server.url();
  cluster.token = token;
  cluster.described = "context test of /config";
  return cluster;
}

std::string StatusText(const std::string& message) {
  return nlohmann::json{{"kind", "Status"}, {"status", "Failure"}, {"message", message}}.dump();
}

TEST(ApiTest, TheKindsOfErrors) {
  int status = 0;
  TestServer server(
      [&](const ServedRequest&) { return ServedAnswer{.status = status, .body = StatusText("because")}; });
  Api api(At(server));
  for (const auto& [code, kind] : {std::pair(400, ErrorKind::kInvalidArgument), std::pair(401, ErrorKind::kPermission),
                                   std::pair(403, ErrorKind::kPermission), std::pair(404, ErrorKind::kNotFound),
                                   std::pair(409, ErrorKind::kConflict), std::pair(410, ErrorKind::kHistoryGone),
                                   std::pair(422, ErrorKind::kInvalidArgument), std::pair(429, ErrorKind::kIo),
                                   std::pair(500, ErrorKind::kIo), std::pair(503, ErrorKind::kIo)}) {
    status = code;
    const auto got = api.Get("/x");
    ASSERT_FALSE(got) << code;
    EXPECT_EQ(got.error().kind, kind) << code;
  }
}

TEST(ApiTest, AMissingRightIsNamedInTheServersWords) {
  const std::string words = R"(jobs.batch is forbidden: User "me" cannot create resource "jobs" in API group "batch")";
  TestServer server([&](const ServedRequest&) { return ServedAnswer{.status = 403, .body = StatusText(words)}; });
  Api api(At(server));
  const auto made = api.Create("/x", {{"a", 1}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "the API server of context test of /config: " + words);
  EXPECT_NE(made.error().hint.find("rbac.yaml"), std::string::npos);
}

TEST(ApiTest, WhatTheServerSaysIsMadeSafe) {
  TestServer server([](const ServedRequest&) {
    return ServedAnswer{.status = 500, .body = "\x1b[2Jgone\n" + std::string(5000, 'x')};
  });
  Api api(At(server));
  const Error error = api.Get("/x").error();
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
  EXPECT_LT(error.message.size(), 1000U);
}

TEST(ApiTest, ACreationWithoutAnAnswerMayHaveBeenHeard) {
  TestServer server([](const ServedRequest&) { return testing::Dropped(); });
  Api api(At(server));
  EXPECT_EQ(api.Create("/x", {{"a", 1}}).error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_EQ(api.Delete("/x").error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_EQ(api.Get("/x").error().kind, ErrorKind::kIo);
}

TEST(ApiTest, WhatIsNoApiServerIsSaid) {
  TestServer server([](const ServedRequest&) { return ServedAnswer{.body = "<html>welcome</html>"}; });
  Api api(At(server));
  EXPECT_NE(api.Get("/x").error().message.find("is no Kubernetes API server"), std::string::npos);
}

TEST(ApiTest, WhatDependsOnAnObjectGoesFirst) {
  TestServer server([](const ServedRequest&) { return ServedAnswer{.body = "{}"}; });
  Api api(At(server));
  ASSERT_TRUE(api.Delete("/x"));
  const ServedRequest request = server.requests().at(0);
  EXPECT_EQ(request.method, "DELETE");
  EXPECT_EQ(request.Header("authorization"), "Bearer t");
  EXPECT_EQ(nlohmann::json::parse(request.body).at("propagationPolicy"), "Foreground");
}

// The system puts another token into the file long before the old one is refused; when that happens all the same, the
// file is read at once.
TEST(ApiTest, ARefusedTokenIsReadAnewFromItsFile) {
  testing::TemporaryFolder folder;
  const std::string path = folder / "token";
  const auto write = [&](const std::string& token) { std::ofstream(path, std::ios::trunc) << token << "\n"; };
  write("old");
  TestServer server([&](const ServedRequest& request) {
    const bool good = request.Header("authorization") == "Bearer new";
    return good ? ServedAnswer{.body = "{}"} : ServedAnswer{.status = 401, .body = StatusText("Unauthorized")};
  });
  Cluster cluster = At(server, "");
  cluster.token_file = path;
  Api api(cluster);
  const auto refused = api.Get("/x");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("doesn't know who asks"), std::string::npos);
  write("new");
  EXPECT_TRUE(api.Get("/x"));
  std::filesystem::remove(path);
  EXPECT_TRUE(api.Get("/x")) << "what was read holds for a while";
}

TEST(ApiTest, ATokenThatIsNoneIsNotSent) {
  TestServer server([](const ServedRequest&) { return ServedAnswer{.body = "{}"}; });
  Api api(At(server, "a\r\nX-Evil: 1"));
  const auto got = api.Get("/x");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message.find("Evil"), std::string::npos);
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace latecomer::kubernetes
