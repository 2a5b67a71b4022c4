#include "storage/local_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>

#include "base/text.h"
#include "storage/object_key.h"

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

// What is written goes under a name that List shows.
Status CheckKeyToWrite(std::string_view key) {
  LATECOMER_RETURN_IF_ERROR(CheckKey(key));
  const std::string_view name = key.substr(key.rfind('/') + 1);  // npos + 1 is 0
  if (!name.empty() && !name.starts_with(kTemporaryPrefix)) return {};
  return Fail(ErrorKind::kInvalidArgument, "'" + Printable(key) + "' can't be the name of a file in a table");
}

ObjectInfo ToInfo(std::string key, const struct stat& status) {
  const auto nanoseconds =
      std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  ObjectInfo info;
  info.key = std::move(key);
  info.size_bytes = status.st_size;
  info.modified = Instant(std::chrono::floor<Duration>(nanoseconds));
  info.etag =
      std::to_string(status.st_ino) + "-" + std::to_string(status.st_size) + "-" + std::to_string(nanoseconds.count());
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
      if (errno == EEXIST) {
        if (!IsLinked()) return PutOutcome::kExists;
      } else {
        LATECOMER_ASSIGN_OR_RETURN(const PutOutcome outcome, PublishByRename(errno));
        if (outcome == PutOutcome::kExists) return outcome;
      }
    }
    if (const Status synced = SyncFolder(folder_); !synced) {
      // The name is there for all to see; whether it outlives a power cut isn't known.
      Error error = synced.error();
      error.kind = ErrorKind::kUnknownOutcome;
      return Fail(std::move(error));
    }
    return PutOutcome::kCreated;
  }

 private:
  // NFS says EEXIST to the repetition of a link whose first answer was lost.
  bool IsLinked() const {
    struct stat mine {};
    struct stat theirs {};
    return ::stat(path_.c_str(), &mine) == 0 && ::stat(target_.c_str(), &theirs) == 0 && mine.st_dev == theirs.st_dev &&
           mine.st_ino == theirs.st_ino;
  }

  // Where there are no hard links (FAT, some FUSE and network disks): the kernel's rename without replacing.
  // Without that too, nothing on such a disk tells two writers of one name apart without showing half-written files.
  Result<PutOutcome> PublishByRename(int link_error) const {
    constexpr std::array<int, 5> kNoLinks{EPERM, ENOSYS, EOPNOTSUPP, EMLINK, EINVAL};
    if (std::find(kNoLinks.begin(), kNoLinks.end(), link_error) == kNoLinks.end()) {
      return Fail(SystemError(link_error, "give a file its name", target_));
    }
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0) {
      return PutOutcome::kCreated;
    }
    if (errno == EEXIST) return PutOutcome::kExists;
    if (errno != EINVAL && errno != ENOSYS) return Fail(SystemError(errno, "give a file its name", target_));
    return Fail(
        Error(ErrorKind::kUnsupported,
              "this file system has neither hard links nor a rename that doesn't replace, so commits to a table "
              "on it can't be kept apart")
            .In(target_)
            .Hint("keep the table on a local disk or on NFS"));
  }

  TemporaryFile(int fd, std::string path, std::string target, std::string folder)
      : fd_(fd), path_(std::move(path)), target_(std::move(target)), folder_(std::move(folder)) {}

  Descriptor fd_;
  std::string path_, target_, folder_;
};

class LocalWriter final : public ObjectWriter {
 public:
  LocalWriter(std::unique_ptr<TemporaryFile> file, std::string target)
      : file_(std::move(file)), target_(std::move(target)) {}

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

  Result<std::string> Read(std::string_view key) const override { return ReadAt(key, 0, std::nullopt); }

