// Small files a command reads or replaces whole.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace latecomer::cli {

// A local folder from a path or file:// URI. kUnsupported, naming the scheme, for any other URI.
Result<std::string> LocalFolder(const std::string& location);

// kNotFound when there is none.
Result<std::string> ReadSmallFile(const std::string& path);

// Creates missing folders. The file is replaced as a whole and durably, or not at all.
Status ReplaceFile(const std::string& path, std::string_view bytes);

}  // namespace latecomer::cli
