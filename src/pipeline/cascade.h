// How pipelines follow each other: one writes a table that another reads.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline.h"

namespace latecomer::pipeline {

struct CascadeEdge {
  std::size_t upstream = 0;    // place in the list of pipelines
  std::size_t downstream = 0;  // likewise
  std::size_t source = 0;      // of the downstream one: place of the source that reads the table
  std::string step;            // of the upstream one: the step that writes it
};

// Only declared outputs (`into`) are known. Tables are the same when their resolved locations are.
std::vector<CascadeEdge> CascadeOf(const std::vector<Pipeline>& pipelines);

// kInvalidFile when two pipelines have one id, or when pipelines feed each other in a ring: such a ring would find
// itself late for ever. Names all that are in it.
Status CheckCascade(const std::vector<Pipeline>& pipelines);

// Things across pipelines that are allowed and probably not meant: two that write one table.
std::vector<std::string> CascadeWarnings(const std::vector<Pipeline>& pipelines);

}  // namespace latecomer::pipeline
