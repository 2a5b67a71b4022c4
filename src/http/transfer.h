// Private to http: one request as libcurl takes it, and its answer as it comes.
#pragma once

#include <functional>
#include <string>

#include "http/client.h"
#include "http/libcurl.h"

namespace latecomer::http {

// Before the first use of libcurl.
void InitializeCurl();

// Sets up a handle for one request and gathers its answer. Outlives the transfer; neither copied nor moved, for libcurl
// keeps its address.
class Transfer {
 public:
  using OnData = std::function<void(std::string_view)>;

  // `on_data`, when given, has the body of a good answer (200 to 299) bit by bit; what it throws ends the transfer.
  // `request` outlives this.
  Transfer(CURL* curl, const Request& request, const Limits& limits, const Tls& tls, OnData on_data = nullptr);
  ~Transfer() { curl_slist_free_all(headers_); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // When libcurl is done with it.
  tl::expected<Response, Failure> Finish(CURLcode code);

 private:
  static std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* user) noexcept;
  static std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* user) noexcept;
  void AddHeader(const std::string& line) { headers_ = curl_slist_append(headers_, line.c_str()); }
  void SetBody();
  void SetTls(const Tls& tls);
  void SetLimits(const Limits& limits);
  bool WasSent(CURLcode code) const;
  Failure FailureOf(CURLcode code) const;

  CURL* curl_;
  const Request& request_;
  OnData on_data_;
  curl_slist* headers_ = nullptr;
  Response response_;
  bool too_large_ = false;
};

}  // namespace latecomer::http
