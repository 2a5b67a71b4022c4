#include "storage/cloud_store.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "storage/object_key.h"

namespace latecomer::storage {
namespace {

constexpr std::size_t kPartBytes = std::size_t{8} << 20;
// So that no store's limit on the number of parts is met: 10,000 of them hold 440 GiB.
constexpr std::size_t kPartsOfOneSize = 1000;
constexpr std::size_t kMostErrorBytes = std::size_t{1} << 20;

class CloudStore final : public ObjectStore, public std::enable_shared_from_this<CloudStore> {
 public:
  CloudStore(const CloudTools& tools, std::unique_ptr<CloudDialect> dialect, std::string location, std::string root)
      : tools_(tools), dialect_(std::move(dialect)), location_(std::move(location)), root_(std::move(root)) {}

  const std::string& location() const override { return location_; }

  Result<ObjectInfo> Stat(std::string_view key) const override;
  Result<std::string> Read(std::string_view key) const override;
  Result<std::string> ReadRange(std::string_view key, std::int64_t offset, std::int64_t length) const override;
  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const ListOptions& options) const override;
  Result<PutOutcome> PutIfAbsent(std::string_view key, std::string_view bytes) override;
  Result<std::unique_ptr<ObjectWriter>> OpenForWrite(std::string_view key) override;
  Status Remove(std::string_view key) override;

  std::string PlaceOf(std::string_view key) const { return location_ + "/" + std::string(key); }
  std::string NameOf(std::string_view key) const { return root_ + std::string(key); }
  std::string NewMark() const { return MakeUuid(*tools_.random); }
  CloudDialect& dialect() const { return *dialect_; }
  // From the answer to a Create or to an upload's end.
  Result<PutOutcome> OutcomeOf(std::string_view key, const CloudAnswer& answer, const std::string& mark) const;

 private:
  Result<CloudAnswer> Send(const http::Request& request, const std::string& place) const {
    return SendToCloud(tools_, *dialect_, request, place);
  }
  // Reading changes nothing: whatever became of its attempts, it just failed.
  Result<http::Response> Ask(const http::Request& request, const std::string& place) const;
  Result<http::Response> AskHead(std::string_view key) const;
  Status ListAll(ListQuery query, std::vector<ObjectInfo>& found) const;
  Status CheckRootExists() const;
  // Of an answer to a request that needs only the bucket.
  Error ExplainInBucket(const http::Response& response, const std::string& place) const;
  Status CheckCreatesOnly();

  const CloudTools tools_;
  const std::unique_ptr<CloudDialect> dialect_;
  const std::string location_;
  const std::string root_;
  std::mutex probing_;
  bool creates_only_ = false;  // was found to
};

// Small objects are put at once, larger ones in parts while they are written.
class CloudWriter final : public ObjectWriter {
 public:
  CloudWriter(std::shared_ptr<CloudStore> store, std::string key)
      : store_(std::move(store)), key_(std::move(key)), mark_(store_->NewMark()) {}
  ~CloudWriter() override {
    if (upload_ && !closed_) upload_->GiveUp();
  }

  Status Write(std::string_view bytes) override {
    if (closed_) return Fail(AlreadyClosed());
    while (!bytes.empty()) {
      const std::size_t room = PartSize() - waiting_.size();
      if (room == 0) {
        LATECOMER_RETURN_IF_ERROR(SendPart());
        continue;
      }
      waiting_.append(bytes.substr(0, room));
      bytes.remove_prefix(std::min(room, bytes.size()));
    }
    return {};
  }

  Status Close() override;

 private:
  Error AlreadyClosed() const {
    return Error(ErrorKind::kInvalidArgument, "this file was closed before").In(store_->PlaceOf(key_));
  }
  std::size_t PartSize() const { return kPartBytes * (1 + parts_ / kPartsOfOneSize); }
  Status SendPart() {
    if (!upload_) {
      LATECOMER_ASSIGN_OR_RETURN(upload_,
                                 store_->dialect().BeginUpload(store_->NameOf(key_), mark_, store_->PlaceOf(key_)));
    }
    LATECOMER_RETURN_IF_ERROR(upload_->Add(waiting_));
    ++parts_;
    waiting_.clear();
    return {};
  }
  Result<PutOutcome> Put();

