#include "storage/azure_store.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "base/text.h"
#include "http/digest.h"
#include "storage/cloud_location.h"
#include "storage/cloud_store.h"
#include "storage/store_answer.h"
#include "storage/xml_text.h"

namespace latecomer::storage {
namespace {

constexpr const char* kServiceVersion = "2021-08-06";
constexpr const char* kMarkHeader = "x-ms-meta-latecomer_put";

constexpr KnownProblem kNoObject{"BlobNotFound", ErrorKind::kNotFound, "there is no such object", ""};
constexpr KnownProblem kDenied{"AuthorizationFailure", ErrorKind::kPermission, "the store denies access",
                               "reading a table takes the role Storage Blob Data Reader, writing Storage Blob Data "
                               "Contributor; also look at the account's firewall"};
constexpr KnownProblem kKnown[] = {
    kNoObject,
    kDenied,
    {"ContainerNotFound", ErrorKind::kNotFound, "there is no such container",
     "create the container, or correct its name or the account's"},
    {"AuthorizationPermissionMismatch", ErrorKind::kPermission, kDenied.message, kDenied.hint},
    {"InsufficientAccountPermissions", ErrorKind::kPermission, kDenied.message, kDenied.hint},
    {"AuthorizationResourceTypeMismatch", ErrorKind::kPermission, "the SAS token is for other kinds of requests",
     "it needs the resource types container and object, and read, list, create, write and delete"},
    {"AuthorizationServiceMismatch", ErrorKind::kPermission, "the SAS token is for another service",
     "it needs the service blob"},
    {"KeyBasedAuthenticationNotPermitted", ErrorKind::kPermission, "the account takes no keys",
     "use a workload or managed identity instead of AZURE_STORAGE_KEY"},
    {"InvalidAuthenticationInfo", ErrorKind::kPermission, "the store doesn't take the token",
     "check AZURE_TENANT_ID and the identity; a token may have expired"},
    {"InvalidResourceName", ErrorKind::kInvalidArgument, "no container or object can have this name", ""},
};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

struct AzureProblem {
  std::string code;
  std::string message;
  std::string detail;
};

AzureProblem ProblemOf(const http::Response& response) {
  AzureProblem problem;
  problem.code = response.Header("x-ms-error-code");
  if (const auto xml = ParseXml(response.body); xml && xml->name == "Error") {
    if (problem.code.empty()) problem.code = xml->Text("Code");
    problem.message = xml->Text("Message");
    problem.detail = xml->Text("AuthenticationErrorDetail");
  }
  return problem;
}

// "Authorize with Shared Key", Azure Storage REST reference.
std::string SharedKeySignature(const http::Request& request, const AzureAccount& account) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) headers[Lower(name)] = value;
  std::string text = request.method + "\n";
  for (const char* name : {"content-encoding", "content-language", "content-length", "content-md5", "content-type",
                           "date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"}) {
    const bool is_length = std::string_view(name) == "content-length";
    text += (is_length && !request.body.empty() ? std::to_string(request.body.size()) : headers[name]) + "\n";
  }
  for (const auto& [name, value] : headers) {
    if (name.starts_with("x-ms-")) text += name + ":" + value + "\n";
  }
  const std::string_view url = request.url;
  const std::string_view host = http::HostOf(url);
  const std::string_view rest = url.substr(static_cast<std::size_t>(host.data() - url.data()) + host.size());
  const std::size_t query = rest.find('?');
  text += "/" + account.name + std::string(rest.substr(0, query));
  std::map<std::string, std::string> parameters;
  if (query != std::string_view::npos) {
    for (const std::string_view parameter : Split(rest.substr(query + 1), '&')) {
      const std::size_t equals = std::min(parameter.find('='), parameter.size());
      parameters[Lower(std::string(parameter.substr(0, equals)))] =
          PercentDecode(parameter.substr(std::min(equals + 1, parameter.size())));
    }
  }
  for (const auto& [name, value] : parameters) text += "\n" + name + ":" + value;
  return http::Base64(http::HmacSha256(account.key, text));
}

class AzureDialect final : public CloudDialect {
 public:
  AzureDialect(std::shared_ptr<AzureAccess> access, AzureAccount account, const std::string& container)
      : access_(std::move(access)),
        account_(std::move(account)),
        container_(account_.blob_endpoint + "/" + container) {}

  Status Authorize(http::Request& request) override;
  bool Learn(const http::Response& response) override {
    return response.status == 401 && account_.key.empty() && account_.sas.empty() && access_->tokens().Renew();
  }
  bool IsTransient(const http::Response& /*response*/) const override { return false; }
  Error Explain(const http::Response& response, const std::string& place) const override;

