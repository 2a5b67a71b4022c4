// The HTTP server over real sockets: limits, time-outs, streams, TLS. Ports are the system's choice.
#include "server/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "server/event_hub.h"
#include "testing/temporary_folder.h"

namespace latecomer::server {
namespace {

using namespace std::chrono_literals;

class Echo final : public HttpApplication {
 public:
  Response Handle(const Request& request) override {
    Response response;
    response.content_type = "text/plain";
    if (request.path == "/stream") {
      response.content_type = "text/event-stream";
      response.stream = hub.Join("", "session").stream;
      joined.release();
    } else if (request.path == "/wait") {
      entered.release();
      gate.acquire();
      response.body = "waited";
    } else if (request.path == "/file") {
      response.file = file;
    } else {
      response.body = std::string(Name(request.method)) + " " + request.path + " " + request.body;
    }
    return response;
  }
  bool IsSlow(const Request& request) const override { return request.path == "/wait"; }

  // A semaphore that a sanitizer understands.
  class Semaphore {
   public:
    void release() {
      const std::lock_guard lock(mutex_);
      ++count_;
      changed_.notify_all();
    }
    void acquire() {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_for(lock, 60s, [this] { return count_ > 0; })) ADD_FAILURE() << "waited in vain";
      --count_;
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
  };
  EventHub hub;
  Semaphore joined, entered, gate;
  std::string file;
};

// A client's connection.
class Socket {
 public:
  explicit Socket(int port, int receive_buffer = 0) : handle_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(handle_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    timeval limit{60, 0};
    ::setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(handle_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Socket() { ::close(handle_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int handle() const { return handle_; }
  void Send(const std::string& text) { ::send(handle_, text.data(), text.size(), MSG_NOSIGNAL); }
  // Until the text is there, or the end.
  std::string ReadUntil(const std::string& wanted) {
    char piece[4096];
    while (wanted.empty() || text_.find(wanted) == std::string::npos) {
      const ssize_t size = ::recv(handle_, piece, sizeof piece, 0);
      if (size <= 0) break;
      text_.append(piece, static_cast<std::size_t>(size));
    }
    return text_;
  }
  std::string ReadAll() { return ReadUntil(""); }

 private:
  int handle_;
  std::string text_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpOptions options = {}) {
    auto opened = HttpServer::Open(options, application_);
    ASSERT_TRUE(opened) << opened.error().ToString();
    server_ = std::move(*opened);
    thread_ = std::thread([this] { server_->Run(); });
  }
  void TearDown() override {
    if (!server_) return;
    application_.hub.CloseAll();
    server_->Stop();
    thread_.join();
  }
  int port() const { return server_->port(); }
  static std::string Get(const std::string& path, const std::string& more = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
  }

  Echo application_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

TEST_F(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
  Start();
  Socket socket(port());
  socket.Send(Get("/one"));
  EXPECT_NE(socket.ReadUntil("GET /one").find("200 OK"), std::string::npos);
  socket.Send("POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
  EXPECT_NE(socket.ReadAll().find("POST /two body"), std::string::npos);
}

TEST_F(HttpServerTest, HeadHasTheLengthButNoBody) {
  Start();
  Socket socket(port());
  socket.Send("HEAD /one HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = socket.ReadAll();
  EXPECT_NE(answer.find("Content-Length: 9"), std::string::npos) << answer;
  EXPECT_EQ(answer.substr(answer.size() - 4), "\r\n\r\n");
}

TEST_F(HttpServerTest, TooLargeHeadersAndBodiesAreRefused) {
  Start({.header_bytes = 1000, .body_bytes = 100});
  Socket headers(port());
  headers.Send(Get("/", "X: " + std::string(2000, 'x') + "\r\n"));
  EXPECT_NE(headers.ReadAll().find(" 431 "), std::string::npos);
  Socket body(port());
  body.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'));
  EXPECT_NE(body.ReadAll().find(" 413 "), std::string::npos);
  Socket chunked(port());
  chunked.Send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nc8\r\n" + std::string(200, 'x') +
               "\r\n");
  EXPECT_NE(chunked.ReadAll().find(" 413 "), std::string::npos);
}

TEST_F(HttpServerTest, WhoDoesNotEndItsRequestIsCutOff) {
  Start({.header_time = 100ms, .body_time = 100ms});
  Socket silent(port());
  EXPECT_EQ(silent.ReadAll(), "");
  Socket halfway(port());
  halfway.Send("GET / HTTP/1.1\r\nHost:");
  EXPECT_EQ(halfway.ReadAll(), "");
  Socket body(port());
  body.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(body.ReadAll(), "");
}

TEST_F(HttpServerTest, OtherPathsThanThePrefixAreNotThere) {
  Start({.prefix = "/late"});
  Socket inside(port());
  inside.Send(Get("/late/x?y=1", "Connection: close\r\n"));
  EXPECT_NE(inside.ReadAll().find("GET /x "), std::string::npos);
  Socket outside(port());
  outside.Send(Get("/x", "Connection: close\r\n"));
  EXPECT_NE(outside.ReadAll().find(" 404 "), std::string::npos);
}

TEST_F(HttpServerTest, SlowRequestsHoldUpNobody) {
  Start({.workers = 2});
  Socket slow(port()), slow_too(port());  // as many as there are workers
  slow.Send(Get("/wait", "Connection: close\r\n"));
  slow_too.Send(Get("/wait", "Connection: close\r\n"));
  application_.entered.acquire();
  Socket quick(port());
  quick.Send(Get("/quick", "Connection: close\r\n"));
  EXPECT_NE(quick.ReadAll().find("GET /quick"), std::string::npos);
  application_.gate.release();
  application_.gate.release();
  EXPECT_NE(slow.ReadAll().find("waited"), std::string::npos);
  EXPECT_NE(slow_too.ReadAll().find("waited"), std::string::npos);
}

TEST_F(HttpServerTest, EventsReachWhoeverWatchesAndPingsComeWhenNothingHappens) {
  Start({.ping_time = 50ms});
  Socket socket(port());
  socket.Send(Get("/stream"));
  EXPECT_NE(socket.ReadUntil(": ping").find("text/event-stream"), std::string::npos);
  application_.joined.acquire();
  application_.hub.Publish({.sequence = 7, .event = "change", .pipelines = "", .data = "{}"});
  EXPECT_NE(socket.ReadUntil("id: 7").find("event: change\ndata: {}"), std::string::npos);
  application_.hub.CloseSessions({"session"});
  socket.ReadAll();  // it ends
}

TEST_F(HttpServerTest, AWatcherThatDoesNotReadIsCutOffAndAClosedOneForgotten) {
  Start({.write_time = 200ms});
  Socket stuck(port(), 4096);
  stuck.Send(Get("/stream"));
  application_.joined.acquire();
  {
    Socket leaves(port());
    leaves.Send(Get("/stream"));
    leaves.ReadUntil("\r\n\r\n");
    application_.joined.acquire();
  }
  const std::string large(64 * 1024, 'x');
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (application_.hub.Watchers() > 0 && std::chrono::steady_clock::now() < end) {
    application_.hub.Publish({.sequence = 1, .event = "change", .pipelines = "", .data = large});
    std::this_thread::yield();
  }
  EXPECT_EQ(application_.hub.Watchers(), 0U);
}

TEST_F(HttpServerTest, AFileIsSentWhole) {
  testing::TemporaryFolder folder;
  application_.file = folder / "log";
  const std::string content(3'000'000, 'y');
  std::ofstream(application_.file) << content;
  Start();
  Socket socket(port());
  socket.Send(Get("/file", "Connection: close\r\n"));
  const std::string answer = socket.ReadAll();
  ASSERT_GT(answer.size(), content.size());
  EXPECT_EQ(answer.substr(answer.size() - content.size()), content);
}

TEST_F(HttpServerTest, APortInUseIsSaid) {
  Start();
  HttpOptions same;
  same.port = port();
  const auto second = HttpServer::Open(same, application_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
}

TEST_F(HttpServerTest, WrongTlsFilesAreSaid) {
  const auto missing = HttpServer::Open({.tls_certificate = "/nowhere.pem", .tls_key = "/nowhere.key"}, application_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kInvalidFile);
  EXPECT_EQ(HttpServer::Open({.tls_certificate = "/nowhere.pem"}, application_).error().kind,
            ErrorKind::kInvalidArgument);
}

TEST_F(HttpServerTest, SpeaksTls) {
  Start({.tls_certificate = LATECOMER_SOURCE_DIR "/src/server/testdata/localhost.pem",
         .tls_key = LATECOMER_SOURCE_DIR "/src/server/testdata/localhost.key"});
  Socket socket(port());
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* tls = SSL_new(context);
  SSL_set_fd(tls, socket.handle());
  ASSERT_EQ(SSL_connect(tls), 1);
  const std::string request = Get("/secret", "Connection: close\r\n");
  SSL_write(tls, request.data(), static_cast<int>(request.size()));
  std::string answer;
  char piece[4096];
  for (int size = 0; (size = SSL_read(tls, piece, sizeof piece)) > 0;)
    answer.append(piece, static_cast<std::size_t>(size));
  EXPECT_NE(answer.find("GET /secret"), std::string::npos);
  SSL_free(tls);
  SSL_CTX_free(context);
}

}  // namespace
}  // namespace latecomer::server
