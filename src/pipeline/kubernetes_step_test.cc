// `kubernetes_job` and `spark_application` in a pipeline file.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "pipeline/pipeline.h"
#include "pipeline/template.h"

namespace latecomer::pipeline {
namespace {

constexpr const char* kHead =
    "pipeline: p\nsources:\n  devices: {table: dataset/devices, partition: event_time}\nsteps:\n  - id: a\n";

Result<Pipeline> Parse(const std::string& step) {
  return ParsePipeline(kHead + step, "/pipelines/p.yaml");
}

KubernetesStep Job(const std::string& step) {
  const auto pipeline = Parse(step);
  if (pipeline) return std::get<KubernetesStep>(pipeline->steps.at(0).action);
  ADD_FAILURE() << pipeline.error().ToString();
  return {};
}

// "line:column: message | hint"
std::string Problem(const std::string& step) {
  const auto pipeline = Parse(step);
  if (pipeline) return "none";
  std::string problem = pipeline.error().ToString();
  if (problem.starts_with("/pipelines/p.yaml:")) problem = problem.substr(18);
  return problem + (pipeline.error().hint.empty() ? "" : " | " + pipeline.error().hint);
}

TEST(KubernetesStepTest, AJobWithEverything) {
  const KubernetesStep job = Job(R"(    kubernetes_job:
      image: "devices:{{ run.kind }}"
      command: [python, job.py]
      args: [--day, "{{ partition.event_time }}"]
      kubeconfig: ../kube/config
      context: dev
      namespace: data
      keep: 2h
      into: dataset/out
      pod: {serviceAccountName: devices, nodeSelector: {disk: "ssd", n: 1}}
      container: {resources: {limits: {memory: 1Gi, cpu: 2}}, env: [{name: A, value: "{{ partition }}"}]}
    environment: {LEVEL: info}
)");
  EXPECT_EQ(job.kind, KubernetesStep::Kind::kJob);
  EXPECT_EQ(job.image, "devices:{{ run.kind }}");
  EXPECT_EQ(job.command, (std::vector<std::string>{"python", "job.py"}));
  EXPECT_EQ(job.arguments.size(), 2U);
  EXPECT_EQ(job.kubeconfig, "/kube/config");
  EXPECT_EQ(job.context, "dev");
  EXPECT_EQ(job.name_space, "data");
  EXPECT_EQ(job.keep, std::chrono::hours(2));
  EXPECT_EQ(job.into_location, "/pipelines/dataset/out");
  EXPECT_EQ(job.pod, R"({"serviceAccountName":"devices","nodeSelector":{"disk":"ssd","n":1}})");
  EXPECT_EQ(job.container,
            R"({"resources":{"limits":{"memory":"1Gi","cpu":2}},"env":[{"name":"A","value":"{{ partition }}"}]})");
  EXPECT_EQ(job.environment.at("LEVEL"), "info");
}

TEST(KubernetesStepTest, TheLeast) {
  const KubernetesStep job = Job("    kubernetes_job: {image: x}\n");
  EXPECT_EQ(job.keep, std::chrono::hours(24));
  EXPECT_EQ(job.pod, "{}");
  EXPECT_TRUE(job.kubeconfig.empty() && job.name_space.empty() && job.into.empty());
  const auto pipeline = Parse("    kubernetes_job: {image: x}\n");
  EXPECT_EQ(KindOf(pipeline->steps[0]), "kubernetes_job");
  EXPECT_EQ(DeclaredOutput(pipeline->steps[0]), nullptr);
}

TEST(KubernetesStepTest, ASparkApplication) {
  const auto pipeline =
      Parse("    spark_application:\n      into: out\n      spec: {type: Python, driver: {cores: 1}}\n");
  ASSERT_TRUE(pipeline) << pipeline.error().ToString();
  EXPECT_EQ(KindOf(pipeline->steps[0]), "spark_application");
  EXPECT_EQ(*DeclaredOutput(pipeline->steps[0]), "/pipelines/out");
  EXPECT_EQ(*DeclaredOutputAsWritten(pipeline->steps[0]), "out");
  EXPECT_EQ(std::get<KubernetesStep>(pipeline->steps[0].action).spec, R"({"type":"Python","driver":{"cores":1}})");
}

TEST(KubernetesStepTest, MistakesHaveAPlace) {
  EXPECT_EQ(Problem("    kubernetes_job: {command: [a]}\n"), "6:21: `image` is missing");
  EXPECT_EQ(Problem("    kubernetes_job: {image: x, imagee: y}\n"),
            "6:32: unknown key `imagee` in kubernetes_job | did you mean `image`?");
  EXPECT_EQ(Problem("    kubernetes_job: {image: x, args: one}\n"),
            "6:38: kubernetes_job.args must be a list of texts");
  EXPECT_EQ(Problem("    kubernetes_job: {image: x, namespace: Data/x}\n"), "6:43: `Data/x` can't be a namespace");
  EXPECT_EQ(Problem("    kubernetes_job: {image: x, keep: 10s}\n"),
            "6:38: kubernetes_job.keep is shorter than a minute | a job that is removed before its end was seen counts "
            "as failed");
  EXPECT_EQ(Problem("    kubernetes_job: {image: x, into: dataset/devices}\n").substr(0, 38),
            "6:38: the output is also the source `d");
  EXPECT_NE(Problem("    spark_application: {into: out}\n").find("spec"), std::string::npos);
}

TEST(KubernetesStepTest, WhatLatecomerSetsItselfIsRefused) {
  EXPECT_EQ(Problem("    kubernetes_job:\n      image: x\n      pod:\n        containers: []\n"),
            "9:9: latecomer itself sets `containers` of kubernetes_job.pod | the container is what `image`, `command`, "
            "`args` and "
            "`container` say");
  for (const char* pod : {"restartPolicy: Always", "containers: []"}) {
    EXPECT_NE(Problem(std::string("    kubernetes_job: {image: x, pod: {") + pod + "}}\n"), "none") << pod;
  }
  for (const char* container : {"name: x", "image: y", "command: [a]", "args: [a]"}) {
    EXPECT_NE(Problem(std::string("    kubernetes_job: {image: x, container: {") + container + "}}\n"), "none")
        << container;
  }
  const auto spec = [](const std::string& text) {
    return Problem("    spark_application: {into: o, spec: {" + text + "}}\n");
  };
  EXPECT_NE(spec("restartPolicy: {type: Never}"), "none");
  EXPECT_NE(spec("timeToLiveSeconds: 1"), "none");
  EXPECT_NE(spec("mode: client").find("use cluster"), std::string::npos);
  EXPECT_NE(spec("sparkConf: {spark.latecomer.into: x}").find("latecomer itself sets"), std::string::npos);
  EXPECT_NE(spec("sparkConf: {spark.sql.sources.partitionOverwriteMode: dynamic}").find("can't be `dynamic`"),
            std::string::npos);
  EXPECT_EQ(spec("mode: cluster, sparkConf: {spark.executor.memory: 2g}"), "none");
}

TEST(KubernetesStepTest, TemplatesAreCheckedWhereverTheyStand) {
  for (const char* part :
       {"image: \"{{ run.di }}\"", "image: x, args: [\"{{ run.di }}\"]", "image: x, command: [\"{{ run.di }}\"]",
        "image: x, pod: {volumes: [{name: \"{{ run.di }}\"}]}",
        "image: x, container: {env: [{value: \"{{ run.di }}\"}]}"}) {
    EXPECT_NE(Problem(std::string("    kubernetes_job: {") + part + "}\n").find("did you mean `run.id`?"),
              std::string::npos)
        << part;
  }
  EXPECT_NE(Problem("    spark_application: {spec: {arguments: [\"{{ run.di }}\"]}}\n").find("run.id"),
            std::string::npos);
}

TEST(KubernetesStepTest, ValuesInTextsThatKubernetesReadsAreNoReferences) {
  const TemplateValues values = {{"partition", "a=$(SECRET)$"}};
  EXPECT_EQ(*FillKubernetesTemplate("--p {{ partition }} $(OWN)", values), "--p a=$$(SECRET)$$ $(OWN)");
}

TEST(KubernetesStepTest, TextsOfJsonAreFilledInAndItsShapeStays) {
  const TemplateValues values = {{"partition", "a\"b\\{{ x }}"}};
  EXPECT_EQ(*FillJsonTemplate(R"({"k":["{{ partition }}",1,null,{"{{ partition }}":"x"}]})", values),
            R"({"k":["a\"b\\{{ x }}",1,null,{"{{ partition }}":"x"}]})");
  EXPECT_FALSE(FillJsonTemplate("{", values));
}

}  // namespace
}  // namespace latecomer::pipeline
