// Tables on Google Cloud Storage, through its JSON interface.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "storage/cloud_request.h"
#include "storage/gcs_credentials.h"
#include "storage/object_store.h"

namespace latecomer::storage {

// What all stores on Google Cloud Storage in one process share.
class GcsAccess {
 public:
  // STORAGE_EMULATOR_HOST names an emulator, which needs no credentials.
  static Result<std::shared_ptr<GcsAccess>> Make(const CloudTools& tools);

  GcsAccess(CloudTools tools, std::string endpoint, bool is_emulator)
      : tools_(std::move(tools)),
        endpoint_(std::move(endpoint)),
        is_emulator_(is_emulator),
        tokens_(*tools_.clock, [this] { return FetchGoogleToken(tools_); }) {}

  const CloudTools& tools() const { return tools_; }
  const std::string& endpoint() const { return endpoint_; }
  bool is_emulator() const { return is_emulator_; }
  TokenCache& tokens() { return tokens_; }

 private:
  const CloudTools tools_;
  const std::string endpoint_;
  const bool is_emulator_;
  TokenCache tokens_;
};

// `location`: gs://bucket/folder. kInvalidArgument when it is none.
Result<std::shared_ptr<ObjectStore>> OpenGcsStore(const std::shared_ptr<GcsAccess>& access,
                                                  const std::string& location);

}  // namespace latecomer::storage
