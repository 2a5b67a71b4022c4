// What a source's mapping means, with an example; for `validate`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pipeline/pipeline.h"

namespace latecomer::cli {

// "identity", "all", "latest", {"window":7}, {"rollup":"month"}: as a pipeline file has it.
nlohmann::ordered_json MappingJson(const pipeline::Source& source);

// {"output":"2024-01-08","from":["2024-01-01","2024-01-08"],"changed":"2024-01-01","touches":["2024-01-01","2024-01-08"]},
// with first and last of each; null when the mapping doesn't go by time.
nlohmann::ordered_json MappingExampleJson(const pipeline::Pipeline& pipeline, const pipeline::Source& source);

// "output 2024-01-08 is made from 2024-01-01 to 2024-01-08; a change of 2024-01-01 touches 2024-01-01 to 2024-01-08"
std::string MappingText(const pipeline::Pipeline& pipeline, const pipeline::Source& source);

}  // namespace latecomer::cli
