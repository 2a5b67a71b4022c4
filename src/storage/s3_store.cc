#include "storage/s3_store.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/text.h"
#include "storage/cloud_location.h"
#include "storage/cloud_store.h"
#include "storage/store_answer.h"
#include "storage/xml_text.h"

namespace latecomer::storage {
namespace {

constexpr const char* kMarkHeader = "x-amz-meta-latecomer-put";
constexpr int kFinishAttempts = 4;

struct S3Problem {
  std::string code;  // "NoSuchBucket"; empty when the answer has none
  std::string message;
  std::string region;
};

S3Problem ProblemOf(const http::Response& response) {
  const auto xml = ParseXml(response.body);
  if (!xml || xml->name != "Error") return {};
  return {xml->Text("Code"), xml->Text("Message"), xml->Text("Region")};
}

constexpr KnownProblem kKnown[] = {
    {"NoSuchBucket", ErrorKind::kNotFound, "there is no such bucket",
     "create the bucket, or correct its name; AWS_ENDPOINT_URL names another store than Amazon's"},
    {"NoSuchKey", ErrorKind::kNotFound, "there is no such object", ""},
    {"AccessDenied", ErrorKind::kPermission, "the store denies access",
     "reading a table takes s3:GetObject and s3:ListBucket, writing also s3:PutObject, s3:DeleteObject and "
     "s3:AbortMultipartUpload"},
    {"AllAccessDisabled", ErrorKind::kPermission, "all access to the bucket is switched off", "ask the bucket's owner"},
    {"ExpiredToken", ErrorKind::kPermission, "the credentials have expired",
     "sign in anew, or renew AWS_SESSION_TOKEN with its key"},
    {"TokenRefreshRequired", ErrorKind::kPermission, "the credentials have expired",
     "sign in anew, or renew AWS_SESSION_TOKEN with its key"},
    {"InvalidToken", ErrorKind::kPermission, "the session token doesn't belong to the key",
     "AWS_SESSION_TOKEN goes with its own AWS_ACCESS_KEY_ID; unset it for a long-lived key"},
    {"InvalidAccessKeyId", ErrorKind::kPermission, "the store doesn't know the access key",
     "look at AWS_ACCESS_KEY_ID and AWS_PROFILE, and whether they are for this endpoint"},
    {"SignatureDoesNotMatch", ErrorKind::kPermission, "the store takes the signature for wrong",
     "look whether AWS_SECRET_ACCESS_KEY belongs to AWS_ACCESS_KEY_ID"},
    {"InvalidBucketName", ErrorKind::kInvalidArgument, "no bucket can have this name", ""},
    {"KeyTooLongError", ErrorKind::kInvalidArgument, "the object's name is too long", ""},
    {"InvalidObjectState", ErrorKind::kIo, "the object lies in an archive", "restore it first"},
    {"NotImplemented", ErrorKind::kUnsupported, "the store doesn't know this kind of request", ""},
};

class S3Dialect final : public CloudDialect {
 public:
  S3Dialect(std::shared_ptr<S3Access> access, std::string bucket)
      : access_(std::move(access)), bucket_(std::move(bucket)), region_(access_->region()) {}

  Status Authorize(http::Request& request) override {
    LATECOMER_ASSIGN_OR_RETURN(const AwsCredentials credentials, access_->credentials().Get());
    SignAws(request, credentials, {Region(), "s3"}, access_->tools().clock->Now());
    return {};
  }
  bool Learn(const http::Response& response) override;
  bool IsTransient(const http::Response& response) const override;
  Error Explain(const http::Response& response, const std::string& place) const override;

  http::Request Head(const std::string& name) const override { return RequestTo("HEAD", name, ""); }
  http::Request Get(const std::string& name, const std::optional<ByteRange>& range) const override {
    http::Request request = RequestTo("GET", name, "");
    if (range) request.Set("Range", range->Header());
    return request;
  }
  http::Request Remove(const std::string& name) const override { return RequestTo("DELETE", name, ""); }
  http::Request Create(const std::string& name, std::string_view bytes, const std::string& mark) const override {
    http::Request request = RequestTo("PUT", name, "");
    request.body = bytes;
    request.Set("If-None-Match", "*");
    request.Set(kMarkHeader, mark);
    return request;
  }
  Result<std::unique_ptr<PartUpload>> BeginUpload(const std::string& name, const std::string& mark,
                                                  const std::string& place) override;
  // Amazon keeps to it since 2024; of other stores only newer releases do.
  bool IsKnownToCreateOnly() const override { return access_->endpoint().empty(); }
  bool SaysExists(const http::Response& response) const override { return response.status == 412; }
  ObjectInfo InfoOf(const http::Response& head) const override { return InfoOfHeaders(head); }
  std::string MarkOf(const http::Response& head) const override { return head.Header(kMarkHeader); }
  http::Request List(const ListQuery& query) const override;
  Result<ListPage> ReadPage(const http::Response& response) const override;

  // `name` empty: of the bucket. `query` without its '?'.
  http::Request RequestTo(const char* method, const std::string& name, const std::string& query) const;
  const CloudTools& tools() const { return access_->tools(); }

