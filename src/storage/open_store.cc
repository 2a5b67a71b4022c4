#include "storage/open_store.h"

#include <mutex>
#include <thread>

#include "storage/azure_store.h"
#include "storage/gcs_store.h"
#include "storage/local_store.h"
#include "storage/s3_store.h"

namespace latecomer::storage {
namespace {

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

class Stores {
 public:
  explicit Stores(CloudTools tools) : tools_(std::move(tools)) {}

  Result<std::shared_ptr<ObjectStore>> Open(const std::string& location) {
    const std::size_t colon = location.find("://");
    if (colon == std::string::npos || colon == 0) return OpenLocalStore(location);
    const std::string scheme = LowerCase(location.substr(0, colon));
    if (scheme == "s3" || scheme == "s3a" || scheme == "s3n") {
      LATECOMER_ASSIGN_OR_RETURN(const auto access, Shared(s3_));
      return OpenS3Store(access, location);
    }
    if (scheme == "az" || scheme == "abfs" || scheme == "abfss") {
      LATECOMER_ASSIGN_OR_RETURN(const auto access, Shared(azure_));
      return OpenAzureStore(access, location);
    }
    if (scheme == "gs") {
      LATECOMER_ASSIGN_OR_RETURN(const auto access, Shared(gcs_));
      return OpenGcsStore(access, location);
    }
    return OpenLocalStore(location);
  }

 private:
  template <typename Access>
  Result<std::shared_ptr<Access>> Shared(std::shared_ptr<Access>& access) {
    const std::lock_guard lock(mutex_);
    if (access) return access;
    LATECOMER_ASSIGN_OR_RETURN(access, Access::Make(tools_));
    return access;
  }

  const CloudTools tools_;
  std::mutex mutex_;
  std::shared_ptr<S3Access> s3_;
  std::shared_ptr<AzureAccess> azure_;
  std::shared_ptr<GcsAccess> gcs_;
};

}  // namespace

StoreOpener MakeStoreOpener(CloudTools tools) {
  const auto stores = std::make_shared<Stores>(std::move(tools));
  return [stores](const std::string& location) { return stores->Open(location); };
}

const StoreOpener& ProcessStores() {
  static SystemClock clock;
  static SystemRandom random;
  static const StoreOpener opener = [] {
    CloudTools tools;
    tools.environment = ProcessEnvironment();
    tools.http = std::make_shared<http::Client>(
        http::Limits{},
        http::Tls{.ca_file =
                      tools.environment("AWS_CA_BUNDLE").value_or(tools.environment("SSL_CERT_FILE").value_or(""))});
    tools.clock = &clock;
    tools.random = &random;
    tools.pause = [](Duration pause) { std::this_thread::sleep_for(pause); };
    return MakeStoreOpener(std::move(tools));
  }();
  return opener;
}

}  // namespace latecomer::storage
