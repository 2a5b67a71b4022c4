#include "server/http_server.h"

#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <csignal>
#include <optional>
#include <utility>
#include <vector>

#include "server/event_hub.h"
#include "server/problem.h"

// g++ 12 mistreats some forms around co_await: none of them stands inside ?:, and arguments of awaited calls are named
// first.

namespace latecomer::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
// Requests that wait for a worker; more are refused.
constexpr int kMostQueued = 512;
constexpr int kMostQueuedSlow = 16;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

Response Refusal(int status, const std::string& kind, const std::string& detail) {
  return ToResponse(Problem{.status = status, .kind = kind, .detail = detail});
}

// What goes wrong while a request is read, as an answer; nullopt when there is nobody to answer to.
std::optional<Response> ReadFailure(const error_code& error) {
  if (error == http::error::body_limit) return Refusal(413, "too_large", "the body is too large");
  if (error == http::error::header_limit) return Refusal(431, "too_large", "the headers are too large");
  const bool gone = error == http::error::end_of_stream || error == beast::error::timeout ||
                    error == asio::error::connection_reset || error == asio::error::eof ||
                    error == asio::error::operation_aborted || error == asio::ssl::error::stream_truncated ||
                    error == http::error::partial_message;
  if (gone || error.category() != make_error_code(http::error::bad_target).category()) return std::nullopt;
  return Refusal(400, "invalid_argument", "this is no HTTP request");
}

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

class BeastServer final : public HttpServer {
 public:
  BeastServer(const HttpOptions& options, HttpApplication& application)
      : options_(options),
        application_(application),
        io_(1),
        acceptor_(io_),
        signals_(io_),
        workers_(static_cast<std::size_t>(options.workers)),
        slow_(workers_.get_executor()) {}
  ~BeastServer() override { JoinWorkers(); }

  Status Bind();

  int port() const override { return port_; }
  void Every(std::chrono::milliseconds pause, std::function<void()> task) override {
    asio::co_spawn(io_, Repeat(pause, std::move(task)), asio::detached);
  }
  void OnSignal(std::function<void()> handler) override {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    AwaitSignal(std::move(handler));
  }
  void Run() override {
    asio::co_spawn(io_, Accept(), asio::detached);
    io_.run();
    JoinWorkers();
  }
  void Stop() override {
    asio::post(io_, [this] { io_.stop(); });
  }

 private:
  // A connection that sends events, and its watch for the client's end.
  template <typename Stream>
  struct Watched {
    Watched(Stream&& from, const asio::any_io_executor& executor) : stream(std::move(from)), timer(executor) {}
    Stream stream;
    asio::steady_timer timer;
    bool gone = false;
  };
  // Counts a connection while it lives.
  struct Counted {
    explicit Counted(std::size_t& count_in) : count(count_in) { ++count; }
    ~Counted() { --count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    std::size_t& count;
  };

  Status LoadTls();
  void AwaitSignal(std::function<void()> handler) {
    signals_.async_wait([this, handler](const error_code& error, int) {
      if (error) return;
      handler();
      AwaitSignal(handler);
    });
  }
  void JoinWorkers() { workers_.join(); }

  asio::awaitable<void> Repeat(std::chrono::milliseconds pause, std::function<void()> task);
  asio::awaitable<void> Accept();
  asio::awaitable<void> ServePlain(tcp::socket socket);
  asio::awaitable<void> ServeTls(tcp::socket socket);
  template <typename Stream>
  asio::awaitable<void> Serve(Stream stream, std::string remote, bool secure);
  // Reads a little of what is still sent, so that the refusal isn't lost with the connection.
  template <typename Stream>
  static asio::awaitable<void> Linger(Stream& stream);
  template <typename Stream>
  asio::awaitable<void> WriteEvents(Stream stream, Response response);
  template <typename Stream>
  static asio::awaitable<void> WatchForEnd(std::shared_ptr<Watched<Stream>> watched);
  template <typename Stream>
  asio::awaitable<bool> Write(Stream& stream, Response& response, bool head, bool keep_alive, unsigned version);
  asio::awaitable<void> Answer(const Request& request, Response& response);

