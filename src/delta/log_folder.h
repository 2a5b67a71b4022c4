// The _delta_log folder of one table: which files lie there, and their bytes.
//
// On a local disk it goes to the folder directly (openat, getdents), because a scan of 100,000 commits
// lives from it; any other store is used through the ObjectStore seam.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/version.h"
#include "delta/log_path.h"
#include "delta/ordered_work.h"
#include "storage/object_store.h"

namespace latecomer::delta {

// Files that were read, closed many at a time: one call for all of them costs the system a tenth less of reading small
// files than one for each. Used by one thread: those that it opened, it closes.
class FilesToClose {
 public:
  FilesToClose() = default;
  ~FilesToClose() { Close(); }
  FilesToClose(const FilesToClose&) = delete;
  FilesToClose& operator=(const FilesToClose&) = delete;

  void Add(int file);
  void Close();

 private:
  // Their numbers mostly follow one another; nobody else can have one of these while they are open.
  int first_ = 0;
  int count_ = 0;
};

// Bytes of one log file, with room after them that a parser may touch. Reused from file to file.
class LogBuffer {
 public:
  std::string_view text() const { return {bytes_.get(), size_}; }

 private:
  friend class LogFolder;
  // Room for `capacity` bytes and the parser's padding; keeps what was read.
  void Reserve(std::size_t capacity);
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

// All log files of a table, from one listing.
struct LogListing {
  std::vector<Version> commits;      // ascending
  std::vector<LogFile> checkpoints;  // ascending by version
  std::vector<LogFile> compactions;  // ascending by first version
};

// How many objects are asked for at once: each request mostly waits.
inline constexpr std::size_t kStoreReads = 64;

class LogFolder {
 public:
  // Opens the folder of the table at `store`. kNotFound, saying so, when there is no _delta_log folder.
  static Result<std::shared_ptr<const LogFolder>> Open(std::shared_ptr<const storage::ObjectStore> store);
  ~LogFolder();
  LogFolder(const LogFolder&) = delete;
  LogFolder& operator=(const LogFolder&) = delete;

  const storage::ObjectStore& store() const { return *store_; }
  bool is_local() const { return folder_fd_ >= 0; }
  // How many are worth reading its files at once.
  std::size_t threads() const { return is_local() ? MachineThreads() : kStoreReads; }
  // A name for errors: the table's location, a slash, the key.
  std::string PathOf(std::string_view key) const;

  // Names that are no log files are left out, folders too.
  Result<LogListing> List() const;
  // Of a store: what comes after the commit of `version`; may be empty.
  Result<LogListing> ListAfter(Version version) const;

  // kNotFound when there is no such commit.
  Status ReadCommit(Version version, LogBuffer& buffer) const;
  // Leaves the file to `files`.
  Status ReadCommit(Version version, LogBuffer& buffer, FilesToClose& files) const;
  Status ReadKey(std::string_view key, LogBuffer& buffer) const;
  Result<bool> HasCommit(Version version) const;
  Result<Instant> ModifiedTime(Version version) const;

 private:
  LogFolder(std::shared_ptr<const storage::ObjectStore> store, int folder_fd);
  int OpenLocal(const char* name) const;
  Status ReadLocal(const char* name, LogBuffer& buffer, FilesToClose& files) const;
  Result<LogListing> ListLocal() const;
  Result<LogListing> ListStore(const storage::ObjectStore::ListOptions& options) const;

  std::shared_ptr<const storage::ObjectStore> store_;
  int folder_fd_ = -1;  // of _delta_log, when the store is local
  // Whether a read that gives less than was asked for has reached the end of the file. Elsewhere (network and user
  // space file systems) only a read that gives nothing has.
  bool short_read_is_end_ = false;
  mutable std::atomic<bool> note_access_{false};  // whether a file turned out to be someone else's
};

}  // namespace latecomer::delta
