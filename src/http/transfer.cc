#include "http/transfer.h"

#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <mutex>

#include "base/text.h"

namespace latecomer::http {
namespace {

constexpr long kSlowestBytesPerSecond = 1;
constexpr std::size_t kMostHeaders = 200;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// Steps run as child processes; they get no connection of ours.
curl_socket_t OpenSocket(void* /*user*/, curlsocktype /*purpose*/, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

template <typename Value>
void Set(CURL* curl, CURLoption option, Value value) {
  curl_easy_setopt(curl, option, value);
}

// libcurl keeps a copy.
void SetText(CURL* curl, CURLoption option, const std::string& text) {
  if (text.empty()) return;
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  curl_easy_setopt(curl, option, &blob);
}

}  // namespace

void InitializeCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

Transfer::Transfer(CURL* curl, const Request& request, const Limits& limits, const Tls& tls, OnData on_data)
    : curl_(curl), request_(request), on_data_(std::move(on_data)) {
  for (const auto& [name, value] : request.headers) AddHeader(name + ": " + value);
  SetBody();
  Set(curl, CURLOPT_URL, request.url.c_str());
  Set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(curl, CURLOPT_PATH_AS_IS, 1L);
  Set(curl, CURLOPT_NOSIGNAL, 1L);
  Set(curl, CURLOPT_TCP_NODELAY, 1L);
  Set(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(curl, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  Set(curl, CURLOPT_HTTPHEADER, headers_);
  Set(curl, CURLOPT_WRITEFUNCTION, &TakeBody);
  Set(curl, CURLOPT_WRITEDATA, this);
  Set(curl, CURLOPT_HEADERFUNCTION, &TakeHeader);
  Set(curl, CURLOPT_HEADERDATA, this);
  if (request.without_proxy) Set(curl, CURLOPT_NOPROXY, "*");
  SetLimits(limits);
  SetTls(tls);
}

void Transfer::SetBody() {
  const bool is_get = request_.method == "GET";
  const bool is_head = request_.method == "HEAD";
  if (is_get || is_head) {
    Set(curl_, CURLOPT_HTTPGET, 1L);
    Set(curl_, CURLOPT_NOBODY, is_head ? 1L : 0L);
    return;
  }
  Set(curl_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (request_.method == "DELETE" && request_.body.empty()) return;
  // As a POST, whose body stays where it is and can be sent again.
  Set(curl_, CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.data());
  Set(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  AddHeader("Expect:");
  const bool typed = std::any_of(request_.headers.begin(), request_.headers.end(),
                                 [](const auto& header) { return LowerCase(header.first) == "content-type"; });
  if (!typed) AddHeader("Content-Type:");
}

void Transfer::SetLimits(const Limits& limits) {
  Set(curl_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  if (limits.stall.count() > 0) {
    Set(curl_, CURLOPT_LOW_SPEED_LIMIT, kSlowestBytesPerSecond);
    Set(curl_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.stall.count()));
  } else {
    // A quiet answer is a good one, so the system finds out whether the other side is still there.
    Set(curl_, CURLOPT_TCP_KEEPALIVE, 1L);
    Set(curl_, CURLOPT_TCP_KEEPIDLE, 20L);
    Set(curl_, CURLOPT_TCP_KEEPINTVL, 10L);
  }
  Set(curl_, CURLOPT_TIMEOUT, static_cast<long>(limits.total.count()));
}

void Transfer::SetTls(const Tls& tls) {
  if (!tls.ca_file.empty()) Set(curl_, CURLOPT_CAINFO, tls.ca_file.c_str());
  SetText(curl_, CURLOPT_CAINFO_BLOB, tls.ca);
  SetText(curl_, CURLOPT_SSLCERT_BLOB, tls.certificate);
  SetText(curl_, CURLOPT_SSLKEY_BLOB, tls.key);
  if (tls.verify) return;
  Set(curl_, CURLOPT_SSL_VERIFYPEER, 0L);
  Set(curl_, CURLOPT_SSL_VERIFYHOST, 0L);
}

// libcurl is C: nothing may be thrown through it.
std::size_t Transfer::TakeBody(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  try {
    if (transfer.on_data_) {
      long status = 0;
      curl_easy_getinfo(transfer.curl_, CURLINFO_RESPONSE_CODE, &status);
      if (status >= 200 && status < 300) {
        transfer.on_data_(std::string_view(data, bytes));
        return bytes;
      }
    }
    if (transfer.response_.body.size() + bytes <= transfer.request_.most_bytes) {
      transfer.response_.body.append(data, bytes);
      return bytes;
    }
  } catch (const std::exception&) {
  }
  transfer.too_large_ = true;
  return 0;
}

std::size_t Transfer::TakeHeader(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& headers = static_cast<Transfer*>(user)->response_.headers;
  const std::size_t bytes = size * count;
  try {
    const std::string_view line(data, bytes);
    if (line.starts_with("HTTP/")) headers.clear();  // of an interim answer
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || headers.size() >= kMostHeaders) return bytes;
    headers[LowerCase(line.substr(0, colon))] = std::string(Trim(line.substr(colon + 1)));
  } catch (const std::exception&) {
    return 0;
  }
  return bytes;
}

bool Transfer::WasSent(CURLcode code) const {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return false;
    default: break;
  }
  // A time-out while still connecting.
  double ready = 0;
  return curl_easy_getinfo(curl_, CURLINFO_PRETRANSFER_TIME, &ready) != CURLE_OK || ready > 0;
}

Failure Transfer::FailureOf(CURLcode code) const {
  Failure failure;
  const std::string host = Printable(HostOf(request_.url));
  if (too_large_) {
    failure.again = false;
    failure.message = host + " sent more than there is room for";
    return failure;
  }
  failure.reached = WasSent(code) ? Reached::kMaybe : Reached::kNo;
  failure.again = code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_URL_MALFORMAT &&
                  code != CURLE_UNSUPPORTED_PROTOCOL && code != CURLE_SSL_CACERT_BADFILE &&
                  code != CURLE_SSL_CERTPROBLEM;
  failure.message = host + ": " + curl_easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) {
    failure.message =
        host + (failure.reached == Reached::kNo ? " took too long to take the connection" : " took too long to answer");
  } else if (code == CURLE_COULDNT_CONNECT) {
    failure.message = host + " takes no connections";
  } else if (code == CURLE_COULDNT_RESOLVE_HOST) {
    failure.message = "there is no host " + host;
  }
  return failure;
}

tl::expected<Response, Failure> Transfer::Finish(CURLcode code) {
  if (code != CURLE_OK) return tl::unexpected(FailureOf(code));
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

}  // namespace latecomer::http
