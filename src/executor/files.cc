#include "executor/files.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/text.h"

namespace latecomer::executor {

bool IsProgram(const std::string& path) {
  std::error_code failed;
  return std::filesystem::is_regular_file(path, failed) && ::access(path.c_str(), X_OK) == 0;
}

std::optional<std::string> FindInPath(std::string_view path, const std::string& name) {
  for (const std::string_view folder : Split(path, ':')) {
    if (!folder.starts_with('/')) continue;
    const std::string candidate = (std::filesystem::path(folder) / name).string();
    if (IsProgram(candidate)) return candidate;
  }
  return std::nullopt;
}

Status WriteFile(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (file) return {};
  return Fail(SystemError(errno == 0 ? EIO : errno, "write", path));
}

}  // namespace latecomer::executor
