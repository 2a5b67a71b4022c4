#include "storage/gcs_store.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "storage/cloud_location.h"
#include "storage/cloud_store.h"
#include "storage/store_answer.h"

namespace latecomer::storage {
namespace {

using Json = nlohmann::json;

constexpr const char* kMarkName = "latecomer-put";

std::string TextOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ObjectInfo InfoFrom(const Json& object) {
  ObjectInfo info;
  info.key = TextOf(object, "name");
  info.size_bytes = NumberOf(TextOf(object, "size"));  // 64-bit numbers are texts in this interface
  // Its etag changes with the object's metadata too.
  info.etag = TextOf(object, "generation");
  if (const auto at = ParseInstant(TextOf(object, "updated"))) info.modified = *at;
  return info;
}

class GcsDialect final : public CloudDialect {
 public:
  GcsDialect(std::shared_ptr<GcsAccess> access, std::string bucket)
      : access_(std::move(access)), bucket_(PercentEncode(bucket)) {}

  Status Authorize(http::Request& request) override {
    if (access_->is_emulator()) return {};
    LATECOMER_ASSIGN_OR_RETURN(const std::string token, access_->tokens().Get());
    request.Set("Authorization", "Bearer " + token);
    return {};
  }
  bool Learn(const http::Response& response) override {
    return response.status == 401 && !access_->is_emulator() && access_->tokens().Renew();
  }
  bool IsTransient(const http::Response& /*response*/) const override { return false; }
  Error Explain(const http::Response& response, const std::string& place) const override;

  http::Request Head(const std::string& name) const override {
    http::Request request = RequestTo("GET", ObjectUrl(name) + "?fields=name,size,generation,updated,metadata");
    request.most_bytes = kMostAnswerBytes;
    return request;
  }
  http::Request Get(const std::string& name, const std::optional<ByteRange>& range) const override {
    http::Request request = RequestTo("GET", ObjectUrl(name) + "?alt=media");
    if (range) request.Set("Range", range->Header());
    return request;
  }
  http::Request Remove(const std::string& name) const override { return RequestTo("DELETE", ObjectUrl(name)); }
  http::Request Create(const std::string& name, std::string_view bytes, const std::string& mark) const override;
  Result<std::unique_ptr<PartUpload>> BeginUpload(const std::string& name, const std::string& mark,
                                                  const std::string& place) override;
  bool SaysExists(const http::Response& response) const override { return response.status == 412; }
  ObjectInfo InfoOf(const http::Response& head) const override {
    const Json object = Json::parse(head.body, nullptr, false);
    return object.is_object() ? InfoFrom(object) : ObjectInfo{};
  }
  std::string MarkOf(const http::Response& head) const override {
    const Json object = Json::parse(head.body, nullptr, false);
    if (!object.is_object() || !object.contains("metadata") || !object["metadata"].is_object()) return "";
    return TextOf(object["metadata"], kMarkName);
  }
  http::Request List(const ListQuery& query) const override;
  Result<ListPage> ReadPage(const http::Response& response) const override;

  http::Request RequestTo(const char* method, std::string url) const {
    http::Request request;
    request.method = method;
    request.url = std::move(url);
    return request;
  }
  const GcsAccess& access() const { return *access_; }