  http::Request Head(const std::string& name) const override { return RequestTo("HEAD", name, ""); }
  http::Request Get(const std::string& name, const std::optional<ByteRange>& range) const override {
    http::Request request = RequestTo("GET", name, "");
    if (range) request.Set("x-ms-range", range->Header());
    return request;
  }
  http::Request Remove(const std::string& name) const override { return RequestTo("DELETE", name, ""); }
  http::Request Create(const std::string& name, std::string_view bytes, const std::string& mark) const override {
    http::Request request = RequestTo("PUT", name, "");
    request.body = bytes;
    request.Set("x-ms-blob-type", "BlockBlob");
    Condition(request, mark);
    return request;
  }
  Result<std::unique_ptr<PartUpload>> BeginUpload(const std::string& name, const std::string& mark,
                                                  const std::string& place) override;
  bool SaysExists(const http::Response& response) const override {
    if (response.status == 412) return true;
    return response.status == 409 && ProblemOf(response).code == "BlobAlreadyExists";
  }
  ObjectInfo InfoOf(const http::Response& head) const override { return InfoOfHeaders(head); }
  std::string MarkOf(const http::Response& head) const override { return head.Header(kMarkHeader); }
  http::Request List(const ListQuery& query) const override;
  Result<ListPage> ReadPage(const http::Response& response) const override;

  http::Request RequestTo(const char* method, const std::string& name, const std::string& query) const {
    http::Request request;
    request.method = method;
    request.url = container_;
    if (!name.empty()) request.url += "/" + PercentEncode(name, "/");
    if (!query.empty()) request.url += "?" + query;
    return request;
  }
  static void Condition(http::Request& request, const std::string& mark) {
    request.Set("If-None-Match", "*");
    request.Set(kMarkHeader, mark);
  }
  const CloudTools& tools() const { return access_->tools(); }

 private:
  const std::shared_ptr<AzureAccess> access_;
  const AzureAccount account_;
  const std::string container_;  // URL
};

Status AzureDialect::Authorize(http::Request& request) {
  request.Set("x-ms-version", kServiceVersion);
  request.Set("x-ms-date", FormatHttpDate(tools().clock->Now()));
  if (!account_.key.empty()) {
    request.Set("Authorization", "SharedKey " + account_.name + ":" + SharedKeySignature(request, account_));
    return {};
  }
  if (!account_.sas.empty()) {
    request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + account_.sas;
    return {};
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::string token, access_->tokens().Get());
  request.Set("Authorization", "Bearer " + token);
  return {};
}

Error AzureDialect::Explain(const http::Response& response, const std::string& place) const {
  const AzureProblem problem = ProblemOf(response);
  if (problem.code == "AuthenticationFailed") {
    const std::string difference = ClockDifference(response, tools().clock->Now());
    const auto says = [&](const char* words) { return problem.detail.find(words) != std::string::npos; };
    if (says("Request date header too old") || says("date header in the request is incorrect")) {
      return Error(ErrorKind::kPermission, "this machine's clock is " + difference + " the store's")
          .In(place)
          .Hint("set the clock (NTP)");
    }
    if (says("not valid in the specified time frame")) {
      return Error(ErrorKind::kPermission, "the SAS token has expired, or isn't valid yet")
          .In(place)
          .Hint("renew AZURE_STORAGE_SAS_TOKEN; this machine's clock is " +
                (difference.empty() ? "not compared" : difference + " the store's"));
    }
    return Error(ErrorKind::kPermission, "the store takes the signature for wrong")
        .In(place)
        .Hint("look whether the key or SAS token belongs to this account");
  }
  for (const KnownProblem& known : kKnown) {
    if (known.code == problem.code) return Describe(known, place);
  }
  if (problem.code.empty() && response.status == 404) return Describe(kNoObject, place);
  if (problem.code.empty() && (response.status == 403 || response.status == 401)) return Describe(kDenied, place);
  return DescribeUnknown(response, problem.code, problem.message, place);
}

// The service can't begin after a name: what comes before it is read and passed over.
http::Request AzureDialect::List(const ListQuery& query) const {
  std::string text = "restype=container&comp=list&maxresults=" + std::to_string(query.most == 1000 ? 5000 : query.most);
  const auto add = [&](std::string_view name, const std::string& value) {
    text.append("&").append(name).append("=").append(PercentEncode(value));
  };
  if (!query.prefix.empty()) add("prefix", query.prefix);
  if (query.direct_only) add("delimiter", "/");
  if (!query.page.empty()) add("marker", query.page);
  http::Request request = RequestTo("GET", "", text);
  request.most_bytes = kMostAnswerBytes;
  return request;
}

