#include "storage/token_request.h"

namespace latecomer::storage {
namespace {

constexpr std::size_t kMostAnswerBytes = std::size_t{1} << 20;
// A service on the machine itself answers at once, or isn't there.
constexpr http::Limits kNearby{std::chrono::milliseconds(1000), std::chrono::seconds(2), std::chrono::seconds(5)};
constexpr int kNearbyAttempts = 3;

}  // namespace

std::optional<http::Response> AskNearby(const CloudTools& tools, http::Request request) {
  request.without_proxy = true;
  request.limits = kNearby;
  request.most_bytes = kMostAnswerBytes;
  RetryPolicy policy = tools.retry;
  policy.most_attempts = kNearbyAttempts;
  Attempts attempts(policy, *tools.random, tools.pause);
  for (;;) {
    auto response = tools.http->Send(request);
    if (response && !IsTransient(response->status)) return std::move(*response);
    if (!attempts.Again()) return std::nullopt;
  }
}

Result<http::Response> AskSignIn(const CloudTools& tools, const http::Request& request, const std::string& who,
                                 const SignAttempt& sign) {
  Attempts attempts(tools.retry, *tools.random, tools.pause);
  for (;;) {
    http::Request attempt = request;
    attempt.most_bytes = kMostAnswerBytes;
    if (sign) sign(attempt);
    auto response = tools.http->Send(attempt);
    const bool transient = response ? IsTransient(response->status) : response.error().again;
    if (transient && attempts.Again()) continue;
    if (response) return std::move(*response);
    return Fail(ErrorKind::kIo, who + " gives no credentials: " + response.error().message);
  }
}

}  // namespace latecomer::storage
