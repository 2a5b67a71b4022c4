// Where credentials for AWS come from, in the order in which AWS's own tools look.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "storage/aws_profile.h"
#include "storage/aws_signature.h"
#include "storage/cloud_request.h"

namespace latecomer::storage {

// 1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; not when AWS_PROFILE names a profile
// 2. web identity: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, exchanged at STS
// 3. the profile's keys, its role (role_arn with source_profile or web_identity_token_file)
// 4. a container's: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI
// 5. the instance's role (IMDSv2)
// Those that expire are fetched anew before they do. Calls may be made from several threads; one of them fetches.
class AwsCredentialChain {
 public:
  AwsCredentialChain(CloudTools tools, AwsProfiles profiles, std::string region);

  // kPermission, naming the places that were looked at, when there are none.
  Result<AwsCredentials> Get();
  // The store says that those that expire are no good any more. Whether there are others now.
  bool Renew();

 private:
  Result<std::optional<AwsCredentials>> Find();
  std::optional<AwsCredentials> FromEnvironment() const;
  Result<std::optional<AwsCredentials>> FromWebIdentity(const std::string& token_file, const std::string& role,
                                                        const std::string& session);
  Result<std::optional<AwsCredentials>> FromProfile(const std::string& name, int depth);
  Result<std::optional<AwsCredentials>> FromContainer();
  Result<std::optional<AwsCredentials>> FromInstance();
  Result<AwsCredentials> AskSts(const std::string& form, const AwsCredentials* signer);
  std::string StsUrl() const;
  void Keep(AwsCredentials credentials);

  const CloudTools tools_;
  const AwsProfiles profiles_;
  const std::string region_;
  std::mutex mutex_;
  std::optional<AwsCredentials> known_;
  Instant fetched_{};
};

}  // namespace latecomer::storage
