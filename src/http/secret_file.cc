#include "http/secret_file.h"

#include <cerrno>
#include <fstream>

namespace latecomer::http {

Result<std::string> ReadSecretFile(const std::string& path) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 20;
  if (path.empty()) return Fail(ErrorKind::kNotFound, "no file is named");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(SystemError(errno == 0 ? ENOENT : errno, "open", path));
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Fail(SystemError(EIO, "read", path));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() <= kMostBytes) return text;
  return Fail(Error(ErrorKind::kInvalidFile, "this file is too large to hold credentials").In(path));
}

}  // namespace latecomer::http
