// A bearer token that is fetched when it is needed, and anew before it expires.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace latecomer::storage {

struct BearerToken {
  std::string text;
  Instant expires;
};

// Calls may be made from several threads; one of them fetches.
class TokenCache {
 public:
  using Fetch = std::function<Result<BearerToken>()>;
  TokenCache(Clock& clock, Fetch fetch) : clock_(clock), fetch_(std::move(fetch)) {}

  // What Fetch says when there is none.
  Result<std::string> Get();
  // The store says that the token is no good any more. Whether there is another now.
  bool Renew();

 private:
  void Keep(BearerToken token);

  Clock& clock_;
  const Fetch fetch_;
  std::mutex mutex_;
  std::optional<BearerToken> known_;
  Instant fetched_{};
};

}  // namespace latecomer::storage
