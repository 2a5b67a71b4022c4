// DAG runs as jobs outside, against a server that plays Airflow.
#include "executor/airflow_job.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "executor/executor_test_support.h"
#include "testing/http_server.h"

namespace latecomer::executor {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::ServedAnswer;
using testing::ServedRequest;

ServedAnswer Json(int status, const json& body) {
  return {.status = status, .body = body.dump(), .headers = {{"Content-Type", "application/json"}}};
}

// The runs of one DAG, `build`, and what their tasks are; outlives the jobs.
class PlayedAirflow {
 public:
  std::string url() const { return server_.url(); }

  json Conf(const std::string& run) {
    const std::lock_guard lock(mutex_);
    return runs_.at(run).conf;
  }
  std::size_t Runs() {
    const std::lock_guard lock(mutex_);
    return runs_.size();
  }
  void SetAll(const std::string& state) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, run] : runs_) run.state = state;
  }
  void Delete() {
    const std::lock_guard lock(mutex_);
    runs_.clear();
  }
  void SetTasks(json tasks) {
    const std::lock_guard lock(mutex_);
    tasks_ = std::move(tasks);
  }
  // The next request of this method is answered so, without effect.
  void Refuse(const std::string& method, int status) {
    const std::lock_guard lock(mutex_);
    refusals_.emplace_back(method, status);
  }
  // What the next requests for a run ask is done, and the answers are lost.
  void LoseAnswers(int count) {
    const std::lock_guard lock(mutex_);
    answers_to_lose_ = count;
  }
  int Patches() {
    const std::lock_guard lock(mutex_);
    return patches_;
  }
  std::string State() {
    const std::lock_guard lock(mutex_);
    return runs_.begin()->second.state;
  }
  std::atomic<bool> paused{false};

 private:
  struct Run {
    std::string state = "queued";
    json conf;
  };

  ServedAnswer Answer(const ServedRequest& request) {
    const std::lock_guard lock(mutex_);
    if (request.target == "/auth/token") return Json(201, {{"access_token", "t"}});
    const auto refusal = std::ranges::find(refusals_, request.method, &std::pair<std::string, int>::first);
    if (refusal != refusals_.end()) {
      const int status = refusal->second;
      refusals_.erase(refusal);
      return Json(status, {{"detail", "refused"}});
    }
    const std::string base = "/api/v2/dags/build";
    if (request.target == base) return Json(200, {{"is_paused", paused.load()}});
    if (!request.target.starts_with(base + "/dagRuns")) return Json(404, {{"detail", "no such DAG"}});
    if (request.method == "POST") return Trigger(json::parse(request.body));
    return OfRun(request, request.target.substr((base + "/dagRuns/").size()));
  }

  ServedAnswer Trigger(const json& body) {
    const std::string id = body.at("dag_run_id");
    const bool made = runs_.emplace(id, Run{"queued", body.at("conf")}).second;
    if (answers_to_lose_ > 0) {
      --answers_to_lose_;
      return testing::Dropped();
    }
    if (!made) return Json(409, {{"detail", "there is one"}});
    return Json(200, {{"dag_run_id", id}, {"state", "queued"}});
  }

  ServedAnswer OfRun(const ServedRequest& request, const std::string& rest) {
    const std::string id = rest.substr(0, rest.find_first_of("/?"));
    const auto run = runs_.find(id);
    if (run == runs_.end()) return Json(404, {{"detail", "no such run"}});
    if (rest.find("/logs/") != std::string::npos) {
      return Json(200, {{"content", {{{"event", "begins"}}, {{"event", "no space left"}}}}});
    }
    if (rest.find("/taskInstances") != std::string::npos) return Json(200, {{"task_instances", tasks_}});
    if (request.method == "PATCH") {
      ++patches_;
      run->second.state = json::parse(request.body).at("state");
    }
    return Json(200, {{"dag_run_id", id}, {"state", run->second.state}});
  }

  std::mutex mutex_;
  std::map<std::string, Run> runs_;
  json tasks_ = json::array();
  std::vector<std::pair<std::string, int>> refusals_;
  int answers_to_lose_ = 0;
  int patches_ = 0;
  testing::TestServer server_{[this](const ServedRequest& request) { return Answer(request); }};
};

