// The seam for files: what latecomer needs of a disk or an object store, and nothing more.
//
// A store is rooted at one location; keys are relative to it, with '/' between parts, never with "..",
// never percent-encoded. All calls may be made from several threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace latecomer::storage {

struct ObjectInfo {
  std::string key;
  std::int64_t size_bytes = 0;
  Instant modified{};
  // Changes when the content is replaced: the store's ETag, or inode, size and modification time in
  // nanoseconds on a local disk. Empty when the store has none.
  std::string etag;
};

enum class PutOutcome {
  kCreated,
  kExists,  // another writer was first; nothing was changed
};

// Bytes written in order; nothing is visible under its key before Close returned without error, and a
// writer that is destroyed without Close leaves nothing behind.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  virtual Status Write(std::string_view bytes) = 0;
  virtual Status Close() = 0;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // What people know the place by: a path, or a URI without credentials.
  virtual const std::string& location() const = 0;

  // kNotFound when there is no such object.
  virtual Result<ObjectInfo> Stat(std::string_view key) const = 0;

  // The whole object. Appends nothing on failure. kNotFound when there is none.
  virtual Result<std::string> Read(std::string_view key) const = 0;
  // `length` bytes from `offset`, fewer at the end of the object.
  virtual Result<std::string> ReadRange(std::string_view key, std::int64_t offset, std::int64_t length) const = 0;

  // Objects directly or deeper under `prefix` (a folder, ending in '/', or empty), in byte order of
  // their keys, strictly after `start_after` when that is given. `direct_only` leaves deeper ones out.
  // A prefix under which nothing lies gives an empty list; a root that doesn't exist is kNotFound.
  struct ListOptions {
    std::optional<std::string> start_after{};
    bool direct_only = true;
  };
  virtual Result<std::vector<ObjectInfo>> List(std::string_view prefix, const ListOptions& options) const = 0;

  // Atomic: creates the object whole, or finds one there and changes nothing. The bytes and the name
  // are durable when this returns kCreated. kUnknownOutcome when the store's answer was lost.
  virtual Result<PutOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) = 0;

  // Creates missing folders on the way. Fails with kConflict when the key exists at Close.
  virtual Result<std::unique_ptr<ObjectWriter>> OpenForWrite(std::string_view key) = 0;

  // No error when it is not there.
  virtual Status Remove(std::string_view key) = 0;

  // The path of this root on the local file system when it has one, for readers that go there directly.
  virtual std::optional<std::string> local_root() const { return std::nullopt; }
};

// Opens a store rooted at a path or URI ("dataset/devices", "file:///x", "s3://bucket/x"). Kept as a
// function so that delta/ can follow absolute paths (shallow clones) without naming a back end.
using StoreOpener = std::function<Result<std::shared_ptr<ObjectStore>>(const std::string& location)>;

}  // namespace latecomer::storage
