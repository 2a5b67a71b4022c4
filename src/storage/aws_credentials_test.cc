// Where credentials are found, each place played by a server of the test.
#include "storage/aws_credentials.h"

#include <gtest/gtest.h>

#include <fstream>

#include "storage/cloud_test_support.h"
#include "testing/temporary_folder.h"

namespace latecomer::storage {
namespace {

std::string Credentials(const std::string& name, const std::string& expires = "2024-01-04T06:00:00Z") {
  return "{\"Code\":\"Success\",\"AccessKeyId\":\"" + name + "\",\"SecretAccessKey\":\"secret-of-" + name +
         "\",\"Token\":\"token-of-" + name + "\",\"Expiration\":\"" + expires + "\"}";
}

std::string StsAnswer(const std::string& action, const std::string& name) {
  return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
         "Result><Credentials><AccessKeyId>" + name + "</AccessKeyId><SecretAccessKey>secret-of-" + name +
         "</SecretAccessKey><SessionToken>token-of-" + name +
         "</SessionToken><Expiration>2024-01-04T06:00:00Z</Expiration></Credentials></" + action + "Result></" +
         action + "Response>";
}

class AwsCredentialsTest : public ::testing::Test {
 protected:
  AwsCredentialsTest() {
    tools_.environment["HOME"] = folder_.path();
    // Nothing of the machine that runs the test.
    tools_.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_.url();
    tools_.environment["AWS_ENDPOINT_URL_STS"] = server_.url();
  }
  AwsCredentialChain Chain() {
    const CloudTools tools = tools_.Make();
    return {tools, ReadAwsProfiles(tools.environment).value(), "eu-west-1"};
  }
  std::string Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  // Whose credentials are found; else what is said instead.
  std::string Found() {
    AwsCredentialChain chain = Chain();
    const auto found = chain.Get();
    if (!found) return found.error().ToString();
    EXPECT_EQ(found->secret, "secret-of-" + found->key_id);
    return found->key_id;
  }

  testing::TemporaryFolder folder_;
  TestServer server_{[](const ServedRequest&) { return ServedAnswer{.status = 404}; }};
  TestTools tools_;
};

TEST_F(AwsCredentialsTest, TheEnvironmentComesFirst) {
  Write(".aws/credentials", "[default]\naws_access_key_id=profile\naws_secret_access_key=secret-of-profile\n");
  tools_.environment["AWS_ACCESS_KEY_ID"] = "environment";
  tools_.environment["AWS_SECRET_ACCESS_KEY"] = "secret-of-environment";
  EXPECT_EQ(Found(), "environment");
  EXPECT_TRUE(server_.requests().empty());
  tools_.environment["AWS_PROFILE"] = "default";
  EXPECT_EQ(Found(), "profile") << "a profile that is asked for outweighs keys";
}

TEST_F(AwsCredentialsTest, ProfilesOfBothFiles) {
  Write(".aws/credentials", "[default]\naws_access_key_id=first\naws_secret_access_key=secret-of-first\n");
  tools_.environment["AWS_CONFIG_FILE"] =
      Write("elsewhere",
            "[profile work]\naws_access_key_id=work\naws_secret_access_key=secret-of-work\n"
            "[profile sso]\nsso_start_url=x\n[profile empty]\nregion=eu-west-1\n");
  EXPECT_EQ(Found(), "first");
  tools_.environment["AWS_PROFILE"] = "work";
  EXPECT_EQ(Found(), "work");
  tools_.environment["AWS_PROFILE"] = "sso";
  EXPECT_NE(Found().find("sso_start_url"), std::string::npos) << Found();
  for (const char* profile : {"empty", "missing"}) {
    tools_.environment["AWS_PROFILE"] = profile;
    EXPECT_NE(Found().find(std::string("profile '") + profile + "' holds no"), std::string::npos) << Found();
  }
}

TEST_F(AwsCredentialsTest, AWebIdentityIsExchanged) {
  tools_.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = Write("token", "the.jwt/+=\n");
  tools_.environment["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  server_.Answer([](const ServedRequest& request) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_NE(request.body.find("Action=AssumeRoleWithWebIdentity"), std::string::npos);
    EXPECT_NE(request.body.find("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"), std::string::npos) << request.body;
    EXPECT_NE(request.body.find("WebIdentityToken=the.jwt%2F%2B%3D"), std::string::npos) << request.body;
    EXPECT_EQ(request.Header("authorization"), "") << "needs no keys";
    return ServedAnswer{.body = StsAnswer("AssumeRoleWithWebIdentity", "web")};
  });
  EXPECT_EQ(Found(), "web");
  server_.Answer([](const ServedRequest&) {
    return ServedAnswer{.status = 400,
                        .body =
                            "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>Token expired"
                            "</Message></Error></ErrorResponse>"};
  });
  const std::string said = Found();
  EXPECT_NE(said.find("ExpiredTokenException: Token expired"), std::string::npos) << said;
  EXPECT_EQ(said.find("the.jwt"), std::string::npos) << said;
  tools_.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder_ / "none";
  EXPECT_NE(Found().find("none"), std::string::npos);
}

TEST_F(AwsCredentialsTest, ARoleIsTakenWithAnotherProfile) {
  Write(".aws/credentials", "[base]\naws_access_key_id=base\naws_secret_access_key=secret-of-base\n");
  Write(".aws/config",
        "[profile role]\nrole_arn=arn:x\nsource_profile=base\nexternal_id=e&x\n"
        "[profile ring]\nrole_arn=arn:x\nsource_profile=ring2\n"
        "[profile ring2]\nrole_arn=arn:x\nsource_profile=ring\n"
        "[profile none]\nrole_arn=arn:x\nsource_profile=nobody\n");
  server_.Answer([](const ServedRequest& request) {
    EXPECT_NE(request.body.find("Action=AssumeRole&"), std::string::npos);
    EXPECT_NE(request.body.find("ExternalId=e%26x"), std::string::npos) << request.body;
    EXPECT_NE(request.Header("authorization").find("Credential=base/"), std::string::npos);
    EXPECT_NE(request.Header("authorization").find("/eu-west-1/sts/"), std::string::npos);
    return ServedAnswer{.body = StsAnswer("AssumeRole", "role")};
  });
  tools_.environment["AWS_PROFILE"] = "role";
  EXPECT_EQ(Found(), "role");
  tools_.environment["AWS_PROFILE"] = "ring";
  EXPECT_NE(Found().find("ring"), std::string::npos) << Found();
  tools_.environment["AWS_PROFILE"] = "none";
  EXPECT_NE(Found().find("'nobody'"), std::string::npos) << Found();
}

TEST_F(AwsCredentialsTest, AContainersServiceIsAsked) {
  tools_.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.url() + "/v1/credentials";
  tools_.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = Write("token", "pod-token\n");
  server_.Answer([](const ServedRequest& request) {
    EXPECT_EQ(request.Header("authorization"), "pod-token");
    EXPECT_EQ(request.target, "/v1/credentials");
    return ServedAnswer{.body = Credentials("container")};
  });
  EXPECT_EQ(Found(), "container");
  server_.Answer([](const ServedRequest&) { return ServedAnswer{.status = 401}; });
  EXPECT_NE(Found().find("status 401"), std::string::npos) << Found();
  tools_.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://example.com/credentials";
  EXPECT_NE(Found().find("neither https nor this machine"), std::string::npos) << Found();
}

// The metadata service of an instance, version 2 only.
ServedAnswer Instance(const ServedRequest& request) {
  if (request.target == "/latest/api/token") {
    if (request.method != "PUT" || request.Header("x-aws-ec2-metadata-token-ttl-seconds").empty())
      return {.status = 400};
    return {.body = "session"};
  }
  if (request.Header("x-aws-ec2-metadata-token") != "session") return {.status = 401};
  if (request.target == "/latest/meta-data/iam/security-credentials/") return {.body = "my-role"};
  if (request.target == "/latest/meta-data/iam/security-credentials/my-role") return {.body = Credentials("instance")};
  return {.status = 404};
}

TEST_F(AwsCredentialsTest, AnInstancesRoleComesLast) {
  server_.Answer(Instance);
  EXPECT_EQ(Found(), "instance");
  tools_.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_NE(Found().find("there are no AWS credentials"), std::string::npos) << Found();
}

TEST_F(AwsCredentialsTest, WithoutAnyItIsSaidWhereTheyWereLookedFor) {
  AwsCredentialChain chain = Chain();
  const auto none = chain.Get();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kPermission);
  EXPECT_NE(none.error().hint.find("AWS_PROFILE"), std::string::npos);
}

