// What the objects of a job in a cluster say about it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "executor/outside_job.h"

namespace latecomer::executor {

// The end of a batch/v1 Job, or of a SparkApplication; nothing while it goes on. Of a failure the message says what the
// object itself knows: that is less than its pod does.
std::optional<OutsideState> EndOfJob(const nlohmann::json& job);
std::optional<OutsideState> EndOfSparkApplication(const nlohmann::json& application);

// What the pod waits for or does: "waits for a node: 0/3 nodes are available", "runs on node a".
std::string DescribePod(const nlohmann::json& pod, const std::string& container);

// How a pod's container ended badly.
struct PodFailure {
  std::optional<int> exit_code;
  std::string message;  // "out of memory: …", "exit code 3"
};
// Nothing when it hasn't, or nobody knows.
std::optional<PodFailure> FailureOfPod(const nlohmann::json& pod, const std::string& container);

// Whether something of it may still run.
bool IsLive(const nlohmann::json& pod);
// Whether the container has begun, so that it may have printed something.
bool HasBegun(const nlohmann::json& pod, const std::string& container);
// Whether it has ended for good: a pod of ours isn't started again.
bool HasEnded(const nlohmann::json& pod, const std::string& container);

// A text at a place in an object; empty when there is none.
std::string TextAt(const nlohmann::json& object, const std::vector<std::string>& path);

}  // namespace latecomer::executor
