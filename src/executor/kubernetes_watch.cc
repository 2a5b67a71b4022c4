#include "executor/kubernetes_watch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"

namespace latecomer::executor {

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

// The server ends a watch after that; it is opened again from where it was.
constexpr const char* kWatch = "&watch=1&allowWatchBookmarks=true&timeoutSeconds=290";
constexpr auto kLogPause = std::chrono::seconds(1);
constexpr auto kLogPatience = std::chrono::seconds(10);  // for the rest of a log when its container has ended

std::string VersionOf(const json& object) {
  return TextAt(object, {"metadata", "resourceVersion"});
}

std::string UidOf(const json& object) {
  return TextAt(object, {"metadata", "uid"});
}

bool IsMine(const json& job, const KubernetesObject& object) {
  return TextAt(job, {"metadata", "labels", "latecomer/attempt"}) == object.digest;
}

}  // namespace

std::string PodsPath(const KubernetesObject& object) {
  return "/api/v1/namespaces/" + object.name_space + "/pods?labelSelector=" + PercentEncode(object.Selector());
}

KubernetesWatch::KubernetesWatch(kubernetes::Api& api, const KubernetesObject& object, std::string folder)
    : api_(api), object_(object), streams_(api.cluster().tls), pod_log_(folder + "/pod-log") {
  job_watch_.path = object.Collection() + "?fieldSelector=" + PercentEncode("metadata.name=" + object.name);
  pods_watch_.path = PodsPath(object);
}

const json* KubernetesWatch::Job() const {
  return jobs_.empty() ? nullptr : &jobs_.begin()->second;
}

const json* KubernetesWatch::NewestPod() const {
  const json* newest = nullptr;
  for (const auto& [uid, pod] : pods_) {
    const auto created = [](const json& one) { return TextAt(one, {"metadata", "creationTimestamp"}); };
    if (newest == nullptr || created(*newest) < created(pod)) newest = &pod;
  }
  return newest;
}

bool KubernetesWatch::HasLivePod() const {
  return std::any_of(pods_.begin(), pods_.end(), [](const auto& entry) { return IsLive(entry.second); });
}

Status KubernetesWatch::ReadJob() {
  LATECOMER_ASSIGN_OR_RETURN(const json list, api_.Get(job_watch_.path));
  jobs_.clear();
  for (const json& job : list.value("items", json::array())) {
    if (IsMine(job, object_)) jobs_[UidOf(job)] = job;
  }
  job_watch_.version = VersionOf(list);
  return {};
}

Status KubernetesWatch::ReadPods() {
  LATECOMER_ASSIGN_OR_RETURN(const json list, api_.Get(pods_watch_.path));
  pods_.clear();
  for (const json& pod : list.value("items", json::array())) pods_[UidOf(pod)] = pod;
  pods_watch_.version = VersionOf(list);
  return {};
}

Status KubernetesWatch::Open(Watch& watch, std::map<std::string, json>& objects) {
  LATECOMER_ASSIGN_OR_RETURN(http::Request request,
                             api_.Stream(watch.path + kWatch + "&resourceVersion=" + PercentEncode(watch.version)));
  constexpr std::chrono::seconds kLongest{330};
  request.limits = http::Limits{.stall = std::chrono::seconds(0), .total = kLongest};
  auto reader =
      std::make_shared<kubernetes::WatchReader>([this, &watch, &objects](const std::string& type, const json& object) {
        TakeEvent(watch, objects, type, object);
      });
  watch.stream = streams_.Open(std::move(request), [reader](std::string_view bytes) { reader->Take(bytes); });
  return {};
}

void KubernetesWatch::TakeEvent(Watch& watch, std::map<std::string, json>& objects, const std::string& type,
                                const json& object) {
  if (type == "ERROR") {
    // What is said most often is that the version is too old; after that everything is read anew.
    watch.version.clear();
    return;
  }
  if (const std::string version = VersionOf(object); !version.empty()) watch.version = version;
  if (type == "BOOKMARK" || (&objects == &jobs_ && !IsMine(object, object_))) return;
  if (type == "DELETED") {
    objects.erase(UidOf(object));
  } else {
    objects[UidOf(object)] = object;
  }
}

