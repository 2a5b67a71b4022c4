#include "http/client.h"

#include <array>
#include <mutex>

#include "http/transfer.h"

namespace latecomer::http {

// Idle handles, each with its open connections, and what they share. The last one put back is taken first: its
// connection is the least likely to have been closed meanwhile. Nothing of libcurl is asked for before the first
// request: most commands that could make one don't.
struct Client::Shared {
  Shared() = default;
  void Begin() {
    InitializeCurl();
    share = curl_share_init();
    curl_share_setopt(share, CURLSHOPT_LOCKFUNC, &Lock);
    curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, &Unlock);
    curl_share_setopt(share, CURLSHOPT_USERDATA, this);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
  ~Shared() {
    if (share == nullptr) return;
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
    if (share == nullptr) Begin();
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

const std::string& Response::Header(const std::string& lower_case_name) const {
  static const std::string none;
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? none : found->second;
}

Client::Client(Limits limits, Tls tls) : limits_(limits), tls_(std::move(tls)), shared_(std::make_unique<Shared>()) {}
Client::~Client() = default;

tl::expected<Response, Failure> Client::Send(const Request& request) {
  CURL* curl = shared_->Take();
  if (curl == nullptr) return tl::unexpected(Failure{Reached::kNo, false, "no HTTP client"});
  Transfer transfer(curl, request, request.limits ? *request.limits : limits_, tls_);
  curl_easy_setopt(curl, CURLOPT_SHARE, shared_->share);
  const CURLcode code = curl_easy_perform(curl);
  auto answer = transfer.Finish(code);
  shared_->PutBack(curl);
  return answer;
}

std::string_view HostOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

}  // namespace latecomer::http
