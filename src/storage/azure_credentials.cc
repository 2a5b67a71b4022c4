#include "storage/azure_credentials.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "storage/digest.h"
#include "storage/secret_file.h"
#include "storage/token_request.h"

namespace latecomer::storage {
namespace {

using Json = nlohmann::json;

constexpr const char* kResource = "https://storage.azure.com/";
// Known to everybody: the emulator's account.
constexpr const char* kEmulatorAccount = "devstoreaccount1";
constexpr const char* kEmulatorKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

Error NoCredentials(std::string message, std::string hint) {
  return Error(ErrorKind::kPermission, std::move(message)).Hint(std::move(hint));
}

Error WrongConnection(const std::string& what) {
  return Error(ErrorKind::kInvalidArgument, "the Azure storage connection is damaged: " + what)
      .Hint("copy AZURE_STORAGE_CONNECTION_STRING anew from the account's access keys");
}

std::string TextOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  return found->is_number_integer() ? std::to_string(found->get<std::int64_t>()) : "";
}

std::optional<std::int64_t> Number(const std::string& text) {
  if (text.empty() || text.size() > 12) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

std::string WithoutSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Status TakeKey(const std::string& text, AzureAccount& account) {
  const auto key = FromBase64(text);
  if (!key) return Fail(WrongConnection("its key is no base64 text"));
  account.key = *key;
  return {};
}

std::string WithoutMark(const std::string& sas) {
  return sas.starts_with('?') ? sas.substr(1) : sas;
}

Result<BearerToken> ReadAnswer(const CloudTools& tools, const http::Response& response, const std::string& who) {
  const Json json = Json::parse(response.body, nullptr, false);
  if (response.status != 200 || !json.is_object()) {
    std::string why = "status " + std::to_string(response.status);
    if (json.is_object() && !TextOf(json, "error").empty()) {
      why = ServerWords(TextOf(json, "error")) + ": " + ServerWords(TextOf(json, "error_description"));
    }
    return Fail(NoCredentials(who + " gives no token: " + why, "check the identity and its federated credential"));
  }
  BearerToken token{TextOf(json, "access_token"), {}};
  if (token.text.empty()) return Fail(ErrorKind::kIo, who + " answered without a token");
  const auto in = Number(TextOf(json, "expires_in"));
  const auto on = Number(TextOf(json, "expires_on"));
  token.expires = in ? tools.clock->Now() + std::chrono::seconds(*in) : Instant(std::chrono::seconds(on.value_or(0)));
  return token;
}

Result<BearerToken> AskEntra(const CloudTools& tools, const std::string& form) {
  http::Request request;
  request.method = "POST";
  request.url = WithoutSlash(tools.environment("AZURE_AUTHORITY_HOST").value_or("https://login.microsoftonline.com")) +
                "/" + PercentEncode(*tools.environment("AZURE_TENANT_ID")) + "/oauth2/v2.0/token";
  request.body = form;
  request.Set("Content-Type", "application/x-www-form-urlencoded");
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, AskSignIn(tools, request, "Microsoft Entra ID"));
  return ReadAnswer(tools, response, "Microsoft Entra ID");
}

Result<BearerToken> AskManagedIdentity(const CloudTools& tools) {
  http::Request request;
  const std::string resource = "resource=" + PercentEncode(kResource);
  const auto endpoint = tools.environment("IDENTITY_ENDPOINT");
  const auto header = tools.environment("IDENTITY_HEADER");
  if (endpoint && header) {
    request.url = *endpoint + "?api-version=2019-08-01&" + resource;
    request.Set("X-IDENTITY-HEADER", *header);
  } else {
    const std::string host =
        WithoutSlash(tools.environment("AZURE_POD_IDENTITY_AUTHORITY_HOST").value_or("http://169.254.169.254"));
    request.url = host + "/metadata/identity/oauth2/token?api-version=2018-02-01&" + resource;
    request.Set("Metadata", "true");
  }
  if (const auto client = tools.environment("AZURE_CLIENT_ID")) request.url += "&client_id=" + PercentEncode(*client);
  const auto response = AskNearby(tools, std::move(request));
  if (response) return ReadAnswer(tools, *response, "the managed identity");
  return Fail(
      NoCredentials("there are no Azure credentials: no key, SAS token or connection string in the environment, "
                    "no workload identity, no client secret, and no managed identity answers",
                    "set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY, or "
                    "give the machine an identity"));
}

}  // namespace

