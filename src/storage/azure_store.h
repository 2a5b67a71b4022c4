// Tables on Azure Blob Storage and Data Lake Storage Gen2, through the Blob service's REST interface.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "storage/azure_credentials.h"
#include "storage/cloud_request.h"
#include "storage/object_store.h"

namespace latecomer::storage {

// What all stores on Azure in one process share.
class AzureAccess {
 public:
  // Accounts, endpoints and keys: AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY,
  // AZURE_STORAGE_SAS_TOKEN; else tokens (azure_credentials.h).
  static Result<std::shared_ptr<AzureAccess>> Make(const CloudTools& tools);

  AzureAccess(CloudTools tools, AzureAccount account)
      : tools_(std::move(tools)),
        account_(std::move(account)),
        tokens_(*tools_.clock, [this] { return FetchAzureToken(tools_); }) {}

  const CloudTools& tools() const { return tools_; }
  const AzureAccount& account() const { return account_; }
  TokenCache& tokens() { return tokens_; }

 private:
  const CloudTools tools_;
  const AzureAccount account_;
  TokenCache tokens_;
};

// `location`: abfss://container@account.dfs.core.windows.net/folder (also abfs://), or az://container/folder in the
// account that the environment names. kInvalidArgument when it is none.
Result<std::shared_ptr<ObjectStore>> OpenAzureStore(const std::shared_ptr<AzureAccess>& access,
                                                    const std::string& location);

}  // namespace latecomer::storage