  template <typename Body>
  static void PutHeaders(http::response<Body>& message, const Response& response, bool keep_alive, unsigned version) {
    message.version(version);
    message.result(static_cast<unsigned>(response.status));
    message.keep_alive(keep_alive);
    if (response.status != 204 && response.status != 304) message.set(http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) message.insert(name, value);
  }

  // The request without the prefix; false when it has another path.
  bool Translate(http::request<http::string_body>& from, const std::string& remote, bool secure, Request& to) const;

  const HttpOptions options_;
  HttpApplication& application_;
  asio::io_context io_;
  std::optional<asio::ssl::context> tls_;
  tcp::acceptor acceptor_;
  asio::signal_set signals_;
  asio::thread_pool workers_;
  // Slow requests go one after another, so that all workers but one are there for the rest.
  asio::strand<asio::thread_pool::executor_type> slow_;
  std::atomic<int> queued_{0};
  std::atomic<int> queued_slow_{0};
  std::size_t connections_ = 0;
  int port_ = 0;
};

Status BeastServer::LoadTls() {
  if (options_.tls_certificate.empty() && options_.tls_key.empty()) return {};
  if (options_.tls_certificate.empty() || options_.tls_key.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "TLS needs both a certificate and a key");
  }
  tls_.emplace(asio::ssl::context::tls_server);
  tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                    asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  error_code error;
  tls_->use_certificate_chain_file(options_.tls_certificate, error);
  if (error) {
    return Fail(Error(ErrorKind::kInvalidFile, "this is no certificate in PEM form: " + error.message())
                    .In(options_.tls_certificate));
  }
  tls_->use_private_key_file(options_.tls_key, asio::ssl::context::pem, error);
  if (error) {
    return Fail(Error(ErrorKind::kInvalidFile, "this is not the certificate's key in PEM form: " + error.message())
                    .In(options_.tls_key));
  }
  return {};
}

Status BeastServer::Bind() {
  LATECOMER_RETURN_IF_ERROR(LoadTls());
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options_.host, error);
  if (error) {
    return Fail(Error(ErrorKind::kInvalidArgument, "`" + options_.host + "` is no address")
                    .Hint("give one like 127.0.0.1, ::1, or 0.0.0.0 for all"));
  }
  const tcp::endpoint endpoint(address, static_cast<unsigned short>(options_.port));
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    const bool taken = error == asio::error::address_in_use;
    return Fail(Error(taken ? ErrorKind::kConflict : ErrorKind::kIo,
                      "can't listen on " + options_.host + ":" + std::to_string(options_.port) + ": " + error.message())
                    .Hint(taken ? "another program uses the port; choose another with --port" : ""));
  }
  port_ = acceptor_.local_endpoint().port();
  return {};
}

asio::awaitable<void> BeastServer::Repeat(std::chrono::milliseconds pause, std::function<void()> task) {
  asio::steady_timer timer(io_);
  asio::steady_timer done(io_);
  while (true) {
    timer.expires_after(pause);
    co_await timer.async_wait(kAwait);
    done.expires_at(asio::steady_timer::time_point::max());
    asio::post(workers_, [&task, &done, this] {
      task();
      asio::post(io_, [&done] { done.cancel(); });
    });
    co_await done.async_wait(kAwait);
  }
}

asio::awaitable<void> BeastServer::Accept() {
  while (true) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // out of descriptors: existing connections end and free some
      asio::steady_timer pause(io_, std::chrono::milliseconds(50));
      co_await pause.async_wait(kAwait);
      continue;
    }
    if (connections_ >= options_.most_connections) continue;  // closed at once
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (tls_) {
      asio::co_spawn(io_, ServeTls(std::move(socket)), asio::detached);
    } else {
      asio::co_spawn(io_, ServePlain(std::move(socket)), asio::detached);
    }
  }
}

asio::awaitable<void> BeastServer::ServePlain(tcp::socket socket) {
  const Counted counted(connections_);
  error_code error;
  const std::string remote = socket.remote_endpoint(error).address().to_string();
  PlainStream stream(std::move(socket));
  co_await Serve(std::move(stream), remote, false);
}

asio::awaitable<void> BeastServer::ServeTls(tcp::socket socket) {
  const Counted counted(connections_);
  error_code ignored;
  const std::string remote = socket.remote_endpoint(ignored).address().to_string();
  TlsStream stream(beast::tcp_stream(std::move(socket)), *tls_);
  beast::get_lowest_layer(stream).expires_after(options_.header_time);
  auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, kAwait);
  if (!error) co_await Serve(std::move(stream), remote, true);
}

