// Jobs against an API server that answers as a test says. The real one: script/test --services kubernetes.
#include "executor/kubernetes_job.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "executor/executor_test_support.h"
#include "testing/http_server.h"

namespace latecomer::executor {
namespace {

using nlohmann::json;
using testing::ServedAnswer;
using testing::ServedRequest;
using testing::TestServer;

// One namespace with at most one job and one pod.
class FakeApi {
 public:
  FakeApi() : server_([this](const ServedRequest& request) { return Answer(request); }) {}
  ~FakeApi() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }

  std::string url() const { return server_.url(); }

  // Everything from here on by the test, while others ask.
  void SetJob(std::optional<json> job) {
    Change([&] { Replace(job_, last_job_, std::move(job)); });
  }
  void SetPod(std::optional<json> pod) {
    Change([&] { Replace(pod_, last_pod_, std::move(pod)); });
  }
  void PatchJob(const json& status) {
    Change([&] { (*job_)["status"] = status; });
  }
  void Refuse(const std::string& what, int status) {
    Change([&] { refused_[what] = {status, -1}; });
  }
  void RefuseOnce(const std::string& what, int status) {
    Change([&] { refused_[what] = {status, 1}; });
  }
  // What is refused is answered once the test lets it.
  void HoldRefusals() {
    Change([&] { held_ = true; });
  }
  void LetRefusalsGo() {
    Change([&] {
      held_ = false;
      for (auto& [what, refusal] : refused_) refusal.left = 1;
    });
  }
  // The next watches begin with the word that their version is too old.
  void ForgetHistory() {
    Change([&] { ++gone_; });
  }
  std::optional<json> job() {
    const std::lock_guard lock(mutex_);
    return job_;
  }
  int Count(const std::string& method, const std::string& part) {
    int count = 0;
    for (const ServedRequest& request : server_.requests()) {
      count += request.method == method && request.target.find(part) != std::string::npos ? 1 : 0;
    }
    return count;
  }
  std::string log = "2024-01-01T10:00:00Z hello\n";

 private:
  template <typename Function>
  void Change(Function function) {
    const std::lock_guard lock(mutex_);
    function();
    ++version_;
    changed_.notify_all();
  }

  // What was there before is kept, for watches that haven't heard of its end.
  static void Replace(std::optional<json>& object, std::optional<json>& last, std::optional<json> next) {
    if (object) last = std::move(object);
    object = std::move(next);
  }

  static ServedAnswer Said(int status, const std::string& message) {
    return {.status = status, .body = json{{"kind", "Status"}, {"code", status}, {"message", message}}.dump()};
  }

  ServedAnswer Answer(const ServedRequest& request) {
    std::unique_lock lock(mutex_);
    const bool is_log = request.target.find("/log?") != std::string::npos;
    const bool is_watch = request.target.find("watch=1") != std::string::npos;
    const bool is_pods = request.target.find("/pods") != std::string::npos;
    const std::string resource = is_log ? "log" : is_pods ? "pods" : "jobs";
    const std::string verb = is_watch ? "watch" : request.method;
    if (const auto refused = refused_.find(verb + " " + resource); refused != refused_.end()) {
      changed_.wait(lock, [&] { return !held_ || ending_; });
      if (refused->second.left != 0) {
        if (refused->second.left > 0) --refused->second.left;
        return Said(refused->second.status, "cannot " + refused->first);
      }
    }
    if (is_log) return {.body = log};
    if (is_watch) return Watch(is_pods, request.target);
    if (request.method == "POST") return Post(request);
    if (request.method == "DELETE") return Delete();
    const bool is_list = request.target.find('?') != std::string::npos;
    if (!is_list) return job_ ? ServedAnswer{.body = job_->dump()} : Said(404, "not found");
    const std::optional<json>& one = is_pods ? pod_ : job_;
    const json items = one ? json::array({*one}) : json::array();
    return {.body = json{{"metadata", {{"resourceVersion", std::to_string(version_)}}}, {"items", items}}.dump()};
  }

