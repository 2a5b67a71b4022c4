// The watch over jobs outside, with a system whose jobs do what a test says.
#include "executor/outside_jobs.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "executor/executor_test_support.h"
#include "executor/local_executor.h"

namespace latecomer::executor {
namespace {

// What a test decides and sees; outlives the jobs and the objects that watch them, as a cluster would.
struct Cluster {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> jobs;      // that exist
  int made = 0;                    // how often one was created and not found
  std::deque<Error> create_fails;  // the next calls
  std::deque<Error> look_fails;
  std::deque<Error> end_fails;
  OutsideState state;    // of every job
  int still_ending = 0;  // how often End says "not yet"

  void Set(OutsideState next) {
    const std::lock_guard lock(mutex);
    state = std::move(next);
    changed.notify_all();
  }
  bool Has(const std::string& name) {
    const std::lock_guard lock(mutex);
    return jobs.contains(name);
  }
  void WaitForJobs(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return jobs.size() == count; });
  }
};

std::optional<Error> Next(std::deque<Error>& errors) {
  if (errors.empty()) return std::nullopt;
  Error error = errors.front();
  errors.pop_front();
  return error;
}

class FakeJob final : public OutsideJob {
 public:
  FakeJob(std::shared_ptr<Cluster> cluster, std::string name) : cluster_(std::move(cluster)), name_(std::move(name)) {}
  std::string Describe() const override { return "job " + name_; }
  std::string Identity() const override { return nlohmann::json{{"name", name_}}.dump(); }
  Status Create() override {
    const std::lock_guard lock(cluster_->mutex);
    if (auto error = Next(cluster_->create_fails)) return Fail(*error);
    cluster_->made += cluster_->jobs.insert(name_).second ? 1 : 0;
    cluster_->changed.notify_all();
    return {};
  }
  Result<OutsideState> Look(Duration, const AttemptLog& log, const http::Interrupt& interrupt) override {
    std::unique_lock lock(cluster_->mutex);
    if (auto error = Next(cluster_->look_fails)) return Fail(*error);
    if (cluster_->state.phase == Phase::kRunning) {
      lock.unlock();
      interrupt.WaitFor(std::chrono::milliseconds(2));
      lock.lock();
    }
    if (cluster_->state.phase != Phase::kRunning) log.Append("what it printed\n");
    return cluster_->state;
  }
  Result<bool> End() override {
    const std::lock_guard lock(cluster_->mutex);
    if (auto error = Next(cluster_->end_fails)) return Fail(*error);
    if (cluster_->still_ending-- > 0) return false;
    cluster_->jobs.erase(name_);
    cluster_->changed.notify_all();
    return true;
  }

 private:
  std::shared_ptr<Cluster> cluster_;
  std::string name_;
};

// Takes commands named "outside" for its own.
class FakeSystem final : public OutsideSystem {
 public:
  explicit FakeSystem(std::shared_ptr<Cluster> cluster) : cluster_(std::move(cluster)) {}
  std::string_view name() const override { return "fake"; }
  bool Runs(const AttemptSpec& spec) const override {
    const auto* command = std::get_if<CommandWork>(&spec.work);
    return command != nullptr && command->argv.front() == "outside";
  }
  Result<std::unique_ptr<OutsideJob>> Make(const AttemptSpec& spec) override {
    return std::make_unique<FakeJob>(cluster_, spec.name.run_id);
  }
  Result<std::unique_ptr<OutsideJob>> Find(const std::string& identity) override {
    return std::make_unique<FakeJob>(cluster_, nlohmann::json::parse(identity).at("name").get<std::string>());
  }

 private:
  std::shared_ptr<Cluster> cluster_;
};

constexpr OutsidePatience kShort{.look = std::chrono::milliseconds(10),
                                 .first_pause = std::chrono::milliseconds(1),
                                 .longest_pause = std::chrono::milliseconds(2),
                                 .end_pause = std::chrono::milliseconds(1),
                                 .refused = std::chrono::milliseconds(15),
                                 .cancel = std::chrono::milliseconds(20),
                                 .ensure = std::chrono::milliseconds(20)};

