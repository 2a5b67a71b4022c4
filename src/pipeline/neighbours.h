// Which pipelines have something to look at when another one got further.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pipeline/pipeline.h"

namespace latecomer::pipeline {

// By places in the list of pipelines that it was made of. Only declared outputs are known, as in pipeline/cascade.h.
class Neighbours {
 public:
  using Places = std::set<std::size_t>;

  explicit Neighbours(const std::vector<const Pipeline*>& pipelines);

  // Those that read what it writes, directly or over others in between: what is late or open here may be what they
  // wait for.
  Places Downstream(std::size_t pipeline) const;
  // Others that read a table which it reads: what it saw there is news to them.
  Places ReadingTheSame(std::size_t pipeline) const;

 private:
  std::map<std::string, Places> readers_;         // by table
  std::vector<std::set<std::string>> reads_;      // tables, by pipeline
  std::vector<std::vector<std::string>> writes_;  // those of them that somebody reads
};

}  // namespace latecomer::pipeline
