// HTTP requests through libcurl.
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

namespace latecomer::http {

struct Limits {
  std::chrono::milliseconds connect{5'000};
  std::chrono::seconds stall{20};   // how long no byte may come or go; 0: for ever
  std::chrono::seconds total{600};  // 0: no limit
};

// Whom a client trusts over TLS, and how it shows who it is.
struct Tls {
  std::string ca_file;      // certificates in a file; with neither of the two: the system's
  std::string ca;           // certificates as PEM
  std::string certificate;  // of the client, as PEM; empty: none
  std::string key;          // of the certificate, as PEM
  bool verify = true;       // false: whoever answers is believed
};

struct Request {
  std::string method = "GET";
  std::string url;  // may hold a secret (a SAS token): it never goes into a message
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;  // must outlive the call, if not held by:
  std::shared_ptr<const std::string> own_body{};
  std::size_t most_bytes = std::size_t{8} << 30;  // of the answer
  // Asked directly whatever proxies the environment names: services on the machine itself.
  bool without_proxy = false;
  std::optional<Limits> limits{};  // else the client's

  void Set(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
};

struct Response {
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

struct Failure {
  Reached reached = Reached::kMaybe;
  bool again = true;    // trying again may help
  std::string message;  // holds no part of the request
};

// Keeps connections open between requests; as many requests at once as there are threads that ask. Follows no
// redirects. All calls may be made from several threads.
class Client {
 public:
  explicit Client(Limits limits = {}, Tls tls = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any status is an answer; what gave none is a failure.
  tl::expected<Response, Failure> Send(const Request& request);

  const Limits& limits() const { return limits_; }
  const Tls& tls() const { return tls_; }

 private:
  struct Shared;
  const Limits limits_;
  const Tls tls_;
  std::unique_ptr<Shared> shared_;
};

// "host" or "host:port" of a URL.
std::string_view HostOf(std::string_view url);

}  // namespace latecomer::http
