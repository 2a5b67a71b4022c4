// Users, their passwords and tokens.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "server/audit.h"
#include "server/fields.h"
#include "server/json.h"
#include "server/routes.h"
#include "server/secrets.h"

namespace latecomer::server {
namespace {

using ledger::Role;
using ledger::TokenRecord;
using ledger::UserRecord;

constexpr std::size_t kShortestPassword = 8;
constexpr std::size_t kLongestPassword = 1024;
constexpr std::size_t kMostTokens = 100;

Json UserJson(const UserRecord& user) {
  Json json;
  json["name"] = user.name;
  json["role"] = Name(user.role);
  json["created_at"] = TimeJson(user.created);
  json["last_sign_in"] = TimeJson(user.last_sign_in);
  return json;
}

Json TokenJson(const TokenRecord& token) {
  Json json;
  json["id"] = token.id;
  json["name"] = token.name;
  json["scope"] = Name(token.scope);
  json["created_at"] = TimeJson(token.created);
  json["expires_at"] = TimeJson(token.expires);
  json["last_used"] = TimeJson(token.last_used);
  return json;
}

const std::vector<std::string>& RoleNames() {
  static const std::vector<std::string> names{"viewer", "operator", "admin"};
  return names;
}

Response Done() {
  Response response;
  response.status = 204;
  return response;
}

// A stolen token must not be able to outlive itself.
std::optional<Response> NeedsSession(const Call& call) {
  if (call.who().via == Via::kSession) return std::nullopt;
  return ToResponse(Problem{.status = 403,
                            .kind = "forbidden",
                            .detail = "this is done with a session, not with a token",
                            .hint = "sign in with name and password"});
}

Result<UserRecord> FindUser(Call& call, const std::string& name) {
  LATECOMER_ASSIGN_OR_RETURN(auto user, call.store.accounts->FindUser(name));
  if (!user) return Fail(ErrorKind::kNotFound, "there is no user `" + Printable(name) + "`");
  return std::move(*user);
}

// Sessions of a user end, with the event streams they opened.
Status EndSessions(Call& call, const std::string& user, const std::string& except) {
  LATECOMER_RETURN_IF_ERROR(call.store.accounts->RemoveSessionsOf(user, except));
  std::set<std::string> ended;
  for (const std::string& key : call.app.hub.Sessions()) {
    LATECOMER_ASSIGN_OR_RETURN(const bool valid, IsStillValid(key, *call.store.accounts, call.now));
    if (!valid) ended.insert(key);
  }
  call.app.hub.CloseSessions(ended);
  return {};
}

bool IsUserName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '@' || c == '-';
  });
}

}  // namespace

Result<Response> GetMe(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const UserRecord user, FindUser(call, call.who().user));
  return JsonResponse(UserJson(user));
}

Result<Response> ChangePassword(Call& call) {
  if (auto refused = NeedsSession(call)) return std::move(*refused);
  BodyFields body(call.request);
  const std::string current = body.Text("current_password", 1, kLongestPassword);
  const std::string next = body.Text("new_password", kShortestPassword, kLongestPassword);
  if (auto problem = body.Problem()) return std::move(*problem);
  const std::vector<std::string> keys{"name:" + call.who().user};
  if (const Duration wait = call.app.throttle.Wait(keys, call.now); wait > Duration(0)) {
    return ToResponse(Problem{.status = 429, .kind = "too_many_attempts", .detail = "too many wrong passwords"})
        .With("Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()));
  }
  LATECOMER_ASSIGN_OR_RETURN(UserRecord user, FindUser(call, call.who().user));
  if (!PasswordMatches(user.password_hash, current)) {
    call.app.throttle.Failed(keys, call.now);
    return InvalidFields({{"current_password", "is wrong"}});
  }
  LATECOMER_ASSIGN_OR_RETURN(user.password_hash, HashPassword(next));
  LATECOMER_RETURN_IF_ERROR(call.store.accounts->UpdateUser(user));
  LATECOMER_RETURN_IF_ERROR(EndSessions(call, user.name, call.who().key.substr(std::string("session:").size())));
  LATECOMER_RETURN_IF_ERROR(Note(call, {.action = "change_password"}, "ok", "of oneself"));
  return Done();
}

Result<Response> ListTokens(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const auto tokens, call.store.accounts->Tokens(call.who().user));
  Json json;
  json["items"] = Json::array();
  for (const TokenRecord& token : tokens) json["items"].push_back(TokenJson(token));
  return JsonResponse(json);
}