class OutsideJobsTest : public ::testing::Test {
 protected:
  AttemptSpec Spec(const std::string& name) const {
    AttemptSpec spec = AttemptIn(folder_, {"outside"}, name);
    spec.name.run_id = name;
    return spec;
  }
  std::unique_ptr<LocalExecutor> Executor() {
    return std::make_unique<LocalExecutor>(
        "/nowhere/bin/latecomer", tables_,
        std::vector<std::shared_ptr<OutsideSystem>>{std::make_shared<FakeSystem>(cluster_)}, kShort);
  }
  // Waits until the running attempt shows a text that contains this.
  static std::string WaitUntilShown(LocalExecutor& executor, const std::string& handle, const std::string& text) {
    while (true) {
      const auto status = executor.Poll(handle);
      if (!status || status->phase != Phase::kRunning) {
        ADD_FAILURE() << "it has ended: " << (status ? status->message : status.error().ToString());
        return "";
      }
      if (status->outside.find(text) != std::string::npos) return status->outside;
      executor.Wait(std::chrono::seconds(10));
    }
  }

  TemporaryFolder folder_;
  NoTables tables_;
  std::shared_ptr<Cluster> cluster_ = std::make_shared<Cluster>();
};

TEST_F(OutsideJobsTest, AJobIsCreatedWatchedAndItsEndToldOnce) {
  const auto executor = Executor();
  cluster_->Set({.message = "waits for a node"});
  const auto handle = executor->Start(Spec("a"));
  ASSERT_TRUE(handle);
  EXPECT_EQ(WaitUntilShown(*executor, *handle, "node"), "job a: waits for a node");
  cluster_->Set({.phase = Phase::kSucceeded});
  const AttemptStatus status = Finish(*executor, *handle);
  EXPECT_EQ(status.phase, Phase::kSucceeded);
  EXPECT_EQ(ReadAll(Spec("a").log), "what it printed\n");
  EXPECT_EQ(executor->Poll(*handle)->phase, Phase::kSucceeded);  // asked again
}

TEST_F(OutsideJobsTest, AFailureIsToldWithItsCode) {
  const auto executor = Executor();
  cluster_->Set({.phase = Phase::kFailed, .exit_code = 137, .message = "out of memory"});
  const AttemptStatus status = RunToEnd(*executor, Spec("a"));
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(status.exit_code, 137);
  EXPECT_EQ(status.message, "out of memory");
}

TEST_F(OutsideJobsTest, WhatCanNeverBeCreatedFailsAtOnceAndIsInTheLog) {
  const auto executor = Executor();
  cluster_->create_fails = {Error(ErrorKind::kPermission, "may not create jobs").Hint("give it the right")};
  const AttemptStatus status = RunToEnd(*executor, Spec("a"));
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(status.message, "may not create jobs");
  EXPECT_EQ(ReadAll(Spec("a").log), "latecomer: may not create jobs; give it the right\n");
  EXPECT_FALSE(cluster_->Has("a"));
}

TEST_F(OutsideJobsTest, WhatMayHaveBeenCreatedIsCreatedAgainUnderItsName) {
  const auto executor = Executor();
  cluster_->create_fails = {Error(ErrorKind::kUnknownOutcome, "no answer"), Error(ErrorKind::kIo, "unreachable")};
  cluster_->Set({.phase = Phase::kSucceeded});
  EXPECT_EQ(RunToEnd(*executor, Spec("a")).phase, Phase::kSucceeded);
  EXPECT_EQ(cluster_->made, 1);
}

