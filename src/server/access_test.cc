// Who may do what: every route of the API with no session, the wrong role, without the CSRF token, and the right role.
#include <gtest/gtest.h>

#include "server/server_test_support.h"

namespace latecomer::server {
namespace {

std::string Filled(std::string_view pattern) {
  std::string target = "/api/v1";
  std::string_view rest = pattern;
  while (!rest.empty()) {
    const std::size_t open = rest.find('{');
    target += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find('}');
    const std::string_view name = rest.substr(open + 1, close - open - 1);
    target += name == "pipeline"    ? "devices"
              : name == "run"       ? "latest"
              : name == "partition" ? "event_time=2024-01-01"
                                    : "7";
    rest = rest.substr(close + 1);
  }
  return target;
}

std::string BodyFor(const Route& route) {
  return route.method == Method::kGet || route.method == Method::kDelete ? "" : "{}";
}

Response AskRoute(World& world, const Route& route, const std::map<std::string, std::string>& headers) {
  return world.Ask(std::string(Name(route.method)), Filled(route.pattern), BodyFor(route), headers);
}

std::string NameOf(const Route& route) {
  return std::string(Name(route.method)) + " " + std::string(route.pattern);
}

TEST(Access, EveryRouteButThePublicOnesRefusesWithoutASession) {
  World world;
  for (const Route& route : ApiRoutes()) {
    const int status = AskRoute(world, route, {}).status;
    if (route.access == Access::kPublic) {
      EXPECT_NE(status, 401) << NameOf(route);
    } else {
      EXPECT_EQ(status, 401) << NameOf(route);
    }
  }
}

TEST(Access, ASessionThatIsNoneOrRanOutIsRefused) {
  World world;
  auto headers = world.SignIn("ada");
  auto forged = headers;
  forged["cookie"] += "x";
  EXPECT_EQ(world.Ask("GET", "/api/v1/me", "", forged).status, 401);
  EXPECT_EQ(world.Ask("GET", "/api/v1/me", "", {{"authorization", "Bearer lct_nothing"}}).status, 401);
  EXPECT_EQ(world.Ask("GET", "/api/v1/me", "", headers).status, 200);
  // A wrong token isn't made up for by a cookie.
  auto both = headers;
  both["authorization"] = "Bearer lct_nothing";
  EXPECT_EQ(world.Ask("GET", "/api/v1/me", "", both).status, 401);
  world.clock.Advance(kSessionLife);
  EXPECT_EQ(world.Ask("GET", "/api/v1/me", "", headers).status, 401);
}

TEST(Access, EveryRouteRefusesARoleThatIsNotEnough) {
  World world;
  const auto viewer = world.SignIn("vera");
  const auto operates = world.SignIn("otto");
  for (const Route& route : ApiRoutes()) {
    if (route.access >= Access::kOperator) EXPECT_EQ(AskRoute(world, route, viewer).status, 403) << NameOf(route);
    if (route.access >= Access::kAdmin) EXPECT_EQ(AskRoute(world, route, operates).status, 403) << NameOf(route);
  }
}

TEST(Access, EveryChangeNeedsTheSessionsCsrfToken) {
  World world;
  auto headers = world.SignIn("ada");
  const auto other = world.SignIn("ada");
  for (const Route& route : ApiRoutes()) {
    if (route.method == Method::kGet || route.access == Access::kPublic) continue;
    auto without = headers;
    without.erase("x-csrf-token");
    EXPECT_EQ(AskRoute(world, route, without).status, 403) << NameOf(route);
    without["x-csrf-token"] = other.at("x-csrf-token");  // of another session
    EXPECT_EQ(AskRoute(world, route, without).status, 403) << NameOf(route);
  }
}

TEST(Access, TheRightRoleIsNeverRefused) {
  for (const auto& [name, most] :
       {std::pair{"vera", Access::kViewer}, std::pair{"otto", Access::kOperator}, std::pair{"ada", Access::kAdmin}}) {
    World world;
    const auto headers = world.SignIn(name);
    for (const Route& route : ApiRoutes()) {
      if (route.access > most || route.pattern == "/session") continue;
      const Response response = AskRoute(world, route, headers);
      EXPECT_NE(response.status, 401) << NameOf(route);
      EXPECT_NE(response.status, 403) << NameOf(route);
      EXPECT_LT(response.status, 500) << NameOf(route) << response.Body();
    }
  }
}

TEST(Access, ATokenHasTheLesserOfItsScopeAndTheUsersRole) {
  World world;
  const auto session = world.SignIn("ada");
  const Response made = world.Ask("POST", "/api/v1/me/tokens", R"({"name": "ci", "scope": "operator"})", session);
  ASSERT_EQ(made.status, 201) << made.Body();
  const std::string secret = nlohmann::json::parse(made.Body())["token"];
  const std::map<std::string, std::string> headers{{"authorization", "Bearer " + secret}};
  EXPECT_EQ(world.Ask("GET", "/api/v1/users", "", headers).status, 403);
  EXPECT_EQ(world.Ask("GET", "/api/v1/pipelines", "", headers).status, 200);
  // No CSRF token, and yet no refusal: a browser doesn't send this header by itself.
  EXPECT_EQ(world.Ask("POST", "/api/v1/pipelines/none/pause", "{}", headers).status, 404);
  // A token can't make others, or change the password.
  EXPECT_EQ(world.Ask("POST", "/api/v1/me/tokens", R"({"name": "b", "scope": "viewer"})", headers).status, 403);
  // The secret is nowhere but in that one answer.
  EXPECT_EQ(world.Ask("GET", "/api/v1/me/tokens", "", session).Body().find(secret), std::string::npos);
  ASSERT_EQ(world.Ask("PATCH", "/api/v1/users/otto", R"({"role": "admin"})", session).status, 200);
  ASSERT_EQ(world.Ask("PATCH", "/api/v1/users/ada", R"({"role": "viewer"})", world.SignIn("otto")).status, 200);
  EXPECT_EQ(world.Ask("POST", "/api/v1/pipelines/none/pause", "{}", headers).status, 403);
  world.clock.Advance(std::chrono::days(91));
  EXPECT_EQ(world.Ask("GET", "/api/v1/pipelines", "", headers).status, 401);
}

TEST(Access, TheLastAdminStays) {
  World world;
  const auto ada = world.SignIn("ada");
  EXPECT_EQ(world.Ask("PATCH", "/api/v1/users/ada", R"({"role": "viewer"})", ada).status, 409);
  EXPECT_EQ(world.Ask("DELETE", "/api/v1/users/ada", "", ada).status, 409);
  ASSERT_EQ(world.Ask("PATCH", "/api/v1/users/otto", R"({"role": "admin"})", ada).status, 200);
  const auto otto = world.SignIn("otto");
  EXPECT_EQ(world.Ask("DELETE", "/api/v1/users/ada", "", otto).status, 204);
  EXPECT_EQ(world.Ask("GET", "/api/v1/me", "", ada).status, 401);
}

TEST(Access, AnotherPasswordEndsTheOtherSessions) {
  World world;
  const auto here = world.SignIn("vera");
  const auto elsewhere = world.SignIn("vera");
  EXPECT_EQ(world
                .Ask("PUT", "/api/v1/me/password",
                     R"({"current_password": "wrong", "new_password": "longer than before"})", here)
                .status,
            400);
  EXPECT_EQ(world
                .Ask("PUT", "/api/v1/me/password",
                     R"({"current_password": "vera-password", "new_password": "longer than before"})", here)
                .status,
            204);
  EXPECT_EQ(world.Ask("GET", "/api/v1/me", "", here).status, 200);
  EXPECT_EQ(world.Ask("GET", "/api/v1/me", "", elsewhere).status, 401);
}

TEST(Access, GuessingIsSlowedDownAndUnknownNamesLookTheSame) {
  World world;
  const auto sign_in = [&](const std::string& name) {
    return world.Ask("POST", "/api/v1/session", nlohmann::json{{"name", name}, {"password", "wrong"}}.dump());
  };
  const Response known = sign_in("ada");
  const Response unknown = sign_in("nobody");
  EXPECT_EQ(known.status, 401);
  EXPECT_EQ(known.Body(), unknown.Body());
  int last = 0;
  for (int i = 0; i < 5 && last != 429; ++i) last = sign_in("ada").status;
  EXPECT_EQ(last, 429);
  const Response right = world.Ask("POST", "/api/v1/session", R"({"name": "ada", "password": "ada-password"})");
  EXPECT_EQ(right.status, 429);
  EXPECT_NE(HeaderOf(right, "Retry-After"), "");
  world.clock.Advance(std::chrono::hours(2));
  world.SignIn("ada");
}

TEST(Access, CookiesAreOutOfReachForScriptsAndOtherSites) {
  World world;
  const Response response = world.Ask("POST", "/api/v1/session", R"({"name": "ada", "password": "ada-password"})");
  const std::string cookie = HeaderOf(response, "Set-Cookie");
  EXPECT_NE(cookie.find("; HttpOnly"), std::string::npos) << cookie;
  EXPECT_NE(cookie.find("; SameSite=Strict"), std::string::npos) << cookie;
  EXPECT_EQ(world
                .Ask("POST", "/api/v1/session", R"({"name": "ada", "password": "ada-password"})",
                     {{"sec-fetch-site", "cross-site"}})
                .status,
            403);
}

TEST(Access, TheDemoAnswersToThisMachinesNamesOnly) {
  World world({.demo = true});
  EXPECT_EQ(world.Ask("GET", "/api/v1/server", "", {{"host", "evil.example"}}).status, 403);
  EXPECT_EQ(world.Ask("GET", "/api/v1/server", "", {{"host", "127.0.0.1:8080"}}).status, 200);
  EXPECT_EQ(world.Ask("GET", "/api/v1/server", "", {{"host", "[::1]:8080"}}).status, 200);
}

TEST(Access, SignInsAndRefusalsAreInTheAuditLog) {
  World world;
  world.Ask("POST", "/api/v1/session", R"({"name": "<b>", "password": "x"})");
  world.Ask("POST", "/api/v1/pipelines/devices/pause", "{}", world.SignIn("vera"));
  const Response response = world.Ask("GET", "/api/v1/audit", "", world.SignIn("ada"));
  ASSERT_EQ(response.status, 200);
  std::vector<std::string> seen;
  const auto audit = nlohmann::json::parse(response.Body());
  for (const auto& entry : audit["items"]) {
    seen.push_back(entry["user"].get<std::string>() + " " + entry["action"].get<std::string>() + " " +
                   entry["outcome"].get<std::string>());
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"ada sign_in ok", "vera POST /pipelines/{pipeline}/pause refused",
                                            "vera sign_in ok", " sign_in refused"}));
  EXPECT_EQ(response.Body().find("-password"), std::string::npos);
}

TEST(Access, MetricsNeedATokenUnlessTheyAreOpen) {
  World closed;
  EXPECT_EQ(closed.Ask("GET", "/metrics").status, 401);
  EXPECT_EQ(closed.Ask("GET", "/metrics", "", closed.SignIn("vera")).status, 200);
  EXPECT_EQ(closed.Ask("GET", "/healthz").status, 200);
  closed.ready = false;
  EXPECT_EQ(closed.Ask("GET", "/readyz").status, 503);
  World open({.open_metrics = true});
  EXPECT_EQ(open.Ask("GET", "/metrics").status, 200);
}

}  // namespace
}  // namespace latecomer::server
