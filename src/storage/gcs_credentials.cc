#include "storage/gcs_credentials.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "storage/digest.h"
#include "storage/secret_file.h"
#include "storage/token_request.h"

namespace latecomer::storage {
namespace {

using Json = nlohmann::json;

constexpr const char* kScope = "https://www.googleapis.com/auth/devstorage.read_write";
constexpr const char* kUserTokenUrl = "https://oauth2.googleapis.com/token";
constexpr std::chrono::seconds kAssertionLife{3600};

Error NoCredentials(std::string message, std::string hint) {
  return Error(ErrorKind::kPermission, std::move(message)).Hint(std::move(hint));
}

std::string TextOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Error Refused(const http::Response& response, const std::string& who) {
  const Json json = Json::parse(response.body, nullptr, false);
  std::string why = "status " + std::to_string(response.status);
  if (json.is_object() && !TextOf(json, "error").empty()) {
    why = ServerWords(TextOf(json, "error")) + ": " + ServerWords(TextOf(json, "error_description"));
  }
  return NoCredentials(who + " gives no token: " + why, "check the account and its key; a key may have been withdrawn");
}

// {"access_token": …, "expires_in": seconds}
Result<BearerToken> ReadToken(const CloudTools& tools, const http::Response& response, const std::string& who) {
  const Json json = Json::parse(response.body, nullptr, false);
  if (response.status != 200) return Fail(Refused(response, who));
  const std::string text = json.is_object() ? TextOf(json, "access_token") : "";
  if (text.empty()) return Fail(ErrorKind::kIo, who + " answered without a token");
  const auto in = json.find("expires_in");
  const std::int64_t seconds = in != json.end() && in->is_number_integer() ? in->get<std::int64_t>() : 0;
  return BearerToken{text, tools.clock->Now() + std::chrono::seconds(seconds)};
}

Result<http::Response> PostForm(const CloudTools& tools, const std::string& url, const std::string& form) {
  http::Request request;
  request.method = "POST";
  request.url = url;
  request.body = form;
  request.Set("Content-Type", "application/x-www-form-urlencoded");
  return AskSignIn(tools, request, "Google");
}

Result<BearerToken> OfServiceAccount(const CloudTools& tools, const Json& file) {
  const std::string url = TextOf(file, "token_uri").empty() ? kUserTokenUrl : TextOf(file, "token_uri");
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(tools.clock->Now().time_since_epoch()).count();
  Json header = {{"alg", "RS256"}, {"typ", "JWT"}};
  if (!TextOf(file, "private_key_id").empty()) header["kid"] = TextOf(file, "private_key_id");
  const Json claims = {{"iss", TextOf(file, "client_email")},
                       {"scope", kScope},
                       {"aud", url},
                       {"iat", now},
                       {"exp", now + kAssertionLife.count()}};
  const std::string text = Base64Url(header.dump()) + "." + Base64Url(claims.dump());
  LATECOMER_ASSIGN_OR_RETURN(const std::string signature, SignRs256(TextOf(file, "private_key"), text));
  const std::string form = "grant_type=" + PercentEncode("urn:ietf:params:oauth:grant-type:jwt-bearer") +
                           "&assertion=" + text + "." + Base64Url(signature);
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, PostForm(tools, url, form));
  return ReadToken(tools, response, "Google");
}

Result<BearerToken> OfUser(const CloudTools& tools, const Json& file) {
  const std::string url = TextOf(file, "token_uri").empty() ? kUserTokenUrl : TextOf(file, "token_uri");
  const std::string form = "grant_type=refresh_token&client_id=" + PercentEncode(TextOf(file, "client_id")) +
                           "&client_secret=" + PercentEncode(TextOf(file, "client_secret")) +
                           "&refresh_token=" + PercentEncode(TextOf(file, "refresh_token"));
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, PostForm(tools, url, form));
  return ReadToken(tools, response, "Google");
}

// What the other identity provider gave: in a file, or asked for at a URL.
Result<std::string> SubjectToken(const CloudTools& tools, const Json& source) {
  std::string text;
  if (!TextOf(source, "file").empty()) {
    LATECOMER_ASSIGN_OR_RETURN(text, ReadSecretFile(TextOf(source, "file")));
  } else if (!TextOf(source, "url").empty() && !source.contains("environment_id")) {
    http::Request request;
    request.url = TextOf(source, "url");
    if (source.contains("headers") && source["headers"].is_object()) {
      for (const auto& [name, value] : source["headers"].items()) {
        if (value.is_string()) request.Set(name, value.get<std::string>());
      }
    }
    LATECOMER_ASSIGN_OR_RETURN(const http::Response response, AskSignIn(tools, request, "the identity provider"));
    if (response.status != 200) return Fail(Refused(response, "the identity provider"));
    text = response.body;
  } else {
    return Fail(
        Error(ErrorKind::kUnsupported, "this workload identity's token comes neither from a file nor from a plain URL")
            .Hint("AWS and executable sources are not supported"));
  }
  if (!source.contains("format") || !source["format"].is_object() || TextOf(source["format"], "type") != "json") {
    return std::string(Trim(text));
  }
  const Json json = Json::parse(text, nullptr, false);
  std::string token =
      json.is_object() ? TextOf(json, TextOf(source["format"], "subject_token_field_name").c_str()) : "";
  if (!token.empty()) return token;
  return Fail(NoCredentials("the identity provider's answer has no token where the credentials file says it stands",
                            "look at subject_token_field_name"));
}

