// For tests: a way to the server that is cut at a chosen word.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

namespace latecomer::ledger {

// Listens in a folder of its own and hands everything on to the server's socket. Once, when the client has sent `word`,
// the connection is cut: before the server gets it, or after it answered.
class CuttingProxy {
 public:
  enum class When { kBefore, kAfterTheAnswer };

  CuttingProxy(const std::string& folder, const std::string& server_folder) {
    listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    server_ = AddressIn(server_folder);
    const sockaddr_un own = AddressIn(folder);
    ::bind(listening_, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    ::listen(listening_, 8);
    thread_ = std::thread([this] { Serve(); });
  }
  ~CuttingProxy() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  // From now on; one connection at a time.
  void CutAt(std::string_view word, When when) {
    word_ = word;
    when_ = when;
    armed_ = true;
  }
  int cuts() const { return cuts_; }

 private:
  static sockaddr_un AddressIn(const std::string& folder) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder + "/.s.PGSQL.5432";
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    return address;
  }

  void Serve() {
    while (true) {
      const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (::connect(server, reinterpret_cast<const sockaddr*>(&server_), sizeof server_) == 0) Pass(client, server);
      ::close(client);
      ::close(server);
    }
  }

  // False at the end of what `from` sends.
  static bool Forward(int from, int to, std::string& seen) {
    std::array<char, 65536> buffer{};
    const ssize_t size = ::read(from, buffer.data(), buffer.size());
    if (size <= 0) return false;
    seen.assign(buffer.data(), static_cast<std::size_t>(size));
    return to < 0 || ::send(to, buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
  }

  void Pass(int client, int server) {
    std::string seen;
    while (true) {
      pollfd ends[] = {{.fd = client, .events = POLLIN, .revents = 0},
                       {.fd = server, .events = POLLIN, .revents = 0},
                       {.fd = listening_, .events = 0, .revents = 0}};
      ::poll(ends, 3, -1);
      if (ends[2].revents != 0) return;
      if (ends[1].revents != 0 && !Forward(server, client, seen)) return;
      if (ends[0].revents == 0) continue;
      if (!Forward(client, -1, seen)) return;
      const bool cut = armed_ && seen.find(word_) != std::string::npos;
      if (cut && when_ == When::kBefore) return NoteCut();
      if (::send(server, seen.data(), seen.size(), MSG_NOSIGNAL) < 0) return;
      if (!cut) continue;
      Forward(server, -1, seen);  // the answer is lost
      return NoteCut();
    }
  }

  void NoteCut() {
    armed_ = false;
    ++cuts_;
  }

  int listening_ = -1;
  sockaddr_un server_{};
  std::string word_;
  When when_ = When::kBefore;
  std::atomic<bool> armed_{false};
  std::atomic<int> cuts_{0};
  std::thread thread_;
};

}  // namespace latecomer::ledger
