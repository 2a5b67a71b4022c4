// Programs that are looked for, and small files that are written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace latecomer::executor {

// A file that this process may execute.
bool IsProgram(const std::string& path);
// In the folders of `path`, with `:` between, those that aren't absolute left out.
std::optional<std::string> FindInPath(std::string_view path, const std::string& name);

// Replaces a file by this content.
Status WriteFile(const std::string& path, std::string_view content);

}  // namespace latecomer::executor