  std::shared_ptr<CloudStore> store_;
  std::string key_;
  std::string mark_;
  std::string waiting_;
  std::unique_ptr<PartUpload> upload_;
  std::size_t parts_ = 0;
  bool closed_ = false;
};

Result<PutOutcome> CloudWriter::Put() {
  if (!upload_) return store_->PutIfAbsent(key_, waiting_);
  LATECOMER_ASSIGN_OR_RETURN(const CloudAnswer answer, upload_->Finish(waiting_));
  return store_->OutcomeOf(key_, answer, mark_);
}

Status CloudWriter::Close() {
  if (closed_) return Fail(AlreadyClosed());
  closed_ = true;
  const Result<PutOutcome> outcome = Put();
  // An upload whose end is unknown may have become the object: the store forgets it in its own time.
  const bool unknown = !outcome && outcome.error().kind == ErrorKind::kUnknownOutcome;
  const bool created = outcome && *outcome == PutOutcome::kCreated;
  if (upload_ && !created && !unknown) upload_->GiveUp();
  waiting_ = {};
  if (!outcome) return Fail(outcome.error());
  if (created) return {};
  return Fail(Error(ErrorKind::kConflict, "there is an object of this name already").In(store_->PlaceOf(key_)));
}

Result<http::Response> CloudStore::Ask(const http::Request& request, const std::string& place) const {
  Result<CloudAnswer> answer = Send(request, place);
  if (answer) return std::move(answer->response);
  Error error = std::move(answer).error();
  if (error.kind == ErrorKind::kUnknownOutcome) error.kind = ErrorKind::kIo;
  return Fail(std::move(error));
}

// The answer to HEAD has no body: what is wrong is learnt by asking for the first byte.
Result<http::Response> CloudStore::AskHead(std::string_view key) const {
  const std::string place = PlaceOf(key);
  LATECOMER_ASSIGN_OR_RETURN(http::Response response, Ask(dialect_->Head(NameOf(key)), place));
  if (response.status < 300) return response;
  if (response.status == 404) return Fail(dialect_->Explain(response, place));
  http::Request first_byte = dialect_->Get(NameOf(key), ByteRange{0, 1});
  first_byte.most_bytes = kMostErrorBytes;
  LATECOMER_ASSIGN_OR_RETURN(const http::Response explained, Ask(first_byte, place));
  return Fail(dialect_->Explain(explained.status < 300 ? response : explained, place));
}

Result<ObjectInfo> CloudStore::Stat(std::string_view key) const {
  LATECOMER_RETURN_IF_ERROR(CheckKey(key));
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, AskHead(key));
  ObjectInfo info = dialect_->InfoOf(response);
  info.key = key;
  return info;
}

Result<std::string> CloudStore::Read(std::string_view key) const {
  LATECOMER_RETURN_IF_ERROR(CheckKey(key));
  const std::string place = PlaceOf(key);
  LATECOMER_ASSIGN_OR_RETURN(http::Response response, Ask(dialect_->Get(NameOf(key), std::nullopt), place));
  if (response.status >= 300) return Fail(dialect_->Explain(response, place));
  return std::move(response.body);
}

Result<std::string> CloudStore::ReadRange(std::string_view key, std::int64_t offset, std::int64_t length) const {
  LATECOMER_RETURN_IF_ERROR(CheckKey(key));
  const std::string place = PlaceOf(key);
  if (offset < 0 || length < 0) {
    return Fail(Error(ErrorKind::kInvalidArgument, "a range of bytes can't begin or end before the object").In(place));
  }
  if (length == 0) {
    LATECOMER_RETURN_IF_ERROR(Stat(key));
    return std::string();
  }
  LATECOMER_ASSIGN_OR_RETURN(http::Response response,
                             Ask(dialect_->Get(NameOf(key), ByteRange{offset, length}), place));
  if (response.status == 416) return std::string();  // it begins after the object's end
  if (response.status >= 300) return Fail(dialect_->Explain(response, place));
  if (response.status == 206) {
    if (static_cast<std::int64_t>(response.body.size()) <= length) return std::move(response.body);
    return Fail(Error(ErrorKind::kIo, "the store sent more bytes than were asked for").In(place));
  }
  // A server that knows no ranges sends everything.
  const auto from = std::min<std::size_t>(static_cast<std::size_t>(offset), response.body.size());
  return response.body.substr(from, static_cast<std::size_t>(length));
}

Error CloudStore::ExplainInBucket(const http::Response& response, const std::string& place) const {
  Error error = dialect_->Explain(response, place);
  if (response.status == 404 && error.hint.empty()) {
    error.message = "there is no such bucket";
    error.hint = "create the bucket, or correct its name";
  }
  return error;
}

Status CloudStore::ListAll(ListQuery query, std::vector<ObjectInfo>& found) const {
  const std::string place = location_ + "/";
  for (;;) {
    LATECOMER_ASSIGN_OR_RETURN(const http::Response response, Ask(dialect_->List(query), place));
    if (response.status >= 300) return Fail(ExplainInBucket(response, place));
    auto page = dialect_->ReadPage(response);
    if (!page) return Fail(std::move(page.error()).In(place));
    for (ObjectInfo& object : page->objects) {
      // A name that ends in '/' is a folder some tool drew; one that isn't a key is nobody's file.
      if (!object.key.starts_with(query.prefix) || object.key.ends_with('/')) continue;
      if (object.key <= query.start_after && !query.start_after.empty()) continue;
      object.key.erase(0, root_.size());
      if (!CheckKey(object.key)) continue;
      found.push_back(std::move(object));
    }
    if (page->next.empty()) return {};
    if (page->next == query.page) {
      return Fail(Error(ErrorKind::kIo, "the store's listing doesn't come to an end").In(place));
    }
    query.page = std::move(page->next);
  }
}

