// HTTP/1.1 on a socket, with or without TLS: limits, time-outs, workers, streams. Boost.Beast stays in the .cc file.
//
// One thread (the caller of Run) does all input and output. Requests are answered on worker threads, slow ones on
// one of them at a time, so that they don't hold up the rest.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/http.h"

namespace latecomer::server {

// What answers requests. Called on worker threads, several at a time.
class HttpApplication {
 public:
  virtual ~HttpApplication() = default;
  virtual Response Handle(const Request& request) = 0;
  // Before Handle: does it take long (hashing a password, reading a whole log)?
  virtual bool IsSlow(const Request& request) const = 0;
};

struct HttpOptions {
  std::string host = "127.0.0.1";  // an address
  int port = 0;                    // 0: any that is free
  std::string tls_certificate;     // PEM files; both or none
  std::string tls_key;
  std::string prefix;  // "/latecomer": stripped from paths; others are 404
  int workers = 2;     // threads; with one alone, slow requests hold up all others
  std::size_t most_connections = 4096;
  std::size_t header_bytes = 16 * 1024;
  std::size_t body_bytes = 1024 * 1024;
  std::chrono::milliseconds header_time{30000};  // from the connection, or the answer before, to the end of the headers
  std::chrono::milliseconds body_time{20000};
  std::chrono::milliseconds write_time{20000};  // without progress of one piece
  std::chrono::milliseconds ping_time{15000};   // between comments on a quiet stream
};

class HttpServer {
 public:
  // Binds. kConflict when the port is taken, kInvalidArgument for a wrong address, kInvalidFile for TLS files.
  static Result<std::unique_ptr<HttpServer>> Open(const HttpOptions& options, HttpApplication& application);
  virtual ~HttpServer() = default;

  virtual int port() const = 0;
  // Before Run: does `task` on a worker again and again, `pause` after it ended.
  virtual void Every(std::chrono::milliseconds pause, std::function<void()> task) = 0;
  // Before Run: called on the thread of Run for each SIGTERM and SIGINT.
  virtual void OnSignal(std::function<void()> handler) = 0;
  // Returns after Stop.
  virtual void Run() = 0;
  // From any thread: no more requests; ends connections.
  virtual void Stop() = 0;
};

}  // namespace latecomer::server
