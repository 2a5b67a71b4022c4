// Specs that come with the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latecomer::generate {

std::vector<std::string> BuiltinNames();
// The YAML text. kNotFound, with the nearest name, for an unknown one.
Result<std::string_view> BuiltinSpec(std::string_view name);

}  // namespace latecomer::generate