class AirflowJobTest : public ::testing::Test {
 protected:
  AttemptSpec Spec(int number = 1) {
    AttemptSpec spec;
    spec.name = {.ledger_id = "l",
                 .pipeline = "p",
                 .run_id = "scheduled_2024-01-01",
                 .try_number = 2,
                 .step = "build",
                 .number = number,
                 .started = Instant{}};
    spec.folder = folder_ / "work";
    AirflowWork work;
    work.dag = "build";
    work.place = {.url = airflow_.url(), .user = "latecomer", .password = {.variable = "LATECOMER_PASSWORD"}};
    work.conf = {{"mode", "full"}};
    work.values = {{"pipeline", "p"}, {"step", "build"}};
    work.transaction = {.app_id = "",
                        .version = 7,
                        .ledger_id = "l",
                        .run_id = "scheduled_2024-01-01",
                        .try_number = 2,
                        .vector = {},
                        .predecessors = {}};
    spec.work = std::move(work);
    return spec;
  }
  std::unique_ptr<OutsideJob> Job(int number = 1) {
    auto job = system_.Make(Spec(number));
    EXPECT_TRUE(job) << job.error().ToString();
    return std::move(*job);
  }
  // As it is once something else is seen than before.
  OutsideState Look(OutsideJob& job) {
    for (;;) {
      const auto state = job.Look(milliseconds(50), log_, never_);
      if (!state) ADD_FAILURE() << state.error().ToString();
      if (!state || state->message != last_ || state->phase != Phase::kRunning) {
        last_ = state ? state->message : "";
        return state.value_or(OutsideState{});
      }
    }
  }
  std::string Log() { return ReadAll(folder_ / "log"); }

  TemporaryFolder folder_;
  AttemptLog log_{folder_ / "log"};
  http::Interrupt never_;
  std::string last_ = "nothing yet";
  PlayedAirflow airflow_;
  NoTables tables_;
  AirflowSystem system_{tables_,
                        [](const std::string& name) -> std::optional<std::string> {
                          return name == "LATECOMER_PASSWORD" ? std::optional<std::string>("s3cret") : std::nullopt;
                        },
                        {.first = milliseconds(1), .longest = milliseconds(4)}};
};

TEST(DagRunId, FollowsFromTheAttemptAndIsWhatAirflowAllows) {
  const AttemptName name{.ledger_id = "l",
                         .pipeline = "p",
                         .run_id = "manual_Zürich/x y%\n",
                         .try_number = 1,
                         .step = "s",
                         .number = 3,
                         .started = Instant{}};
  EXPECT_EQ(DagRunIdOf(name), DagRunIdOf(name));
  EXPECT_TRUE(DagRunIdOf(name).starts_with("latecomer__manual_Z--rich-x-y--__s__1.3__")) << DagRunIdOf(name);
  std::set<std::string> ids{DagRunIdOf(name)};
  std::vector<AttemptName> others(7, name);
  others[0].ledger_id = "m";
  others[1].pipeline = "q";
  others[2].run_id = "manual_Zürich/x y%\r";
  others[3].try_number = 2;
  others[4].step = "t";
  others[5].number = 4;
  others[6].started += Duration(1);
  for (const AttemptName& other : others) EXPECT_TRUE(ids.insert(DagRunIdOf(other)).second);
  AttemptName longest = name;
  longest.run_id = std::string(5000, 'x');
  longest.step = std::string(100, 's');
  EXPECT_LE(DagRunIdOf(longest).size(), 250u);
}

TEST_F(AirflowJobTest, MakingItAgainFindsIt) {
  const auto job = Job();
  ASSERT_TRUE(job->Create());
  ASSERT_TRUE(job->Create());
  ASSERT_TRUE(Job()->Create());  // another process
  EXPECT_EQ(airflow_.Runs(), 1u);
  const json conf = airflow_.Conf(DagRunIdOf(Spec().name));
  EXPECT_EQ(conf.at("mode"), "full");
  EXPECT_EQ(conf.at("latecomer").at("token"), 7);
  EXPECT_EQ(conf.at("latecomer").at("run").at("id"), "scheduled_2024-01-01");
  ASSERT_TRUE(Job(2)->Create());
  EXPECT_EQ(airflow_.Runs(), 2u);
}

TEST_F(AirflowJobTest, AnAnswerThatWasLostIsAskedForAgain) {
  airflow_.LoseAnswers(3);
  const auto job = Job();
  int lost = 0;
  for (Status made = job->Create(); !made; made = job->Create()) {
    EXPECT_EQ(made.error().kind, ErrorKind::kUnknownOutcome);
    ++lost;
  }
  EXPECT_GT(lost, 0);
  EXPECT_EQ(airflow_.Runs(), 1u);
}

