#include "pipeline/cascade.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace latecomer::pipeline {
namespace {

// location → (pipeline, step) that write it
using Writers = std::map<std::string, std::vector<std::pair<std::size_t, std::string>>>;

Writers WritersOf(const std::vector<Pipeline>& pipelines) {
  Writers writers;
  for (std::size_t i = 0; i < pipelines.size(); ++i) {
    for (const Step& step : pipelines[i].steps) {
      if (const std::string* into = DeclaredOutput(step)) writers[*into].emplace_back(i, step.id);
    }
  }
  return writers;
}

// Walks down the edges; a pipeline that is met while it is walked from is in a ring.
class RingSearch {
 public:
  RingSearch(std::size_t count, const std::vector<CascadeEdge>& edges) : next_(count), state_(count, State::kNew) {
    for (const CascadeEdge& edge : edges) next_[edge.upstream].insert(edge.downstream);
  }

  // The pipelines of a ring in their order; empty when there is none.
  std::vector<std::size_t> Find() {
    for (std::size_t i = 0; i < next_.size(); ++i) {
      if (Walk(i)) return ring_;
    }
    return {};
  }

 private:
  enum class State { kNew, kOnPath, kDone };

  bool Walk(std::size_t at) {
    if (state_[at] == State::kDone) return false;
    if (state_[at] == State::kOnPath) {
      ring_.assign(std::find(path_.begin(), path_.end(), at), path_.end());
      return true;
    }
    state_[at] = State::kOnPath;
    path_.push_back(at);
    for (const std::size_t next : next_[at]) {
      if (Walk(next)) return true;
    }
    path_.pop_back();
    state_[at] = State::kDone;
    return false;
  }

  std::vector<std::set<std::size_t>> next_;
  std::vector<State> state_;
  std::vector<std::size_t> path_;
  std::vector<std::size_t> ring_;
};

}  // namespace

std::vector<CascadeEdge> CascadeOf(const std::vector<Pipeline>& pipelines) {
  const Writers writers = WritersOf(pipelines);
  std::vector<CascadeEdge> edges;
  for (std::size_t i = 0; i < pipelines.size(); ++i) {
    for (std::size_t s = 0; s < pipelines[i].sources.size(); ++s) {
      const auto found = writers.find(pipelines[i].sources[s].location);
      if (found == writers.end()) continue;
      for (const auto& [writer, step] : found->second) {
        edges.push_back({.upstream = writer, .downstream = i, .source = s, .step = step});
      }
    }
  }
  return edges;
}

Status CheckCascade(const std::vector<Pipeline>& pipelines) {
  std::map<std::string, const Pipeline*> by_id;
  for (const Pipeline& pipeline : pipelines) {
    const auto [there, is_new] = by_id.emplace(pipeline.id, &pipeline);
    if (is_new) continue;
    return Fail(
        Error(ErrorKind::kInvalidFile, "the pipeline id `" + pipeline.id + "` is also that of " + there->second->file)
            .In(pipeline.file)
            .Hint("give one of them another `id:`; the ledger knows pipelines by it"));
  }
  const std::vector<std::size_t> ring = RingSearch(pipelines.size(), CascadeOf(pipelines)).Find();
  if (ring.empty()) return {};
  std::string names;
  for (const std::size_t i : ring) names += pipelines[i].id + " → ";
  const Pipeline& first = pipelines[ring.front()];
  return Fail(Error(ErrorKind::kInvalidFile, "these pipelines feed each other in a ring: " + names + first.id)
                  .In(first.file)
                  .Hint("each run would make the next one late for ever; let one of them write another table"));
}

std::vector<std::string> CascadeWarnings(const std::vector<Pipeline>& pipelines) {
  std::vector<std::string> warnings;
  for (const auto& [location, writers] : WritersOf(pipelines)) {
    std::set<std::string> ids;
    for (const auto& [pipeline, step] : writers) ids.insert(pipelines[pipeline].id);
    if (ids.size() < 2) continue;
    std::string names;
    for (const std::string& id : ids) names += (names.empty() ? "" : " and ") + id;
    warnings.push_back(names + " write one table, " + location +
                       "; where they make the same partition, the later one replaces the other's rows");
  }
  return warnings;
}

}  // namespace latecomer::pipeline