 private:
  std::string Region() const {
    const std::lock_guard lock(mutex_);
    return region_;
  }

  const std::shared_ptr<S3Access> access_;
  const std::string bucket_;
  mutable std::mutex mutex_;
  std::string region_;  // of the bucket, as far as is known
};

// Amazon's own address has the bucket in the host's name; its certificate doesn't cover names with dots, and other
// stores know only paths.
http::Request S3Dialect::RequestTo(const char* method, const std::string& name, const std::string& query) const {
  http::Request request;
  request.method = method;
  if (!access_->endpoint().empty()) {
    request.url = access_->endpoint() + "/" + bucket_;
  } else {
    const std::string region = Region();
    const std::string host = "s3." + region + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
    const bool in_path = bucket_.find('.') != std::string::npos;
    request.url = "https://" + (in_path ? host + "/" + bucket_ : bucket_ + "." + host);
  }
  if (!name.empty()) request.url += "/" + PercentEncode(name, "/");
  if (!query.empty()) request.url += (name.empty() ? "/?" : "?") + query;
  return request;
}

bool S3Dialect::Learn(const http::Response& response) {
  if (response.status != 301 && response.status != 307 && response.status != 400 && response.status != 403)
    return false;
  const S3Problem problem = ProblemOf(response);
  std::string region = response.Header("x-amz-bucket-region");
  if (region.empty() && problem.code == "AuthorizationHeaderMalformed") region = problem.region;
  const bool is_name = !region.empty() && region.size() < 40 && std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (is_name) {
    const std::lock_guard lock(mutex_);
    if (region_ != region) {
      region_ = region;
      return true;
    }
  }
  const bool expired = problem.code == "ExpiredToken" || problem.code == "TokenRefreshRequired" ||
                       (problem.code.empty() && response.status == 400);
  return expired && access_->credentials().Renew();
}

bool S3Dialect::IsTransient(const http::Response& response) const {
  if (response.status == 409) return true;  // another conditional write of this object is under way
  return response.status == 400 && ProblemOf(response).code == "RequestTimeout";
}

Error S3Dialect::Explain(const http::Response& response, const std::string& place) const {
  const S3Problem problem = ProblemOf(response);
  if (problem.code == "RequestTimeTooSkewed") {
    const std::string difference = ClockDifference(response, access_->tools().clock->Now());
    return Error(ErrorKind::kPermission, difference.empty() ? "this machine's clock is too far from the store's"
                                                            : "this machine's clock is " + difference +
                                                                  " the store's, too far to sign requests")
        .In(place)
        .Hint("set the clock (NTP)");
  }
  for (const KnownProblem& known : kKnown) {
    if (known.code == problem.code) return Describe(known, place);
  }
  if (problem.code.empty() && response.status == 404) return Describe(kKnown[1], place);
  if (problem.code.empty() && response.status == 403) return Describe(kKnown[2], place);
  return DescribeUnknown(response, problem.code, problem.message, place);
}

http::Request S3Dialect::List(const ListQuery& query) const {
  std::string text;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(PercentEncode(value));
  };
  if (!query.page.empty()) add("continuation-token", query.page);
  if (query.direct_only) add("delimiter", "/");
  add("encoding-type", "url");
  add("list-type", "2");
  add("max-keys", std::to_string(query.most));
  add("prefix", query.prefix);
  if (!query.start_after.empty()) add("start-after", query.start_after);
  http::Request request = RequestTo("GET", "", text);
  request.most_bytes = kMostAnswerBytes;
  return request;
}

Result<ListPage> S3Dialect::ReadPage(const http::Response& response) const {
  LATECOMER_ASSIGN_OR_RETURN(const XmlElement xml, ParseXml(response.body));
  if (xml.name != "ListBucketResult") return Fail(ErrorKind::kIo, "the store's listing has an unknown form");
  const bool encoded = xml.Text("EncodingType") == "url";
  ListPage page;
  for (const XmlElement& element : xml.children) {
    if (element.name != "Contents") continue;
    ObjectInfo& info = page.objects.emplace_back();
    info.key = element.Text("Key");
    if (encoded) {
      std::replace(info.key.begin(), info.key.end(), '+', ' ');
      info.key = PercentDecode(info.key);
    }
    info.size_bytes = NumberOf(element.Text("Size"));
    info.etag = Unquoted(element.Text("ETag"));
    // Whole seconds, as HEAD tells them.
    if (const auto at = ParseInstant(element.Text("LastModified")))
      info.modified = std::chrono::floor<std::chrono::seconds>(*at);
  }
  if (xml.Text("IsTruncated") == "true") page.next = xml.Text("NextContinuationToken");
  return page;
}

class S3Upload final : public PartUpload {
 public:
  S3Upload(S3Dialect& dialect, std::string name, std::string id, std::string place)
      : dialect_(dialect), name_(std::move(name)), id_(std::move(id)), place_(std::move(place)) {}