TEST_F(AirflowJobTest, WhatCanNotBeMade) {
  AttemptSpec spec = Spec();
  std::get<AirflowWork>(spec.work).dag = "other";
  const Error unknown = system_.Make(spec).value()->Create().error();
  EXPECT_EQ(unknown.kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(unknown.message.find("no DAG other"), std::string::npos);
  for (const auto& [status, kind] : std::map<int, ErrorKind>{{400, ErrorKind::kInvalidArgument},
                                                             {403, ErrorKind::kPermission},
                                                             {422, ErrorKind::kInvalidArgument},
                                                             {503, ErrorKind::kUnknownOutcome}}) {
    airflow_.Refuse("POST", status);
    EXPECT_EQ(Job()->Create().error().kind, kind) << status;
  }
  EXPECT_EQ(airflow_.Runs(), 0u);
}

TEST_F(AirflowJobTest, FollowedToItsGoodEnd) {
  const auto job = Job();
  ASSERT_TRUE(job->Create());
  EXPECT_EQ(Look(*job).message, "queued in Airflow");
  airflow_.paused = true;
  EXPECT_EQ(Look(*job).message, "queued, and the DAG is paused in Airflow");
  airflow_.SetTasks({{{"task_id", "work"}, {"map_index", 0}, {"state", "running"}},
                     {{"task_id", "work"}, {"map_index", 1}, {"state", "success"}},
                     {{"task_id", "after"}, {"state", nullptr}}});
  airflow_.SetAll("running");
  EXPECT_EQ(Look(*job).message, "1 of 3 tasks over; at work: work[0]");
  airflow_.SetAll("success");
  EXPECT_EQ(Look(*job).phase, Phase::kSucceeded);
  EXPECT_NE(Log().find(airflow_.url() + "/dags/build/runs/latecomer__"), std::string::npos) << Log();
  EXPECT_NE(Log().find("work[0]: running"), std::string::npos);
}

TEST_F(AirflowJobTest, AFailureSaysWhichTasksAndWhy) {
  const auto job = Job();
  ASSERT_TRUE(job->Create());
  json tasks = json::array();
  for (int i = 0; i < 5; ++i)
    tasks.push_back({{"task_id", "work"}, {"map_index", i}, {"try_number", 1}, {"state", "failed"}});
  tasks.push_back({{"task_id", "after"}, {"state", "upstream_failed"}});
  airflow_.SetTasks(tasks);
  airflow_.SetAll("failed");
  const OutsideState failed = Look(*job);
  EXPECT_EQ(failed.phase, Phase::kFailed);
  EXPECT_EQ(failed.message,
            "5 tasks failed in Airflow: work[0] (no space left), work[1] (no space left), work[2] (no space left)");
  EXPECT_NE(Log().find("begins\nno space left"), std::string::npos) << Log();
}

TEST_F(AirflowJobTest, AFailureOfNoTask) {
  const auto job = Job();
  ASSERT_TRUE(job->Create());
  airflow_.SetAll("failed");
  EXPECT_NE(Look(*job).message.find("none of its tasks"), std::string::npos);
}

TEST_F(AirflowJobTest, ARunThatSomebodyDeletedHasFailed) {
  const auto job = Job();
  ASSERT_TRUE(job->Create());
  Look(*job);
  airflow_.Delete();
  const OutsideState gone = Look(*job);
  EXPECT_EQ(gone.phase, Phase::kFailed);
  EXPECT_NE(gone.message.find("deleted it"), std::string::npos);
}

// A sign-in that ran out says nothing about the run, which goes on.
TEST_F(AirflowJobTest, WhatCanNotBeAskedIsAskedAgain) {
  const auto job = Job();
  ASSERT_TRUE(job->Create());
  for (const int status : {401, 403, 500, 502, 429}) {
    airflow_.Refuse("GET", status);
    const auto state = job->Look(milliseconds(50), log_, never_);
    ASSERT_FALSE(state) << status;
    EXPECT_EQ(state.error().kind, ErrorKind::kIo) << status;
  }
  EXPECT_EQ(Look(*job).message, "queued in Airflow");
}

TEST_F(AirflowJobTest, ItIsEndedByWhoeverFindsIt) {
  const auto job = Job();
  ASSERT_TRUE(job->Create());
  airflow_.SetAll("running");
  const std::string identity = job->Identity();
  EXPECT_EQ(identity.find("s3cret"), std::string::npos);
  const auto found = system_.Find(identity);
  ASSERT_TRUE(found);
  EXPECT_FALSE((*found)->End().value());
  EXPECT_EQ(airflow_.State(), "failed");
  EXPECT_TRUE((*found)->End().value());
  EXPECT_EQ(airflow_.Patches(), 1);
  EXPECT_FALSE(system_.Find("{}"));
  EXPECT_FALSE(system_.Find("no json"));
}

TEST_F(AirflowJobTest, WhatHasEndedStaysAsItIs) {
  const auto job = Job();
  EXPECT_TRUE(job->End().value()) << "it was never made";
  ASSERT_TRUE(job->Create());
  airflow_.SetAll("success");
  EXPECT_TRUE(job->End().value());
  EXPECT_EQ(airflow_.State(), "success");
  EXPECT_EQ(airflow_.Patches(), 0);
}

TEST_F(AirflowJobTest, AnEndThatCanNotBeAskedForIsAnError) {
  const auto job = Job();
  ASSERT_TRUE(job->Create());
  airflow_.Refuse("PATCH", 503);
  EXPECT_FALSE(job->End());
  EXPECT_FALSE(job->End().value());
  EXPECT_TRUE(job->End().value());
}

}  // namespace
}  // namespace latecomer::executor