// Both lists are known and watched when this returns well.
Status KubernetesWatch::Refresh() {
  if (job_watch_.stream == 0) {
    if (job_watch_.version.empty()) LATECOMER_RETURN_IF_ERROR(ReadJob());
    LATECOMER_RETURN_IF_ERROR(Open(job_watch_, jobs_));
  }
  if (pods_watch_.stream == 0) {
    if (pods_watch_.version.empty()) LATECOMER_RETURN_IF_ERROR(ReadPods());
    LATECOMER_RETURN_IF_ERROR(Open(pods_watch_, pods_));
  }
  return {};
}

Status KubernetesWatch::SettleWatch(Watch& watch, const http::Streams::Ended& ended) {
  watch.stream = 0;
  if (ended.answer && ended.answer->status < 300) return {};  // its time was up
  // After a connection that broke it goes on from what was seen last.
  if (!ended.answer) return Fail(api_.ErrorOf(ended.answer.error()));
  const Error error = api_.ErrorOf(*ended.answer);
  watch.version.clear();
  if (error.kind == ErrorKind::kHistoryGone) return {};
  return Fail(error);
}

Status KubernetesWatch::Settle(const std::vector<http::Streams::Ended>& ended, const AttemptLog& log) {
  Status first;
  for (const http::Streams::Ended& one : ended) {
    if (one.id == log_stream_) {
      SettleLog(one, log);
      continue;
    }
    // All of them have ended, whatever the first one says.
    const Status settled = SettleWatch(one.id == job_watch_.stream ? job_watch_ : pods_watch_, one);
    if (first) first = settled;
  }
  return first;
}

// ----- the log

void KubernetesWatch::FollowLog(const AttemptLog& log) {
  const json* pod = NewestPod();
  if (pod == nullptr || !HasBegun(*pod, object_.Container())) return;
  if (log_pod_ != UidOf(*pod)) {
    if (log_stream_ != 0) streams_.Close(std::exchange(log_stream_, 0));
    log_pod_ = UidOf(*pod);
    log_done_ = false;
    next_log_ = {};
  }
  if (log_stream_ != 0 || log_done_ || steady_clock::now() < next_log_) return;
  pod_log_.Begin(log_pod_);
  const std::string since = pod_log_.Since();
  const auto request =
      api_.Stream("/api/v1/namespaces/" + object_.name_space + "/pods/" +
                  PercentEncode(TextAt(*pod, {"metadata", "name"})) + "/log?container=" + object_.Container() +
                  "&follow=true&timestamps=true" + (since.empty() ? "" : "&sinceTime=" + PercentEncode(since)));
  next_log_ = steady_clock::now() + kLogPause;
  if (!request) return;
  log_stream_ = streams_.Open(*request, [this, &log](std::string_view bytes) { pod_log_.Take(bytes, log); });
}

void KubernetesWatch::SettleLog(const http::Streams::Ended& ended, const AttemptLog& log) {
  log_stream_ = 0;
  const auto pod = pods_.find(log_pod_);
  const bool has_ended = pod == pods_.end() || HasEnded(pod->second, object_.Container());
  if (ended.answer && ended.answer->status < 300) {
    // While the container runs, an end is the server's own, and the log goes on.
    if (has_ended) pod_log_.Flush(log);
    log_done_ = has_ended;
    log_unknown_ = false;
    return;
  }
  if (!ended.answer) return;  // it is asked again
  const Error error = api_.ErrorOf(*ended.answer);
  // Its token may be an old one; by now there may be another.
  constexpr int kUnauthorized = 401;
  if (ended.answer->status == kUnauthorized && !std::exchange(log_unknown_, true)) return;
  log_done_ = error.kind == ErrorKind::kPermission || has_ended;
  if (log_done_) log.Say("the rest of the pod's log can't be had: " + error.message);
}

