// The object that is created in a cluster for one attempt.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"
#include "executor/executor.h"

namespace latecomer::executor {

// Which object it is.
struct KubernetesObject {
  KubernetesWork::Kind kind = KubernetesWork::Kind::kJob;
  std::string name_space;
  std::string name;
  std::string digest;  // of the attempt: its label latecomer/attempt, on the object and on its pod

  // "/apis/batch/v1/namespaces/data/jobs"
  std::string Collection() const;
  std::string Path() const { return Collection() + "/" + name; }
  std::string Selector() const { return "latecomer/attempt=" + digest; }
  // "jobs"
  std::string Resource() const;
  // The container of its pod whose log is the attempt's.
  std::string Container() const;
  // "job latecomer-x in namespace data"
  std::string Describe() const;
};

// Named after the attempt; `default_namespace` where the step names none.
KubernetesObject ObjectOf(const AttemptSpec& spec, const KubernetesWork& work, const std::string& default_namespace);

// `facts`: what the job is told (JobFactsOf). Of the scheduler's own environment nothing is in it. kInvalidFile when
// the step's own part can't be taken.
Result<nlohmann::ordered_json> BodyOf(const AttemptSpec& spec, const KubernetesWork& work,
                                      const KubernetesObject& object, const nlohmann::ordered_json& facts);

}  // namespace latecomer::executor
