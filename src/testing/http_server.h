// An HTTP server that answers as a test says.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace latecomer::testing {

struct ServedRequest {
  std::string method;
  std::string target;                          // "/bucket/key?list-type=2"
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

struct ServedAnswer {
  enum class What { kAnswer, kAnswerAndDrop, kDropConnection, kNeverAnswer };
  int status = 200;
  std::string body{};
  std::map<std::string, std::string> headers{};
  What what = What::kAnswer;
  // Instead of the body: sends it bit by bit and returns at its end; `send` says whether the other side still listens.
  std::function<void(const std::function<bool(std::string_view)>& send)> stream{};
};

inline ServedAnswer Dropped() {
  return {.what = ServedAnswer::What::kDropConnection};
}

// On a free port of 127.0.0.1; each connection has a thread.
class TestServer {
 public:
  using Handler = std::function<ServedAnswer(const ServedRequest&)>;

  explicit TestServer(Handler handler) : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~TestServer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
      stopped_.notify_all();
    }
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<ServedRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Blocks until the server is told to end; for streams that go on.
  void WaitForEnd() {
    std::unique_lock lock(mutex_);
    stopped_.wait(lock, [this] { return stopping_; });
  }
  void Answer(Handler handler) {
    const std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
  }

 private:
  void Accept() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        ::close(fd);
        return;
      }
      connections_.push_back(fd);
      threads_.emplace_back([this, fd] { Serve(fd); });
    }
  }

  // More bytes after `text`; false at the end of the connection.
  static bool Receive(int fd, std::string& text) {
    char buffer[65536];
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  static bool ReadRequest(int fd, std::string& waiting, ServedRequest& request) {
    std::size_t end = std::string::npos;
    while ((end = waiting.find("\r\n\r\n")) == std::string::npos) {
      if (!Receive(fd, waiting)) return false;
    }
    const std::string head = waiting.substr(0, end);
    const std::size_t first = head.find("\r\n");
    const std::string line = head.substr(0, first);
    request.method = line.substr(0, line.find(' '));
    request.target = line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1);
    for (std::size_t at = first; at != std::string::npos; at = head.find("\r\n", at + 2)) {
      const std::string header = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
      std::string name = header.substr(0, header.find(':'));
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (header.find(": ") != std::string::npos) request.headers[name] = header.substr(header.find(": ") + 2);
    }
    const std::string length = request.Header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    while (waiting.size() < end + 4 + size) {
      if (!Receive(fd, waiting)) return false;
    }
    request.body = waiting.substr(end + 4, size);
    waiting.erase(0, end + 4 + size);
    return true;
  }

  // To the end of the connection, which is how an answer of unknown length ends.
  static void Stream(int fd, const ServedAnswer& answer) {
    const auto send = [fd](std::string_view text) {
      return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
    };
    if (send("HTTP/1.1 " + std::to_string(answer.status) + " Said\r\nConnection: close\r\n\r\n")) answer.stream(send);
  }

  void Serve(int fd) {
    std::string waiting;
    ServedRequest request;
    while (ReadRequest(fd, waiting, request)) {
      Handler handler;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        handler = handler_;
      }
      const ServedAnswer answer = handler(request);
      if (answer.what == ServedAnswer::What::kDropConnection) break;
      if (answer.what == ServedAnswer::What::kNeverAnswer) {
        std::unique_lock lock(mutex_);
        stopped_.wait(lock, [this] { return stopping_; });
        break;
      }
      if (answer.stream) {
        Stream(fd, answer);
        break;
      }
      std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Said\r\n";
      for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
      const bool has_length = answer.headers.contains("Content-Length");
      if (!has_length) text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
      text += "\r\n";
      if (request.method != "HEAD") text += answer.body;
      if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) < 0) break;
      if (answer.what == ServedAnswer::What::kAnswerAndDrop) break;
      request = {};
    }
    const std::lock_guard lock(mutex_);
    std::erase(connections_, fd);
    ::close(fd);
  }

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  Handler handler_;
  int listener_;
  int port_ = 0;
  std::vector<int> connections_;
  std::vector<ServedRequest> requests_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace latecomer::testing
