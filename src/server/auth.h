// Who asks: sessions in cookies, personal tokens, what each may do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/accounts.h"
#include "server/http.h"
#include "server/router.h"
#include "server/throttle.h"

namespace latecomer::server {

inline constexpr const char* kCookieName = "latecomer_session";
inline constexpr Duration kSessionLife = std::chrono::hours(24);

enum class Via { kSession, kToken };
std::string_view Name(Via via);

struct Identity {
  std::string user;
  ledger::Role role = ledger::Role::kViewer;  // with a token: the lesser of its scope and the user's role
  Via via = Via::kSession;
  std::string key;   // of the session or token, to end what belongs to it; not a secret
  std::string csrf;  // with a session: what X-CSRF-Token must be
  Instant expires{};
};

// Nullopt: no session or token, or one that is not valid (any more).
Result<std::optional<Identity>> Identify(const Request& request, ledger::Accounts& accounts, Instant now);
// Is the sign-in behind a key still valid?
Result<bool> IsStillValid(const std::string& key, ledger::Accounts& accounts, Instant now);

// What is wrong with `identity` asking for this; nullopt: nothing.
std::optional<Response> Refuse(const Request& request, const Route& route, const std::optional<Identity>& identity);

struct NewSession {
  Identity identity;
  std::string cookie;  // Set-Cookie
};
// `path`: the cookie's. Stores it.
Result<NewSession> StartSession(const ledger::UserRecord& user, const Request& request, const std::string& path,
                                ledger::Accounts& accounts, Instant now);
std::string ClearingCookie(const Request& request, const std::string& path);

// A personal token's text, and the hash that is kept of it.
struct NewSecret {
  std::string text;
  std::string hash;
};
NewSecret MakeTokenSecret();

}  // namespace latecomer::server
