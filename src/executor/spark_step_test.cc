// Spark steps with a stand-in for spark-submit, on real table logs. The real one is tried by `script/test --peers`.
#include "executor/spark_step.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "delta/delta_table.h"
#include "executor/executor_test_support.h"
#include "executor/local_executor.h"
#include "executor/process_identity.h"
#include "storage/local_store.h"
#include "testing/delta_table_builder.h"

namespace latecomer::executor {
namespace {

using latecomer::testing::AddLine;
using latecomer::testing::CommitInfoLine;
using latecomer::testing::DeltaTableBuilder;
using table::PartitionKey;

constexpr const char* kAppId = "latecomer/p/day=2024-01-01/s";

class LocalTables final : public table::Catalog {
 public:
  Result<std::shared_ptr<table::TableHistory>> OpenHistory(const std::string& location) override {
    LATECOMER_ASSIGN_OR_RETURN(auto store, storage::OpenLocalStore(location));
    LATECOMER_ASSIGN_OR_RETURN(auto history, delta::OpenDeltaTable(std::move(store), storage::OpenLocalStore));
    return std::shared_ptr<table::TableHistory>(std::move(history));
  }
  Result<std::shared_ptr<table::TableWriter>> OpenWriter(const std::string&) override {
    return Fail(ErrorKind::kUnexpected, "a Spark step writes nothing itself");
  }
};

std::string TxnLine(std::int64_t version) {
  return R"({"txn":{"appId":")" + std::string(kAppId) + R"(","version":)" + std::to_string(version) + "}}";
}

// As Spark writes what a session or a write said.
std::string SparkInfoLine(const std::string& ledger, const std::string& run) {
  const nlohmann::json ours = {{"ledgerId", ledger}, {"runId", run}, {"try", 1}, {"vector", {{"devices", 1}}}};
  return nlohmann::json{{"commitInfo",
                         {{"timestamp", 1},
                          {"operation", "WRITE"},
                          {"operationMetrics", {{"numOutputRows", "12"}, {"numOutputBytes", "345"}}},
                          {"userMetadata", nlohmann::json{{"latecomer", ours}}.dump()}}}}
      .dump();
}

class SparkStepTest : public ::testing::Test {
 protected:
  SparkStepTest() : executor_("/nowhere/bin/latecomer", tables_) {
    devices_.Create({"day date"});
    devices_.Commit({AddLine({.path = "a", .partition = R"({"day":"2024-01-01"})"}),
                     AddLine({.path = "b", .partition = R"({"day":"2024-01-02"})"})});
    output_.Create({"day date"});
    work_.application = folder_ / "job.py";
    work_.home = folder_ / "spark";
    work_.name = "p run s";
    work_.into = output_.path();
    work_.partition_columns = {{.name = "day", .type = {table::TypeKind::kDate}}};
    work_.partition = *PartitionKey::FromTexts(work_.partition_columns, {{"day", "2024-01-01"}});
    work_.sources.push_back({.name = "devices",
                             .location = devices_.path(),
                             .version = Version{1},
                             .mapped = [this](const PartitionKey& key) { return key == work_.partition; }});
    work_.transaction = {.app_id = kAppId,
                         .version = 5,
                         .ledger_id = "mine",
                         .run_id = "run",
                         .try_number = 1,
                         .vector = {{"devices", 1}}};
    work_.values = {{"partition.day", "2024-01-01"}, {"run.kind", "scheduled"}, {"pipeline", "p"}, {"step", "s"}};
  }

