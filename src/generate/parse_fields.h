// The `fields` of a spec.
#pragma once

#include <vector>

#include "base/result.h"
#include "generate/spec.h"
#include "generate/yaml_map.h"

namespace latecomer::generate {

Result<std::vector<Field>> ParseFields(const YamlReader& yaml, const YAML::Node& node);

}  // namespace latecomer::generate
