// The examples that Amazon publishes ("Signature Calculations for the Authorization Header", S3 API reference).
#include "storage/aws_signature.h"

#include <gtest/gtest.h>

namespace latecomer::storage {
namespace {

constexpr Instant kDay{std::chrono::sys_days(std::chrono::year(2013) / 5 / 24)};

std::string SignatureOf(http::Request request) {
  SignAws(request, {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}}, {"us-east-1", "s3"},
          kDay);
  for (const auto& [name, value] : request.headers) {
    if (name == "Authorization") return value.substr(value.find("Signature=") + 10);
  }
  return "";
}

TEST(AwsSignature, AsInTheExampleOfARangedGet) {
  http::Request request;
  request.url = "https://examplebucket.s3.amazonaws.com/test.txt";
  request.Set("Range", "bytes=0-9");
  EXPECT_EQ(SignatureOf(request), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(AwsSignature, AsInTheExampleOfAPut) {
  http::Request request;
  request.method = "PUT";
  request.url = "https://examplebucket.s3.amazonaws.com/test%24file.text";
  request.body = "Welcome to Amazon S3.";
  request.Set("Date", "Fri, 24 May 2013 00:00:00 GMT");
  request.Set("x-amz-storage-class", "REDUCED_REDUNDANCY");
  EXPECT_EQ(SignatureOf(request), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(AwsSignature, AsInTheExamplesWithQueries) {
  http::Request request;
  request.url = "https://examplebucket.s3.amazonaws.com/?lifecycle";
  EXPECT_EQ(SignatureOf(request), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  request.url = "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J";
  EXPECT_EQ(SignatureOf(request), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(AwsSignature, ASessionTokenIsSigned) {
  http::Request request;
  request.url = "https://examplebucket.s3.amazonaws.com/a";
  SignAws(request, {"AKIAIOSFODNN7EXAMPLE", "secret", "the-token", {}}, {"eu-west-1", "s3"}, kDay);
  std::string authorization;
  bool has_token = false;
  for (const auto& [name, value] : request.headers) {
    if (name == "Authorization") authorization = value;
    has_token = has_token || (name == "x-amz-security-token" && value == "the-token");
  }
  EXPECT_TRUE(has_token);
  EXPECT_NE(authorization.find("x-amz-security-token"), std::string::npos) << authorization;
  EXPECT_NE(authorization.find("/20130524/eu-west-1/s3/aws4_request"), std::string::npos) << authorization;
  EXPECT_EQ(authorization.find("secret,"), std::string::npos);
}

}  // namespace
}  // namespace latecomer::storage