Result<Response> CreateToken(Call& call) {
  if (auto refused = NeedsSession(call)) return std::move(*refused);
  BodyFields body(call.request);
  TokenRecord token;
  token.name = body.Text("name", 1, 100);
  const std::string scope = body.Word("scope", RoleNames());
  const std::int64_t days = body.Integer("expires_in_days", 1, 365).value_or(90);
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(token.scope, ledger::ParseRole(scope));
  if (token.scope > call.who().role) return InvalidFields({{"scope", "can't be more than your role"}});
  LATECOMER_ASSIGN_OR_RETURN(const auto there, call.store.accounts->Tokens(call.who().user));
  if (there.size() >= kMostTokens) {
    return Fail(Error(ErrorKind::kConflict, "there are 100 tokens already").Hint("delete some that aren't used"));
  }
  const NewSecret secret = MakeTokenSecret();
  token.user = call.who().user;
  token.hash = secret.hash;
  token.created = call.now;
  token.expires = call.now + std::chrono::days(days);
  LATECOMER_ASSIGN_OR_RETURN(token.id, call.store.accounts->InsertToken(token));
  LATECOMER_RETURN_IF_ERROR(Note(call, {.action = "create_token"}, "ok", "`" + Printable(token.name) + "`, " + scope));
  Json json = TokenJson(token);
  json["token"] = secret.text;
  return JsonResponse(json, 201);
}

Result<Response> DeleteToken(Call& call) {
  const std::string& text = call.Path("token_id");
  std::int64_t id = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), id);
  bool removed = false;
  if (code == std::errc() && end == text.data() + text.size()) {
    LATECOMER_ASSIGN_OR_RETURN(removed, call.store.accounts->RemoveToken(call.who().user, id));
  }
  if (!removed) return Fail(ErrorKind::kNotFound, "you have no token " + Printable(text));
  LATECOMER_RETURN_IF_ERROR(EndSessions(call, "", ""));  // streams that were opened with it
  LATECOMER_RETURN_IF_ERROR(Note(call, {.action = "delete_token"}, "ok", "token " + text));
  return Done();
}

Result<Response> ListUsers(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const auto users, call.store.accounts->Users());
  Json json;
  json["items"] = Json::array();
  for (const UserRecord& user : users) json["items"].push_back(UserJson(user));
  return JsonResponse(json);
}

Result<Response> CreateUser(Call& call) {
  BodyFields body(call.request);
  UserRecord user;
  user.name = body.Text("name", 1, 100);
  const std::string password = body.Text("password", kShortestPassword, kLongestPassword);
  const std::string role = body.Word("role", RoleNames());
  if (!IsUserName(user.name)) body.Wrong("name", "may have letters, digits and _ . @ -");
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(user.role, ledger::ParseRole(role));
  LATECOMER_ASSIGN_OR_RETURN(user.password_hash, HashPassword(password));
  user.created = call.now;
  LATECOMER_RETURN_IF_ERROR(call.store.accounts->InsertUser(user));
  LATECOMER_RETURN_IF_ERROR(Note(call, {.action = "create_user"}, "ok", "`" + user.name + "` as " + role));
  return JsonResponse(UserJson(user), 201);
}

Result<Response> ChangeUser(Call& call) {
  BodyFields body(call.request);
  const auto password = body.OptionalText("password", kShortestPassword, kLongestPassword);
  const auto role = body.OptionalWord("role", RoleNames());
  if (!password && !role) body.Wrong("role", "or password must be there");
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(UserRecord user, FindUser(call, call.Path("user")));
  std::string what;
  if (role) {
    LATECOMER_ASSIGN_OR_RETURN(user.role, ledger::ParseRole(*role));
    what = "the role is " + *role + " now";
  }
  if (password) {
    LATECOMER_ASSIGN_OR_RETURN(user.password_hash, HashPassword(*password));
    what += (what.empty() ? "" : ", ") + std::string("another password");
  }
  LATECOMER_RETURN_IF_ERROR(call.store.accounts->UpdateUser(user));
  const bool own = user.name == call.who().user && call.who().via == Via::kSession;
  LATECOMER_RETURN_IF_ERROR(
      EndSessions(call, user.name, own ? call.who().key.substr(std::string("session:").size()) : ""));
  LATECOMER_RETURN_IF_ERROR(Note(call, {.action = "change_user"}, "ok", "`" + user.name + "`: " + what));
  return JsonResponse(UserJson(user));
}

Result<Response> DeleteUser(Call& call) {
  const std::string& name = call.Path("user");
  if (name == call.who().user) return Fail(ErrorKind::kConflict, "nobody can delete themselves");
  LATECOMER_RETURN_IF_ERROR(call.store.accounts->RemoveUser(name));
  LATECOMER_RETURN_IF_ERROR(EndSessions(call, name, ""));
  LATECOMER_RETURN_IF_ERROR(Note(call, {.action = "delete_user"}, "ok", "`" + Printable(name) + "`"));
  return Done();
}

}  // namespace latecomer::server
