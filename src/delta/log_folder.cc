#include "delta/log_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "delta/commit_parser.h"

namespace latecomer::delta {
namespace {

constexpr std::size_t kFirstBuffer = 64 * 1024;
constexpr int kMostToClose = 32;
constexpr std::size_t kMostFlags = 64;  // so many bits for each version cost no more than the versions themselves

Error NoTable(const std::string& location) {
  return Error(ErrorKind::kNotFound, "there is no Delta table here: no _delta_log folder with a commit in it")
      .In(location)
      .Hint("give the folder that holds _delta_log");
}

void AddName(LogListing& listing, LogFile file) {
  switch (file.kind) {
    case LogFileKind::kCommit: listing.commits.push_back(file.version); break;
    case LogFileKind::kCompaction: listing.compactions.push_back(std::move(file)); break;
    case LogFileKind::kClassicCheckpoint:
    case LogFileKind::kMultiPartCheckpoint:
    case LogFileKind::kUuidCheckpoint: listing.checkpoints.push_back(std::move(file)); break;
  }
}

// Versions are mostly consecutive, and a folder gives them in no order: marking each in a row of flags sorts them in
// one pass.
void SortVersions(std::vector<Version>& versions) {
  if (std::is_sorted(versions.begin(), versions.end())) return;
  const auto [least, most] = std::minmax_element(versions.begin(), versions.end());
  const Version first = *least;
  const auto width = static_cast<std::uint64_t>(most->value - first.value) + 1;
  if (width > kMostFlags * versions.size()) {
    std::sort(versions.begin(), versions.end());
    return;
  }
  std::vector<bool> there(static_cast<std::size_t>(width));
  for (const Version version : versions) there[static_cast<std::size_t>(version.value - first.value)] = true;
  versions.clear();
  for (std::size_t i = 0; i < there.size(); ++i) {
    if (there[i]) versions.push_back(Version{first.value + static_cast<std::int64_t>(i)});
  }
}

void Sort(LogListing& listing) {
  SortVersions(listing.commits);
  const auto by_version = [](const LogFile& a, const LogFile& b) {
    return std::tie(a.version, a.kind, a.parts, a.part, a.uuid) < std::tie(b.version, b.kind, b.parts, b.part, b.uuid);
  };
  std::sort(listing.checkpoints.begin(), listing.checkpoints.end(), by_version);
  std::sort(listing.compactions.begin(), listing.compactions.end(), by_version);
}

// Only files count: a folder called like a commit is none.
bool IsFile(int folder_fd, const dirent& entry) {
  if (entry.d_type == DT_REG) return true;
  if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) return false;
  struct stat info {};
  return fstatat(folder_fd, entry.d_name, &info, 0) == 0 && S_ISREG(info.st_mode);
}

// File systems of Linux whose reads go through the page cache until the end of the file.
bool ShortReadIsEnd(int folder_fd) {
  struct statfs info {};
  if (folder_fd < 0 || fstatfs(folder_fd, &info) != 0) return false;
  switch (static_cast<std::uint64_t>(info.f_type)) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case TMPFS_MAGIC: return true;
    default: return false;
  }
}

}  // namespace

LogFolder::LogFolder(std::shared_ptr<const storage::ObjectStore> store, int folder_fd)
    : store_(std::move(store)), folder_fd_(folder_fd), short_read_is_end_(ShortReadIsEnd(folder_fd)) {}

void FilesToClose::Add(int file) {
  if (count_ == kMostToClose || (count_ > 0 && file != first_ + count_)) Close();
  if (count_ == 0) first_ = file;
  ++count_;
}

void FilesToClose::Close() {
  if (count_ == 0) return;
  const int end = first_ + std::exchange(count_, 0);
  if (close_range(static_cast<unsigned>(first_), static_cast<unsigned>(end - 1), 0) == 0) return;
  for (int file = first_; file < end; ++file) close(file);  // a kernel before 5.9
}

void LogBuffer::Reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<char[]>(capacity + kParserPadding);
  if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
  std::memset(larger.get() + capacity, 0, kParserPadding);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

Result<std::shared_ptr<const LogFolder>> LogFolder::Open(std::shared_ptr<const storage::ObjectStore> store) {
  int folder_fd = -1;
  if (const auto root = store->local_root()) {
    const std::string path = *root + "/_delta_log";
    folder_fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return Fail(NoTable(store->location()));
    if (folder_fd < 0) return Fail(SystemError(errno, "open", path));
  }
  return std::shared_ptr<const LogFolder>(new LogFolder(std::move(store), folder_fd));
}

LogFolder::~LogFolder() {
  if (folder_fd_ >= 0) close(folder_fd_);
}

std::string LogFolder::PathOf(std::string_view key) const {
  const std::string& location = store_->location();
  return location + (location.ends_with('/') ? "" : "/") + std::string(key);
}

Result<LogListing> LogFolder::List() const {
  Result<LogListing> listing = folder_fd_ >= 0 ? ListLocal() : ListStore({});
  if (!listing) return listing;
  if (listing->commits.empty() && listing->checkpoints.empty()) return Fail(NoTable(store_->location()));
  Sort(*listing);
  return listing;
}

