// HTTP requests to object stores and to the services that give credentials for them, through libcurl.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace latecomer::storage {

struct HttpLimits {
  std::chrono::milliseconds connect{5'000};
  std::chrono::seconds stall{20};  // how long no byte may come or go
  std::chrono::seconds total{600};
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // may hold a secret (a SAS token): it never goes into a message
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;  // must outlive the call, if not held by:
  std::shared_ptr<const std::string> own_body{};
  std::size_t most_bytes = std::size_t{8} << 30;  // of the answer
  // Asked directly whatever proxies the environment names: services on the machine itself.
  bool without_proxy = false;
  std::optional<HttpLimits> limits{};  // else the client's

  void Set(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  // Empty when there is no such header.
  const std::string& Header(const std::string& lower_case_name) const;
};

// What became of a request that has no answer.
enum class Reached {
  kNo,     // no byte of it was sent
  kMaybe,  // the other side may have done what it asks
};

struct HttpFailure {
  Reached reached = Reached::kMaybe;
  bool again = true;    // trying again may help
  std::string message;  // holds no part of the request
};

// Keeps connections open between requests; as many requests at once as there are threads that ask. Follows no
// redirects. All calls may be made from several threads.
class HttpClient {
 public:
  explicit HttpClient(HttpLimits limits = {}, std::string ca_file = "");
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status is an answer; what gave none is a failure.
  tl::expected<HttpResponse, HttpFailure> Send(const HttpRequest& request);

 private:
  struct Shared;
  const HttpLimits limits_;
  const std::string ca_file_;
  std::unique_ptr<Shared> shared_;
};

// "host" or "host:port" of a URL.
std::string_view HostOf(std::string_view url);

}  // namespace latecomer::storage