Result<AzureAccount> ParseAzureConnection(const std::string& text) {
  AzureAccount account;
  std::string protocol = "https";
  std::string suffix = "core.windows.net";
  for (const std::string_view part : Split(text, ';')) {
    if (Trim(part).empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return Fail(WrongConnection("a part of it has no '='"));
    const std::string_view name = Trim(part.substr(0, equals));
    const std::string value(Trim(part.substr(equals + 1)));
    if (name == "UseDevelopmentStorage" && value == "true") {
      account.name = kEmulatorAccount;
      account.blob_endpoint = std::string("http://127.0.0.1:10000/") + kEmulatorAccount;
      LATECOMER_RETURN_IF_ERROR(TakeKey(kEmulatorKey, account));
    } else if (name == "AccountName") {
      account.name = value;
    } else if (name == "AccountKey") {
      LATECOMER_RETURN_IF_ERROR(TakeKey(value, account));
    } else if (name == "SharedAccessSignature") {
      account.sas = WithoutMark(value);
    } else if (name == "BlobEndpoint") {
      account.blob_endpoint = WithoutSlash(value);
    } else if (name == "DefaultEndpointsProtocol") {
      protocol = value;
    } else if (name == "EndpointSuffix") {
      suffix = value;
    }
  }
  if (account.name.empty() && account.blob_endpoint.empty()) return Fail(WrongConnection("it names no account"));
  if (account.blob_endpoint.empty()) account.blob_endpoint = protocol + "://" + account.name + ".blob." + suffix;
  if (!account.blob_endpoint.starts_with("http://") && !account.blob_endpoint.starts_with("https://")) {
    return Fail(WrongConnection("its endpoint begins with neither http:// nor https://"));
  }
  if (account.name.empty()) {
    const std::string_view host = http::HostOf(account.blob_endpoint);
    account.name = host.substr(0, host.find('.'));
  }
  return account;
}

Result<AzureAccount> ReadAzureAccount(const Environment& environment) {
  if (const auto connection = environment("AZURE_STORAGE_CONNECTION_STRING")) return ParseAzureConnection(*connection);
  AzureAccount account;
  const auto first = [&](const char* name, const char* other) {
    const auto value = environment(name);
    return value ? value : environment(other);
  };
  account.name = first("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME").value_or("");
  account.blob_endpoint = WithoutSlash(environment("AZURE_STORAGE_BLOB_ENDPOINT").value_or(""));
  account.sas = WithoutMark(environment("AZURE_STORAGE_SAS_TOKEN").value_or(""));
  if (const auto key = first("AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_KEY")) {
    LATECOMER_RETURN_IF_ERROR(TakeKey(*key, account));
  }
  return account;
}

Result<BearerToken> FetchAzureToken(const CloudTools& tools) {
  const auto client = tools.environment("AZURE_CLIENT_ID");
  const auto tenant = tools.environment("AZURE_TENANT_ID");
  if (client && tenant) {
    const std::string form = "client_id=" + PercentEncode(*client) + "&grant_type=client_credentials&scope=" +
                             PercentEncode(std::string(kResource) + ".default");
    if (const auto file = tools.environment("AZURE_FEDERATED_TOKEN_FILE")) {
      LATECOMER_ASSIGN_OR_RETURN(const std::string assertion, ReadSecretFile(*file));
      return AskEntra(tools, form + "&client_assertion_type=" +
                                 PercentEncode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") +
                                 "&client_assertion=" + PercentEncode(Trim(assertion)));
    }
    if (const auto secret = tools.environment("AZURE_CLIENT_SECRET")) {
      return AskEntra(tools, form + "&client_secret=" + PercentEncode(*secret));
    }
  }
  return AskManagedIdentity(tools);
}

}  // namespace latecomer::storage