// The job has ended; what its container printed last may still be on its way.
void KubernetesWatch::FinishLog(const AttemptLog& log, const http::Interrupt& interrupt) {
  const auto until = steady_clock::now() + kLogPatience;
  while (!interrupt.IsSet()) {
    FollowLog(log);
    const json* pod = NewestPod();
    const bool nothing_left = log_done_ || pod == nullptr || !HasBegun(*pod, object_.Container());
    const auto left = until - steady_clock::now();
    if (nothing_left || left <= left.zero()) return;
    const Duration wait = std::min<Duration>(std::chrono::ceil<Duration>(left), kLogPause);
    for (const http::Streams::Ended& one : streams_.Wait(wait, interrupt)) {
      if (one.id == log_stream_) {
        SettleLog(one, log);
      } else {
        (one.id == job_watch_.stream ? job_watch_ : pods_watch_).stream = 0;
      }
    }
  }
}

// ----- what it all says

OutsideState KubernetesWatch::Present() const {
  const json& job = *Job();
  if (!TextAt(job, {"metadata", "deletionTimestamp"}).empty()) return {.message = "is being deleted"};
  if (const json* pod = NewestPod()) return {.message = DescribePod(*pod, object_.Container())};
  if (object_.kind == KubernetesWork::Kind::kSparkApplication) {
    const std::string state = TextAt(job, {"status", "applicationState", "state"});
    return {.message = state.empty() ? "waits for the Spark operator" : Printable(state)};
  }
  return {.message = "waits for its pod"};
}

// The job isn't there any more, and its end wasn't seen.
Result<OutsideState> KubernetesWatch::Gone() {
  LATECOMER_RETURN_IF_ERROR(ReadPods());
  if (HasLivePod()) {
    return OutsideState{.message = "was deleted; waits for the end of its pod"};
  }
  return OutsideState{.phase = Phase::kFailed,
                      .message = object_.Describe() + " was deleted by somebody else before its end"};
}

Result<OutsideState> KubernetesWatch::Look(Duration at_most, const AttemptLog& log, const http::Interrupt& interrupt) {
  LATECOMER_RETURN_IF_ERROR(Refresh());
  FollowLog(log);
  const auto end_now = [&]() -> std::optional<OutsideState> {
    if (Job() == nullptr) return std::nullopt;
    return object_.kind == KubernetesWork::Kind::kJob ? EndOfJob(*Job()) : EndOfSparkApplication(*Job());
  };
  if (Job() != nullptr && !end_now()) {
    OutsideState present = Present();
    if (std::exchange(told_, present.message) != present.message) return present;  // known already
    LATECOMER_RETURN_IF_ERROR(Settle(streams_.Wait(at_most, interrupt), log));
  }
  if (Job() == nullptr) {
    auto gone = Gone();
    if (gone && gone->phase == Phase::kRunning) interrupt.WaitFor(std::min<Duration>(at_most, kLogPause));
    return gone;
  }
  std::optional<OutsideState> end = end_now();
  if (!end) {
    OutsideState present = Present();
    told_ = present.message;
    return present;
  }
  // Its pods are read once more, for the watch may be behind; without them the job's own word is enough.
  (void)ReadPods();
  if (end->phase == Phase::kFailed && HasLivePod()) {
    interrupt.WaitFor(std::min<Duration>(at_most, kLogPause));
    return OutsideState{.message = "has failed; waits for the end of its pod"};
  }
  FinishLog(log, interrupt);
  const json* pod = NewestPod();
  if (end->phase == Phase::kSucceeded || pod == nullptr) return *end;
  if (const auto failure = FailureOfPod(*pod, object_.Container())) {
    end->exit_code = failure->exit_code;
    if (!end->message.starts_with("timed out")) end->message = failure->message;
  }
  return *end;
}

}  // namespace latecomer::executor
