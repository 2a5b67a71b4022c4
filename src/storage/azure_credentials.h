// Azure storage accounts as the environment gives them, and tokens of Microsoft Entra ID.
#pragma once

#include <string>

#include "base/result.h"
#include "storage/cloud_request.h"
#include "storage/token_cache.h"

namespace latecomer::storage {

// What the environment says of the account; each may be empty.
struct AzureAccount {
  std::string name;
  std::string blob_endpoint;  // "http://127.0.0.1:10000/devstoreaccount1"; empty: Azure's own
  std::string key;            // raw bytes
  std::string sas;            // "sv=…&sig=…", without '?'
};

// Of AZURE_STORAGE_CONNECTION_STRING, else of AZURE_STORAGE_ACCOUNT (or …_ACCOUNT_NAME), AZURE_STORAGE_KEY
// (…_ACCOUNT_KEY) and AZURE_STORAGE_SAS_TOKEN. kInvalidArgument, without any of its text, for a damaged one.
Result<AzureAccount> ReadAzureAccount(const http::Environment& environment);

// The same for a text "Name=value;…"; UseDevelopmentStorage=true is the emulator's well-known account.
Result<AzureAccount> ParseAzureConnection(const std::string& text);

// A bearer token for storage: of a workload identity (AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID, AZURE_TENANT_ID), by
// a client secret (AZURE_CLIENT_SECRET), else of the managed identity (IDENTITY_ENDPOINT of App Service, or the
// instance's metadata service). kPermission, naming the places that were looked at, when there is none.
Result<BearerToken> FetchAzureToken(const CloudTools& tools);

}  // namespace latecomer::storage
