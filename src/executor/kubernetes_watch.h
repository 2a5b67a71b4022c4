// Watches one job in a cluster, its pods, and the log of its container: three answers of the API server that go on.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "executor/kubernetes_body.h"
#include "executor/kubernetes_status.h"
#include "executor/outside_job.h"
#include "executor/pod_log.h"
#include "http/streams.h"
#include "kubernetes/api.h"
#include "kubernetes/watch.h"

namespace latecomer::executor {

// The list of an attempt's pods.
std::string PodsPath(const KubernetesObject& object);

class KubernetesWatch {
 public:
  // Both outlive it. `folder`: where the log's position is kept.
  KubernetesWatch(kubernetes::Api& api, const KubernetesObject& object, std::string folder);

  // As OutsideJob::Look.
  Result<OutsideState> Look(Duration at_most, const AttemptLog& log, const http::Interrupt& interrupt);

 private:
  using Json = nlohmann::json;
  using Moment = std::chrono::steady_clock::time_point;

  // A watch of one list, which goes on from what was seen last.
  struct Watch {
    std::string path;     // with its query, but for the version
    std::string version;  // resourceVersion; empty: to be read anew
    int stream = 0;       // 0: not open
  };

  Status Refresh();
  Status ReadJob();
  Status ReadPods();
  Status Open(Watch& watch, std::map<std::string, Json>& objects);
  void TakeEvent(Watch& watch, std::map<std::string, Json>& objects, const std::string& type, const Json& object);
  void FollowLog(const AttemptLog& log);
  Status Settle(const std::vector<http::Streams::Ended>& ended, const AttemptLog& log);
  Status SettleWatch(Watch& watch, const http::Streams::Ended& ended);
  void SettleLog(const http::Streams::Ended& ended, const AttemptLog& log);
  void FinishLog(const AttemptLog& log, const http::Interrupt& interrupt);
  const Json* Job() const;
  const Json* NewestPod() const;
  bool HasLivePod() const;
  OutsideState Present() const;
  Result<OutsideState> Gone();

  kubernetes::Api& api_;
  const KubernetesObject& object_;
  http::Streams streams_;
  Watch job_watch_;
  Watch pods_watch_;
  std::map<std::string, Json> jobs_;  // at most one, by uid
  std::map<std::string, Json> pods_;  // by uid
  std::string told_;                  // the state told last

  PodLog pod_log_;
  int log_stream_ = 0;
  std::string log_pod_;       // whose log is or was followed, by uid
  bool log_done_ = false;     // it has come to its end, or can't be had
  bool log_unknown_ = false;  // when it was asked for last, the server didn't know by whom
  Moment next_log_{};         // not asked again before
};

}  // namespace latecomer::executor