  Status Add(std::string_view part) override {
    http::Request request = dialect_.RequestTo(
        "PUT", name_, "partNumber=" + std::to_string(etags_.size() + 1) + "&uploadId=" + PercentEncode(id_));
    request.body = part;
    LATECOMER_ASSIGN_OR_RETURN(const CloudAnswer answer, SendToCloud(dialect_.tools(), dialect_, request, place_));
    if (answer.response.status >= 300) return Fail(dialect_.Explain(answer.response, place_));
    etags_.push_back(answer.response.Header("etag"));
    return {};
  }

  Result<CloudAnswer> Finish(std::string_view last) override;

  void GiveUp() override {
    const http::Request request = dialect_.RequestTo("DELETE", name_, "uploadId=" + PercentEncode(id_));
    // What can't be given up now is the bucket's life-cycle rule's to remove.
    static_cast<void>(SendToCloud(dialect_.tools(), dialect_, request, place_));
  }

 private:
  S3Dialect& dialect_;
  const std::string name_;
  const std::string id_;
  const std::string place_;
  std::vector<std::string> etags_;
};

Result<CloudAnswer> S3Upload::Finish(std::string_view last) {
  if (!last.empty()) LATECOMER_RETURN_IF_ERROR(Add(last));
  std::string body = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < etags_.size(); ++i) {
    body +=
        "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + XmlEscape(etags_[i]) + "</ETag></Part>";
  }
  body += "</CompleteMultipartUpload>";
  http::Request request = dialect_.RequestTo("POST", name_, "uploadId=" + PercentEncode(id_));
  request.body = body;
  request.Set("Content-Type", "application/xml");
  request.Set("If-None-Match", "*");
  bool repeat = false;
  for (int i = 0;; ++i) {
    LATECOMER_ASSIGN_OR_RETURN(CloudAnswer answer, SendToCloud(dialect_.tools(), dialect_, request, place_));
    repeat = repeat || answer.may_be_repeat;
    // The status is sent before the work is done, so an error may come with 200.
    const bool failed_late = answer.response.status == 200 && !ProblemOf(answer.response).code.empty();
    if (failed_late && i + 1 < kFinishAttempts) {
      repeat = true;
      continue;
    }
    if (failed_late) answer.response.status = 500;
    // Gone, because an attempt before this one made the object of it.
    if (repeat && answer.response.status == 404) answer.response.status = 412;
    answer.may_be_repeat = repeat;
    return answer;
  }
}

Result<std::unique_ptr<PartUpload>> S3Dialect::BeginUpload(const std::string& name, const std::string& mark,
                                                           const std::string& place) {
  http::Request request = RequestTo("POST", name, "uploads=");
  request.Set(kMarkHeader, mark);
  LATECOMER_ASSIGN_OR_RETURN(const CloudAnswer answer, SendToCloud(tools(), *this, request, place));
  if (answer.response.status >= 300) return Fail(Explain(answer.response, place));
  const auto xml = ParseXml(answer.response.body);
  std::string id = xml ? xml->Text("UploadId") : "";
  if (id.empty()) return Fail(Error(ErrorKind::kIo, "the store began no upload").In(place));
  return std::unique_ptr<PartUpload>(new S3Upload(*this, name, std::move(id), place));
}

}  // namespace

Result<std::shared_ptr<S3Access>> S3Access::Make(const CloudTools& tools) {
  LATECOMER_ASSIGN_OR_RETURN(AwsProfiles profiles, ReadAwsProfiles(tools.environment));
  std::optional<std::string> endpoint;
  if (!http::IsTrue(tools.environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) {
    endpoint = tools.environment("AWS_ENDPOINT_URL_S3");
    if (!endpoint) endpoint = tools.environment("AWS_ENDPOINT_URL");
    if (!endpoint) endpoint = profiles.Setting("endpoint_url");
  }
  if (endpoint && !endpoint->starts_with("http://") && !endpoint->starts_with("https://")) {
    return Fail(Error(ErrorKind::kInvalidArgument, "AWS_ENDPOINT_URL begins with neither http:// nor https://")
                    .Hint("for example AWS_ENDPOINT_URL=http://127.0.0.1:9000"));
  }
  while (endpoint && endpoint->ends_with('/')) endpoint->pop_back();
  std::optional<std::string> region = tools.environment("AWS_REGION");
  if (!region) region = tools.environment("AWS_DEFAULT_REGION");
  if (!region) region = profiles.Setting("region");
  return std::make_shared<S3Access>(tools, std::move(profiles), endpoint.value_or(""), region.value_or("us-east-1"));
}

Result<std::shared_ptr<ObjectStore>> OpenS3Store(const std::shared_ptr<S3Access>& access, const std::string& location) {
  LATECOMER_ASSIGN_OR_RETURN(const CloudLocation parsed, ParseCloudLocation(location));
  if (parsed.authority.find_first_of(":@") != std::string::npos) {
    return Fail(Error(ErrorKind::kInvalidArgument, "no bucket has a ':' or '@' in its name")
                    .Hint("the endpoint is given by AWS_ENDPOINT_URL, credentials by the environment"));
  }
  return MakeCloudStore(access->tools(), std::make_unique<S3Dialect>(access, parsed.authority), parsed.Uri(),
                        parsed.Root());
}

}  // namespace latecomer::storage
