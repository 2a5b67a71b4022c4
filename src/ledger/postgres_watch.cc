#include "ledger/postgres_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/postgres_ledger.h"
#include "ledger/postgres_libpq.h"
#include "ledger/postgres_text.h"

namespace latecomer::ledger {
namespace {

constexpr int kGatherMs = 50;  // what comes within so long is told together
constexpr int kRetryMs = 500;
constexpr int kForever = -1;

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, CloseConnection>;

class PostgresWatchImpl final : public PostgresWatch {
 public:
  PostgresWatchImpl(const PostgresAddress& address, const std::string& channel,
                    std::function<void(const std::string&)> on_change)
      : address_(address),
        channel_(channel),
        on_change_(std::move(on_change)),
        stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this] { Loop(); }) {}
  ~PostgresWatchImpl() override {
    const std::uint64_t one = 1;
    while (::write(stop_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
    ::close(stop_);
  }

 private:
  // False when it is time to end. Wakes early when `descriptor` (-1: none) can be read.
  bool Wait(int descriptor, int timeout_ms) const {
    pollfd watched[] = {{.fd = stop_, .events = POLLIN, .revents = 0},
                        {.fd = descriptor, .events = POLLIN, .revents = 0}};
    ::poll(watched, 2, timeout_ms);
    return (watched[0].revents & POLLIN) == 0;
  }

  Connection Listen() const {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : address_.parameters) {
      keywords.push_back(keyword.c_str());
      // An end that is asked for needn't wait long for a server that doesn't answer.
      values.push_back(keyword == "connect_timeout" ? "2" : value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    Connection connection(PQconnectdbParams(keywords.data(), values.data(), 0));
    if (PQstatus(connection.get()) != CONNECTION_OK) return nullptr;
    const std::string sql = "LISTEN \"" + channel_ + "\"";
    PGresult* result = PQexec(connection.get(), sql.c_str());
    const bool listens = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return listens ? std::move(connection) : nullptr;
  }

  void Tell(PGconn* connection) const {
    std::set<std::string> pipelines;
    while (PGnotify* heard = PQnotifies(connection)) {
      const std::string_view payload = heard->extra;
      const std::size_t blank = payload.find(' ');
      const bool own = payload.substr(0, blank) == PostgresSender();
      if (!own && blank != std::string_view::npos) pipelines.insert(FromPostgresText(payload.substr(blank + 1)));
      PQfreemem(heard);
    }
    for (const std::string& pipeline : pipelines) on_change_(pipeline);
  }

  void Loop() {
    bool missed = false;  // something may have been told while nobody listened
    while (Wait(-1, missed ? kRetryMs : 0)) {
      const Connection connection = Listen();
      if (connection && std::exchange(missed, true)) on_change_("");
      missed = true;
      if (!connection) continue;
      while (PQstatus(connection.get()) == CONNECTION_OK) {
        if (!Wait(PQsocket(connection.get()), kForever)) return;
        if (PQconsumeInput(connection.get()) == 0) break;
        Tell(connection.get());
        if (!Wait(-1, kGatherMs)) return;
      }
    }
  }

  const PostgresAddress address_;
  const std::string channel_;
  const std::function<void(const std::string&)> on_change_;
  const int stop_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<PostgresWatch> WatchPostgresLedger(const PostgresAddress& address, const std::string& ledger_id,
                                                   std::function<void(const std::string& pipeline)> on_change) {
  return std::make_unique<PostgresWatchImpl>(address, PostgresChannel(ledger_id), std::move(on_change));
}

}  // namespace latecomer::ledger