 private:
  std::string ObjectUrl(const std::string& name) const {
    return access_->endpoint() + "/storage/v1/b/" + bucket_ + "/o/" + PercentEncode(name);
  }
  // Generation 0 is that of an object that isn't there.
  std::string UploadUrl(const char* type) const {
    return access_->endpoint() + "/upload/storage/v1/b/" + bucket_ + "/o?ifGenerationMatch=0&uploadType=" + type;
  }
  static std::string Metadata(const std::string& name, const std::string& mark) {
    return Json{{"name", name}, {"metadata", {{kMarkName, mark}}}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  const std::shared_ptr<GcsAccess> access_;
  const std::string bucket_;
};

http::Request GcsDialect::Create(const std::string& name, std::string_view bytes, const std::string& mark) const {
  http::Request request = RequestTo("POST", UploadUrl("multipart"));
  const std::string boundary = "latecomer-" + mark;  // random, so that no content holds it
  std::string body = "--" + boundary + "\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" +
                     Metadata(name, mark) + "\r\n--" + boundary + "\r\nContent-Type: application/octet-stream\r\n\r\n";
  body.append(bytes);
  body += "\r\n--" + boundary + "--\r\n";
  request.own_body = std::make_shared<const std::string>(std::move(body));
  request.body = *request.own_body;
  request.Set("Content-Type", "multipart/related; boundary=" + boundary);
  return request;
}

Error GcsDialect::Explain(const http::Response& response, const std::string& place) const {
  const Json json = Json::parse(response.body, nullptr, false);
  const Json error = json.is_object() ? json.value("error", Json()) : Json();
  std::string said = error.is_object() ? TextOf(error, "message") : response.body;
  if (said.find('<') != std::string::npos) said.clear();  // a page for browsers
  const bool of_bucket =
      said.find("bucket does not exist") != std::string::npos || said.find("bucket not found") != std::string::npos;
  if (response.status == 404 && of_bucket) {
    return Error(ErrorKind::kNotFound, "there is no such bucket")
        .In(place)
        .Hint("create the bucket, or correct its name");
  }
  if (response.status == 404) return Error(ErrorKind::kNotFound, "there is no such object").In(place);
  if (response.status == 401) {
    return Error(ErrorKind::kPermission, "the store doesn't take the credentials")
        .In(place)
        .Hint(
            "they may have expired, or this machine's clock is wrong; `gcloud auth application-default login` renews "
            "a user's");
  }
  if (response.status == 403) {
    const std::string words = ServerWords(said);
    return Error(ErrorKind::kPermission, "the store denies access" + (words.empty() ? "" : ": " + words))
        .In(place)
        .Hint("reading a table takes the role Storage Object Viewer, writing Storage Object User");
  }
  return DescribeUnknown(response, "", said, place);
}

http::Request GcsDialect::List(const ListQuery& query) const {
  std::string url =
      access_->endpoint() + "/storage/v1/b/" + bucket_ +
      "/o?fields=items(name,size,generation,updated),nextPageToken&maxResults=" + std::to_string(query.most);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) url.append("&").append(name).append("=").append(PercentEncode(value));
  };
  add("prefix", query.prefix);
  if (query.direct_only) add("delimiter", "/");
  add("startOffset", query.start_after);  // and the object itself, which is left out later
  add("pageToken", query.page);
  http::Request request = RequestTo("GET", std::move(url));
  request.most_bytes = kMostAnswerBytes;
  return request;
}

Result<ListPage> GcsDialect::ReadPage(const http::Response& response) const {
  const Json json = Json::parse(response.body, nullptr, false);
  if (!json.is_object()) return Fail(ErrorKind::kIo, "the store's listing has an unknown form");
  ListPage page;
  page.next = TextOf(json, "nextPageToken");
  const auto items = json.find("items");
  if (items == json.end() || !items->is_array()) return page;
  for (const Json& object : *items) {
    if (object.is_object()) page.objects.push_back(InfoFrom(object));
  }
  return page;
}

// A resumable upload: parts follow each other in one session.
class GcsUpload final : public PartUpload {
 public:
  GcsUpload(GcsDialect& dialect, std::string session, std::string place)
      : dialect_(dialect), session_(std::move(session)), place_(std::move(place)) {}

  Status Add(std::string_view part) override {
    while (!part.empty()) {
      LATECOMER_ASSIGN_OR_RETURN(const CloudAnswer answer, Send(part, "*"));
      // 308: bytes 0 to N are kept; the rest of the part comes again.
      if (answer.response.status != 308) return Fail(Explain(answer.response));
      const std::int64_t kept = KeptBytes(answer.response) - sent_;
      if (kept <= 0 || kept > static_cast<std::int64_t>(part.size())) {
        return Fail(Error(ErrorKind::kIo, "the store keeps nothing of what is sent").In(place_));
      }
      sent_ += kept;
      part.remove_prefix(static_cast<std::size_t>(kept));
    }
    return {};
  }