  Result<std::string> ReadRange(std::string_view key, std::int64_t offset, std::int64_t length) const override {
    if (offset < 0 || length < 0) {
      return Fail(
          Error(ErrorKind::kInvalidArgument, "a range of bytes can't begin or end before the file").In(PathOf(key)));
    }
    return ReadAt(key, offset, length);
  }

  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const ListOptions& options) const override {
    if (!prefix.empty()) {
      const std::string_view folder = prefix.back() == '/' ? prefix.substr(0, prefix.size() - 1) : prefix;
      LATECOMER_RETURN_IF_ERROR(CheckKey(folder));
    }
    struct stat status {};
    if (::stat(folder_.c_str(), &status) != 0) return Fail(SystemError(errno, "list", folder_));
    if (!S_ISDIR(status.st_mode)) return Fail(SystemError(ENOTDIR, "list", folder_));
    std::vector<ObjectInfo> found;
    std::string folder(prefix);
    if (!folder.empty() && folder.back() != '/') folder += '/';
    std::vector<FolderId> above;
    LATECOMER_RETURN_IF_ERROR(ListInto(folder, options, above, found));
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    return found;
  }

  Result<PutOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override {
    LATECOMER_RETURN_IF_ERROR(CheckKeyToWrite(key));
    // Cheaper than writing a file that can't get its name; the link below decides.
    if (::access(PathOf(key).c_str(), F_OK) == 0) return PutOutcome::kExists;
    LATECOMER_ASSIGN_OR_RETURN(const auto file, TemporaryFile::Create(PathOf(key)));
    LATECOMER_RETURN_IF_ERROR(file->Write(bytes));
    return file->Publish();
  }

  Result<std::unique_ptr<ObjectWriter>> OpenForWrite(std::string_view key) override {
    LATECOMER_RETURN_IF_ERROR(CheckKeyToWrite(key));
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

  // The whole file when no length is given.
  Result<std::string> ReadAt(std::string_view key, std::int64_t offset, std::optional<std::int64_t> length) const {
    LATECOMER_RETURN_IF_ERROR(CheckKey(key));
    const std::string path = PathOf(key);
    // Without O_NONBLOCK, opening a named pipe waits for its writer.
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) return Fail(SystemError(errno, "open", path));
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return Fail(SystemError(errno, "look at", path));
    if (!S_ISREG(status.st_mode)) return Fail(Error(ErrorKind::kNotFound, "this is no file").In(path));
    std::int64_t wanted = std::max<std::int64_t>(0, status.st_size - offset);
    if (length) wanted = std::min(wanted, *length);
    std::string bytes;
    try {
      bytes.resize(static_cast<std::size_t>(wanted));
    } catch (const std::exception&) {
      return Fail(
          Error(ErrorKind::kIo, "this file of " + std::to_string(status.st_size) + " bytes doesn't fit the memory")
              .In(path));
    }
    std::size_t have = 0;
    while (have < bytes.size()) {
      const ssize_t got =
          ::pread(fd.get(), bytes.data() + have, bytes.size() - have, offset + static_cast<off_t>(have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Fail(SystemError(errno, "read", path));
      if (got == 0) return Fail(Error(ErrorKind::kIo, "the file became shorter while it was read").In(path));
      have += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  struct FolderId {
    dev_t device;
    ino_t inode;
    friend bool operator==(const FolderId&, const FolderId&) = default;
  };

  // Folder by folder; a folder that isn't there has nothing in it. `prefix` is empty or ends in '/'; `above` are the
  // folders on the way here, so that a symbolic link back up doesn't lead in circles.
  Status ListInto(const std::string& prefix, const ListOptions& options, std::vector<FolderId>& above,
                  std::vector<ObjectInfo>& found) const {
    const std::string path = folder_ + "/" + prefix;
    DIR* folder = ::opendir(path.c_str());
    if (folder == nullptr) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      return Fail(SystemError(errno, "list", path));
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> closer(folder, &::closedir);
    struct stat status {};
    if (::fstat(::dirfd(folder), &status) != 0) return Fail(SystemError(errno, "list", path));
    const FolderId self{status.st_dev, status.st_ino};
    if (std::find(above.begin(), above.end(), self) != above.end()) return {};
    std::vector<std::string> folders;
    while (true) {
      errno = 0;  // the end and an error both give null
      const dirent* entry = ::readdir(folder);
      if (entry == nullptr && errno != 0) return Fail(SystemError(errno, "list", path));
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || name.starts_with(kTemporaryPrefix)) continue;
      std::string key = prefix + std::string(name);
      // A long log is mostly older than what is asked for: those need no look.
      const bool after = !options.start_after || key > *options.start_after;
      if (!after && (options.direct_only || entry->d_type == DT_REG)) continue;
      if (::fstatat(::dirfd(folder), entry->d_name, &status, 0) != 0) {
        if (errno == ENOENT || errno == ELOOP) continue;  // gone meanwhile, or a dead link
        return Fail(SystemError(errno, "look at", folder_ + "/" + key));
      }
      if (S_ISDIR(status.st_mode)) {
        if (!options.direct_only) folders.push_back(key + "/");
      } else if (S_ISREG(status.st_mode) && after) {
        found.push_back(ToInfo(std::move(key), status));
      }
    }
    above.push_back(self);
    for (const std::string& deeper : folders) LATECOMER_RETURN_IF_ERROR(ListInto(deeper, options, above, found));
    above.pop_back();
    return {};
  }

  std::string folder_;
};

}  // namespace

std::shared_ptr<ObjectStore> MakeLocalStore(std::string folder) {
  if (folder.empty()) folder = ".";  // never the root of the file system
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return std::make_shared<LocalStore>(std::move(folder));
}

Result<std::shared_ptr<ObjectStore>> OpenLocalStore(const std::string& location) {
  const std::size_t scheme_end = location.find("://");
  if (location.starts_with("file:")) {
    std::string path = location.substr(5);
    if (path.starts_with("//")) {
      const std::size_t host_end = std::min(path.find('/', 2), path.size());
      const std::string host = path.substr(2, host_end - 2);
      path = host.empty() || host == "localhost" ? path.substr(host_end) : "";
    }
    if (path.empty() || path.front() != '/') {
      return Fail(
          Error(ErrorKind::kInvalidArgument, "a file URI has the form file:///absolute/path").In(Printable(location)));
    }
    return MakeLocalStore(PercentDecode(path));
  }
  if (scheme_end != std::string::npos && scheme_end > 0) {
    return Fail(Error(ErrorKind::kUnsupported,
                      "tables on '" + Printable(location.substr(0, scheme_end)) + "' are not supported")
                    .In(Printable(location))
                    .Hint("use a path on the local disk, s3://, gs://, az:// or abfss://"));
  }
  return MakeLocalStore(location);
}

}  // namespace latecomer::storage
