#include "storage/token_cache.h"

#include <utility>

namespace latecomer::storage {
namespace {

constexpr Duration kRenewBefore = std::chrono::minutes(5);
constexpr Duration kJustFetched = std::chrono::seconds(10);

}  // namespace

void TokenCache::Keep(BearerToken token) {
  known_ = std::move(token);
  fetched_ = clock_.Now();
}

Result<std::string> TokenCache::Get() {
  const std::lock_guard lock(mutex_);
  const Instant now = clock_.Now();
  if (known_ && known_->expires - kRenewBefore > now) return known_->text;
  Result<BearerToken> found = fetch_();
  if (found) {
    Keep(std::move(*found));
    return known_->text;
  }
  // What is still good for a minute is better than none.
  if (known_ && known_->expires > now) return known_->text;
  return Fail(std::move(found).error());
}

bool TokenCache::Renew() {
  const std::lock_guard lock(mutex_);
  if (known_ && clock_.Now() - fetched_ < kJustFetched) return true;  // by another thread, for the same reason
  Result<BearerToken> found = fetch_();
  if (!found || (known_ && found->text == known_->text)) return false;
  Keep(std::move(*found));
  return true;
}

}  // namespace latecomer::storage