  Result<CloudAnswer> Finish(std::string_view last) override {
    return Send(last, std::to_string(sent_ + static_cast<std::int64_t>(last.size())));
  }

  void GiveUp() override {
    const http::Request request = dialect_.RequestTo("DELETE", session_);
    // A session that is left ends by itself after a week.
    static_cast<void>(SendToCloud(dialect_.access().tools(), dialect_, request, place_));
  }

 private:
  Result<CloudAnswer> Send(std::string_view bytes, const std::string& total) {
    http::Request request = dialect_.RequestTo("PUT", session_);
    request.body = bytes;
    request.Set("Content-Range", "bytes " + std::to_string(sent_) + "-" +
                                     std::to_string(sent_ + static_cast<std::int64_t>(bytes.size()) - 1) + "/" + total);
    return SendToCloud(dialect_.access().tools(), dialect_, request, place_);
  }
  // Of "bytes=0-N".
  static std::int64_t KeptBytes(const http::Response& response) {
    const std::string& range = response.Header("range");
    const std::size_t dash = range.find('-');
    return dash == std::string::npos ? 0 : NumberOf(range.substr(dash + 1)) + 1;
  }
  Error Explain(const http::Response& response) const { return dialect_.Explain(response, place_); }

  GcsDialect& dialect_;
  const std::string session_;
  const std::string place_;
  std::int64_t sent_ = 0;
};

Result<std::unique_ptr<PartUpload>> GcsDialect::BeginUpload(const std::string& name, const std::string& mark,
                                                            const std::string& place) {
  const std::string metadata = Metadata(name, mark);
  http::Request request = RequestTo("POST", UploadUrl("resumable"));
  request.body = metadata;
  request.Set("Content-Type", "application/json; charset=UTF-8");
  LATECOMER_ASSIGN_OR_RETURN(const CloudAnswer answer, SendToCloud(access_->tools(), *this, request, place));
  if (answer.response.status == 412) {
    return Fail(Error(ErrorKind::kConflict, "there is an object of this name already").In(place));
  }
  if (answer.response.status >= 300) return Fail(Explain(answer.response, place));
  // What is sent there carries the token.
  const std::string& session = answer.response.Header("location");
  if (!session.starts_with(access_->endpoint() + "/")) {
    return Fail(Error(ErrorKind::kIo, "the store began no upload at its own address").In(place));
  }
  return std::unique_ptr<PartUpload>(new GcsUpload(*this, session, place));
}

}  // namespace

Result<std::shared_ptr<GcsAccess>> GcsAccess::Make(const CloudTools& tools) {
  auto emulator = tools.environment("STORAGE_EMULATOR_HOST");
  if (!emulator) return std::make_shared<GcsAccess>(tools, "https://storage.googleapis.com", false);
  if (emulator->find("://") == std::string::npos) emulator = "http://" + *emulator;
  while (emulator->ends_with('/')) emulator->pop_back();
  return std::make_shared<GcsAccess>(tools, *emulator, true);
}

Result<std::shared_ptr<ObjectStore>> OpenGcsStore(const std::shared_ptr<GcsAccess>& access,
                                                  const std::string& location) {
  LATECOMER_ASSIGN_OR_RETURN(const CloudLocation parsed, ParseCloudLocation(location));
  if (parsed.authority.find_first_of(":@") != std::string::npos) {
    return Fail(Error(ErrorKind::kInvalidArgument, "no bucket has a ':' or '@' in its name")
                    .Hint("credentials come from the environment"));
  }
  return MakeCloudStore(access->tools(), std::make_unique<GcsDialect>(access, parsed.authority), parsed.Uri(),
                        parsed.Root());
}

}  // namespace latecomer::storage