bool BeastServer::Translate(http::request<http::string_body>& from, const std::string& remote, bool secure,
                            Request& to) const {
  to.method = ParseMethod(std::string_view(from.method_string().data(), from.method_string().size()));
  to.remote = remote;
  to.secure = secure;
  to.body = std::move(from.body());
  for (const auto& field : from) {
    std::string& value = to.headers[Lower({field.name_string().data(), field.name_string().size()})];
    if (!value.empty())
      value += Lower({field.name_string().data(), field.name_string().size()}) == "cookie" ? "; " : ", ";
    value.append(field.value().data(), field.value().size());
  }
  std::string_view target(from.target().data(), from.target().size());
  if (!target.starts_with(options_.prefix)) return false;
  target.remove_prefix(options_.prefix.size());
  if (target.empty()) target = "/";
  return ParseTarget(target, to);
}

asio::awaitable<void> BeastServer::Answer(const Request& request, Response& response) {
  const bool slow = application_.IsSlow(request);
  std::atomic<int>& queued = slow ? queued_slow_ : queued_;
  if (queued >= (slow ? kMostQueuedSlow : kMostQueued)) {
    response = Refusal(503, "busy", "the server has too much to do at the moment").With("Retry-After", "1");
    co_return;
  }
  ++queued;
  asio::steady_timer done(io_, asio::steady_timer::time_point::max());
  auto work = [this, &request, &response, &done, &queued] {
    response = application_.Handle(request);
    --queued;
    asio::post(io_, [&done] { done.cancel(); });
  };
  if (slow) {
    asio::post(slow_, std::move(work));
  } else {
    asio::post(workers_, std::move(work));
  }
  co_await done.async_wait(kAwait);
}

template <typename Stream>
asio::awaitable<void> BeastServer::Serve(Stream stream, std::string remote, bool secure) {
  beast::flat_buffer buffer;
  while (true) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.header_bytes));
    parser.body_limit(options_.body_bytes);
    beast::get_lowest_layer(stream).expires_after(options_.header_time);
    auto [header_error, header_size] = co_await http::async_read_header(stream, buffer, parser, kAwait);
    error_code error = header_error;
    if (!error) {
      beast::get_lowest_layer(stream).expires_after(options_.body_time);
      auto [body_error, body_size] = co_await http::async_read(stream, buffer, parser, kAwait);
      error = body_error;
    }
    Response response;
    if (error) {
      std::optional<Response> refusal = ReadFailure(error);
      if (!refusal) break;
      response = std::move(*refusal);
      co_await Write(stream, response, false, false, 11);
      co_await Linger(stream);
      break;
    }
    http::request<http::string_body> message = parser.release();
    const bool head = message.method() == http::verb::head;
    const bool keep_alive = message.keep_alive();
    const unsigned version = message.version();
    Request request;
    const bool understood = Translate(message, remote, secure, request);
    beast::get_lowest_layer(stream).expires_never();
    if (understood) {
      co_await Answer(request, response);
    } else {
      response = Refusal(404, "not_found", "there is nothing at this address");
    }
    if (response.stream) {
      co_await WriteEvents(std::move(stream), std::move(response));
      co_return;
    }
    const bool go_on = co_await Write(stream, response, head, keep_alive, version);
    if (!go_on) break;
  }
  error_code ignored;
  beast::get_lowest_layer(stream).socket().shutdown(tcp::socket::shutdown_send, ignored);
}

template <typename Stream>
asio::awaitable<void> BeastServer::Linger(Stream& stream) {
  error_code error;
  beast::get_lowest_layer(stream).socket().shutdown(tcp::socket::shutdown_send, error);
  beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(1));
  std::vector<char> unread(64 * 1024);
  for (int i = 0; i < 64 && !error; ++i) {
    const auto space = asio::buffer(unread);
    auto [read_error, size] = co_await beast::get_lowest_layer(stream).async_read_some(space, kAwait);
    error = read_error;
  }
}

