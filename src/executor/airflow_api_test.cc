#include "executor/airflow_api.h"

#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "executor/executor_test_support.h"
#include "testing/http_server.h"

namespace latecomer::executor {
namespace {

using nlohmann::json;
using testing::ServedAnswer;
using testing::ServedRequest;

const DagRunName kRun{"build_devices", "latecomer_1"};
constexpr const char* kPassword = "s3cret-password";

ServedAnswer Json(int status, const json& body) {
  return {.status = status, .body = body.dump(), .headers = {{"Content-Type", "application/json"}}};
}

// Signs in whoever knows the password, with a token that counts up; the rest is the test's.
class AirflowApiTest : public ::testing::Test {
 protected:
  AirflowPlace Place() { return {.url = server_.url(), .user = "latecomer", .password = {.variable = "PASSWORD"}}; }
  AirflowApi Api(AirflowPlace place) {
    return AirflowApi(std::move(place), [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    });
  }
  std::vector<ServedRequest> Asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  ServedAnswer Answer(const ServedRequest& request) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(request);
    if (request.target == "/auth/token") {
      const json body = json::parse(request.body, nullptr, false);
      if (request.method != "POST" || body.value("password", "") != kPassword) {
        return Json(401, {{"detail", "Invalid credentials"}});
      }
      return Json(201, {{"access_token", "token-" + std::to_string(++tokens_)}});
    }
    if (request.Header("authorization") == "Bearer " + expired_)
      return Json(expired_status_, {{"detail", "Token Expired"}});
    return answer_(request);
  }

  std::mutex mutex_;
  std::vector<ServedRequest> asked_;
  int tokens_ = 0;
  std::string expired_ = "none";
  int expired_status_ = 401;
  std::function<ServedAnswer(const ServedRequest&)> answer_ = [](const ServedRequest&) {
    return Json(200, {{"dag_run_id", kRun.run}, {"state", "running"}});
  };
  std::map<std::string, std::string> variables_{{"PASSWORD", kPassword}};
  TemporaryFolder folder_;
  testing::TestServer server_{[this](const ServedRequest& request) { return Answer(request); }};
};

TEST_F(AirflowApiTest, ARunIsMadeWithItsNameAndConf) {
  AirflowApi api = Api(Place());
  ASSERT_TRUE(api.Trigger({"a dag/?", "run+1"}, R"({"latecomer": {"token": 3}})"));
  const ServedRequest asked = Asked().back();
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.target, "/api/v2/dags/a%20dag%2F%3F/dagRuns");
  EXPECT_EQ(asked.Header("authorization"), "Bearer token-1");
  EXPECT_EQ(json::parse(asked.body), json::parse(R"({"dag_run_id": "run+1", "logical_date": null,
                                                     "conf": {"latecomer": {"token": 3}}})"));
  EXPECT_EQ(api.PageOf(kRun), server_.url() + "/dags/build_devices/runs/latecomer_1");
}

TEST_F(AirflowApiTest, EachStateIsKnownAndNoOtherRunIsTakenForIt) {
  AirflowApi api = Api(Place());
  std::string state, id = kRun.run;
  answer_ = [&](const ServedRequest&) { return Json(200, {{"dag_run_id", id}, {"state", state}}); };
  for (const auto& [name, meant] : std::map<std::string, DagRunState>{{"queued", DagRunState::kQueued},
                                                                      {"running", DagRunState::kRunning},
                                                                      {"success", DagRunState::kSuccess},
                                                                      {"failed", DagRunState::kFailed}}) {
    state = name;
    EXPECT_EQ(api.Find(kRun).value(), meant) << name;
  }
  state = "dreaming";
  EXPECT_EQ(api.Find(kRun).error().kind, ErrorKind::kUnsupported);
  state = "success", id = "another";
  EXPECT_EQ(api.Find(kRun).error().kind, ErrorKind::kUnsupported);
}

TEST_F(AirflowApiTest, ATokenThatExpiredIsFetchedAnew) {
  for (const int status : {401, 403}) {
    AirflowApi api = Api(Place());
    ASSERT_TRUE(api.Find(kRun));
    expired_ = "token-" + std::to_string(tokens_);
    expired_status_ = status;
    ASSERT_TRUE(api.Find(kRun)) << status;
    EXPECT_EQ(Asked().back().Header("authorization"), "Bearer token-" + std::to_string(tokens_));
    const std::size_t asked = Asked().size();
    ASSERT_TRUE(api.Find(kRun));
    EXPECT_EQ(Asked().size(), asked + 1) << "the new one is kept";
  }
}