// A server that can't be reached says nothing about the job.
TEST_F(OutsideJobsTest, AJobThatCantBeAskedAfterGoesOn) {
  const auto executor = Executor();
  cluster_->look_fails = {Error(ErrorKind::kIo, "unreachable"), Error(ErrorKind::kIo, "unreachable")};
  const auto handle = executor->Start(Spec("a"));
  ASSERT_TRUE(handle);
  WaitUntilShown(*executor, *handle, "unreachable");
  EXPECT_EQ(WaitUntilShown(*executor, *handle, "job a"), "job a");
  cluster_->Set({.phase = Phase::kSucceeded});
  EXPECT_EQ(Finish(*executor, *handle).phase, Phase::kSucceeded);
}

// An API server that has just begun refuses what it will grant a moment later.
TEST_F(OutsideJobsTest, ARefusalThatPassesEndsNoJob) {
  const auto executor = Executor();
  cluster_->look_fails = {Error(ErrorKind::kPermission, "may not watch jobs"),
                          Error(ErrorKind::kPermission, "not yet")};
  const auto handle = executor->Start(Spec("a"));
  ASSERT_TRUE(handle);
  cluster_->Set({.phase = Phase::kSucceeded});
  EXPECT_EQ(Finish(*executor, *handle).phase, Phase::kSucceeded);
}

// The next attempt mustn't begin beside it.
TEST_F(OutsideJobsTest, WhatMayNotBeWatchedIsEndedBeforeItCountsAsFailed) {
  const auto executor = Executor();
  cluster_->look_fails = std::deque<Error>(10000, Error(ErrorKind::kPermission, "may not watch jobs"));
  cluster_->end_fails = {Error(ErrorKind::kIo, "unreachable")};
  cluster_->still_ending = 3;
  const AttemptStatus status = RunToEnd(*executor, Spec("a"));
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(status.message, "may not watch jobs");
  EXPECT_FALSE(cluster_->Has("a"));
}

TEST_F(OutsideJobsTest, ATimeoutEndsTheJobFirst) {
  const auto executor = Executor();
  AttemptSpec spec = Spec("a");
  spec.timeout = std::chrono::milliseconds(30);
  cluster_->still_ending = 2;
  const AttemptStatus status = RunToEnd(*executor, spec);
  EXPECT_EQ(status.message, "timed out after 30ms");
  EXPECT_FALSE(cluster_->Has("a"));
}

TEST_F(OutsideJobsTest, TheTimeBeforeATakeoverCounts) {
  const auto executor = Executor();
  AttemptSpec spec = Spec("a");
  spec.timeout = std::chrono::hours(1);
  spec.started_before = std::chrono::hours(2);
  EXPECT_EQ(RunToEnd(*executor, spec).message, "timed out after 1h");
}

TEST_F(OutsideJobsTest, CancelEndsTheJob) {
  const auto executor = Executor();
  const auto handle = executor->Start(Spec("a"));
  ASSERT_TRUE(handle);
  cluster_->WaitForJobs(1);
  ASSERT_TRUE(executor->Cancel(*handle, std::chrono::seconds(5)));
  EXPECT_EQ(Finish(*executor, *handle).message, "cancelled");
  EXPECT_FALSE(cluster_->Has("a"));
}

TEST_F(OutsideJobsTest, WhatWasCancelledIsEndedBeforeTheProcessIs) {
  cluster_->still_ending = 3;
  {
    const auto executor = Executor();
    const auto handle = executor->Start(Spec("a"));
    ASSERT_TRUE(handle);
    cluster_->WaitForJobs(1);
    ASSERT_TRUE(executor->Cancel(*handle, std::chrono::seconds(5)));
  }
  EXPECT_FALSE(cluster_->Has("a"));
}

TEST_F(OutsideJobsTest, ACancelThatCantBeSeenToWorkEndsWithASayingSo) {
  const auto executor = Executor();
  const auto handle = executor->Start(Spec("a"));
  ASSERT_TRUE(handle);
  cluster_->WaitForJobs(1);
  {
    const std::lock_guard lock(cluster_->mutex);
    cluster_->end_fails = std::deque<Error>(10000, Error(ErrorKind::kIo, "unreachable"));
  }
  ASSERT_TRUE(executor->Cancel(*handle, std::chrono::seconds(5)));
  const AttemptStatus status = Finish(*executor, *handle);
  EXPECT_EQ(status.message, "cancelled; it may go on: unreachable");
  // The next attempt waits for what isn't known.
  const Status dead = executor->EnsureDead(Spec("a").folder);
  ASSERT_FALSE(dead);
  EXPECT_EQ(dead.error().kind, ErrorKind::kConflict);
}

