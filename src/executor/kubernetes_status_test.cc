#include "executor/kubernetes_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace latecomer::executor {
namespace {

using nlohmann::json;

json Pod(const char* status, const char* spec = R"({"nodeName":"n1","containers":[{"name":"step"}]})") {
  return {{"metadata", {{"name", "p"}}}, {"spec", json::parse(spec)}, {"status", json::parse(status)}};
}

json Waiting(const std::string& reason, const std::string& message = "") {
  json pod = Pod(R"({"phase":"Pending"})");
  pod["status"]["containerStatuses"] = {
      {{"name", "sidecar"}, {"state", {{"running", json::object()}}}},
      {{"name", "step"}, {"state", {{"waiting", {{"reason", reason}, {"message", message}}}}}}};
  return pod;
}

json Terminated(const json& how) {
  json pod =
      Pod(R"({"phase":"Failed"})", R"({"containers":[{"name":"step","resources":{"limits":{"memory":"512Mi"}}}]})");
  pod["status"]["containerStatuses"] = {{{"name", "step"}, {"state", {{"terminated", how}}}}};
  return pod;
}

TEST(KubernetesStatusTest, TheEndOfAJob) {
  const auto job = [](const char* conditions) { return json{{"status", {{"conditions", json::parse(conditions)}}}}; };
  EXPECT_FALSE(EndOfJob(json::object()));
  EXPECT_FALSE(EndOfJob(json{{"status", {{"active", 1}}}}));
  EXPECT_FALSE(EndOfJob(job(R"([{"type":"FailureTarget","status":"True"},{"type":"Failed","status":"False"}])")));
  EXPECT_FALSE(EndOfJob(job(R"([{"type":"SuccessCriteriaMet","status":"True"}])")));
  EXPECT_EQ(EndOfJob(job(R"([{"type":"Complete","status":"True"}])"))->phase, Phase::kSucceeded);
  const auto failed =
      EndOfJob(job(R"([{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"limit"}])"));
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->phase, Phase::kFailed);
  EXPECT_EQ(failed->message, "the job failed: BackoffLimitExceeded: limit");
  EXPECT_TRUE(EndOfJob(job(R"([{"type":"Failed","status":"True","reason":"DeadlineExceeded"}])"))
                  ->message.starts_with("timed out"));
  EXPECT_FALSE(EndOfJob(job(R"({"type":"Complete"})")));
}

TEST(KubernetesStatusTest, TheEndOfASparkApplication) {
  const auto application = [](const char* state) {
    return json{{"status", {{"applicationState", {{"state", state}, {"errorMessage", "driver\ndied"}}}}}};
  };
  for (const char* state : {"", "SUBMITTED", "RUNNING", "SUCCEEDING", "FAILING", "SUBMISSION_FAILED", "UNKNOWN"}) {
    EXPECT_FALSE(EndOfSparkApplication(application(state))) << state;
  }
  EXPECT_EQ(EndOfSparkApplication(application("COMPLETED"))->phase, Phase::kSucceeded);
  EXPECT_EQ(EndOfSparkApplication(application("FAILED"))->message, "the Spark application failed: driver\\ndied");
  EXPECT_FALSE(EndOfSparkApplication(json{{"status", 3}}));
}

TEST(KubernetesStatusTest, WhatAPodWaitsFor) {
  EXPECT_EQ(DescribePod(Waiting("ImagePullBackOff"), "step"), DescribePod(Waiting("ErrImagePull", "x"), "step"));
  EXPECT_NE(DescribePod(Waiting("ErrImagePull"), "step").find("image"), std::string::npos);
  EXPECT_EQ(DescribePod(Waiting("ContainerCreating"), "step"), "its container is being created");
  EXPECT_EQ(DescribePod(Waiting("CreateContainerConfigError", "secret \"lake\" not found"), "step"),
            "its container waits: CreateContainerConfigError: secret \"lake\" not found");
  json unplaced =
      Pod(R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","message":"0/3 nodes"}]})",
          R"({"containers":[{"name":"step"}]})");
  EXPECT_EQ(DescribePod(unplaced, "step"), "waits for a node: 0/3 nodes");
  EXPECT_EQ(DescribePod(Pod(R"({"phase":"Pending"})"), "step"), "waits for node n1 to start it");
  EXPECT_EQ(DescribePod(Pod(R"({"phase":"Running"})"), "step"), "runs on node n1");
  EXPECT_EQ(DescribePod(Pod(R"({"phase":"Succeeded"})"), "step"), "its pod has ended");
  json leaving = Pod(R"({"phase":"Running"})");
  leaving["metadata"]["deletionTimestamp"] = "2024-01-01T00:00:00Z";
  EXPECT_EQ(DescribePod(leaving, "step"), "its pod is being deleted");
}

TEST(KubernetesStatusTest, WhyAPodFailed) {
  const auto oom = FailureOfPod(Terminated({{"exitCode", 137}, {"reason", "OOMKilled"}}), "step");
  ASSERT_TRUE(oom);
  EXPECT_EQ(oom->exit_code, 137);
  EXPECT_EQ(oom->message, "out of memory: the container was killed at its limit of 512Mi (OOMKilled)");
  EXPECT_EQ(FailureOfPod(Terminated({{"exitCode", 3}, {"reason", "Error"}}), "step")->message, "exit code 3");
  EXPECT_EQ(FailureOfPod(Terminated({{"exitCode", 128}, {"reason", "StartError"}, {"message", "no such file"}}), "step")
                ->message,
            "exit code 128 (StartError): no such file");
  EXPECT_FALSE(FailureOfPod(Terminated({{"exitCode", 0}, {"reason", "Completed"}}), "step"));
  json evicted = Pod(R"({"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory."})");
  EXPECT_EQ(FailureOfPod(evicted, "step")->message, "its pod failed: Evicted: The node was low on resource: memory.");
  EXPECT_FALSE(FailureOfPod(Pod(R"({"phase":"Running"})"), "step"));
  EXPECT_FALSE(FailureOfPod(Terminated({{"exitCode", 3}}), "another"));
}

TEST(KubernetesStatusTest, WhatIsOfAnotherShapeIsNoAnswer) {
  for (const char* text :
       {"null", "3", "[]", "{}", R"({"status":[]})", R"({"status":{"conditions":{},"containerStatuses":3}})",
        R"({"metadata":3,"spec":"x","status":{"containerStatuses":[3,null,{"name":7}]}})"}) {
    const json odd = json::parse(text);
    EXPECT_FALSE(EndOfJob(odd)) << text;
    EXPECT_FALSE(EndOfSparkApplication(odd)) << text;
    EXPECT_FALSE(FailureOfPod(odd, "step")) << text;
    EXPECT_FALSE(HasBegun(odd, "step")) << text;
    EXPECT_TRUE(IsLive(odd)) << "what isn't known to have ended may run: " << text;
    EXPECT_FALSE(DescribePod(odd, "step").empty());
  }
}

}  // namespace
}  // namespace latecomer::executor
