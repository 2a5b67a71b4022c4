#include "storage/local_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/text.h"

namespace latecomer::storage {
namespace {

// Files being written carry this prefix until they get their name; List passes them over.
constexpr std::string_view kTemporaryPrefix = ".latecomer-tmp-";

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  // Close errors matter on network disks, where they carry late write errors.
  int Close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd);
  }

 private:
  int fd_;
};

Status CheckKey(std::string_view key) {
  bool sound = !key.empty() && key.front() != '/' && key.find('\0') == std::string_view::npos;
  for (const std::string_view part : Split(key, '/')) sound = sound && part != ".." && part != ".";
  if (sound) return {};
  return Fail(ErrorKind::kInvalidArgument, "'" + Printable(key) + "' is no key inside a table's folder");
}

ObjectInfo ToInfo(std::string key, const struct stat& status) {
  const auto nanoseconds = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  ObjectInfo info;
  info.key = std::move(key);
  info.size_bytes = status.st_size;
  info.modified = Instant(std::chrono::floor<Duration>(nanoseconds));
  info.etag = std::to_string(status.st_ino) + "-" + std::to_string(status.st_size) + "-" +
              std::to_string(nanoseconds.count());
  return info;
}

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return Fail(SystemError(errno, "write", path));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// A name is durable only when its folder is.
Status SyncFolder(const std::string& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return Fail(SystemError(errno, "open the folder", folder));
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return Fail(SystemError(errno, "sync the folder", folder));
  return {};
}

// Makes the folder and those above it, each durable in the one that holds it.
Status MakeFolders(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return Fail(SystemError(ENOTDIR, "make a folder here", folder));
  }
  const std::string parent = std::filesystem::path(folder).parent_path().string();
  if (!parent.empty() && parent != folder) LATECOMER_RETURN_IF_ERROR(MakeFolders(parent));
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) return Fail(SystemError(errno, "make the folder", folder));
  return SyncFolder(parent.empty() ? "." : parent);
}

// A file under a temporary name in the folder of its final one; gone when destroyed unpublished.
class TemporaryFile {
 public:
  static Result<std::unique_ptr<TemporaryFile>> Create(const std::string& target) {
    const std::string folder = std::filesystem::path(target).parent_path().string();
    LATECOMER_RETURN_IF_ERROR(MakeFolders(folder));
    static std::atomic<unsigned> counter{0};
    const std::string path = folder + "/" + std::string(kTemporaryPrefix) + std::to_string(::getpid()) + "-" +
                             std::to_string(counter++) + "-" +
                             std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return Fail(SystemError(errno, "create a file", target));
    return std::unique_ptr<TemporaryFile>(new TemporaryFile(fd, path, target, folder));
  }

  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  Status Write(std::string_view bytes) { return WriteAll(fd_.get(), bytes, target_); }

  // Gives the whole, durable file its name, unless that is taken. A hard link does both in one step;
  // rename would replace what another writer put there.
  Result<PutOutcome> Publish() {
    if (::fsync(fd_.get()) != 0) return Fail(SystemError(errno, "sync", target_));
    if (fd_.Close() != 0) return Fail(SystemError(errno, "close", target_));
    if (::link(path_.c_str(), target_.c_str()) != 0) {
      if (errno == EEXIST) return PutOutcome::kExists;
      // No hard links here (some network and FUSE disks): the kernel's rename without replacing.
      if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST) return PutOutcome::kExists;
        return Fail(SystemError(errno, "give a file its name", target_));
      }
    }
    LATECOMER_RETURN_IF_ERROR(SyncFolder(folder_));
    return PutOutcome::kCreated;
  }

 private:
  TemporaryFile(int fd, std::string path, std::string target, std::string folder)
      : fd_(fd), path_(std::move(path)), target_(std::move(target)), folder_(std::move(folder)) {}

  Descriptor fd_;
  std::string path_, target_, folder_;
};

class LocalWriter final : public ObjectWriter {
 public:
  LocalWriter(std::unique_ptr<TemporaryFile> file, std::string target) : file_(std::move(file)), target_(std::move(target)) {}

  Status Write(std::string_view bytes) override { return file_->Write(bytes); }

  Status Close() override {
    LATECOMER_ASSIGN_OR_RETURN(const PutOutcome outcome, file_->Publish());
    if (outcome == PutOutcome::kCreated) return {};
    return Fail(Error(ErrorKind::kConflict, "there is a file of this name already").In(target_));
  }

 private:
  std::unique_ptr<TemporaryFile> file_;
  std::string target_;
};

class LocalStore final : public ObjectStore {
 public:
  explicit LocalStore(std::string folder) : folder_(std::move(folder)) {}

  const std::string& location() const override { return folder_; }
  std::optional<std::string> local_root() const override { return folder_; }

  Result<ObjectInfo> Stat(std::string_view key) const override {
    LATECOMER_RETURN_IF_ERROR(CheckKey(key));
    struct stat status {};
    if (::stat(PathOf(key).c_str(), &status) != 0) return Fail(SystemError(errno, "look at", PathOf(key)));
    if (!S_ISREG(status.st_mode)) return Fail(Error(ErrorKind::kNotFound, "this is no file").In(PathOf(key)));
    return ToInfo(std::string(key), status);
  }

  Result<std::string> Read(std::string_view key) const override { return ReadAt(key, 0, -1); }