TEST_F(AirflowApiTest, WhoIsRefusedIsToldWithoutTheSecret) {
  variables_["PASSWORD"] = "wrong-s3cret";
  AirflowApi wrong = Api(Place());
  const Error refused = wrong.Find(kRun).error();
  EXPECT_EQ(refused.kind, ErrorKind::kPermission);
  EXPECT_NE(refused.message.find("Invalid credentials"), std::string::npos) << refused.message;
  EXPECT_EQ((refused.ToString() + refused.hint).find("s3cret"), std::string::npos);
  variables_.clear();
  AirflowApi missing = Api(Place());
  EXPECT_EQ(missing.Find(kRun).error().message, "the variable PASSWORD is not set");
  AirflowApi nothing = Api({.url = server_.url()});
  EXPECT_EQ(nothing.Find(kRun).error().message, "nothing says how to sign in to Airflow");
}

TEST_F(AirflowApiTest, ForbiddenIsNotAskedForEver) {
  answer_ = [](const ServedRequest&) { return Json(403, {{"detail", "Forbidden"}}); };
  AirflowApi api = Api(Place());
  EXPECT_EQ(api.Trigger(kRun, "{}").error().kind, ErrorKind::kPermission);
  EXPECT_EQ(Asked().size(), 4u);  // with a token, and once more with a fresh one
}

TEST_F(AirflowApiTest, AFileMayHoldTheTokenAndGetAnotherOne) {
  WriteAll(folder_ / "token", "token-old\n");
  AirflowApi api = Api({.url = server_.url() + "/", .token = {.file = folder_ / "token"}});
  ASSERT_TRUE(api.Find(kRun));
  EXPECT_EQ(Asked().back().Header("authorization"), "Bearer token-old");
  expired_ = "token-old";
  EXPECT_EQ(api.Find(kRun).error().kind, ErrorKind::kPermission);
  WriteAll(folder_ / "token", "token-new\n");
  ASSERT_TRUE(api.Find(kRun));
  EXPECT_EQ(Asked().back().Header("authorization"), "Bearer token-new");
  EXPECT_EQ(Asked().front().target, "/api/v2/dags/build_devices/dagRuns/latecomer_1");
  WriteAll(folder_ / "token", "\n");
  AirflowApi empty = Api({.url = server_.url(), .token = {.file = folder_ / "token"}});
  EXPECT_EQ(empty.Find(kRun).error().ToString(), folder_ / "token" + ": the file is empty");
}

TEST_F(AirflowApiTest, TheEnvironmentSaysWhatThePipelineFileDoesNot) {
  variables_ = {{"LATECOMER_AIRFLOW_USER", "u"}, {"LATECOMER_AIRFLOW_PASSWORD", kPassword}};
  ASSERT_TRUE(Api({.url = server_.url()}).Find(kRun));
  EXPECT_EQ(json::parse(Asked().front().body).at("username"), "u");
  variables_["LATECOMER_AIRFLOW_TOKEN"] = "ready";
  ASSERT_TRUE(Api({.url = server_.url()}).Find(kRun));
  EXPECT_EQ(Asked().back().Header("authorization"), "Bearer ready");
}

TEST_F(AirflowApiTest, OddAnswersAreNoSuccess) {
  const ServedAnswer page{.status = 200, .body = "<html>sign in</html>", .headers = {{"Content-Type", "text/html"}}};
  const std::vector<std::pair<ServedAnswer, ErrorKind>> answers = {
      {page, ErrorKind::kUnsupported},
      {{.status = 302, .body = "", .headers = {{"Location", "/login"}}}, ErrorKind::kUnsupported},
      {{.status = 404, .body = "none", .headers = {{"Content-Type", "text/plain"}}}, ErrorKind::kUnsupported},
      {Json(404, {{"detail", "DAG not found"}}), ErrorKind::kNotFound},
      {Json(409, {{"detail", {{"reason", "Unique constraint violation"}}}}), ErrorKind::kConflict},
      {Json(400, {{"detail", "DAG has import errors"}}), ErrorKind::kInvalidArgument},
      {Json(422, {{"detail", {{{"msg", "bad"}}}}}), ErrorKind::kInvalidArgument},
      {Json(429, json::object()), ErrorKind::kIo},
      {{.status = 500, .body = "oh", .headers = {{"Content-Type", "text/plain"}}}, ErrorKind::kUnknownOutcome},
      {{.status = 504, .body = ""}, ErrorKind::kUnknownOutcome},
      {testing::Dropped(), ErrorKind::kUnknownOutcome}};
  AirflowApi api = Api(Place());
  for (const auto& [answer, kind] : answers) {
    answer_ = [&answer = answer](const ServedRequest&) { return answer; };
    const Status triggered = api.Trigger(kRun, "{}");
    ASSERT_FALSE(triggered) << answer.status;
    EXPECT_EQ(triggered.error().kind, kind) << answer.status << triggered.error().message;
    EXPECT_EQ(api.MarkFailed(kRun).error().kind, kind) << answer.status;
    // Asking changes nothing.
    const ErrorKind of_find = kind == ErrorKind::kUnknownOutcome ? ErrorKind::kIo : kind;
    EXPECT_EQ(api.Find(kRun).error().kind, of_find) << answer.status;
  }
}