  ServedAnswer Post(const ServedRequest& request) {
    if (job_) return Said(409, "already exists");
    job_ = json::parse(request.body);
    (*job_)["metadata"]["uid"] = "u1";
    ++version_;
    return {.status = 201, .body = job_->dump()};
  }

  ServedAnswer Delete() {
    if (!job_) return Said(404, "not found");
    Replace(job_, last_job_, std::nullopt);
    Replace(pod_, last_pod_, std::nullopt);
    ++version_;
    changed_.notify_all();
    return {.body = "{}"};
  }

  // Tells each change as the whole of the object.
  ServedAnswer Watch(bool pods, const std::string& target) {
    const int since = std::stoi(target.substr(target.rfind('=') + 1));  // resourceVersion comes last
    const bool gone = gone_ > 0;
    if (gone) --gone_;
    return {
        .stream = [this, pods, gone, seen = since,
                   last = since < version_ ? (pods ? last_pod_ : last_job_) : std::nullopt](const auto& send) mutable {
          if (gone) {
            send(json{{"type", "ERROR"}, {"object", {{"kind", "Status"}, {"code", 410}}}}.dump() + "\n");
            return;
          }
          for (bool listens = true; listens;) {
            std::unique_lock lock(mutex_);
            if (seen == version_ && (pods ? pod_ : job_)) last = pods ? pod_ : job_;
            changed_.wait(lock, [&] { return version_ != seen || ending_; });
            if (ending_) return;
            seen = version_;
            const std::optional<json>& one = pods ? pod_ : job_;
            std::string text;
            const std::string version = std::to_string(seen);
            if (one) {
              json object = *one;
              object["metadata"]["resourceVersion"] = version;
              text = json{{"type", "MODIFIED"}, {"object", object}}.dump() + "\n";
              last = object;
            } else if (last) {
              text = json{{"type", "DELETED"}, {"object", *last}}.dump() + "\n";
              last.reset();
            }
            lock.unlock();
            if (!text.empty()) listens = send(text);
          }
        }};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::optional<json> job_;
  std::optional<json> pod_;
  std::optional<json> last_job_;
  std::optional<json> last_pod_;
  struct Refusal {
    int status = 0;
    int left = 0;  // how many more times; -1: always
  };
  std::map<std::string, Refusal> refused_;
  bool held_ = false;
  int version_ = 1;
  int gone_ = 0;
  TestServer server_;
};

json PodWith(const char* phase, const char* state) {
  return {
      {"metadata", {{"name", "p"}, {"uid", "pu"}, {"labels", json::object()}}},
      {"spec", {{"nodeName", "n"}, {"containers", json::array({{{"name", "step"}}})}}},
      {"status",
       {{"phase", phase}, {"containerStatuses", json::array({{{"name", "step"}, {"state", json::parse(state)}}})}}}};
}

json Ended(const char* type) {
  return {{"conditions", json::array({{{"type", type}, {"status", "True"}, {"reason", "BackoffLimitExceeded"}}})}};
}

class KubernetesJobTest : public ::testing::Test {
 protected:
  KubernetesJobTest() {
    WriteAll(folder_ / "config",
             "current-context: c\ncontexts: [{name: c, context: {cluster: k, namespace: data}}]\n"
             "clusters: [{name: k, cluster: {server: '" +
                 api_.url() + "'}}]\n");
    spec_.name = {.ledger_id = "l", .pipeline = "p", .run_id = "r", .try_number = 1, .step = "s", .number = 1};
    spec_.folder = folder_.path();
    KubernetesWork work;
    work.kubeconfig = folder_ / "config";
    work.image = "x";
    spec_.work = work;
    system_ = std::make_unique<KubernetesSystem>(
        tables_, [](const std::string&) { return std::optional<std::string>(); }, "/nowhere");
  }
  std::unique_ptr<OutsideJob> Make() {
    auto job = system_->Make(spec_);
    if (!job) ADD_FAILURE() << job.error().ToString();
    return std::move(*job);
  }
  // Looks until it says something else.
  Result<OutsideState> LookUntil(OutsideJob& job, const std::string& said) {
    while (true) {
      auto state = job.Look(std::chrono::seconds(5), log_, never_);
      if (!state || state->phase != Phase::kRunning || state->message == said) return state;
    }
  }
  std::string Log() const { return ReadAll(folder_ / "log"); }

