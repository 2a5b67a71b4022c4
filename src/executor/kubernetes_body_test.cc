#include "executor/kubernetes_body.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace latecomer::executor {
namespace {

using nlohmann::ordered_json;

AttemptSpec Spec() {
  AttemptSpec spec;
  spec.name = {.ledger_id = "l",
               .pipeline = "Devices",
               .run_id = "scheduled_2024-01-01",
               .try_number = 1,
               .step = "count",
               .number = 2};
  spec.environment = {{"LATECOMER_PARTITION", "day=2024-01-01$(HOME)"}};
  return spec;
}

KubernetesWork Work() {
  KubernetesWork work;
  work.image = "devices:1";
  work.arguments = {"--token", "$(TOKEN)"};
  work.keep = std::chrono::hours(1);
  work.environment = {{"LEVEL", "info"}};
  work.values = {{"partition", "day=2024-01-01"}, {"partition.day", "2024-01-01"}};
  work.transaction.version = 7;
  return work;
}

ordered_json Facts(bool with_output = true) {
  ordered_json facts = {{"format", 1}, {"sources", ordered_json::object()}, {"output", nullptr}};
  if (with_output) {
    facts["output"] = {{"table", "s3://lake/out"},
                       {"replace_where", "day = '2024-01-01'"},
                       {"txn_app_id", "latecomer/d/p/s"},
                       {"txn_version", 7},
                       {"user_metadata", "{}"}};
  }
  return facts;
}

ordered_json Made(const AttemptSpec& spec, const KubernetesWork& work, const ordered_json& facts = Facts()) {
  const auto body = BodyOf(spec, work, ObjectOf(spec, work, "data"), facts);
  if (body) return *body;
  ADD_FAILURE() << body.error().ToString();
  return {};
}

std::map<std::string, std::string> Environment(const ordered_json& container) {
  std::map<std::string, std::string> environment;
  for (const auto& one : container.at("env")) environment[one.at("name")] = one.value("value", "<reference>");
  return environment;
}

TEST(KubernetesBodyTest, AJobHasOnePodThatIsTriedOnce) {
  const ordered_json job = Made(Spec(), Work());
  EXPECT_EQ(job.at("kind"), "Job");
  EXPECT_EQ(job.at("metadata").at("namespace"), "data");
  const ordered_json& spec = job.at("spec");
  EXPECT_EQ(spec.at("backoffLimit"), 0);
  EXPECT_EQ(spec.at("ttlSecondsAfterFinished"), 3600);
  EXPECT_FALSE(spec.contains("activeDeadlineSeconds"));
  const ordered_json& pod = spec.at("template").at("spec");
  EXPECT_EQ(pod.at("restartPolicy"), "Never");
  ASSERT_EQ(pod.at("containers").size(), 1U);
  EXPECT_EQ(pod.at("containers")[0].at("image"), "devices:1");
  EXPECT_EQ(pod.at("containers")[0].at("args"), (ordered_json{"--token", "$(TOKEN)"}));
  EXPECT_FALSE(pod.at("containers")[0].contains("command"));
}

TEST(KubernetesBodyTest, PodAndObjectAreFoundByTheSameLabelAndSayWhoseTheyAre) {
  const AttemptSpec spec = Spec();
  const KubernetesObject object = ObjectOf(spec, Work(), "data");
  const ordered_json job = Made(spec, Work());
  for (const ordered_json& metadata : {job.at("metadata"), job.at("spec").at("template").at("metadata")}) {
    EXPECT_EQ(metadata.at("labels").at("latecomer/attempt"), object.digest);
    EXPECT_EQ(metadata.at("labels").at("latecomer/pipeline"), "Devices");
    EXPECT_EQ(metadata.at("annotations").at("latecomer/run"), "scheduled_2024-01-01");
    EXPECT_EQ(metadata.at("annotations").at("latecomer/partition"), "day=2024-01-01");
    EXPECT_EQ(metadata.at("annotations").at("latecomer/token"), "7");
  }
  EXPECT_EQ(object.Selector(), "latecomer/attempt=" + object.digest);
  EXPECT_TRUE(object.name.starts_with("latecomer-devices-count-")) << object.name;
}

TEST(KubernetesBodyTest, EachAttemptHasANameOfItsOwnAndKeepsIt) {
  const std::string name = ObjectOf(Spec(), Work(), "data").name;
  EXPECT_EQ(ObjectOf(Spec(), Work(), "data").name, name);
  const auto other = [&](auto&& change) {
    AttemptSpec spec = Spec();
    change(spec.name);
    return ObjectOf(spec, Work(), "data").name;
  };
  EXPECT_NE(other([](AttemptName& one) { one.number = 3; }), name);
  EXPECT_NE(other([](AttemptName& one) { one.try_number = 2; }), name);
  EXPECT_NE(other([](AttemptName& one) { one.run_id = "x"; }), name);
  EXPECT_NE(other([](AttemptName& one) { one.ledger_id = "m"; }), name) << "another ledger's attempt";
  EXPECT_NE(other([](AttemptName& one) { one.started += Duration(1); }), name) << "after a ledger was restored";
}

TEST(KubernetesBodyTest, TheEnvironmentIsTheJobsAndNothingOfTheSchedulers) {
  ::setenv("LATECOMER_TEST_SECRET", "s3cret", 1);
  KubernetesWork work = Work();
  work.container =
      R"({"env":[{"name":"KEY","valueFrom":{"secretKeyRef":{"name":"lake","key":"k"}}}],"resources":{"limits":{"memory":"1Gi"}}})";
  const ordered_json job = Made(Spec(), work);
  ::unsetenv("LATECOMER_TEST_SECRET");
  const ordered_json& container = job.at("spec").at("template").at("spec").at("containers")[0];
  const auto environment = Environment(container);
  EXPECT_EQ(environment.at("LATECOMER_PARTITION"), "day=2024-01-01$$(HOME)") << "a value is no reference";
  EXPECT_EQ(environment.at("LEVEL"), "info");
  EXPECT_EQ(environment.at("KEY"), "<reference>");
  EXPECT_EQ(environment.at("LATECOMER_INTO"), "s3://lake/out");
  EXPECT_EQ(environment.at("LATECOMER_TXN_VERSION"), "7");
  EXPECT_EQ(ordered_json::parse(environment.at("LATECOMER_JOB_JSON")), Facts());
  EXPECT_EQ(job.dump().find("s3cret"), std::string::npos);
  EXPECT_FALSE(environment.contains("PATH"));
  EXPECT_EQ(container.at("resources").at("limits").at("memory"), "1Gi");
}

TEST(KubernetesBodyTest, WithoutAnOutputNothingIsSaidOfOne) {
  const auto environment =
      Environment(Made(Spec(), Work(), Facts(false)).at("spec").at("template").at("spec").at("containers")[0]);
  EXPECT_FALSE(environment.contains("LATECOMER_INTO"));
}

TEST(KubernetesBodyTest, WhatTheStepSaysOfItsPodStaysAndCantTakeOurPartsAway) {
  KubernetesWork work = Work();
  work.pod = R"({"nodeSelector":{"disk":"ssd"},"restartPolicy":"Always","containers":[],"serviceAccountName":"x"})";
  work.container = R"({"name":"other","image":"evil","volumeMounts":[{"name":"v","mountPath":"/v"}]})";
  const ordered_json pod = Made(Spec(), work).at("spec").at("template").at("spec");
  EXPECT_EQ(pod.at("nodeSelector").at("disk"), "ssd");
  EXPECT_EQ(pod.at("serviceAccountName"), "x");
  EXPECT_EQ(pod.at("restartPolicy"), "Never");
  EXPECT_EQ(pod.at("containers")[0].at("name"), "step");
  EXPECT_EQ(pod.at("containers")[0].at("image"), "devices:1");
  EXPECT_EQ(pod.at("containers")[0].at("volumeMounts").size(), 1U);
}

TEST(KubernetesBodyTest, ADeadlineIsWhatIsLeftOfTheTimeout) {
  AttemptSpec spec = Spec();
  spec.timeout = std::chrono::hours(1);
  EXPECT_EQ(Made(spec, Work()).at("spec").at("activeDeadlineSeconds"), 3600);
  spec.started_before = std::chrono::minutes(30);
  EXPECT_EQ(Made(spec, Work()).at("spec").at("activeDeadlineSeconds"), 1800);
  spec.started_before = std::chrono::hours(2);
  EXPECT_EQ(Made(spec, Work()).at("spec").at("activeDeadlineSeconds"), 1);
}

TEST(KubernetesBodyTest, ASparkApplicationIsToldAsSparkIs) {
  KubernetesWork work = Work();
  work.kind = KubernetesWork::Kind::kSparkApplication;
  work.spec =
      R"({"type":"Python","driver":{"cores":1,"labels":{"team":"a"}},"sparkConf":{"spark.executor.memory":"2g"},"restartPolicy":{"type":"Always"}})";
  const ordered_json application = Made(Spec(), work);
  EXPECT_EQ(application.at("kind"), "SparkApplication");
  EXPECT_EQ(application.at("apiVersion"), "sparkoperator.k8s.io/v1beta2");
  const ordered_json& spec = application.at("spec");
  EXPECT_EQ(spec.at("restartPolicy"), (ordered_json{{"type", "Never"}}));
  EXPECT_EQ(spec.at("timeToLiveSeconds"), 3600);
  const ordered_json& conf = spec.at("sparkConf");
  EXPECT_EQ(conf.at("spark.executor.memory"), "2g");
  EXPECT_EQ(conf.at("spark.latecomer.partition.day"), "2024-01-01");
  EXPECT_EQ(conf.at("spark.latecomer.txn_version"), "7");
  EXPECT_EQ(conf.at("spark.kubernetes.driverEnv.LATECOMER_PARTITION"), "day=2024-01-01$(HOME)");
  EXPECT_EQ(conf.at("spark.kubernetes.driverEnv.LEVEL"), "info");
  EXPECT_EQ(spec.at("driver").at("labels").at("team"), "a");
  EXPECT_EQ(spec.at("driver").at("labels").at("latecomer/attempt"),
            application.at("metadata").at("labels").at("latecomer/attempt"));
  const KubernetesObject object = ObjectOf(Spec(), work, "data");
  EXPECT_EQ(object.Path(), "/apis/sparkoperator.k8s.io/v1beta2/namespaces/data/sparkapplications/" + object.name);
}

TEST(KubernetesBodyTest, FactsThatAreTooLongAreLeftOut) {
  ordered_json facts = Facts();
  facts["sources"]["devices"] = {{"table", "t"}, {"version", 1}, {"where", std::string(100'000, 'x')}};
  const auto environment =
      Environment(Made(Spec(), Work(), facts).at("spec").at("template").at("spec").at("containers")[0]);
  EXPECT_FALSE(environment.contains("LATECOMER_JOB_JSON"));
}

TEST(KubernetesBodyTest, ANamespaceIsNoPath) {
  KubernetesWork work = Work();
  work.name_space = "a/../b?c";
  EXPECT_EQ(ObjectOf(Spec(), work, "data").Collection().find("/.."), std::string::npos);
}

}  // namespace
}  // namespace latecomer::executor
