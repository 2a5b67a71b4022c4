// What a pipeline's partitions wait for in the pipelines that make its sources (`wait_for_upstream`).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/cadence.h"
#include "lateness/plan.h"
#include "pipeline/pipeline.h"
#include "table/partition_key.h"

namespace latecomer::engine {

// A pipeline that may write a source.
struct KnownPipeline {
  pipeline::Pipeline definition;
  bool paused = false;
};

// A pipeline at this moment.
struct UpstreamLook {
  lateness::Plan plan;  // what is up to date may be left out
  // Its runs that are queued or running, by name; also those of partitions that are up to date.
  std::vector<std::pair<table::PartitionKey, std::string>> open{};
};
using LookAt = std::function<Result<UpstreamLook>(const pipeline::Pipeline&)>;

// Which outputs of one pipeline wait, and for what.
class UpstreamWaits {
 public:
  bool Empty() const { return everything_.empty() && by_start_.empty(); }
  // "upstream clean: 2024-01-01 is late"; empty when the partition waits for nothing.
  std::string Of(const pipeline::Pipeline& pipeline, const table::PartitionKey& key) const;

  // Values of other columns than time that an output has to have; what one of them isn't named for fits all.
  using Extras = std::map<std::string, std::string>;
  void AddEverything(const std::string& what);
  void Add(LocalTime start, Extras extras, const std::string& what);

 private:
  friend class UpstreamSearch;
  struct One {
    Extras extras;
    std::string what;
  };
  std::string everything_;
  std::map<LocalTime, std::vector<One>> by_start_;
};

// An output waits while an output of a pipeline upstream that it is made from, over any number of pipelines in between,
// is late, due, queued, running, failed, or waits for one of these. What a rule or a person holds back there is not
// waited for, neither is what is not complete yet. Through `mapping: all` every output waits for every one; through
// `latest` none does.
// `known`: what other pipelines there are; without rings.
Result<UpstreamWaits> LookUpstream(const pipeline::Pipeline& pipeline, const std::vector<KnownPipeline>& known,
                                   const LookAt& look_at);

}  // namespace latecomer::engine
