#include "executor/kubernetes_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace latecomer::executor {
namespace {

using nlohmann::json;

// Null when it isn't there.
const json& At(const json& object, const std::vector<std::string>& path) {
  static const json none;
  const json* at = &object;
  for (const std::string& key : path) {
    if (!at->is_object()) return none;
    const auto found = at->find(key);
    if (found == at->end()) return none;
    at = &*found;
  }
  return *at;
}

// A server's words on one line, of a length for people.
std::string Words(const std::string& text) {
  constexpr std::size_t kEnough = 400;
  const std::string_view trimmed = Trim(text);
  return Printable(trimmed.substr(0, kEnough)) + (trimmed.size() > kEnough ? "…" : "");
}

std::string WithDetail(const std::string& what, const std::string& detail) {
  return detail.empty() ? what : what + ": " + Words(detail);
}

// The condition of this type when it is true; null otherwise.
const json& TrueCondition(const json& object, const std::string& type) {
  static const json none;
  const json& conditions = At(object, {"status", "conditions"});
  if (!conditions.is_array()) return none;
  for (const json& condition : conditions) {
    if (TextAt(condition, {"type"}) == type && TextAt(condition, {"status"}) == "True") return condition;
  }
  return none;
}

// The entry of the list under status that has this container's name; null when there is none.
const json& StatusOfContainer(const json& pod, const std::string& container) {
  static const json none;
  const json& statuses = At(pod, {"status", "containerStatuses"});
  if (!statuses.is_array()) return none;
  const auto found =
      std::ranges::find_if(statuses, [&](const json& status) { return TextAt(status, {"name"}) == container; });
  return found == statuses.end() ? none : *found;
}

std::string MemoryLimit(const json& pod, const std::string& container) {
  const json& containers = At(pod, {"spec", "containers"});
  if (!containers.is_array()) return "";
  for (const json& one : containers) {
    if (TextAt(one, {"name"}) == container) return TextAt(one, {"resources", "limits", "memory"});
  }
  return "";
}

// Of a container that waits. Back-off and the failure before it are the same thing to a person, and come in turns.
std::string DescribeWaiting(const json& waiting) {
  const std::string reason = TextAt(waiting, {"reason"});
  const std::string message = TextAt(waiting, {"message"});
  if (reason == "ImagePullBackOff" || reason == "ErrImagePull") {
    return "waits for its image, which can't be pulled (ImagePullBackOff)";
  }
  if (reason == "ContainerCreating" || reason == "PodInitializing") return "its container is being created";
  return WithDetail("its container waits: " + Words(reason), message);
}

}  // namespace

std::string TextAt(const json& object, const std::vector<std::string>& path) {
  const json& found = At(object, path);
  return found.is_string() ? found.get<std::string>() : "";
}

std::optional<OutsideState> EndOfJob(const json& job) {
  if (!TrueCondition(job, "Complete").is_null()) return OutsideState{.phase = Phase::kSucceeded};
  const json& failed = TrueCondition(job, "Failed");
  if (failed.is_null()) return std::nullopt;
  const std::string reason = TextAt(failed, {"reason"});
  std::string message = WithDetail("the job failed: " + Words(reason), TextAt(failed, {"message"}));
  if (reason == "DeadlineExceeded") message = "timed out: the job was active longer than its activeDeadlineSeconds";
  return OutsideState{.phase = Phase::kFailed, .message = std::move(message)};
}

std::optional<OutsideState> EndOfSparkApplication(const json& application) {
  const std::string state = TextAt(application, {"status", "applicationState", "state"});
  if (state == "COMPLETED") return OutsideState{.phase = Phase::kSucceeded};
  if (state != "FAILED") return std::nullopt;
  const std::string error = TextAt(application, {"status", "applicationState", "errorMessage"});
  return OutsideState{.phase = Phase::kFailed, .message = WithDetail("the Spark application failed", error)};
}

std::string DescribePod(const json& pod, const std::string& container) {
  const std::string phase = TextAt(pod, {"status", "phase"});
  const std::string node = Words(TextAt(pod, {"spec", "nodeName"}));
  if (!At(pod, {"metadata", "deletionTimestamp"}).is_null()) return "its pod is being deleted";
  if (phase == "Running") return "runs" + (node.empty() ? "" : " on node " + node);
  if (phase != "Pending") return "its pod has ended";
  const json& waiting = At(StatusOfContainer(pod, container), {"state", "waiting"});
  if (waiting.is_object()) return DescribeWaiting(waiting);
  const json& conditions = At(pod, {"status", "conditions"});
  if (conditions.is_array()) {
    for (const json& condition : conditions) {
      const bool unplaced = TextAt(condition, {"type"}) == "PodScheduled" && TextAt(condition, {"status"}) == "False";
      if (unplaced) return WithDetail("waits for a node", TextAt(condition, {"message"}));
    }
  }
  return node.empty() ? "waits for a node" : "waits for node " + node + " to start it";
}

std::optional<PodFailure> FailureOfPod(const json& pod, const std::string& container) {
  const json& ended = At(StatusOfContainer(pod, container), {"state", "terminated"});
  const std::string reason_of_pod = TextAt(pod, {"status", "reason"});
  if (!ended.is_object()) {
    // Evicted, or lost with its node, before its container could say anything.
    if (TextAt(pod, {"status", "phase"}) != "Failed" || reason_of_pod.empty()) return std::nullopt;
    return PodFailure{.message =
                          WithDetail("its pod failed: " + Words(reason_of_pod), TextAt(pod, {"status", "message"}))};
  }
  const json& code = At(ended, {"exitCode"});
  PodFailure failure;
  if (code.is_number_integer()) failure.exit_code = code.get<int>();
  if (failure.exit_code == 0) return std::nullopt;
  const std::string reason = TextAt(ended, {"reason"});
  if (reason == "OOMKilled") {
    const std::string limit = MemoryLimit(pod, container);
    failure.message = "out of memory: the container was killed at its limit" +
                      (limit.empty() ? "" : " of " + Words(limit)) + " (OOMKilled)";
  } else if (!reason_of_pod.empty()) {
    failure.message = WithDetail("its pod failed: " + Words(reason_of_pod), TextAt(pod, {"status", "message"}));
  } else {
    failure.message = failure.exit_code ? "exit code " + std::to_string(*failure.exit_code) : "its container failed";
    if (reason != "Error" && !reason.empty()) failure.message += " (" + Words(reason) + ")";
    failure.message = WithDetail(failure.message, TextAt(ended, {"message"}));
  }
  return failure;
}

bool IsLive(const json& pod) {
  const std::string phase = TextAt(pod, {"status", "phase"});
  return phase != "Succeeded" && phase != "Failed";
}

bool HasBegun(const json& pod, const std::string& container) {
  const json& state = At(StatusOfContainer(pod, container), {"state"});
  return state.is_object() && (state.contains("running") || state.contains("terminated"));
}

bool HasEnded(const json& pod, const std::string& container) {
  return At(StatusOfContainer(pod, container), {"state", "terminated"}).is_object() || !IsLive(pod);
}

}  // namespace latecomer::executor
