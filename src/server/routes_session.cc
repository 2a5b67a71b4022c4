// Signing in and out, and what this server is.
#include "base/text.h"
#include "server/audit.h"
#include "server/fields.h"
#include "server/json.h"
#include "server/openapi_text.h"
#include "server/routes.h"
#include "server/secrets.h"

namespace latecomer::server {
namespace {

Json SessionJson(const Identity& identity) {
  Json json;
  json["user"] = identity.user;
  json["role"] = Name(identity.role);
  json["csrf_token"] = TextOrNull(identity.csrf);
  json["expires_at"] = TimeJson(identity.expires);
  json["via"] = Name(identity.via);
  return json;
}

std::string CookiePath(const App& app) {
  return app.settings.prefix + "/";
}

Response TryLater(Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return ToResponse(Problem{.status = 429,
                            .kind = "too_many_attempts",
                            .detail = "too many wrong passwords",
                            .hint = "try again in " + std::to_string(seconds) + " s"})
      .With("Retry-After", std::to_string(seconds));
}

}  // namespace

Result<Response> GetServer(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const auto users, call.store.accounts->Users());
  Json json;
  json["name"] = "latecomer";
  json["version"] = LATECOMER_VERSION;
  json["demo"] = call.app.settings.demo;
  json["tls"] = call.app.settings.tls;
  json["setup_needed"] = users.empty();
  return JsonResponse(json);
}

Result<Response> GetOpenApi(Call& /*call*/) {
  Response response;
  response.content_type = "application/yaml";
  response.body = std::string(OpenApiText());
  return response;
}

Result<Response> GetSession(Call& call) {
  return JsonResponse(SessionJson(call.who()));
}

Result<Response> SignIn(Call& call) {
  BodyFields body(call.request);
  const std::string name = body.Text("name", 1, 100);
  const std::string password = body.Text("password", 1, 1024);
  if (auto problem = body.Problem()) return std::move(*problem);
  const std::string_view site = call.request.Header("sec-fetch-site");
  if (site == "cross-site") {
    return ToResponse(Problem{.status = 403, .kind = "forbidden", .detail = "another site can't sign in here"});
  }
  const std::vector<std::string> keys{"name:" + name, "address:" + call.request.remote};
  if (const Duration wait = call.app.throttle.Wait(keys, call.now); wait > Duration(0)) return TryLater(wait);
  LATECOMER_ASSIGN_OR_RETURN(const auto user, call.store.accounts->FindUser(name));
  const bool right = PasswordMatches(user ? user->password_hash : "", password);
  const AuditSubject subject{.action = "sign_in"};
  if (!user || !right) {
    call.app.throttle.Failed(keys, call.now);
    LATECOMER_RETURN_IF_ERROR(Note(call, subject, "refused",
                                   "wrong name or password for `" + Printable(name) + "` from " + call.request.remote));
    return ToResponse(Problem{.status = 401, .kind = "unauthorized", .detail = "the name or the password is wrong"});
  }
  call.app.throttle.Succeeded({"name:" + name});
  LATECOMER_ASSIGN_OR_RETURN(const NewSession session,
                             StartSession(*user, call.request, CookiePath(call.app), *call.store.accounts, call.now));
  LATECOMER_RETURN_IF_ERROR(call.store.accounts->NoteSignIn(user->name, call.now));
  const std::optional<Identity> who = session.identity;
  Call signed_in{call.request, call.path, who, call.store, call.app, call.now};
  LATECOMER_RETURN_IF_ERROR(Note(signed_in, subject, "ok", "from " + call.request.remote));
  return JsonResponse(SessionJson(session.identity)).With("Set-Cookie", session.cookie);
}

Result<Response> SignOut(Call& call) {
  if (call.who().via == Via::kSession) {
    LATECOMER_RETURN_IF_ERROR(
        call.store.accounts->RemoveSession(call.who().key.substr(std::string("session:").size())));
    call.app.hub.CloseSessions({call.who().key});
    LATECOMER_RETURN_IF_ERROR(Note(call, {.action = "sign_out"}, "ok", ""));
  }
  Response response;
  response.status = 204;
  return std::move(response).With("Set-Cookie", ClearingCookie(call.request, CookiePath(call.app)));
}

}  // namespace latecomer::server
