#include "executor/attempt_log.h"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace latecomer::executor {

void AttemptLog::Append(std::string_view bytes) const {
  std::ofstream file(path_, std::ios::binary | std::ios::app);
  file << bytes;
}

void AttemptLog::Say(std::string_view line) const {
  Append("latecomer: " + std::string(line) + "\n");
}

std::size_t SizeOf(const std::string& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  return failed ? 0 : static_cast<std::size_t>(size);
}

}  // namespace latecomer::executor