  TemporaryFolder folder_;
  NoTables tables_;
  FakeApi api_;
  AttemptSpec spec_;
  AttemptLog log_{folder_ / "log"};
  http::Interrupt never_;
  std::unique_ptr<KubernetesSystem> system_;
};

TEST_F(KubernetesJobTest, FromItsCreationToItsEnd) {
  const auto job = Make();
  EXPECT_TRUE(job->Describe().starts_with("job latecomer-p-s-")) << job->Describe();
  ASSERT_TRUE(job->Create());
  EXPECT_EQ(LookUntil(*job, "waits for its pod")->message, "waits for its pod");
  api_.SetPod(PodWith("Pending", R"({"waiting":{"reason":"ContainerCreating"}})"));
  EXPECT_EQ(LookUntil(*job, "its container is being created")->phase, Phase::kRunning);
  api_.SetPod(PodWith("Running", R"({"running":{}})"));
  EXPECT_EQ(LookUntil(*job, "runs on node n")->phase, Phase::kRunning);
  api_.SetPod(PodWith("Succeeded", R"({"terminated":{"exitCode":0}})"));
  api_.PatchJob(Ended("Complete"));
  const auto end = LookUntil(*job, "never");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::kSucceeded);
  EXPECT_EQ(Log(), "hello\n");
}

TEST_F(KubernetesJobTest, AFailureSaysWhatThePodKnows) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.SetPod(PodWith("Failed", R"({"terminated":{"exitCode":137,"reason":"OOMKilled"}})"));
  api_.PatchJob(Ended("Failed"));
  const auto end = LookUntil(*job, "never");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->exit_code, 137);
  EXPECT_EQ(end->message, "out of memory: the container was killed at its limit (OOMKilled)");
}

TEST_F(KubernetesJobTest, AFailureWithoutItsPodIsWhatTheJobKnows) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.PatchJob(Ended("Failed"));
  EXPECT_EQ(LookUntil(*job, "never")->message, "the job failed: BackoffLimitExceeded");
}

TEST_F(KubernetesJobTest, ASecondCreationFindsTheFirst) {
  ASSERT_TRUE(Make()->Create());
  ASSERT_TRUE(Make()->Create());
  EXPECT_EQ(api_.job()->at("metadata").at("uid"), "u1");
}

TEST_F(KubernetesJobTest, AJobOfThatNameThatIsNotOursIsLeftAlone) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  json other = *api_.job();
  other["metadata"]["labels"]["latecomer/attempt"] = "another";
  api_.SetJob(other);
  const Status created = job->Create();
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(created.error().message.find("isn't this attempt's"), std::string::npos);
}

TEST_F(KubernetesJobTest, AWatchWhoseVersionIsTooOldIsBegunAnew) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.ForgetHistory();
  api_.ForgetHistory();
  api_.SetPod(PodWith("Running", R"({"running":{}})"));
  EXPECT_EQ(LookUntil(*job, "runs on node n")->phase, Phase::kRunning);
  api_.SetPod(PodWith("Succeeded", R"({"terminated":{"exitCode":0}})"));
  api_.PatchJob(Ended("Complete"));
  EXPECT_EQ(LookUntil(*job, "never")->phase, Phase::kSucceeded);
}

TEST_F(KubernetesJobTest, AMissingRightIsAnErrorThatNamesIt) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.Refuse("watch pods", 403);
  const auto state = LookUntil(*job, "never");
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind, ErrorKind::kPermission);
  EXPECT_NE(state.error().message.find("cannot watch pods"), std::string::npos);
}

TEST_F(KubernetesJobTest, AServerInTroubleIsAskedAgain) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.Refuse("GET jobs", 503);
  const auto state = job->Look(std::chrono::seconds(5), log_, never_);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind, ErrorKind::kIo);
}

