#include "storage/aws_credentials.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "storage/secret_file.h"
#include "storage/token_request.h"
#include "storage/xml_text.h"

namespace latecomer::storage {
namespace {

using Json = nlohmann::json;

constexpr Duration kRenewBefore = std::chrono::minutes(5);
constexpr Duration kJustFetched = std::chrono::seconds(10);
constexpr int kMostRoles = 5;  // from profile to source profile
constexpr const char* kInstanceService = "http://169.254.169.254";
constexpr const char* kContainerService = "http://169.254.170.2";

Error NoCredentials(std::string message, std::string hint) {
  return Error(ErrorKind::kPermission, std::move(message)).Hint(std::move(hint));
}

std::string TextOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// As containers and instances answer.
std::optional<AwsCredentials> FromJson(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  AwsCredentials credentials{TextOf(json, "AccessKeyId"), TextOf(json, "SecretAccessKey"), TextOf(json, "Token"), {}};
  if (credentials.key_id.empty() || credentials.secret.empty()) return std::nullopt;
  if (const auto expires = ParseInstant(TextOf(json, "Expiration"))) credentials.expires = *expires;
  return credentials;
}

std::string InstanceService(const CloudTools& tools) {
  std::string service = tools.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or(kInstanceService);
  while (service.ends_with('/')) service.pop_back();
  return service;
}

// The session that IMDSv2 asks for; nullopt when there is no such service.
std::optional<std::string> InstanceToken(const CloudTools& tools) {
  if (IsTrue(tools.environment("AWS_EC2_METADATA_DISABLED"))) return std::nullopt;
  http::Request request;
  request.method = "PUT";
  request.url = InstanceService(tools) + "/latest/api/token";
  request.Set("x-aws-ec2-metadata-token-ttl-seconds", "21600");
  const auto response = AskNearby(tools, std::move(request));
  if (!response || response->status != 200) return std::nullopt;
  return response->body;
}

std::optional<std::string> AskInstance(const CloudTools& tools, const std::string& token, const std::string& path) {
  http::Request request;
  request.url = InstanceService(tools) + "/latest/meta-data/" + path;
  request.Set("x-aws-ec2-metadata-token", token);
  auto response = AskNearby(tools, std::move(request));
  if (!response || response->status != 200) return std::nullopt;
  return std::move(response->body);
}

// A token is sent only where it can't be overheard: by TLS, or to the machine itself and its own services.
bool IsSafeForToken(const std::string& url) {
  if (url.starts_with("https://")) return true;
  const std::string_view host = http::HostOf(url);
  const std::string_view name =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return name == "localhost" || name == "[::1]" || name.starts_with("127.") || name == "169.254.170.2" ||
         name == "169.254.170.23" || name == "[fd00:ec2::23]";
}

}  // namespace

AwsCredentialChain::AwsCredentialChain(CloudTools tools, AwsProfiles profiles, std::string region)
    : tools_(std::move(tools)), profiles_(std::move(profiles)), region_(std::move(region)) {}

Result<AwsCredentials> AwsCredentialChain::Get() {
  const std::lock_guard lock(mutex_);
  const Instant now = tools_.clock->Now();
  if (known_ && (!known_->expires || *known_->expires - kRenewBefore > now)) return *known_;
  Result<std::optional<AwsCredentials>> found = Find();
  if (found && *found) {
    Keep(std::move(**found));
    return *known_;
  }
  // What is still good for a minute is better than none.
  if (known_ && known_->expires && *known_->expires > now) return *known_;
  if (!found) return Fail(std::move(found).error());
  return Fail(
      NoCredentials("there are no AWS credentials: not in the environment (AWS_ACCESS_KEY_ID), not in profile '" +
                        Printable(profiles_.chosen) + "', not from a web identity, a container or an instance",
                    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role"));
}

bool AwsCredentialChain::Renew() {
  const std::lock_guard lock(mutex_);
  if (!known_ || !known_->expires) return false;
  if (tools_.clock->Now() - fetched_ < kJustFetched) return true;  // by another thread, for the same reason
  Result<std::optional<AwsCredentials>> found = Find();
  if (!found || !*found || (*found)->session_token == known_->session_token) return false;
  Keep(std::move(**found));
  return true;
}

void AwsCredentialChain::Keep(AwsCredentials credentials) {
  known_ = std::move(credentials);
  fetched_ = tools_.clock->Now();
}

Result<std::optional<AwsCredentials>> AwsCredentialChain::Find() {
  if (!profiles_.is_asked_for) {
    if (auto found = FromEnvironment()) return found;
  }
  if (const auto token_file = tools_.environment("AWS_WEB_IDENTITY_TOKEN_FILE")) {
    return FromWebIdentity(*token_file, tools_.environment("AWS_ROLE_ARN").value_or(""),
                           tools_.environment("AWS_ROLE_SESSION_NAME").value_or("latecomer"));
  }
  LATECOMER_ASSIGN_OR_RETURN(std::optional<AwsCredentials> found, FromProfile(profiles_.chosen, 0));
  if (found) return found;
  if (profiles_.is_asked_for) {
    return Fail(NoCredentials("profile '" + Printable(profiles_.chosen) + "' holds no AWS credentials",
                              "look at ~/.aws/credentials and AWS_PROFILE"));
  }
  LATECOMER_ASSIGN_OR_RETURN(found, FromContainer());
  if (found) return found;
  return FromInstance();
}

std::optional<AwsCredentials> AwsCredentialChain::FromEnvironment() const {
  const auto key_id = tools_.environment("AWS_ACCESS_KEY_ID");
  const auto secret = tools_.environment("AWS_SECRET_ACCESS_KEY");
  if (!key_id || !secret) return std::nullopt;
  return AwsCredentials{*key_id, *secret, tools_.environment("AWS_SESSION_TOKEN").value_or(""), {}};
}

std::string AwsCredentialChain::StsUrl() const {
  for (const char* variable : {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"}) {
    if (const auto url = tools_.environment(variable)) return *url + (url->ends_with('/') ? "" : "/");
  }
  return "https://sts." + region_ + (region_.starts_with("cn-") ? ".amazonaws.com.cn/" : ".amazonaws.com/");
}

Result<AwsCredentials> AwsCredentialChain::AskSts(const std::string& form, const AwsCredentials* signer) {
  http::Request request;
  request.method = "POST";
  request.url = StsUrl();
  request.body = form;
  request.Set("Content-Type", "application/x-www-form-urlencoded");
  const auto sign = [&](http::Request& attempt) {
    if (signer != nullptr) SignAws(attempt, *signer, {region_, "sts"}, tools_.clock->Now());
  };
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, AskSignIn(tools_, request, "AWS STS", sign));
  const auto xml = ParseXml(response.body);
  if (response.status != 200) {
    const XmlElement* error = xml ? xml->Find("Error") : nullptr;
    const std::string why = error == nullptr
                                ? "status " + std::to_string(response.status)
                                : ServerWords(error->Text("Code")) + ": " + ServerWords(error->Text("Message"));
    return Fail(
        NoCredentials("AWS STS gives no credentials: " + why, "check the role, its trust policy and the token"));
  }
  for (const char* result : {"AssumeRoleWithWebIdentityResult", "AssumeRoleResult"}) {
    const XmlElement* part = xml ? xml->Find(result) : nullptr;
    const XmlElement* given = part == nullptr ? nullptr : part->Find("Credentials");
    if (given == nullptr) continue;
    AwsCredentials credentials{
        given->Text("AccessKeyId"), given->Text("SecretAccessKey"), given->Text("SessionToken"), {}};
    if (const auto expires = ParseInstant(given->Text("Expiration"))) credentials.expires = *expires;
    if (!credentials.key_id.empty() && !credentials.secret.empty()) return credentials;
  }
  return Fail(ErrorKind::kIo, "AWS STS answered without credentials");
}

Result<std::optional<AwsCredentials>> AwsCredentialChain::FromWebIdentity(const std::string& token_file,
                                                                          const std::string& role,
                                                                          const std::string& session) {
  if (role.empty()) {
    return Fail(NoCredentials("a web identity is given without a role", "set AWS_ROLE_ARN to the role to take"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::string token, ReadSecretFile(token_file));
  const std::string form = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" + PercentEncode(role) +
                           "&RoleSessionName=" + PercentEncode(session) +
                           "&WebIdentityToken=" + PercentEncode(Trim(token));
  LATECOMER_ASSIGN_OR_RETURN(AwsCredentials credentials, AskSts(form, nullptr));
  return std::optional(std::move(credentials));
}

Result<std::optional<AwsCredentials>> AwsCredentialChain::FromProfile(const std::string& name, int depth) {
  const auto profile = profiles_.by_name.find(name);
  if (profile == profiles_.by_name.end()) return std::optional<AwsCredentials>{};
  const auto setting = [&](const char* key) {
    const auto found = profile->second.find(key);
    return found == profile->second.end() ? std::string() : found->second;
  };
  const std::string role = setting("role_arn");
  const std::string session = setting("role_session_name").empty() ? "latecomer" : setting("role_session_name");
  if (!role.empty() && !setting("web_identity_token_file").empty()) {
    return FromWebIdentity(setting("web_identity_token_file"), role, session);
  }
  const bool has_keys = !setting("aws_access_key_id").empty() && !setting("aws_secret_access_key").empty();
  const std::string source = setting("source_profile");
  if (!role.empty() && !source.empty() && !(source == name && depth > 0)) {
    if (depth >= kMostRoles)
      return Fail(NoCredentials("the AWS profiles name each other in a ring", "correct source_profile"));
    std::optional<AwsCredentials> signer;
    if (source == name && has_keys) {
      signer = AwsCredentials{
          setting("aws_access_key_id"), setting("aws_secret_access_key"), setting("aws_session_token"), {}};
    } else {
      LATECOMER_ASSIGN_OR_RETURN(signer, FromProfile(source, depth + 1));
    }
    if (!signer) {
      return Fail(NoCredentials("profile '" + Printable(source) + "', which '" + Printable(name) +
                                    "' takes its role with, holds no AWS credentials",
                                "look at ~/.aws/credentials"));
    }
    std::string form = "Action=AssumeRole&Version=2011-06-15&RoleArn=" + PercentEncode(role) +
                       "&RoleSessionName=" + PercentEncode(session);
    if (!setting("external_id").empty()) form += "&ExternalId=" + PercentEncode(setting("external_id"));
    LATECOMER_ASSIGN_OR_RETURN(AwsCredentials credentials, AskSts(form, &*signer));
    return std::optional(std::move(credentials));
  }
  if (has_keys) {
    return std::optional(AwsCredentials{
        setting("aws_access_key_id"), setting("aws_secret_access_key"), setting("aws_session_token"), {}});
  }
  for (const char* key : {"credential_process", "sso_session", "sso_start_url"}) {
    if (setting(key).empty()) continue;
    return Fail(Error(ErrorKind::kUnsupported, "profile '" + Printable(name) + "' gets its credentials by " + key +
                                                   ", which latecomer doesn't do")
                    .Hint("`aws configure export-credentials --format env` gives them as environment variables"));
  }
  return std::optional<AwsCredentials>{};
}

Result<std::optional<AwsCredentials>> AwsCredentialChain::FromContainer() {
  std::string url;
  if (const auto relative = tools_.environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    url = kContainerService + *relative;
  } else if (const auto full = tools_.environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    url = *full;
  } else {
    return std::optional<AwsCredentials>{};
  }
  if (!IsSafeForToken(url)) {
    return Fail(NoCredentials("AWS_CONTAINER_CREDENTIALS_FULL_URI names neither https nor this machine",
                              "a token would go over the network for all to see"));
  }
  http::Request request;
  request.url = url;
  std::string token = tools_.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  if (const auto file = tools_.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    LATECOMER_ASSIGN_OR_RETURN(token, ReadSecretFile(*file));
  }
  if (!token.empty()) request.Set("Authorization", std::string(Trim(token)));
  const auto response = AskNearby(tools_, std::move(request));
  std::optional<AwsCredentials> found;
  if (response && response->status == 200) found = FromJson(response->body);
  if (found) return found;
  return Fail(
      NoCredentials("the container's service gives no AWS credentials" +
                        (response ? ": status " + std::to_string(response->status) : std::string(": no answer")),
                    "check the task's or pod's role"));
}

Result<std::optional<AwsCredentials>> AwsCredentialChain::FromInstance() {
  const std::string folder = "iam/security-credentials/";
  const auto token = InstanceToken(tools_);
  if (!token) return std::optional<AwsCredentials>{};
  const auto roles = AskInstance(tools_, *token, folder);
  if (!roles) return std::optional<AwsCredentials>{};
  const std::string_view role = Trim(std::string_view(*roles).substr(0, roles->find('\n')));
  if (role.empty()) return std::optional<AwsCredentials>{};
  const auto body = AskInstance(tools_, *token, folder + PercentEncode(role, "+=,.@-"));
  if (!body) return std::optional<AwsCredentials>{};
  return FromJson(*body);
}

}  // namespace latecomer::storage
