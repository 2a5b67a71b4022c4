// An ObjectStore over HTTP: what S3, Azure Blob Storage and Google Cloud Storage have in common.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/cloud_request.h"
#include "storage/object_store.h"

namespace latecomer::storage {

struct ByteRange {
  std::int64_t offset = 0;
  std::int64_t length = 0;  // greater than 0
  // "bytes=0-99"
  std::string Header() const;
};

struct ListQuery {
  std::string prefix;
  std::string start_after;  // empty: from the first; a store that can't do this lists all
  bool direct_only = true;
  std::string page;  // what the page before said comes next; empty for the first
  int most = 1000;
};

struct ListPage {
  std::vector<ObjectInfo> objects;  // with their whole names
  std::string next;                 // empty after the last page
};

// A large object that is sent in parts. What is neither finished nor given up costs money at some stores.
class PartUpload {
 public:
  virtual ~PartUpload() = default;
  // All parts but the last one have one size.
  virtual Status Add(std::string_view part) = 0;
  // The answer tells, like that of a put, whether the object was created.
  virtual Result<CloudAnswer> Finish(std::string_view last) = 0;
  virtual void GiveUp() = 0;
};

// One cloud's way of asking. Names are whole: the root's with the key's. A mark is put on an object when it is created,
// and tells later whether it was created by this very call.
class CloudDialect : public CloudSigner {
 public:
  virtual http::Request Head(const std::string& name) const = 0;
  virtual http::Request Get(const std::string& name, const std::optional<ByteRange>& range) const = 0;
  virtual http::Request Remove(const std::string& name) const = 0;
  // Creates the object, unless there is one.
  virtual http::Request Create(const std::string& name, std::string_view bytes, const std::string& mark) const = 0;
  virtual Result<std::unique_ptr<PartUpload>> BeginUpload(const std::string& name, const std::string& mark,
                                                          const std::string& place) = 0;
  // Whether every store of this kind heeds "unless there is one". Where not, it is tried before it is relied upon.
  virtual bool IsKnownToCreateOnly() const { return true; }
  // The answer to Create or an upload's end says that there is an object already.
  virtual bool SaysExists(const http::Response& response) const = 0;
  // Of the answer to Head; without its key.
  virtual ObjectInfo InfoOf(const http::Response& head) const = 0;
  virtual std::string MarkOf(const http::Response& head) const = 0;
  virtual http::Request List(const ListQuery& query) const = 0;
  virtual Result<ListPage> ReadPage(const http::Response& response) const = 0;
};

// `location`: the URI, without a slash at its end, for people. `root`: what keys are relative to inside the bucket;
// empty or ending in '/'.
std::shared_ptr<ObjectStore> MakeCloudStore(const CloudTools& tools, std::unique_ptr<CloudDialect> dialect,
                                            std::string location, std::string root);

}  // namespace latecomer::storage
