// Small files that hold credentials or tokens.
#pragma once

#include <string>

#include "base/result.h"

namespace latecomer::http {

// The whole file. kNotFound when there is none or `path` is empty, kInvalidFile when it is larger than any of its
// kind. An error names the file and nothing of what is in it.
Result<std::string> ReadSecretFile(const std::string& path);

}  // namespace latecomer::http
