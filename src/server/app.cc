#include "server/app.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "server/assets.h"
#include "server/audit.h"
#include "server/metrics.h"
#include "server/problem.h"
#include "server/secrets.h"

namespace latecomer::server {
namespace {

constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

bool IsApi(const Request& request) {
  return request.segments.size() >= 2 && request.segments[0] == "api" && request.segments[1] == "v1";
}

std::vector<std::string> BelowApi(const Request& request) {
  return {request.segments.begin() + 2, request.segments.end()};
}

Response Plain(int status, std::string text) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

void SecureHeaders(const Request& request, Response& response) {
  const auto set = [&](std::string_view name, std::string_view value) {
    const bool there = std::any_of(response.headers.begin(), response.headers.end(),
                                   [&](const auto& header) { return header.first == name; });
    if (!there) response.headers.emplace_back(name, value);
  };
  set("X-Content-Type-Options", "nosniff");
  set("X-Frame-Options", "DENY");
  set("Referrer-Policy", "same-origin");
  set("Cross-Origin-Opener-Policy", "same-origin");
  set("Cross-Origin-Resource-Policy", "same-origin");
  set("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
  set("Content-Security-Policy", kContentPolicy);
  if (IsApi(request)) set("Cache-Control", "no-store");
  if (request.secure) set("Strict-Transport-Security", "max-age=31536000");
}

Response MethodNotAllowed(const std::vector<Method>& allowed) {
  std::string names;
  for (const Method method : allowed) names += (names.empty() ? "" : ", ") + std::string(Name(method));
  return ToResponse(Problem{.status = 405, .kind = "method_not_allowed", .detail = "this address knows " + names})
      .With("Allow", names);
}

// The demo's password is known to all: other sites must not reach it through a name of theirs that leads here.
bool IsLoopbackName(std::string_view host) {
  const std::string_view name =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

}  // namespace

bool Application::IsSlow(const Request& request) const {
  if (!IsApi(request)) return false;
  const Match match = router_.Find(request.method, BelowApi(request));
  return match.route != nullptr && match.route->pace == Pace::kSlow;
}

Response Application::Handle(const Request& request) {
  const auto start = std::chrono::steady_clock::now();
  Response response;
  try {
    response = Dispatch(request);
  } catch (const std::exception& problem) {
    app_.hooks.log("answering " + Printable(request.path) + ": " + problem.what());
    response = ToResponse(Error(ErrorKind::kUnexpected, problem.what()));
  }
  SecureHeaders(request, response);
  const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
  app_.counters.RequestDone(Name(request.method), response.status, took);
  return response;
}

Response Application::Dispatch(const Request& request) {
  if (app_.settings.demo && !IsLoopbackName(request.Header("host"))) {
    return ToResponse(Problem{.status = 403,
                              .kind = "forbidden",
                              .detail = "the demo answers to localhost only",
                              .hint = "open http://127.0.0.1"});
  }
  if (IsApi(request)) return HandleApi(request);
  if (request.method != Method::kGet) return MethodNotAllowed({Method::kGet});
  if (request.path == "/healthz") return Plain(200, "ok\n");
  if (request.path == "/readyz") return app_.hooks.ready() ? Plain(200, "ready\n") : Plain(503, "not ready\n");
  if (request.path == "/metrics") return Metrics(request);
  return ServeAsset(request, app_.settings.prefix);
}

Response Application::Metrics(const Request& request) {
  const auto store = app_.stores.Take();
  if (!store) return ToResponse(store.error());
  if (!app_.settings.open_metrics) {
    const Route route{Method::kGet, "/metrics", Access::kViewer, nullptr};
    const auto identity = Identify(request, *(*store)->accounts, app_.clock.Now());
    if (!identity) return ToResponse(identity.error());
    if (auto refused = Refuse(request, route, *identity)) return std::move(*refused);
  }
  const Result<std::string> text = MetricsText(app_, **store);
  if (!text) return ToResponse(text.error());
  Response response = Plain(200, *text);
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Response Application::HandleApi(const Request& request) {
  const Match match = router_.Find(request.method, BelowApi(request));
  if (match.route == nullptr) {
    if (!match.allowed.empty()) return MethodNotAllowed(match.allowed);
    return ToResponse(Problem{.status = 404,
                              .kind = "not_found",
                              .detail = "the API has nothing at " + Printable(request.path).substr(0, 300),
                              .hint = "/api/v1/openapi.yaml lists what there is"});
  }
  const auto store = app_.stores.Take();
  if (!store) return ToResponse(store.error());
  return HandleRoute(request, *match.route, match.path, **store);
}

Response Application::HandleRoute(const Request& request, const Route& route,
                                  const std::map<std::string, std::string>& path, Store& store) {
  const Instant now = app_.clock.Now();
  const auto identity = Identify(request, *store.accounts, now);
  if (!identity) return ToResponse(identity.error());
  Call call{.request = request, .path = path, .identity = *identity, .store = store, .app = app_, .now = now};
  if (auto refused = Refuse(request, route, *identity)) {
    if (*identity && route.access > Access::kViewer) NoteRefusal(call, std::string(route.pattern));
    return std::move(*refused);
  }
  const bool repeatable = route.method == Method::kPost && route.access == Access::kOperator;
  if (repeatable && !request.Header("idempotency-key").empty()) return Repeatable(route, call);
  Result<Response> answer = route.handler(call);
  if (!answer) {
    if (answer.error().kind == ErrorKind::kUnexpected) app_.hooks.log(answer.error().ToString());
    return ToResponse(answer.error());
  }
  Response response = std::move(*answer);
  const bool cacheable =
      route.method == Method::kGet && response.status == 200 && !response.stream && response.file.empty();
  if (!cacheable) return response;
  const std::string etag = EtagOf(response.Body());
  if (EtagMatches(request.Header("if-none-match"), etag)) {
    response.status = 304;
    response.body.clear();
    response.shared_body.reset();
  }
  response.headers.emplace_back("ETag", etag);
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  return response;
}

Response Application::Repeatable(const Route& route, Call& call) {
  const Request& request = call.request;
  const std::string key(request.Header("idempotency-key"));
  if (key.size() > 200) return InvalidFields({{"Idempotency-Key", "is longer than 200 characters"}});
  const std::string hash = HashSecret("request", request.path + "\n" + request.body);
  const AtWork::Place place(app_.at_work, call.who().user + "\n" + key);
  if (!place.free()) {
    return ToResponse(Problem{.status = 409,
                              .kind = "conflict",
                              .detail = "a request with this Idempotency-Key is being answered",
                              .hint = "ask again in a moment: the answer will be that one's"})
        .With("Retry-After", "1");
  }
  const auto before = call.store.accounts->FindReply(call.who().user, key);
  if (!before) return ToResponse(before.error());
  if (*before) {
    if ((*before)->request_hash != hash) {
      return ToResponse(Problem{.status = 422,
                                .kind = "idempotency_key_reused",
                                .detail = "this Idempotency-Key came with another request before",
                                .hint = "make a new key for each action"});
    }
    Response response;
    response.status = (*before)->status;
    response.body = (*before)->body;
    return std::move(response).With("Idempotent-Replayed", "true");
  }
  Result<Response> answer = route.handler(call);
  if (!answer) return ToResponse(answer.error());
  if (answer->status != 200) return std::move(*answer);
  const Status kept = call.store.accounts->PutReply({.user = call.who().user,
                                                     .key = key,
                                                     .request_hash = hash,
                                                     .status = answer->status,
                                                     .body = answer->body,
                                                     .at = call.now});
  if (!kept) app_.hooks.log("an answer can't be kept for its Idempotency-Key: " + kept.error().ToString());
  return std::move(*answer);
}

}  // namespace latecomer::server