TEST_F(AwsCredentialsTest, TheyAreRenewedBeforeTheyExpire) {
  int fetched = 0;
  std::string expires = "2024-01-04T01:00:00Z";
  server_.Answer([&](const ServedRequest& request) {
    if (request.target.ends_with("my-role"))
      return ServedAnswer{.body = Credentials(std::to_string(++fetched), expires)};
    return Instance(request);
  });
  AwsCredentialChain chain = Chain();
  EXPECT_EQ(chain.Get()->key_id, "1");
  tools_.clock.Advance(std::chrono::minutes(54));
  EXPECT_EQ(chain.Get()->key_id, "1");
  tools_.clock.Advance(std::chrono::minutes(2));
  server_.Answer([](const ServedRequest&) { return ServedAnswer{.status = 404}; });
  EXPECT_EQ(chain.Get()->key_id, "1") << "still good for four minutes";
  tools_.clock.Advance(std::chrono::minutes(5));
  EXPECT_FALSE(chain.Get());
}

TEST_F(AwsCredentialsTest, RejectedOnesAreFetchedAnewOnce) {
  std::atomic<int> fetched = 0;
  server_.Answer([&](const ServedRequest& request) {
    if (request.target.ends_with("my-role")) return ServedAnswer{.body = Credentials(std::to_string(++fetched))};
    return Instance(request);
  });
  AwsCredentialChain chain = Chain();
  EXPECT_EQ(chain.Get()->key_id, "1");
  tools_.clock.Advance(std::chrono::minutes(1));
  EXPECT_TRUE(chain.Renew());
  EXPECT_TRUE(chain.Renew()) << "by another thread just now";
  EXPECT_EQ(chain.Get()->key_id, "2");
  tools_.environment["AWS_ACCESS_KEY_ID"] = "fixed";
  tools_.environment["AWS_SECRET_ACCESS_KEY"] = "secret-of-fixed";
  AwsCredentialChain fixed = Chain();
  EXPECT_TRUE(fixed.Get());
  EXPECT_FALSE(fixed.Renew()) << "there are no others";
}

}  // namespace
}  // namespace latecomer::storage
