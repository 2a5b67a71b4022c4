#include "generate/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <ostream>
#include <utility>

namespace latecomer::generate {
namespace {

class FileOutput final : public Output {
 public:
  FileOutput(int fd, std::string temporary, std::string path)
      : fd_(fd), temporary_(std::move(temporary)), path_(std::move(path)) {}

  ~FileOutput() override {
    if (fd_ >= 0) ::close(fd_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  Status Write(std::string_view bytes) override {
    bytes_ += static_cast<std::int64_t>(bytes.size());
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Fail(SystemError(errno, "write", path_));
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Status Close() override {
    if (::fsync(fd_) != 0) return Fail(SystemError(errno, "write", path_));
    if (::close(std::exchange(fd_, -1)) != 0) return Fail(SystemError(errno, "write", path_));
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return Fail(SystemError(errno, "rename", path_));
    temporary_.clear();
    return {};
  }

 private:
  int fd_;
  std::string temporary_;
  std::string path_;
};

class StreamOutput final : public Output {
 public:
  explicit StreamOutput(std::ostream& stream) : stream_(stream) {}
  Status Write(std::string_view bytes) override {
    bytes_ += static_cast<std::int64_t>(bytes.size());
    stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return Check();
  }
  Status Close() override {
    stream_.flush();
    return Check();
  }

 private:
  Status Check() const {
    if (stream_.good()) return {};
    return Fail(ErrorKind::kIo, "the output can't be written: the pipe was closed or the disk is full");
  }
  std::ostream& stream_;
};

}  // namespace

Result<std::unique_ptr<Output>> OpenOutputFile(const std::string& path) {
  const std::filesystem::path target(path);
  std::error_code problem;
  if (std::filesystem::is_directory(target, problem)) {
    return Fail(Error(ErrorKind::kInvalidArgument, "this is a folder").In(path).Hint("name a file in it"));
  }
  std::string folder = target.parent_path().string();
  if (!folder.empty() && !std::filesystem::exists(folder, problem)) {
    std::filesystem::create_directories(folder, problem);
    if (problem) return Fail(SystemError(problem.value(), "create", folder));
  }
  const std::string prefix = folder.empty() ? "" : folder + (folder.back() == '/' ? "" : "/");
  std::string temporary = prefix + "." + target.filename().string() + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return Fail(SystemError(errno, "create", path));
  // mkostemp makes it private; a new file has the rights that the user's mask leaves.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(fd, 0666 & ~mask) != 0) {
    const int failure = errno;
    ::close(fd);
    ::unlink(temporary.c_str());
    return Fail(SystemError(failure, "create", path));
  }
  return std::unique_ptr<Output>(std::make_unique<FileOutput>(fd, std::move(temporary), path));
}

std::unique_ptr<Output> MakeStreamOutput(std::ostream& stream) {
  return std::make_unique<StreamOutput>(stream);
}

}  // namespace latecomer::generate