TEST_F(KubernetesJobTest, ALogThatMayNotBeReadIsSaidAndTheJobGoesOn) {
  api_.Refuse("GET log", 403);
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.SetPod(PodWith("Succeeded", R"({"terminated":{"exitCode":0}})"));
  api_.PatchJob(Ended("Complete"));
  EXPECT_EQ(LookUntil(*job, "never")->phase, Phase::kSucceeded);
  EXPECT_NE(Log().find("cannot GET log"), std::string::npos);
}

TEST_F(KubernetesJobTest, ALogThatWasRefusedOnceForItsTokenIsAskedForByTheNextOne) {
  api_.RefuseOnce("GET log", 401);
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.SetPod(PodWith("Succeeded", R"({"terminated":{"exitCode":0}})"));
  api_.PatchJob(Ended("Complete"));
  EXPECT_EQ(LookUntil(*job, "never")->phase, Phase::kSucceeded);
  EXPECT_EQ(Log(), "hello\n");
}

TEST_F(KubernetesJobTest, ALogThatIsRefusedForItsTokenAgainIsSaid) {
  api_.Refuse("GET log", 401);
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.SetPod(PodWith("Succeeded", R"({"terminated":{"exitCode":0}})"));
  api_.PatchJob(Ended("Complete"));
  EXPECT_EQ(LookUntil(*job, "never")->phase, Phase::kSucceeded);
  EXPECT_NE(Log().find("doesn't know who asks"), std::string::npos) << Log();
}

// Both watches end at the same moment, as when the server restarts: each is begun anew.
TEST_F(KubernetesJobTest, WatchesThatEndTogetherAreBegunAnewTogether) {
  api_.Refuse("watch jobs", 503);
  api_.Refuse("watch pods", 503);
  api_.HoldRefusals();
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  while (api_.Count("GET", "watch=1") < 2) (void)job->Look(std::chrono::milliseconds(10), log_, never_);
  api_.LetRefusalsGo();
  EXPECT_FALSE(job->Look(std::chrono::seconds(5), log_, never_)) << "they were refused";
  api_.SetPod(PodWith("Running", R"({"running":{}})"));
  constexpr int kEnough = 20;
  std::string said;
  for (int i = 0; i < kEnough && said != "runs on node n"; ++i) {
    const auto state = job->Look(std::chrono::seconds(1), log_, never_);
    if (state) said = state->message;
  }
  EXPECT_EQ(said, "runs on node n");
}

TEST_F(KubernetesJobTest, AJobThatSomebodyDeletedHasFailedOnceItsPodIsGone) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.SetPod(PodWith("Running", R"({"running":{}})"));
  LookUntil(*job, "runs on node n");
  api_.SetJob(std::nullopt);
  EXPECT_EQ(LookUntil(*job, "was deleted; waits for the end of its pod")->phase, Phase::kRunning);
  EXPECT_FALSE(*job->End());
  api_.SetPod(std::nullopt);
  const auto end = LookUntil(*job, "never");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->phase, Phase::kFailed);
  EXPECT_NE(end->message.find("was deleted by somebody else"), std::string::npos);
}

TEST_F(KubernetesJobTest, AFailedJobWhosePodStillRunsHasNotEnded) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  api_.SetPod(PodWith("Running", R"({"running":{}})"));
  api_.PatchJob(Ended("Failed"));
  EXPECT_EQ(LookUntil(*job, "has failed; waits for the end of its pod")->phase, Phase::kRunning);
}

TEST_F(KubernetesJobTest, ItsEndByAnotherProcessThatKnowsItsIdentity) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  const std::string identity = job->Identity();
  EXPECT_EQ(identity.find('\n'), std::string::npos);
  const auto found = system_->Find(identity);
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_EQ((*found)->Describe(), job->Describe());
  EXPECT_TRUE(*(*found)->End());
  EXPECT_FALSE(api_.job());
  EXPECT_TRUE(*(*found)->End()) << "of what was never there, too";
  EXPECT_FALSE(system_->Find("{}"));
}

TEST_F(KubernetesJobTest, AnInterruptEndsALook) {
  const auto job = Make();
  ASSERT_TRUE(job->Create());
  http::Interrupt told;
  told.Set();
  const auto state = job->Look(std::chrono::hours(1), log_, told);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->phase, Phase::kRunning);
}

}  // namespace
}  // namespace latecomer::executor