// Acts for a service account.
Result<BearerToken> Impersonate(const CloudTools& tools, const std::string& url, const std::string& bearer) {
  const std::string body = Json{{"scope", {kScope}}, {"lifetime", "3600s"}}.dump();
  http::Request request;
  request.method = "POST";
  request.url = url;
  request.body = body;
  request.Set("Content-Type", "application/json");
  request.Set("Authorization", "Bearer " + bearer);
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, AskSignIn(tools, request, "Google"));
  const Json json = Json::parse(response.body, nullptr, false);
  if (response.status != 200) return Fail(Refused(response, "Google"));
  const std::string token = json.is_object() ? TextOf(json, "accessToken") : "";
  const auto expires = ParseInstant(json.is_object() ? TextOf(json, "expireTime") : "");
  if (token.empty() || !expires) return Fail(ErrorKind::kIo, "Google answered without a token");
  return BearerToken{token, *expires};
}

// Workload identity federation ("AIP-4117: External Account Credentials").
Result<BearerToken> OfExternalAccount(const CloudTools& tools, const Json& file) {
  const Json source = file.value("credential_source", Json::object());
  LATECOMER_ASSIGN_OR_RETURN(const std::string subject, SubjectToken(tools, source));
  const std::string impersonate = TextOf(file, "service_account_impersonation_url");
  const std::string scope = impersonate.empty() ? kScope : "https://www.googleapis.com/auth/cloud-platform";
  const std::string form = "grant_type=" + PercentEncode("urn:ietf:params:oauth:grant-type:token-exchange") +
                           "&audience=" + PercentEncode(TextOf(file, "audience")) + "&scope=" + PercentEncode(scope) +
                           "&requested_token_type=" + PercentEncode("urn:ietf:params:oauth:token-type:access_token") +
                           "&subject_token_type=" + PercentEncode(TextOf(file, "subject_token_type")) +
                           "&subject_token=" + PercentEncode(subject);
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, PostForm(tools, TextOf(file, "token_url"), form));
  LATECOMER_ASSIGN_OR_RETURN(BearerToken token, ReadToken(tools, response, "Google"));
  if (impersonate.empty()) return token;
  return Impersonate(tools, impersonate, token.text);
}

Result<BearerToken> OfFile(const CloudTools& tools, const std::string& path) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, ReadSecretFile(path));
  const Json file = Json::parse(text, nullptr, false);
  const std::string type = file.is_object() ? TextOf(file, "type") : "";
  Result<BearerToken> token =
      Fail(Error(ErrorKind::kUnsupported, "credentials of type '" + Printable(type) + "' are not supported")
               .Hint("service_account, authorized_user and external_account are"));
  if (type == "service_account") token = OfServiceAccount(tools, file);
  if (type == "authorized_user") token = OfUser(tools, file);
  if (type == "external_account") token = OfExternalAccount(tools, file);
  if (!file.is_object()) token = Fail(ErrorKind::kInvalidFile, "this is no JSON file of Google credentials");
  if (token) return token;
  Error error = std::move(token).error();
  if (error.file.empty()) error.file = path;
  return Fail(std::move(error));
}

Result<BearerToken> OfInstance(const CloudTools& tools) {
  http::Request request;
  request.url = "http://" + tools.environment("GCE_METADATA_HOST").value_or("169.254.169.254") +
                "/computeMetadata/v1/instance/service-accounts/default/token";
  request.Set("Metadata-Flavor", "Google");
  const auto response = AskNearby(tools, std::move(request));
  if (response) return ReadToken(tools, *response, "the metadata server");
  return Fail(
      NoCredentials("there are no Google credentials: GOOGLE_APPLICATION_CREDENTIALS names no file, gcloud left "
                    "none, and no metadata server answers",
                    "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`, or give "
                    "the machine a service account"));
}

}  // namespace

Result<BearerToken> FetchGoogleToken(const CloudTools& tools) {
  if (const auto file = tools.environment("GOOGLE_APPLICATION_CREDENTIALS")) return OfFile(tools, *file);
  const auto home = tools.environment("HOME");
  const auto config = tools.environment("CLOUDSDK_CONFIG");
  if (config || home) {
    auto token =
        OfFile(tools, config.value_or(home.value_or("") + "/.config/gcloud") + "/application_default_credentials.json");
    if (token || token.error().kind != ErrorKind::kNotFound) return token;
  }
  return OfInstance(tools);
}

}  // namespace latecomer::storage