TEST_F(OutsideJobsTest, AJobOutlivesItsWatcherAndIsFoundAgain) {
  EXPECT_TRUE(Executor()->Outlives(Spec("a")));
  EXPECT_FALSE(Executor()->Outlives(AttemptIn(folder_, {"true"})));
  {
    const auto executor = Executor();
    ASSERT_TRUE(executor->Start(Spec("a")));
    cluster_->WaitForJobs(1);
  }
  EXPECT_TRUE(cluster_->Has("a"));
  const auto executor = Executor();
  AttemptSpec spec = Spec("a");
  spec.started_before = std::chrono::seconds(1);
  cluster_->create_fails = {Error(ErrorKind::kIo, "not now")};
  const auto handle = executor->Start(spec);
  ASSERT_TRUE(handle);
  cluster_->Set({.phase = Phase::kSucceeded});
  EXPECT_EQ(Finish(*executor, *handle).phase, Phase::kSucceeded);
  EXPECT_EQ(cluster_->made, 1);
}

TEST_F(OutsideJobsTest, AJobThatCantBeGoneOnWithIsEndedFirst) {
  {
    const auto executor = Executor();
    ASSERT_TRUE(executor->Start(Spec("a")));
    cluster_->WaitForJobs(1);
  }
  const auto executor = Executor();
  AttemptSpec spec = Spec("a");
  spec.started_before = std::chrono::seconds(1);
  cluster_->create_fails = std::deque<Error>(10000, Error(ErrorKind::kPermission, "may not create jobs"));
  cluster_->still_ending = 2;
  EXPECT_EQ(RunToEnd(*executor, spec).message, "may not create jobs");
  EXPECT_FALSE(cluster_->Has("a"));
}

TEST_F(OutsideJobsTest, EnsureDeadOfALaterProcessEndsTheJobAndSaysWhenItHasNotYet) {
  {
    const auto executor = Executor();
    ASSERT_TRUE(executor->Start(Spec("a")));
    cluster_->WaitForJobs(1);
  }
  const auto executor = Executor();
  cluster_->still_ending = 10000;
  const Status waits = executor->EnsureDead(Spec("a").folder);
  ASSERT_FALSE(waits);
  EXPECT_EQ(waits.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(waits.error().message, "the end of job a");
  cluster_->still_ending = 1;
  EXPECT_TRUE(executor->EnsureDead(Spec("a").folder));
  EXPECT_FALSE(cluster_->Has("a"));
  EXPECT_TRUE(executor->EnsureDead(Spec("never started").folder));
}

TEST_F(OutsideJobsTest, EnsureDeadOfAnIdentityThatIsDamagedStartsNothing) {
  const auto executor = Executor();
  const AttemptSpec spec = Spec("a");
  std::filesystem::create_directories(spec.folder);
  for (const char* text : {"", "[]", "{\"system\":\"other\",\"job\":\"{}\"}", "{\"system\":1}"}) {
    WriteAll(spec.folder + "/outside.json", text);
    const Status dead = executor->EnsureDead(spec.folder);
    ASSERT_FALSE(dead) << text;
    EXPECT_EQ(dead.error().kind, ErrorKind::kConflict) << text;
  }
}

TEST_F(OutsideJobsTest, AReleasedJobGoesOn) {
  const auto executor = Executor();
  const auto handle = executor->Start(Spec("a"));
  ASSERT_TRUE(handle);
  cluster_->WaitForJobs(1);
  ASSERT_TRUE(executor->Release(*handle));
  EXPECT_TRUE(cluster_->Has("a"));
  EXPECT_FALSE(executor->Poll(*handle));
}

}  // namespace
}  // namespace latecomer::executor
