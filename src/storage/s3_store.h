// Tables on Amazon S3 and on stores that speak its protocol.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "storage/aws_credentials.h"
#include "storage/cloud_request.h"
#include "storage/object_store.h"

namespace latecomer::storage {

// What all stores on S3 in one process share: credentials, region, endpoint.
class S3Access {
 public:
  // Endpoint: AWS_ENDPOINT_URL_S3, else AWS_ENDPOINT_URL, else the profile's endpoint_url, else Amazon's. Region:
  // AWS_REGION, else AWS_DEFAULT_REGION, else the profile's, else us-east-1 until the bucket says another.
  static Result<std::shared_ptr<S3Access>> Make(const CloudTools& tools);

  S3Access(CloudTools tools, AwsProfiles profiles, std::string endpoint, std::string region)
      : tools_(tools),
        endpoint_(std::move(endpoint)),
        region_(region),
        credentials_(std::move(tools), std::move(profiles), std::move(region)) {}

  const CloudTools& tools() const { return tools_; }
  const std::string& endpoint() const { return endpoint_; }  // empty: Amazon's; never ends in '/'
  const std::string& region() const { return region_; }
  AwsCredentialChain& credentials() { return credentials_; }

 private:
  const CloudTools tools_;
  const std::string endpoint_;
  const std::string region_;
  AwsCredentialChain credentials_;
};

// `location`: s3://bucket/folder; s3a:// and s3n:// are the same. kInvalidArgument when it is none.
Result<std::shared_ptr<ObjectStore>> OpenS3Store(const std::shared_ptr<S3Access>& access, const std::string& location);

}  // namespace latecomer::storage
