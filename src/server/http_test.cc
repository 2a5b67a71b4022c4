// Requests taken apart, fields checked, routes found, files of the UI served.
#include "server/http.h"

#include <gtest/gtest.h>

#include "server/assets.h"
#include "server/event_hub.h"
#include "server/fields.h"
#include "server/json.h"
#include "server/router.h"
#include "server/secrets.h"
#include "server/throttle.h"

namespace latecomer::server {
namespace {

Request Parsed(const std::string& target) {
  Request request;
  EXPECT_TRUE(ParseTarget(target, request)) << target;
  return request;
}

TEST(Target, IsSplitBeforeItIsDecoded) {
  const Request request = Parsed("/api/v1/partitions/a%3D1%2Fb%3D2?x=1%262&y=a+b&x=3&z");
  EXPECT_EQ(request.segments, (std::vector<std::string>{"api", "v1", "partitions", "a=1/b=2"}));
  EXPECT_EQ(request.Query("x"), "3");
  EXPECT_EQ(request.Query("y"), "a b");
  EXPECT_TRUE(request.query.contains("z"));
}

TEST(Target, WithNulOrBytesThatAreNoTextIsRefused) {
  for (const char* target : {"/a%00b", "/%ff%fe", "/a?x=%00", "/a?x=%c3%28", "a/b", "http://x/"}) {
    Request request;
    EXPECT_FALSE(ParseTarget(target, request)) << target;
  }
}

TEST(Cookies, AreFoundByTheirWholeName) {
  Request request;
  request.headers["cookie"] = "xlatecomer_session=no; latecomer_session=yes; other=1";
  EXPECT_EQ(request.Cookie("latecomer_session"), "yes");
  EXPECT_EQ(request.Cookie("session"), std::nullopt);
}

TEST(Etag, TellsBodiesApart) {
  const std::string etag = EtagOf("one");
  EXPECT_NE(etag, EtagOf("two"));
  EXPECT_TRUE(EtagMatches("\"x\", " + etag, etag));
  EXPECT_TRUE(EtagMatches(etag.substr(2), etag));
  EXPECT_FALSE(EtagMatches("", etag));
}

TEST(Router, PrefersFixedPartsAndTellsWhichMethodsThereAre) {
  const Router router({{Method::kGet, "/a/{name}", Access::kPublic, nullptr},
                       {Method::kGet, "/a/fixed", Access::kViewer, nullptr},
                       {Method::kPost, "/a/{name}", Access::kPublic, nullptr}});
  EXPECT_EQ(router.Find(Method::kGet, {"a", "fixed"}).route->access, Access::kViewer);
  EXPECT_EQ(router.Find(Method::kGet, {"a", "x"}).path.at("name"), "x");
  EXPECT_EQ(router.Find(Method::kDelete, {"a", "x"}).allowed, (std::vector{Method::kGet, Method::kPost}));
  EXPECT_EQ(router.Find(Method::kGet, {"a", ""}).route, nullptr);
  EXPECT_EQ(router.Find(Method::kGet, {"b"}).route, nullptr);
}

Request WithBody(const std::string& body) {
  Request request;
  request.headers["content-type"] = "application/json; charset=utf-8";
  request.body = body;
  return request;
}

TEST(Body, SaysEverythingThatIsWrong) {
  BodyFields body(WithBody(R"({"name": 7, "flag": "x", "number": 3.5, "more": 1})"));
  body.Text("name", 1, 10);
  body.Flag("flag", false);
  body.Integer("number", 0, 10);
  body.Word("missing", {"a"});
  const auto problem = body.Problem();
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->status, 400);
  std::vector<std::string> fields;
  const Json json = Json::parse(problem->Body());
  for (const auto& error : json["errors"]) fields.push_back(error["field"]);
  EXPECT_EQ(fields, (std::vector<std::string>{"name", "flag", "number", "missing", "more"}));
}

TEST(Body, CountsCharactersNotBytes) {
  BodyFields body(WithBody("{\"name\": \"\xc3\xa4\xc3\xb6\xc3\xbc\"}"));
  EXPECT_EQ(body.Text("name", 3, 3).size(), 6U);
  EXPECT_FALSE(body.Problem());
}

TEST(Body, NestedToTheMoonIsRefusedWithoutReadingIt) {
  BodyFields body(WithBody(std::string(1'000'000, '[')));
  EXPECT_EQ(body.Problem()->status, 400);
}

TEST(Keys, ComeBackAsTheyWere) {
  EXPECT_EQ(KeyOf(R"({"event_time":"2024-01-01"})"), "event_time=2024-01-01");
  EXPECT_EQ(KeyOf(R"({"country":"a/b=c","day":null})"), "country=a%2Fb%3Dc/day=__HIVE_DEFAULT_PARTITION__");
  EXPECT_EQ(DisplayOf(R"({"year":"2024","month":"9"})"), "2024-9");
  EXPECT_EQ(KeyOf(""), "");
}

TEST(Passwords, MatchOnlyThemselves) {
  const auto hash = HashPassword("correct horse");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$"));
  EXPECT_TRUE(PasswordMatches(*hash, "correct horse"));
  EXPECT_FALSE(PasswordMatches(*hash, "correct horsf"));
  EXPECT_FALSE(PasswordMatches("", ""));
  EXPECT_NE(*HashPassword("correct horse"), *hash);
}

TEST(Throttling, WaitsTwiceAsLongEachTime) {
  Throttle throttle;
  const Instant start{};
  const std::vector<std::string> keys{"name:ada"};
  Duration last(0);
  for (int i = 0; i < 5; ++i) throttle.Failed(keys, start);
  EXPECT_EQ(throttle.Wait(keys, start), Duration(std::chrono::seconds(1)));
  throttle.Failed(keys, start);
  last = throttle.Wait(keys, start);
  EXPECT_EQ(last, Duration(std::chrono::seconds(2)));
  EXPECT_EQ(throttle.Wait({"name:other"}, start), Duration(0));
  EXPECT_LE(throttle.Wait(keys, start + last), Duration(0));
  throttle.Succeeded(keys);
  EXPECT_EQ(throttle.Wait(keys, start), Duration(0));
}

TEST(Hub, SendsToThoseItIsAbout) {
  EventHub hub;
  const auto all = hub.Join("", "s1");
  const auto one = hub.Join("devices", "s2");
  hub.Publish({.sequence = 3, .event = "change", .pipelines = "\nusers\n", .data = "{}"});
  hub.Publish({.sequence = 4, .event = "change", .pipelines = "\nusers\ndevices\n", .data = "{}"});
  std::string text;
  EXPECT_TRUE(all.stream->Take(text));
  EXPECT_EQ(text, "id: 3\nevent: change\ndata: {}\n\nid: 4\nevent: change\ndata: {}\n\n");
  text.clear();
  EXPECT_TRUE(one.stream->Take(text));
  EXPECT_EQ(text, "id: 4\nevent: change\ndata: {}\n\n");
  EXPECT_EQ(hub.Join("", "").sequence, 4);
}

TEST(Hub, CutsOffWhoDoesNotTake) {
  EventHub hub;
  const auto joined = hub.Join("", "s");
  for (int i = 1; i < 5000; ++i) hub.Publish({.sequence = i, .event = "change", .pipelines = "", .data = "{}"});
  std::string text;
  EXPECT_FALSE(joined.stream->Take(text));
  EXPECT_EQ(text, "");
}

constexpr Asset kAssets[] = {{"assets/app-1.js", "text/javascript", "code", "zipped"},
                             {"index.html", "text/html", "<base href=\"/\"><p>", ""}};

TEST(Assets, ViewsAreThePageWithThePrefixInIt) {
  for (const char* path : {"/", "/pipelines/a.b/grid", "/settings"}) {
    const Response response = ServeAssetOf(kAssets, Parsed(path), "/late");
    EXPECT_EQ(response.Body(), "<base href=\"/late/\"><p>") << path;
  }
}

TEST(Assets, FilesAreCompressedForWhoTakesItAndKeptForEver) {
  Request request = Parsed("/assets/app-1.js");
  EXPECT_EQ(ServeAssetOf(kAssets, request, "").Body(), "code");
  request.headers["accept-encoding"] = "br, gzip";
  const Response zipped = ServeAssetOf(kAssets, request, "");
  EXPECT_EQ(zipped.Body(), "zipped");
  std::map<std::string, std::string> headers(zipped.headers.begin(), zipped.headers.end());
  EXPECT_EQ(headers["Content-Encoding"], "gzip");
  EXPECT_EQ(headers["Cache-Control"], "public, max-age=31536000, immutable");
  request.headers["if-none-match"] = headers["ETag"];
  EXPECT_EQ(ServeAssetOf(kAssets, request, "").status, 304);
}

TEST(Assets, WhatIsNotThereIsNotThere) {
  for (const char* path : {"/assets/other.js", "/assets/../index.html", "/etc/passwd.txt", "/api/v2/x"}) {
    EXPECT_EQ(ServeAssetOf(kAssets, Parsed(path), "").status, 404) << path;
  }
  EXPECT_EQ(ServeAssetOf({}, Parsed("/"), "").status, 200);  // a build without the UI says so
  EXPECT_EQ(ServeAssetOf({}, Parsed("/settings"), "").status, 404);
}

}  // namespace
}  // namespace latecomer::server
