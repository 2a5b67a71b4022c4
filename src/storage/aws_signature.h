// Signature version 4 of AWS ("Authenticating Requests (AWS Signature Version 4)", Amazon S3 API reference).
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "http/client.h"

namespace latecomer::storage {

struct AwsCredentials {
  std::string key_id;
  std::string secret;
  std::string session_token;  // empty for long-lived keys
  std::optional<Instant> expires{};
};

struct AwsScope {
  std::string region;
  std::string service;  // "s3", "sts"
};

// Adds x-amz-date, x-amz-content-sha256 (S3 only), x-amz-security-token and Authorization. The URL's path and query
// must be percent-encoded already, the query's parameters sorted by name.
void SignAws(http::Request& request, const AwsCredentials& credentials, const AwsScope& scope, Instant now);

}  // namespace latecomer::storage