Result<ListPage> AzureDialect::ReadPage(const http::Response& response) const {
  std::string_view body = response.body;
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);  // a byte order mark
  LATECOMER_ASSIGN_OR_RETURN(const XmlElement xml, ParseXml(body));
  if (xml.name != "EnumerationResults") return Fail(ErrorKind::kIo, "the store's listing has an unknown form");
  ListPage page;
  page.next = xml.Text("NextMarker");
  const XmlElement* blobs = xml.Find("Blobs");
  if (blobs == nullptr) return page;
  for (const XmlElement& blob : blobs->children) {
    const XmlElement* name = blob.Find("Name");
    const XmlElement* properties = blob.Find("Properties");
    if (blob.name != "Blob" || name == nullptr || properties == nullptr) continue;
    if (properties->Text("ResourceType") == "directory") continue;
    ObjectInfo& info = page.objects.emplace_back();
    // Names that XML can't hold.
    info.key = name->attributes.find("Encoded=\"true\"") == std::string::npos ? name->text : PercentDecode(name->text);
    info.size_bytes = NumberOf(properties->Text("Content-Length"));
    info.etag = Unquoted(properties->Text("Etag"));
    info.modified = ParseHttpDate(properties->Text("Last-Modified")).value_or(Instant{});
  }
  return page;
}

// Blocks that no list names are forgotten by the service after a week.
class AzureUpload final : public PartUpload {
 public:
  AzureUpload(AzureDialect& dialect, std::string name, std::string mark, std::string place)
      : dialect_(dialect), name_(std::move(name)), mark_(std::move(mark)), place_(std::move(place)) {}

  Status Add(std::string_view part) override {
    // All ids of a blob have one length. The mark keeps two writers' blocks apart.
    char number[8];
    std::snprintf(number, sizeof number, "%06zu", ids_.size());
    const std::string id = http::Base64(mark_ + number);
    http::Request request = dialect_.RequestTo("PUT", name_, "comp=block&blockid=" + PercentEncode(id));
    request.body = part;
    LATECOMER_ASSIGN_OR_RETURN(const CloudAnswer answer, SendToCloud(dialect_.tools(), dialect_, request, place_));
    if (answer.response.status >= 300) return Fail(dialect_.Explain(answer.response, place_));
    ids_.push_back(id);
    return {};
  }

  Result<CloudAnswer> Finish(std::string_view last) override {
    if (!last.empty()) LATECOMER_RETURN_IF_ERROR(Add(last));
    std::string body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
    for (const std::string& id : ids_) body += "<Latest>" + id + "</Latest>";
    body += "</BlockList>";
    http::Request request = dialect_.RequestTo("PUT", name_, "comp=blocklist");
    request.body = body;
    AzureDialect::Condition(request, mark_);
    return SendToCloud(dialect_.tools(), dialect_, request, place_);
  }

  void GiveUp() override {}

 private:
  AzureDialect& dialect_;
  const std::string name_;
  const std::string mark_;
  const std::string place_;
  std::vector<std::string> ids_;
};

Result<std::unique_ptr<PartUpload>> AzureDialect::BeginUpload(const std::string& name, const std::string& mark,
                                                              const std::string& place) {
  return std::unique_ptr<PartUpload>(new AzureUpload(*this, name, mark, place));
}

Error NoAccount() {
  return Error(ErrorKind::kInvalidArgument, "this location names no storage account")
      .Hint(
          "set AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING, or write "
          "abfss://container@account.dfs.core.windows.net/folder");
}

}  // namespace

Result<std::shared_ptr<AzureAccess>> AzureAccess::Make(const CloudTools& tools) {
  LATECOMER_ASSIGN_OR_RETURN(AzureAccount account, ReadAzureAccount(tools.environment));
  return std::make_shared<AzureAccess>(tools, std::move(account));
}

Result<std::shared_ptr<ObjectStore>> OpenAzureStore(const std::shared_ptr<AzureAccess>& access,
                                                    const std::string& location) {
  LATECOMER_ASSIGN_OR_RETURN(const CloudLocation parsed, ParseCloudLocation(location));
  AzureAccount account = access->account();
  std::string container = parsed.authority;
  if (const std::size_t at = container.find('@'); at != std::string::npos) {
    const std::string host = container.substr(at + 1);
    container.resize(at);
    const std::string name = host.substr(0, host.find('.'));
    if (name != account.name) {
      // The environment's key and endpoint are another account's.
      account = {};
      account.name = name;
    }
    if (account.blob_endpoint.empty()) {
      std::string blob_host = host;
      if (const std::size_t dfs = blob_host.find(".dfs."); dfs != std::string::npos)
        blob_host.replace(dfs, 5, ".blob.");
      account.blob_endpoint = "https://" + blob_host;
    }
  }
  if (container.empty() || account.name.empty()) return Fail(NoAccount().In(Printable(location)));
  if (account.blob_endpoint.empty()) account.blob_endpoint = "https://" + account.name + ".blob.core.windows.net";
  return MakeCloudStore(access->tools(), std::make_unique<AzureDialect>(access, std::move(account), container),
                        parsed.Uri(), parsed.Root());
}

}  // namespace latecomer::storage