  // What stands in for spark-submit, a shell script.
  void Submit(const std::string& lines) {
    std::filesystem::create_directories(folder_ / "spark/bin");
    const std::string path = folder_ / "spark/bin/spark-submit";
    WriteAll(path, "#!/bin/sh\n" + lines);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  // A job that commits these lines as the output's next version.
  void SubmitThatCommits(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    WriteAll(folder_ / "commit.json", text);
    Submit("cp '" + (folder_ / "commit.json") + "' '" + output_.path() + "/_delta_log/0000000000000000000" +
           std::to_string(output_.version() + 1) + ".json'\n");
  }

  AttemptSpec Spec() {
    AttemptSpec spec = AttemptIn(folder_, {});
    spec.work = work_;
    return spec;
  }
  AttemptStatus Run() { return RunToEnd(executor_, Spec()); }
  std::string Log() { return ReadAll(folder_ / "logs/1.log"); }
  // What a start that is refused says.
  std::string Refused() {
    const auto handle = executor_.Start(Spec());
    if (handle) {
      Finish(executor_, *handle);
      return "started";
    }
    EXPECT_NE(Log().find(handle.error().message), std::string::npos) << "the log says it too";
    return handle.error().ToString();
  }

  nlohmann::json Job() { return nlohmann::json::parse(ReadAll(folder_ / "work/1/job.json")); }
  // The arguments that spark-submit got, one a line.
  std::vector<std::string> Arguments() {
    Submit("for one in \"$@\"; do echo \"$one\" >>\"$LATECOMER_ATTEMPT_FOLDER/arguments\"; done\nexit 3\n");
    EXPECT_EQ(Run().exit_code, 3);
    std::vector<std::string> arguments;
    std::istringstream lines(ReadAll(folder_ / "work/1/arguments"));
    for (std::string line; std::getline(lines, line);) arguments.push_back(line);
    return arguments;
  }
  static bool HasSetting(const std::vector<std::string>& arguments, const std::string& setting) {
    const auto found = std::ranges::find(arguments, setting);
    return found != arguments.end() && found != arguments.begin() && *(found - 1) == "--conf";
  }

  TemporaryFolder folder_;
  DeltaTableBuilder devices_;
  DeltaTableBuilder output_;
  LocalTables tables_;
  LocalExecutor executor_;
  SparkWork work_;
};

TEST_F(SparkStepTest, SparkSubmitGetsWhatTheStepSays) {
  work_.kind = SparkWork::Kind::kJar;
  work_.application = "/jobs/a b.jar";
  work_.main_class = "org.example.Main";
  work_.master = "local[1]";
  work_.packages = {"io.delta:delta-spark_2.12:3.3.2", "a:b:1"};
  work_.jars = {"x.jar"};
  work_.conf = {{"spark.executor.memory", "2g"}, {"spark.odd", "a b;$HOME"}};
  work_.arguments = {"--day", "2024-01-01", "--conf", "two words"};
  const std::vector<std::string> got = Arguments();
  const auto at = std::ranges::find(got, "/jobs/a b.jar");
  ASSERT_NE(at, got.end());
  EXPECT_EQ(std::vector<std::string>(at + 1, got.end()), work_.arguments) << "they stay the application's";
  const std::vector<std::string> first(got.begin(), got.begin() + 12);
  EXPECT_EQ(first, (std::vector<std::string>{"--master", "local[1]", "--deploy-mode", "client", "--name", "p run s",
                                             "--class", "org.example.Main", "--packages",
                                             "io.delta:delta-spark_2.12:3.3.2,a:b:1", "--jars", "x.jar"}));
  for (const char* setting :
       {"spark.executor.memory=2g", "spark.odd=a b;$HOME", "spark.latecomer.partition.day=2024-01-01",
        "spark.latecomer.replace_where=`day` = CAST('2024-01-01' AS DATE)", "spark.latecomer.txn_version=5",
        "spark.latecomer.txn_app_id=latecomer/p/day=2024-01-01/s",
        "spark.databricks.delta.commitInfo.userMetadata={\"latecomer\":{\"ledgerId\":\"mine\",\"runId\":\"run\","
        "\"try\":1,\"vector\":{\"devices\":1}}}"}) {
    EXPECT_TRUE(HasSetting(got, setting)) << setting;
  }
  EXPECT_TRUE(HasSetting(got, "spark.latecomer.into=file://" + output_.path()));
}

TEST_F(SparkStepTest, TheJobIsToldItsPartitionVersionsAndToken) {
  Submit("env >\"$LATECOMER_ATTEMPT_FOLDER/environment\"\nexit 3\n");
  EXPECT_EQ(Run().exit_code, 3);
  const nlohmann::json job = Job();
  EXPECT_EQ(job["format"], 1);
  EXPECT_EQ(job["run"], (nlohmann::json{{"id", "run"}, {"kind", "scheduled"}, {"try", 1}}));
  EXPECT_EQ(job["partition"], (nlohmann::json{{"day", "2024-01-01"}}));
  EXPECT_EQ(job["token"], 5);
  EXPECT_EQ(job["sources"]["devices"], (nlohmann::json{{"table", "file://" + devices_.path()},
                                                       {"version", 1},
                                                       {"where", "`day` = CAST('2024-01-01' AS DATE)"}}));
  EXPECT_EQ(job["output"]["partition"][0], (nlohmann::json{{"name", "day"},
                                                           {"type", "DATE"},
                                                           {"condition", "`day` = CAST('2024-01-01' AS DATE)"},
                                                           {"value", "2024-01-01"}}));
  const std::string environment = ReadAll(folder_ / "work/1/environment");
  EXPECT_NE(environment.find("LATECOMER_TXN_VERSION=5\n"), std::string::npos);
  EXPECT_NE(environment.find("LATECOMER_JOB=" + (folder_ / "work/1/job.json\n")), std::string::npos);
  EXPECT_NE(environment.find("PYTHONPATH=" + (folder_ / "work/1/python")), std::string::npos);
  EXPECT_NE(ReadAll(folder_ / "work/1/python/latecomer.py").find("def job("), std::string::npos);
}

TEST_F(SparkStepTest, AFolderWherePythonFindsNoModules) {
  Submit("exit 3\n");
  AttemptSpec spec = Spec();
  spec.folder = folder_ / "at 05:00/1";
  const auto handle = executor_.Start(spec);
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(handle.error().message.find("colon"), std::string::npos);
}

TEST_F(SparkStepTest, SourcesThatAreReadWhole) {
  work_.sources.front().mapped = [](const PartitionKey&) { return true; };
  Submit("exit 3\n");
  Run();
  EXPECT_EQ(Job()["sources"]["devices"]["where"], "true");
  work_.sources.front().newest_by = [](const PartitionKey& key) { return key.value(0).AsCivil(); };
  Run();
  EXPECT_EQ(Job()["sources"]["devices"]["where"], "`day` = CAST('2024-01-02' AS DATE)");
  work_.sources.front().newest_by = nullptr;
  work_.sources.front().mapped = [](const PartitionKey&) { return false; };
  Run();
  EXPECT_EQ(Job()["sources"]["devices"]["where"], "false");
}

TEST_F(SparkStepTest, AQueryIsRunByTheRunner) {
  work_.kind = SparkWork::Kind::kSql;
  work_.query = "SELECT 1 -- 'ä'\n";
  work_.time_zone = "Europe/Berlin";
  const std::vector<std::string> got = Arguments();
  ASSERT_GE(got.size(), 2U);
  EXPECT_EQ(got[got.size() - 2], folder_ / "work/1/python/run_sql.py");
  EXPECT_EQ(ReadAll(got.back()), work_.query);
  EXPECT_NE(ReadAll(got[got.size() - 2]).find("import latecomer"), std::string::npos);
  EXPECT_TRUE(HasSetting(got, "spark.sql.session.timeZone=Europe/Berlin"));
  work_.conf["spark.sql.session.timeZone"] = "UTC";
  std::filesystem::remove(folder_ / "work/1/arguments");
  EXPECT_TRUE(HasSetting(Arguments(), "spark.sql.session.timeZone=UTC")) << "the step's own word counts";
}

TEST_F(SparkStepTest, WhatIsTooLongForAnArgumentStandsInTheFile) {
  work_.values["partition.day"] = std::string(40000, 'x');
  const std::vector<std::string> got = Arguments();
  EXPECT_TRUE(std::ranges::none_of(got, [](const auto& one) { return one.starts_with("spark.latecomer.partition"); }));
}

TEST_F(SparkStepTest, TheJobsCommitIsFound) {
  SubmitThatCommits({SparkInfoLine("mine", "run"), TxnLine(5)});
  const AttemptStatus status = Run();
  EXPECT_EQ(status.phase, Phase::kSucceeded) << status.message;
  ASSERT_TRUE(status.written);
  EXPECT_EQ(status.written->version, Version{1});
  EXPECT_EQ(status.written->rows, 12);
  EXPECT_EQ(status.written->bytes, 345);
  EXPECT_NE(Log().find("version 1"), std::string::npos);
}

TEST_F(SparkStepTest, AJobWithItsOwnMetadataIsBelievedByItsToken) {
  SubmitThatCommits({CommitInfoLine(1, "WRITE"), TxnLine(5)});
  EXPECT_EQ(Run().phase, Phase::kSucceeded);
}

TEST_F(SparkStepTest, AJobThatWroteNothingHasFailed) {
  Submit("exit 0\n");
  const AttemptStatus status = Run();
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_NE(status.message.find("its commit (txn latecomer/p/day=2024-01-01/s, version 5) is not in its output"),
            std::string::npos)
      << status.message;
  EXPECT_NE(Log().find("txnAppId"), std::string::npos) << "what to do";
}

TEST_F(SparkStepTest, WithoutADeclaredOutputTheEndIsBelieved) {
  work_.into.clear();
  Submit("[ -z \"$LATECOMER_INTO\" ]\n");
  const AttemptStatus status = Run();
  EXPECT_EQ(status.phase, Phase::kSucceeded) << status.message;
  EXPECT_FALSE(status.written);
  EXPECT_TRUE(Job()["output"].is_null());
}

TEST_F(SparkStepTest, AnOutputThatIsNoTableYet) {
  work_.into = folder_ / "new";
  Submit("exit 0\n");
  EXPECT_NE(Run().message.find("is not in its output"), std::string::npos);
}

TEST_F(SparkStepTest, AWriteThatSparkLeftOutIsNoticed) {
  // Another claim's commit came first; the job's own write, with an older version, was skipped without an error.
  SubmitThatCommits({SparkInfoLine("mine", "other"), TxnLine(6)});
  const AttemptStatus status = Run();
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_NE(status.message.find("a newer claim wrote this partition (version 6)"), std::string::npos) << status.message;
}

TEST_F(SparkStepTest, AnEqualTokenAloneIsNoProof) {
  SubmitThatCommits({SparkInfoLine("mine", "other"), TxnLine(5)});
  const AttemptStatus status = Run();
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_NE(status.message.find("another write used the job's transaction"), std::string::npos) << status.message;
}

TEST_F(SparkStepTest, AnOldTokenStartsNothing) {
  output_.Commit({SparkInfoLine("mine", "other"), TxnLine(6)});
  Submit("touch '" + (folder_ / "started") + "'\n");
  EXPECT_NE(Refused().find("a newer claim wrote this partition: its token is 6, this one's 5"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "started"));
}

TEST_F(SparkStepTest, AnotherLedgersOutputIsLeftAlone) {
  output_.Commit({SparkInfoLine("theirs", "other"), TxnLine(4)});
  Submit("exit 0\n");
  EXPECT_NE(Refused().find("written for another ledger, theirs, in version 1"), std::string::npos);
  work_.transaction.predecessors = {"theirs"};
  EXPECT_EQ(Refused(), "started") << "taken over";
}

TEST_F(SparkStepTest, AFailedJobNamesItsError) {
  Submit(
      "echo 'Traceback (most recent call last):'\n"
      "echo '  File \"job.py\", line 3, in <module>'\n"
      "echo 'pyspark.errors.exceptions.captured.AnalysisException: [TABLE_OR_VIEW_NOT_FOUND] no `t`'\n"
      "echo '26/01/01 INFO ShutdownHookManager: Shutdown hook called'\nexit 1\n");
  const AttemptStatus status = Run();
  EXPECT_EQ(status.exit_code, 1);
  EXPECT_EQ(status.message,
            "exit code 1: pyspark.errors.exceptions.captured.AnalysisException: [TABLE_OR_VIEW_NOT_FOUND] no `t`");
}

TEST(ExplainSparkFailure, FindsTheLineThatMatters) {
  EXPECT_EQ(ExplainSparkFailure("Exception in thread \"main\" java.lang.NoClassDefFoundError: x/Y\n\tat a.b(C:1)\n"),
            "java.lang.NoClassDefFoundError: x/Y");
  EXPECT_EQ(ExplainSparkFailure("ValueError\n"), "ValueError");
  EXPECT_EQ(ExplainSparkFailure("26/01/01 WARN a.SomeException handled: yes\n"), "");
  EXPECT_EQ(ExplainSparkFailure(""), "");
  EXPECT_EQ(ExplainSparkFailure("XError: " + std::string(1000, 'x')).size(), 403U);
}

TEST_F(SparkStepTest, CancelEndsTheWholeGroup) {
  Submit("sleep 1000 &\necho $! >'" + (folder_ / "child.new") + "'\nmv '" + (folder_ / "child.new") + "' '" +
         (folder_ / "child") + "'\nwait\n");
  const auto handle = executor_.Start(Spec());
  ASSERT_TRUE(handle) << handle.error().ToString();
  while (!std::filesystem::exists(folder_ / "child")) executor_.Wait(std::chrono::milliseconds(5));
  const pid_t group = std::stoi(*handle);
  ASSERT_EQ(LiveGroupMembers(group).size(), 2U) << "spark-submit, and what it started";
  ASSERT_TRUE(executor_.Cancel(*handle, std::chrono::seconds(5)));
  const AttemptStatus status = Finish(executor_, *handle);
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(status.message, "cancelled");
  EXPECT_TRUE(LiveGroupMembers(group).empty());
}

TEST_F(SparkStepTest, WhereSparkSubmitIsLookedFor) {
  Submit("exit 0\n");
  const std::string program = folder_ / "spark/bin/spark-submit";
  EXPECT_EQ(*FindSparkSubmit(folder_ / "spark", {{"SPARK_HOME", "/nowhere"}}), program);
  EXPECT_EQ(*FindSparkSubmit("", {{"SPARK_HOME", folder_ / "spark"}, {"PATH", "/nowhere"}}), program);
  EXPECT_EQ(*FindSparkSubmit("", {{"SPARK_HOME", ""}, {"PATH", "relative:" + (folder_ / "spark/bin")}}), program);
  const auto none = FindSparkSubmit("", {{"SPARK_HOME", ""}, {"PATH", "/nowhere"}});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().hint.find("SPARK_HOME"), std::string::npos);
  const auto wrong = FindSparkSubmit("/nowhere", {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().ToString(), "/nowhere: spark_home names a folder without bin/spark-submit");
}

}  // namespace
}  // namespace latecomer::executor
