#include "cli/small_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/text.h"

namespace latecomer::cli {
namespace {

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(SystemError(errno, "write", path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fchmod(fd, 0644) != 0) return Fail(SystemError(errno, "set the mode of", path));
  if (fsync(fd) != 0) return Fail(SystemError(errno, "sync", path));
  return {};
}

void SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

Result<std::string> LocalFolder(const std::string& location) {
  if (location.starts_with("file:/")) {
    std::string path = location.substr(5);
    while (path.starts_with("//")) path.erase(0, 1);
    return PercentDecode(path);
  }
  const std::size_t colon = location.find("://");
  if (colon == std::string::npos) return location;
  return Fail(Error(ErrorKind::kUnsupported, "files can't be written to " + location.substr(0, colon) + ":// yet")
                  .In(location));
}

Result<std::string> ReadSmallFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Fail(SystemError(errno, "open", path));
  std::string bytes;
  char buffer[8192];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int problem = errno;
      close(fd);
      return Fail(SystemError(problem, "read", path));
    }
    if (got == 0) break;
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
  close(fd);
  return bytes;
}

Status ReplaceFile(const std::string& path, std::string_view bytes) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const std::string in = folder.empty() ? "." : folder;
  std::error_code problem;
  std::filesystem::create_directories(in, problem);
  if (problem) return Fail(SystemError(problem.value(), "create", in));
  std::string name = path + ".XXXXXX";
  const int fd = mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return Fail(SystemError(errno, "create", path));
  Status status = WriteAll(fd, bytes, path);
  close(fd);
  if (status && rename(name.c_str(), path.c_str()) != 0) status = Fail(SystemError(errno, "replace", path));
  if (!status) {
    unlink(name.c_str());
    return status;
  }
  SyncFolder(in);
  return {};
}

}  // namespace latecomer::cli
