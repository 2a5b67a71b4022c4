// `airflow_dag` steps: what is taken, and what is refused and why.
#include <gtest/gtest.h>

#include "pipeline/pipeline.h"

namespace latecomer::pipeline {
namespace {

Result<Pipeline> Parse(const std::string& airflow) {
  return ParsePipeline(
      "pipeline: p\nsources:\n  devices: {table: d, partition: event_time}\nsteps:\n  - id: a\n    airflow_dag: {" +
          airflow + "}\n",
      "/pipelines/p.yaml");
}

// Without the place in the file.
std::string Problem(const std::string& airflow) {
  const Result<Pipeline> pipeline = Parse(airflow);
  if (pipeline) return "none";
  EXPECT_EQ(pipeline.error().file, "/pipelines/p.yaml");
  EXPECT_EQ(pipeline.error().line, 6) << airflow;
  return pipeline.error().message;
}

const std::string kDag = "dag_id: build, url: 'http://airflow.example:8080/x'";

TEST(AirflowDag, WhatAStepMaySay) {
  const Result<Pipeline> pipeline =
      Parse(kDag +
            ", user: latecomer, password: {file: secrets/airflow}, ca_file: ca.pem, into: o, "
            "conf: {day: '{{ partition.event_time }}', mode: full}");
  ASSERT_TRUE(pipeline) << pipeline.error().ToString();
  const Step& step = pipeline->steps[0];
  const auto& airflow = std::get<AirflowDagStep>(step.action);
  EXPECT_EQ(airflow.dag_id, "build");
  EXPECT_EQ(airflow.url, "http://airflow.example:8080/x");
  EXPECT_EQ(airflow.user, "latecomer");
  EXPECT_EQ(airflow.password.file, "/pipelines/secrets/airflow");
  EXPECT_EQ(airflow.ca_file, "/pipelines/ca.pem");
  EXPECT_EQ(airflow.conf.at("day"), "{{ partition.event_time }}");
  EXPECT_EQ(KindOf(step), "airflow_dag");
  EXPECT_EQ(*DeclaredOutput(step), "/pipelines/o");
  EXPECT_EQ(*DeclaredOutputAsWritten(step), "o");

  const Result<Pipeline> least = Parse(kDag + ", token: {environment: LATECOMER_TOKEN_2}");
  ASSERT_TRUE(least) << least.error().ToString();
  EXPECT_EQ(std::get<AirflowDagStep>(least->steps[0].action).token.variable, "LATECOMER_TOKEN_2");
  EXPECT_EQ(DeclaredOutput(least->steps[0]), nullptr);
  const Result<Pipeline> user =
      Parse(kDag + ", user: {environment: LATECOMER_U}, password: {environment: LATECOMER_P}");
  ASSERT_TRUE(user) << user.error().ToString();
  EXPECT_EQ(std::get<AirflowDagStep>(user->steps[0].action).user_place.variable, "LATECOMER_U");
}

TEST(AirflowDag, WhatIsMissing) {
  EXPECT_EQ(Problem("url: 'http://a'"), "`dag_id` is missing");
  EXPECT_EQ(Problem("dag_id: build"), "`url` is missing");
  EXPECT_EQ(Problem(kDag + ", user: u"), "`password` is missing");
  EXPECT_EQ(Problem(kDag + ", password: {file: p}"), "`user` is missing");
}

// The ledger keeps the file's text, and everybody who may read pipelines sees it.
TEST(AirflowDag, SecretsDoNotStandInTheFile) {
  EXPECT_EQ(Problem(kDag + ", token: abc"), "airflow_dag.token says where it is found, and isn't written here");
  EXPECT_EQ(Problem(kDag + ", user: u, password: abc"),
            "airflow_dag.password says where it is found, and isn't written here");
  EXPECT_EQ(Problem("dag_id: build, url: 'https://u:p@airflow.example'"),
            "airflow_dag.url can't hold a user or a password");
  EXPECT_EQ(Problem(kDag + ", token: {file: a, environment: LATECOMER_A}"),
            "airflow_dag.token needs exactly one of environment and file");
  EXPECT_EQ(Problem(kDag + ", token: {}"), "airflow_dag.token needs exactly one of environment and file");
  EXPECT_EQ(Problem(kDag + ", token: {file: ''}"), "airflow_dag.token.file is empty");
}

// Others are handed on to the programs of steps.
TEST(AirflowDag, VariablesAreLatecomersOwn) {
  for (const char* name : {"AIRFLOW_TOKEN", "latecomer_token", "LATECOMER_A-B", "LATECOMER_a"}) {
    EXPECT_EQ(
        Problem(kDag + ", token: {environment: " + name + "}"),
        std::string("airflow_dag.token.environment must name a variable LATECOMER_…, in capitals, not `") + name + "`");
  }
}

TEST(AirflowDag, WhatMakesNoSense) {
  EXPECT_EQ(Problem(kDag + ", token: {file: t}, user: u, password: {file: p}"),
            "airflow_dag has either a token, or a user and a password");
  for (const char* url : {"", "airflow.example", "ftp://a", "http://", "http://a b", "http://a?x=1", "http://a#b"}) {
    EXPECT_NE(Problem("dag_id: build, url: '" + std::string(url) + "'").find("must be the address"), std::string::npos)
        << url;
  }
  EXPECT_EQ(Problem("dag_id: build, url: 'http://a/api/v2'"), "airflow_dag.url is without /api/v2");
  for (const char* dag : {"''", "a b", "a/b", "'{{ partition }}'"}) {
    EXPECT_NE(Problem("url: 'http://a', dag_id: " + std::string(dag)).find("must be the id of a DAG"),
              std::string::npos)
        << dag;
  }
  EXPECT_EQ(Problem(kDag + ", conf: {latecomer: x}"),
            "airflow_dag.conf: `latecomer` is what latecomer itself tells the DAG");
  EXPECT_NE(Problem(kDag + ", conf: {day: '{{ oops }}'}").find("oops"), std::string::npos);
  EXPECT_EQ(Problem(kDag + ", into: d"), "the output is also the source `devices`; a step can't write what it reads");
  EXPECT_NE(Problem(kDag + ", logical_date: x").find("logical_date"), std::string::npos);
}

}  // namespace
}  // namespace latecomer::pipeline