  Result<std::string> ReadRange(std::string_view key, std::int64_t offset, std::int64_t length) const override {
    return ReadAt(key, offset, length);
  }

  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const ListOptions& options) const override {
    if (!prefix.empty()) {
      const std::string_view folder = prefix.back() == '/' ? prefix.substr(0, prefix.size() - 1) : prefix;
      LATECOMER_RETURN_IF_ERROR(CheckKey(folder));
    }
    struct stat status {};
    if (::stat(folder_.c_str(), &status) != 0) return Fail(SystemError(errno, "list", folder_));
    std::vector<ObjectInfo> found;
    LATECOMER_RETURN_IF_ERROR(ListInto(std::string(prefix), options, found));
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    return found;
  }

  Result<PutOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override {
    LATECOMER_RETURN_IF_ERROR(CheckKey(key));
    // Cheaper than writing a file that can't get its name; the link below decides.
    if (::access(PathOf(key).c_str(), F_OK) == 0) return PutOutcome::kExists;
    LATECOMER_ASSIGN_OR_RETURN(const auto file, TemporaryFile::Create(PathOf(key)));
    LATECOMER_RETURN_IF_ERROR(file->Write(bytes));
    return file->Publish();
  }

  Result<std::unique_ptr<ObjectWriter>> OpenForWrite(std::string_view key) override {
    LATECOMER_RETURN_IF_ERROR(CheckKey(key));
    LATECOMER_ASSIGN_OR_RETURN(auto file, TemporaryFile::Create(PathOf(key)));
    return std::unique_ptr<ObjectWriter>(new LocalWriter(std::move(file), PathOf(key)));
  }

  Status Remove(std::string_view key) override {
    LATECOMER_RETURN_IF_ERROR(CheckKey(key));
    if (::unlink(PathOf(key).c_str()) != 0 && errno != ENOENT) return Fail(SystemError(errno, "remove", PathOf(key)));
    return {};
  }

 private:
  std::string PathOf(std::string_view key) const { return folder_ + "/" + std::string(key); }

  Result<std::string> ReadAt(std::string_view key, std::int64_t offset, std::int64_t length) const {
    LATECOMER_RETURN_IF_ERROR(CheckKey(key));
    const std::string path = PathOf(key);
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return Fail(SystemError(errno, "open", path));
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return Fail(SystemError(errno, "look at", path));
    if (S_ISDIR(status.st_mode)) return Fail(Error(ErrorKind::kNotFound, "this is a folder, not a file").In(path));
    std::int64_t wanted = std::max<std::int64_t>(0, status.st_size - offset);
    if (length >= 0) wanted = std::min(wanted, length);
    std::string bytes(static_cast<std::size_t>(wanted), '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
      const ssize_t got = ::pread(fd.get(), bytes.data() + have, bytes.size() - have, offset + static_cast<off_t>(have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Fail(SystemError(errno, "read", path));
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }

  // Folder by folder; a folder that isn't there has nothing in it.
  Status ListInto(const std::string& prefix, const ListOptions& options, std::vector<ObjectInfo>& found) const {
    const std::string path = prefix.empty() ? folder_ : folder_ + "/" + prefix;
    DIR* folder = ::opendir(path.c_str());
    if (folder == nullptr) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      return Fail(SystemError(errno, "list", path));
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> closer(folder, &::closedir);
    std::vector<std::string> folders;
    while (const dirent* entry = ::readdir(folder)) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || name.starts_with(kTemporaryPrefix)) continue;
      std::string key = prefix + std::string(name);
      struct stat status {};
      if (::fstatat(::dirfd(folder), entry->d_name, &status, 0) != 0) continue;  // gone meanwhile, or a dead link
      if (S_ISDIR(status.st_mode)) {
        folders.push_back(key + "/");
      } else if (S_ISREG(status.st_mode) && (!options.start_after || key > *options.start_after)) {
        found.push_back(ToInfo(std::move(key), status));
      }
    }
    if (options.direct_only) return {};
    for (const std::string& deeper : folders) LATECOMER_RETURN_IF_ERROR(ListInto(deeper, options, found));
    return {};
  }

  std::string folder_;
};

}  // namespace

std::shared_ptr<ObjectStore> MakeLocalStore(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return std::make_shared<LocalStore>(std::move(folder));
}

Result<std::shared_ptr<ObjectStore>> OpenLocalStore(const std::string& location) {
  const std::size_t scheme_end = location.find("://");
  if (location.starts_with("file:")) {
    std::string path = location.substr(5);
    if (path.starts_with("//")) path = path.substr(path.find('/', 2) == std::string::npos ? path.size() : path.find('/', 2));
    if (path.empty() || path.front() != '/') {
      return Fail(Error(ErrorKind::kInvalidArgument, "a file URI has the form file:///absolute/path").In(Printable(location)));
    }
    return MakeLocalStore(PercentDecode(path));
  }
  if (scheme_end != std::string::npos && scheme_end > 0) {
    return Fail(Error(ErrorKind::kUnsupported,
                      "tables on '" + Printable(location.substr(0, scheme_end)) + "' are not supported yet")
                    .In(Printable(location))
                    .Hint("use a path on the local disk"));
  }
  return MakeLocalStore(location);
}

}  // namespace latecomer::storage