Result<LogListing> LogFolder::ListLocal() const {
  // A descriptor of its own, because the position in a folder belongs to the descriptor.
  const int fd = openat(folder_fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Fail(SystemError(errno, "open", PathOf(kLogFolder)));
  DIR* folder = fdopendir(fd);
  if (folder == nullptr) {
    const int problem = errno;
    close(fd);
    return Fail(SystemError(problem, "list", PathOf(kLogFolder)));
  }
  LogListing listing;
  errno = 0;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_type == DT_REG) {  // nearly all names of a long log
      if (const auto version = ParseCommitName(entry->d_name)) {
        listing.commits.push_back(*version);
        continue;
      }
    }
    if (auto file = ParseLogFile(entry->d_name); file && IsFile(folder_fd_, *entry)) {
      AddName(listing, std::move(*file));
    }
    errno = 0;
  }
  const int problem = errno;
  closedir(folder);
  if (problem != 0) return Fail(SystemError(problem, "list", PathOf(kLogFolder)));
  return listing;
}

Result<LogListing> LogFolder::ListAfter(Version version) const {
  storage::ObjectStore::ListOptions options;
  options.start_after = CommitKey(version);
  LATECOMER_ASSIGN_OR_RETURN(LogListing listing, ListStore(options));
  Sort(listing);
  return listing;
}

Result<LogListing> LogFolder::ListStore(const storage::ObjectStore::ListOptions& options) const {
  auto objects = store_->List(kLogFolder, options);
  if (!objects) {
    // A hint means that more is missing than this folder: the bucket.
    const Error& error = objects.error();
    if (error.kind == ErrorKind::kNotFound && error.hint.empty()) return Fail(NoTable(store_->location()));
    return Fail(std::move(objects).error());
  }
  LogListing listing;
  for (const storage::ObjectInfo& object : *objects) {
    if (auto file = ParseLogFile(object.key)) AddName(listing, std::move(*file));
  }
  return listing;
}

Status LogFolder::ReadCommit(Version version, LogBuffer& buffer) const {
  FilesToClose files;
  return ReadCommit(version, buffer, files);
}

Status LogFolder::ReadCommit(Version version, LogBuffer& buffer, FilesToClose& files) const {
  if (folder_fd_ < 0) return ReadKey(CommitKey(version), buffer);
  char name[kCommitNameSize];
  WriteCommitName(version, name);
  return ReadLocal(name, buffer, files);
}

Status LogFolder::ReadKey(std::string_view key, LogBuffer& buffer) const {
  if (folder_fd_ >= 0 && key.starts_with(kLogFolder)) {
    FilesToClose files;
    return ReadLocal(std::string(key.substr(kLogFolder.size())).c_str(), buffer, files);
  }
  auto bytes = store_->Read(key);
  if (!bytes) return Fail(std::move(bytes).error());
  buffer.size_ = 0;
  buffer.Reserve(bytes->size());
  std::memcpy(buffer.bytes_.get(), bytes->data(), bytes->size());
  buffer.size_ = bytes->size();
  return {};
}

// Without noting the time of access, which is 3 % of reading a small file. Only the file's owner may do that.
int LogFolder::OpenLocal(const char* name) const {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC;
  if (note_access_.load(std::memory_order_relaxed)) return openat(folder_fd_, name, kFlags);
  const int fd = openat(folder_fd_, name, kFlags | O_NOATIME);
  if (fd >= 0 || errno != EPERM) return fd;
  note_access_.store(true, std::memory_order_relaxed);
  return openat(folder_fd_, name, kFlags);
}

Status LogFolder::ReadLocal(const char* name, LogBuffer& buffer, FilesToClose& files) const {
  buffer.size_ = 0;
  buffer.Reserve(kFirstBuffer);
  const auto problem = [&](std::string_view doing) {
    return Fail(SystemError(errno, doing, PathOf(std::string(kLogFolder) + name)));
  };
  int fd = OpenLocal(name);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
    files.Close();
    fd = OpenLocal(name);
  }
  if (fd < 0) return problem("open");
  files.Add(fd);
  for (;;) {
    if (buffer.size_ == buffer.capacity_) buffer.Reserve(buffer.capacity_ * 2);
    const ssize_t got = read(fd, buffer.bytes_.get() + buffer.size_, buffer.capacity_ - buffer.size_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return problem("read");
    if (got == 0) break;
    const bool filled = static_cast<std::size_t>(got) == buffer.capacity_ - buffer.size_;
    buffer.size_ += static_cast<std::size_t>(got);
    if (short_read_is_end_ && !filled) break;
  }
  return {};
}

Result<bool> LogFolder::HasCommit(Version version) const {
  if (folder_fd_ < 0) {
    const auto info = store_->Stat(CommitKey(version));
    if (info) return true;
    if (info.error().kind == ErrorKind::kNotFound) return false;
    return Fail(info.error());
  }
  char name[kCommitNameSize];
  WriteCommitName(version, name);
  struct stat info {};
  if (fstatat(folder_fd_, name, &info, 0) == 0) return S_ISREG(info.st_mode);
  if (errno == ENOENT) return false;
  return Fail(SystemError(errno, "look up", PathOf(CommitKey(version))));
}

Result<Instant> LogFolder::ModifiedTime(Version version) const {
  LATECOMER_ASSIGN_OR_RETURN(const storage::ObjectInfo info, store_->Stat(CommitKey(version)));
  return info.modified;
}

}  // namespace latecomer::delta
