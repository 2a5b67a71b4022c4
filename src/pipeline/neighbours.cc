#include "pipeline/neighbours.h"

namespace latecomer::pipeline {

Neighbours::Neighbours(const std::vector<const Pipeline*>& pipelines)
    : reads_(pipelines.size()), writes_(pipelines.size()) {
  for (std::size_t i = 0; i < pipelines.size(); ++i) {
    for (const Source& source : pipelines[i]->sources) {
      reads_[i].insert(source.location);
      readers_[source.location].insert(i);
    }
  }
  for (std::size_t i = 0; i < pipelines.size(); ++i) {
    for (const Step& step : pipelines[i]->steps) {
      const std::string* into = DeclaredOutput(step);
      if (into != nullptr && readers_.contains(*into)) writes_[i].push_back(*into);
    }
  }
}

Neighbours::Places Neighbours::Downstream(std::size_t pipeline) const {
  Places reached;
  std::vector<std::size_t> open{pipeline};
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    for (const std::string& table : writes_[at]) {
      for (const std::size_t reader : readers_.at(table)) {
        if (reached.insert(reader).second) open.push_back(reader);
      }
    }
  }
  reached.erase(pipeline);
  return reached;
}

Neighbours::Places Neighbours::ReadingTheSame(std::size_t pipeline) const {
  Places others;
  for (const std::string& table : reads_[pipeline]) others.insert(readers_.at(table).begin(), readers_.at(table).end());
  others.erase(pipeline);
  return others;
}

}  // namespace latecomer::pipeline
