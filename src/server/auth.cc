#include "server/auth.h"

#include <algorithm>

#include "server/problem.h"
#include "server/secrets.h"

namespace latecomer::server {
namespace {

constexpr std::string_view kTokenPrefix = "lct_";
constexpr std::string_view kBearer = "Bearer ";
constexpr Duration kNoteUseAfter = std::chrono::minutes(1);

Result<std::optional<Identity>> ByToken(std::string_view secret, ledger::Accounts& accounts, Instant now) {
  std::optional<Identity> none;
  if (!secret.starts_with(kTokenPrefix) || secret.size() > 200) return none;
  const std::string hash = HashSecret("token", secret);
  LATECOMER_ASSIGN_OR_RETURN(const auto token, accounts.FindToken(hash));
  if (!token || token->expires <= now) return none;
  LATECOMER_ASSIGN_OR_RETURN(const auto user, accounts.FindUser(token->user));
  if (!user) return none;
  if (!token->last_used || *token->last_used + kNoteUseAfter < now) {
    LATECOMER_RETURN_IF_ERROR(accounts.NoteTokenUse(token->id, now));
  }
  Identity identity;
  identity.user = user->name;
  identity.role = std::min(user->role, token->scope);
  identity.via = Via::kToken;
  identity.key = "token:" + hash;
  identity.expires = token->expires;
  return std::optional(std::move(identity));
}

Result<std::optional<Identity>> BySession(const std::string& secret, ledger::Accounts& accounts, Instant now) {
  std::optional<Identity> none;
  if (secret.empty() || secret.size() > 200) return none;
  const std::string hash = HashSecret("session", secret);
  LATECOMER_ASSIGN_OR_RETURN(const auto session, accounts.FindSession(hash));
  if (!session || session->expires <= now) return none;
  LATECOMER_ASSIGN_OR_RETURN(const auto user, accounts.FindUser(session->user));
  if (!user) return none;
  Identity identity;
  identity.user = user->name;
  identity.role = user->role;
  identity.via = Via::kSession;
  identity.key = "session:" + hash;
  identity.csrf = HashSecret("csrf", secret);
  identity.expires = session->expires;
  return std::optional(std::move(identity));
}

std::string CookieText(const std::string& value, const Request& request, const std::string& path,
                       std::chrono::seconds life) {
  std::string text = std::string(kCookieName) + "=" + value + "; Path=" + path + "; HttpOnly; SameSite=Strict";
  text += "; Max-Age=" + std::to_string(life.count());
  if (request.secure) text += "; Secure";
  return text;
}

bool MayAsk(Access access, ledger::Role role) {
  switch (access) {
    case Access::kPublic:
    case Access::kViewer: return true;
    case Access::kOperator: return role >= ledger::Role::kOperator;
    case Access::kAdmin: return role >= ledger::Role::kAdmin;
  }
  return false;
}

}  // namespace

std::string_view Name(Via via) {
  return via == Via::kSession ? "session" : "token";
}

Result<std::optional<Identity>> Identify(const Request& request, ledger::Accounts& accounts, Instant now) {
  // A token that is shown counts alone: a wrong one is never made up for by a cookie.
  const std::string_view authorization = request.Header("authorization");
  if (!authorization.empty()) {
    if (!authorization.starts_with(kBearer)) return std::optional<Identity>();
    return ByToken(authorization.substr(kBearer.size()), accounts, now);
  }
  return BySession(request.Cookie(kCookieName).value_or(""), accounts, now);
}

Result<bool> IsStillValid(const std::string& key, ledger::Accounts& accounts, Instant now) {
  const std::size_t colon = key.find(':');
  const std::string hash = key.substr(colon + 1);
  if (key.starts_with("session:")) {
    LATECOMER_ASSIGN_OR_RETURN(const auto session, accounts.FindSession(hash));
    return session && session->expires > now;
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto token, accounts.FindToken(hash));
  return token && token->expires > now;
}

std::optional<Response> Refuse(const Request& request, const Route& route, const std::optional<Identity>& identity) {
  if (route.access == Access::kPublic) return std::nullopt;
  if (!identity) {
    return ToResponse(Problem{.status = 401,
                              .kind = "unauthorized",
                              .detail = "there is no valid session or token with this request",
                              .hint = "sign in, or give a token: Authorization: Bearer …"});
  }
  if (!MayAsk(route.access, identity->role)) {
    return ToResponse(Problem{.status = 403,
                              .kind = "forbidden",
                              .detail = "this needs the role " + std::string(Name(route.access)) + "; " +
                                        identity->user + " has " + std::string(Name(identity->role))});
  }
  const bool changes = route.method != Method::kGet;
  if (changes && identity->via == Via::kSession && !SameText(request.Header("x-csrf-token"), identity->csrf)) {
    return ToResponse(Problem{.status = 403,
                              .kind = "csrf",
                              .detail = "the X-CSRF-Token header is missing or not that of the session",
                              .hint = "GET /api/v1/session gives it"});
  }
  return std::nullopt;
}

Result<NewSession> StartSession(const ledger::UserRecord& user, const Request& request, const std::string& path,
                                ledger::Accounts& accounts, Instant now) {
  const std::string secret = MakeSecret();
  const ledger::SessionRecord session{
      .hash = HashSecret("session", secret), .user = user.name, .created = now, .expires = now + kSessionLife};
  LATECOMER_RETURN_IF_ERROR(accounts.InsertSession(session));
  NewSession made;
  made.identity = {.user = user.name,
                   .role = user.role,
                   .via = Via::kSession,
                   .key = "session:" + session.hash,
                   .csrf = HashSecret("csrf", secret),
                   .expires = session.expires};
  made.cookie = CookieText(secret, request, path, std::chrono::duration_cast<std::chrono::seconds>(kSessionLife));
  return made;
}

std::string ClearingCookie(const Request& request, const std::string& path) {
  return CookieText("", request, path, std::chrono::seconds(0));
}

NewSecret MakeTokenSecret() {
  NewSecret secret;
  secret.text = std::string(kTokenPrefix) + MakeSecret();
  secret.hash = HashSecret("token", secret.text);
  return secret;
}

}  // namespace latecomer::server