Status CloudStore::CheckRootExists() const {
  ListQuery query;
  query.prefix = root_;
  query.direct_only = false;
  query.most = 1;
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, Ask(dialect_->List(query), location_));
  if (response.status >= 300) return Fail(ExplainInBucket(response, location_));
  LATECOMER_ASSIGN_OR_RETURN(const ListPage page, dialect_->ReadPage(response));
  if (root_.empty() || !page.objects.empty() || !page.next.empty()) return {};
  return Fail(Error(ErrorKind::kNotFound, "there is nothing at this place").In(location_));
}

Result<std::vector<ObjectInfo>> CloudStore::List(std::string_view prefix, const ListOptions& options) const {
  std::string folder(prefix);
  if (!folder.empty()) {
    if (folder.back() == '/') folder.pop_back();
    LATECOMER_RETURN_IF_ERROR(CheckKey(folder));
    folder += '/';
  }
  ListQuery query;
  query.prefix = NameOf(folder);
  if (options.start_after) query.start_after = NameOf(*options.start_after);
  query.direct_only = options.direct_only;
  std::vector<ObjectInfo> found;
  LATECOMER_RETURN_IF_ERROR(ListAll(std::move(query), found));
  if (found.empty() && !options.start_after) LATECOMER_RETURN_IF_ERROR(CheckRootExists());
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return found;
}

Result<PutOutcome> CloudStore::OutcomeOf(std::string_view key, const CloudAnswer& answer,
                                         const std::string& mark) const {
  if (answer.response.status < 300) return PutOutcome::kCreated;
  if (!dialect_->SaysExists(answer.response)) return Fail(ExplainInBucket(answer.response, PlaceOf(key)));
  // It may be there because an earlier attempt, ours or one of libcurl on a connection that broke, was heard.
  const Result<http::Response> there = AskHead(key);
  if (there) return dialect_->MarkOf(*there) == mark ? PutOutcome::kCreated : PutOutcome::kExists;
  if (!answer.may_be_repeat) return PutOutcome::kExists;
  Error error = there.error();
  error.kind = ErrorKind::kUnknownOutcome;
  error.message = "whether this object was created isn't known: " + error.message;
  return Fail(std::move(error));
}

// A store that doesn't know the condition replaces the object without a word, and with it another writer's commit.
Status CloudStore::CheckCreatesOnly() {
  const std::lock_guard lock(probing_);
  if (creates_only_ || dialect_->IsKnownToCreateOnly()) return {};
  const std::string key = "_latecomer_probe_" + NewMark();
  const std::string place = PlaceOf(key);
  LATECOMER_ASSIGN_OR_RETURN(const http::Response first, Ask(dialect_->Create(NameOf(key), "", key), place));
  // An attempt before this one may have created it.
  if (first.status >= 300 && !dialect_->SaysExists(first)) return Fail(ExplainInBucket(first, place));
  const Result<http::Response> second = Ask(dialect_->Create(NameOf(key), "", key), place);
  LATECOMER_RETURN_IF_ERROR(Remove(key));
  if (!second) return Fail(second.error());
  creates_only_ = dialect_->SaysExists(*second);
  if (creates_only_) return {};
  return Fail(
      Error(ErrorKind::kUnsupported,
            "this store doesn't keep to `If-None-Match: *`, so two writers could overwrite each other's commits")
          .In(location_)
          .Hint("nothing was written; use a store, or a newer release of this one, that has conditional writes"));
}

Result<PutOutcome> CloudStore::PutIfAbsent(std::string_view key, std::string_view bytes) {
  LATECOMER_RETURN_IF_ERROR(CheckKey(key));
  LATECOMER_RETURN_IF_ERROR(CheckCreatesOnly());
  const std::string mark = NewMark();
  LATECOMER_ASSIGN_OR_RETURN(const CloudAnswer answer, Send(dialect_->Create(NameOf(key), bytes, mark), PlaceOf(key)));
  return OutcomeOf(key, answer, mark);
}

Result<std::unique_ptr<ObjectWriter>> CloudStore::OpenForWrite(std::string_view key) {
  LATECOMER_RETURN_IF_ERROR(CheckKey(key));
  return std::unique_ptr<ObjectWriter>(new CloudWriter(shared_from_this(), std::string(key)));
}

Status CloudStore::Remove(std::string_view key) {
  LATECOMER_RETURN_IF_ERROR(CheckKey(key));
  const std::string place = PlaceOf(key);
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, Ask(dialect_->Remove(NameOf(key)), place));
  if (response.status < 300 || response.status == 404) return {};
  return Fail(dialect_->Explain(response, place));
}

}  // namespace

std::string ByteRange::Header() const {
  return "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + length - 1);
}

std::shared_ptr<ObjectStore> MakeCloudStore(const CloudTools& tools, std::unique_ptr<CloudDialect> dialect,
                                            std::string location, std::string root) {
  return std::make_shared<CloudStore>(tools, std::move(dialect), std::move(location), std::move(root));
}

}  // namespace latecomer::storage