TEST_F(AirflowApiTest, JsonThatIsAnotherThingIsNoSuccess) {
  AirflowApi api = Api(Place());
  for (const char* body : {"", "{", "[]", "null", "{\"state\": 3}", "{\"state\": \"success\"}",
                           "{\"task_instances\": 1}", "{\"task_instances\": [1]}", "{\"content\": {}}"}) {
    answer_ = [body](const ServedRequest&) {
      return ServedAnswer{.status = 200, .body = body, .headers = {{"Content-Type", "application/json"}}};
    };
    EXPECT_EQ(api.Find(kRun).error().kind, ErrorKind::kUnsupported) << body;
    EXPECT_EQ(api.Tasks(kRun).error().kind, ErrorKind::kUnsupported) << body;
    EXPECT_EQ(api.LogEnd(kRun, {.id = "t"}).error().kind, ErrorKind::kUnsupported) << body;
  }
}

TEST_F(AirflowApiTest, WhatAirflowSaysIsMadePrintableAndShort) {
  answer_ = [](const ServedRequest&) { return Json(400, {{"detail", "\x1b[31m\n" + std::string(100'000, 'x')}}); };
  const Error error = Api(Place()).Trigger(kRun, "{}").error();
  EXPECT_LT(error.message.size(), 700u);
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
  EXPECT_EQ(error.message.find('\n'), std::string::npos);
}

TEST_F(AirflowApiTest, NobodyThere) {
  AirflowPlace place = Place();
  place.url = "http://127.0.0.1:1";
  AirflowApi api = Api(place);
  EXPECT_EQ(api.Trigger(kRun, "{}").error().kind, ErrorKind::kIo);
  EXPECT_EQ(api.Find(kRun).error().kind, ErrorKind::kIo);
}

TEST_F(AirflowApiTest, TasksAndWhatTheySaid) {
  AirflowApi api = Api(Place());
  answer_ = [](const ServedRequest& request) {
    if (request.target.find("/logs/") == std::string::npos) {
      return Json(200, {{"task_instances",
                         {{{"task_id", "work"}, {"map_index", 2}, {"try_number", 3}, {"state", "failed"}},
                          {{"task_id", "after"}, {"map_index", -1}, {"try_number", 0}, {"state", nullptr}}}}});
    }
    return Json(200,
                {{"content",
                  {{{"event", "starts\x07"}},
                   {{"event", "Task failed"}, {"error_detail", {{{"exc_type", "ValueError"}, {"exc_value", "no"}}}}},
                   "plain",
                   {{"event", "::endgroup::"}}}}});
  };
  const auto tasks = api.Tasks(kRun);
  ASSERT_TRUE(tasks) << tasks.error().ToString();
  ASSERT_EQ(tasks->size(), 2u);
  EXPECT_EQ(tasks->at(0).Name(), "work[2]");
  EXPECT_EQ(tasks->at(0).state, "failed");
  EXPECT_EQ(tasks->at(1).Name() + tasks->at(1).state, "after");
  const auto log = api.LogEnd(kRun, tasks->at(0));
  ASSERT_TRUE(log) << log.error().ToString();
  EXPECT_EQ(log->lines, "starts\\x07\nTask failed: ValueError: no\nplain\n");
  EXPECT_EQ(log->cause, "ValueError: no");
  EXPECT_NE(Asked().back().target.find("/taskInstances/work/logs/3?full_content=true&map_index=2"), std::string::npos);
}

}  // namespace
}  // namespace latecomer::executor