template <typename Stream>
asio::awaitable<bool> BeastServer::Write(Stream& stream, Response& response, bool head, bool keep_alive,
                                         unsigned version) {
  // The time-out begins anew with each piece, so that a slow client gets a large file, and a stuck one is cut off.
  if (!response.file.empty() && !head) {
    http::response<http::file_body> message;
    PutHeaders(message, response, keep_alive, version);
    error_code error;
    message.body().open(response.file.c_str(), beast::file_mode::scan, error);
    if (!error) {
      message.prepare_payload();
      http::response_serializer<http::file_body> serializer(message);
      while (!error && !serializer.is_done()) {
        beast::get_lowest_layer(stream).expires_after(options_.write_time);
        auto [write_error, size] = co_await http::async_write_some(stream, serializer, kAwait);
        error = write_error;
      }
      co_return !error && keep_alive;
    }
    response = Refusal(404, "not_found", "the file is gone");
  }
  const std::string_view body = response.Body();
  http::response<http::span_body<const char>> message;
  PutHeaders(message, response, keep_alive, version);
  const bool has_body = response.status != 204 && response.status != 304;
  if (has_body) {
    message.content_length(body.size());
    if (!head) message.body() = beast::span<const char>(body.data(), body.size());
  }
  http::response_serializer<http::span_body<const char>> serializer(message);
  error_code error;
  if (head || !has_body) {
    beast::get_lowest_layer(stream).expires_after(options_.write_time);
    auto [write_error, size] = co_await http::async_write_header(stream, serializer, kAwait);
    error = write_error;
  } else {
    while (!error && !serializer.is_done()) {
      beast::get_lowest_layer(stream).expires_after(options_.write_time);
      auto [write_error, size] = co_await http::async_write_some(stream, serializer, kAwait);
      error = write_error;
    }
  }
  co_return !error && keep_alive;
}

template <typename Stream>
asio::awaitable<void> BeastServer::WatchForEnd(std::shared_ptr<Watched<Stream>> watched) {
  char ignored[256];
  while (true) {
    const auto space = asio::buffer(ignored);
    auto [error, size] = co_await watched->stream.async_read_some(space, kAwait);
    if (error) break;
  }
  watched->gone = true;
  watched->timer.cancel();
}

template <typename Stream>
asio::awaitable<void> BeastServer::WriteEvents(Stream stream, Response response) {
  const auto executor = co_await asio::this_coro::executor;
  auto watched = std::make_shared<Watched<Stream>>(std::move(stream), executor);
  const std::shared_ptr<EventStream> events = response.stream;
  events->OnWake([watched = std::weak_ptr(watched), executor] {
    asio::post(executor, [watched] {
      if (const auto there = watched.lock()) there->timer.cancel();
    });
  });
  http::response<http::empty_body> message;
  PutHeaders(message, response, false, 11);
  http::response_serializer<http::empty_body> serializer(message);
  beast::get_lowest_layer(watched->stream).expires_after(options_.write_time);
  auto [header_error, header_size] = co_await http::async_write_header(watched->stream, serializer, kAwait);
  error_code error = header_error;
  beast::get_lowest_layer(watched->stream).expires_never();
  asio::co_spawn(executor, WatchForEnd(watched), asio::detached);
  while (!error && !watched->gone) {
    watched->timer.expires_after(options_.ping_time);
    std::string text;
    if (!events->Take(text)) break;
    if (text.empty()) {
      // Cancelled: there is something to take, or the client is gone.
      auto [expired] = co_await watched->timer.async_wait(kAwait);
      if (expired) continue;
      text = ": ping\n\n";
    }
    beast::get_lowest_layer(watched->stream).expires_after(options_.write_time);
    const auto piece = asio::buffer(text);
    auto [write_error, size] = co_await asio::async_write(watched->stream, piece, kAwait);
    error = write_error;
  }
  events->OnWake(nullptr);
  events->Close();
  error_code ignored;
  beast::get_lowest_layer(watched->stream).socket().close(ignored);
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Open(const HttpOptions& options, HttpApplication& application) {
  try {
    auto server = std::make_unique<BeastServer>(options, application);
    LATECOMER_RETURN_IF_ERROR(server->Bind());
    return std::unique_ptr<HttpServer>(std::move(server));
  } catch (const std::exception& problem) {
    return Fail(ErrorKind::kIo, std::string("the server can't start: ") + problem.what());
  }
}

}  // namespace latecomer::server
