#include "kubernetes/api.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "base/version.h"

namespace latecomer::kubernetes {
namespace {

using nlohmann::json;

constexpr http::Limits kLimits{
    .connect = std::chrono::milliseconds(5'000), .stall = std::chrono::seconds(15), .total = std::chrono::seconds(30)};
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

// What the server says in a Status object; of anything else the beginning.
std::string WordsOf(const http::Response& response) {
  constexpr std::size_t kEnough = 600;
  const json body = json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  std::string words = response.body;
  if (body.is_object() && body.contains("message") && body["message"].is_string()) {
    words = body["message"].get<std::string>();
  }
  const std::string_view trimmed = Trim(words);
  return Printable(trimmed.substr(0, kEnough)) + (trimmed.size() > kEnough ? "…" : "");
}

ErrorKind KindOf(int status) {
  switch (status) {
    case 401:
    case 403: return ErrorKind::kPermission;
    case 404: return ErrorKind::kNotFound;
    case 409: return ErrorKind::kConflict;
    case 410: return ErrorKind::kHistoryGone;
    case 408:
    case 429: return ErrorKind::kIo;
    default: return status >= 500 ? ErrorKind::kIo : ErrorKind::kInvalidArgument;
  }
}

}  // namespace

Api::Api(Cluster cluster) : cluster_(std::move(cluster)), credentials_(cluster_), client_(kLimits, cluster_.tls) {}

Result<http::Request> Api::RequestTo(const std::string& method, const std::string& path) {
  http::Request request;
  request.method = method;
  request.url = cluster_.server + path;
  request.most_bytes = kMostBytes;
  request.Set("Accept", "application/json");
  request.Set("User-Agent", std::string("latecomer/") + LATECOMER_VERSION);
  LATECOMER_ASSIGN_OR_RETURN(const std::string token, credentials_.Token());
  const bool fits = std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!fits) return Fail(ErrorKind::kInvalidFile, "the token for " + cluster_.described + " holds what no token does");
  if (!token.empty()) request.Set("Authorization", "Bearer " + token);
  return request;
}

Result<http::Response> Api::Send(const std::string& method, const std::string& path, const std::string& body) {
  for (bool again = true;; again = false) {
    LATECOMER_ASSIGN_OR_RETURN(http::Request request, RequestTo(method, path));
    request.body = body;
    if (!body.empty()) request.Set("Content-Type", "application/json");
    auto sent = client_.Send(request);
    if (!sent) {
      Error error = ErrorOf(sent.error());
      const bool is_read = method == "GET";
      if (!is_read && sent.error().reached == http::Reached::kMaybe) error.kind = ErrorKind::kUnknownOutcome;
      return Fail(std::move(error));
    }
    if (sent->status == 401 && again && credentials_.Renew()) continue;
    return std::move(*sent);
  }
}

Result<json> Api::Ask(const std::string& method, const std::string& path, const std::string& body) {
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, Send(method, path, body));
  if (response.status < 200 || response.status > 299) return Fail(ErrorOf(response));
  json answer = json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) {
    return Fail(ErrorKind::kIo, "what answers at " + std::string(http::HostOf(cluster_.server)) +
                                    " is no Kubernetes API server: it sent no JSON object");
  }
  return answer;
}

Result<json> Api::Get(const std::string& path) {
  return Ask("GET", path, "");
}

Result<json> Api::Create(const std::string& path, const json& object) {
  return Ask("POST", path, object.dump(-1, ' ', false, json::error_handler_t::replace));
}

Status Api::Delete(const std::string& path) {
  const json options = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Foreground"}};
  LATECOMER_ASSIGN_OR_RETURN([[maybe_unused]] const json answer, Ask("DELETE", path, options.dump()));
  return {};
}

Result<http::Request> Api::Stream(const std::string& path) {
  LATECOMER_ASSIGN_OR_RETURN(http::Request request, RequestTo("GET", path));
  return request;
}

Error Api::ErrorOf(const http::Response& response) {
  const std::string words = WordsOf(response);
  Error error(KindOf(response.status), "the API server of " + cluster_.described + ": " + words);
  if (response.status == 401) {
    credentials_.Renew();
    error.message = "the API server of " + cluster_.described + " doesn't know who asks (401)";
    error.hint = "has the token or certificate expired?";
  } else if (response.status == 403) {
    error.hint = "what a step needs is in deploy/kubernetes/rbac.yaml";
  }
  return error;
}

Error Api::ErrorOf(const http::Failure& failure) const {
  Error error(ErrorKind::kIo, "the API server of " + cluster_.described + ": " + failure.message);
  if (!failure.again) {
    error.hint =
        "certificates are checked against the cluster's certificate-authority; `insecure-skip-tls-verify` in the "
        "kubeconfig turns that off";
  }
  return error;
}

}  // namespace latecomer::kubernetes
