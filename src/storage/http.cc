#include "storage/http.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>

#include "base/text.h"

namespace latecomer::storage {
namespace {

constexpr long kSlowestBytesPerSecond = 1;
constexpr std::size_t kMostHeaders = 200;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// Where an answer is gathered while libcurl reads it.
struct Gathered {
  HttpResponse response;
  std::size_t most_bytes = 0;
  bool too_large = false;
};

// libcurl is C: nothing may be thrown through it.
std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& gathered = *static_cast<Gathered*>(user);
  const std::size_t bytes = size * count;
  if (gathered.response.body.size() + bytes > gathered.most_bytes) {
    gathered.too_large = true;
    return 0;
  }
  try {
    gathered.response.body.append(data, bytes);
  } catch (const std::exception&) {
    gathered.too_large = true;
    return 0;
  }
  return bytes;
}

std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* user) noexcept {
  auto& headers = static_cast<Gathered*>(user)->response.headers;
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

// Steps run as child processes; they get no connection of ours.
curl_socket_t OpenSocket(void* /*user*/, curlsocktype /*purpose*/, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

class HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  void Add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

template <typename Value>
void Set(CURL* curl, CURLoption option, Value value) {
  curl_easy_setopt(curl, option, value);
}

bool IsSent(CURL* curl, CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return false;
    default: break;
  }
  // A time-out while still connecting.
  double ready = 0;
  return curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME, &ready) != CURLE_OK || ready > 0;
}

HttpFailure FailureOf(CURL* curl, CURLcode code, const Gathered& gathered, const HttpRequest& request) {
  HttpFailure failure;
  const std::string host = Printable(HostOf(request.url));
  if (gathered.too_large) {
    failure.again = false;
    failure.message = host + " sent more than there is room for";
    return failure;
  }
  failure.reached = IsSent(curl, code) ? Reached::kMaybe : Reached::kNo;
  failure.again = code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_URL_MALFORMAT &&
                  code != CURLE_UNSUPPORTED_PROTOCOL && code != CURLE_SSL_CACERT_BADFILE;
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

void SetBody(CURL* curl, const HttpRequest& request, HeaderList& headers) {
  const bool is_get = request.method == "GET";
  const bool is_head = request.method == "HEAD";
  if (is_get || is_head) {
    Set(curl, CURLOPT_HTTPGET, 1L);
    Set(curl, CURLOPT_NOBODY, is_head ? 1L : 0L);
    return;
  }
  Set(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "DELETE") return;
  // As a POST, whose body stays where it is and can be sent again.
  Set(curl, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  Set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  headers.Add("Expect:");
  const bool typed = std::any_of(request.headers.begin(), request.headers.end(),
                                 [](const auto& header) { return LowerCase(header.first) == "content-type"; });
  if (!typed) headers.Add("Content-Type:");
}

}  // namespace

// Idle handles, each with its open connections, and what they share. The last one put back is taken first: its
// connection is the least likely to have been closed meanwhile.
struct HttpClient::Shared {
  Shared() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    share = curl_share_init();
    curl_share_setopt(share, CURLSHOPT_LOCKFUNC, &Lock);
    curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, &Unlock);
    curl_share_setopt(share, CURLSHOPT_USERDATA, this);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
  ~Shared() {
    for (CURL* curl : idle) curl_easy_cleanup(curl);
    curl_share_cleanup(share);
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  static void Lock(CURL* /*curl*/, curl_lock_data data, curl_lock_access /*access*/, void* user) {
    static_cast<Shared*>(user)->locks[static_cast<std::size_t>(data)].lock();
  }
  static void Unlock(CURL* /*curl*/, curl_lock_data data, void* user) {
    static_cast<Shared*>(user)->locks[static_cast<std::size_t>(data)].unlock();
  }

  CURL* Take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return curl_easy_init();
    CURL* curl = idle.back();
    idle.pop_back();
    return curl;
  }
  void PutBack(CURL* curl) {
    curl_easy_reset(curl);  // keeps connections
    const std::lock_guard lock(mutex);
    idle.push_back(curl);
  }

  std::array<std::mutex, CURL_LOCK_DATA_LAST> locks;
  CURLSH* share = nullptr;
  std::mutex mutex;
  std::vector<CURL*> idle;
};

const std::string& HttpResponse::Header(const std::string& lower_case_name) const {
  static const std::string none;
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? none : found->second;
}

HttpClient::HttpClient(HttpLimits limits, std::string ca_file)
    : limits_(limits), ca_file_(std::move(ca_file)), shared_(std::make_unique<Shared>()) {}
HttpClient::~HttpClient() = default;

tl::expected<HttpResponse, HttpFailure> HttpClient::Send(const HttpRequest& request) {
  CURL* curl = shared_->Take();
  if (curl == nullptr) return tl::unexpected(HttpFailure{Reached::kNo, false, "no HTTP client"});
  const HttpLimits& limits = request.limits ? *request.limits : limits_;
  Gathered gathered;
  gathered.most_bytes = request.most_bytes;
  HeaderList headers;
  for (const auto& [name, value] : request.headers) headers.Add(name + ": " + value);
  SetBody(curl, request, headers);
  Set(curl, CURLOPT_URL, request.url.c_str());
  Set(curl, CURLOPT_SHARE, shared_->share);
  Set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(curl, CURLOPT_PATH_AS_IS, 1L);
  Set(curl, CURLOPT_NOSIGNAL, 1L);
  Set(curl, CURLOPT_TCP_NODELAY, 1L);
  Set(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(curl, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  Set(curl, CURLOPT_HTTPHEADER, headers.get());
  Set(curl, CURLOPT_WRITEFUNCTION, &TakeBody);
  Set(curl, CURLOPT_WRITEDATA, &gathered);
  Set(curl, CURLOPT_HEADERFUNCTION, &TakeHeader);
  Set(curl, CURLOPT_HEADERDATA, &gathered);
  Set(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect.count()));
  Set(curl, CURLOPT_LOW_SPEED_LIMIT, kSlowestBytesPerSecond);
  Set(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.stall.count()));
  Set(curl, CURLOPT_TIMEOUT, static_cast<long>(limits.total.count()));
  if (!ca_file_.empty()) Set(curl, CURLOPT_CAINFO, ca_file_.c_str());
  if (request.without_proxy) Set(curl, CURLOPT_NOPROXY, "*");
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  gathered.response.status = static_cast<int>(status);
  std::optional<HttpFailure> failure;
  if (code != CURLE_OK) failure = FailureOf(curl, code, gathered, request);
  shared_->PutBack(curl);
  if (failure) return tl::unexpected(std::move(*failure));
  return std::move(gathered.response);
}

std::string_view HostOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

}  // namespace latecomer::storage
