// How the store on Google Cloud Storage signs in and takes what a server may do to it. What it does right is the
// contract's to say.
#include "storage/gcs_store.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "storage/cloud_test_support.h"
#include "storage/digest.h"
#include "testing/temporary_folder.h"

namespace latecomer::storage {
namespace {

using Json = nlohmann::json;

// A new RSA key: the private half as PEM.
class RsaKey {
 public:
  RsaKey() : key_(EVP_RSA_gen(2048)) {}
  ~RsaKey() { EVP_PKEY_free(key_); }
  RsaKey(const RsaKey&) = delete;
  RsaKey& operator=(const RsaKey&) = delete;

  std::string Pem() const {
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, key_, nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(out);
    return pem;
  }
  bool Verifies(const std::string& message, const std::string& signature) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key_);
    const int right =
        EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                         reinterpret_cast<const unsigned char*>(message.data()), message.size());
    EVP_MD_CTX_free(context);
    return right == 1;
  }

 private:
  EVP_PKEY* key_;
};

std::string FromBase64Url(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text += '=';
  return FromBase64(text).value_or("");
}

class GcsStoreTest : public ::testing::Test {
 protected:
  // A store that asks for tokens, at the test's server.
  std::shared_ptr<ObjectStore> Open() {
    access_ = std::make_shared<GcsAccess>(tools_.Make(), server_.url(), false);
    return OpenGcsStore(access_, "gs://bucket/a/table").value();
  }
  std::string Write(const std::string& name, const Json& json) {
    std::ofstream(folder_ / name) << json.dump();
    return folder_ / name;
  }
  static std::string Field(const std::string& form, const std::string& name) {
    for (const std::string_view part : Split(form, '&')) {
      if (part.starts_with(name + "=")) return PercentDecode(part.substr(name.size() + 1));
    }
    return "";
  }

  testing::TemporaryFolder folder_;
  TestServer server_{[](const ServedRequest&) { return ServedAnswer{}; }};
  TestTools tools_;
  std::shared_ptr<GcsAccess> access_;
};

TEST_F(GcsStoreTest, AServiceAccountSignsItsRequest) {
  const RsaKey key;
  tools_.environment["GOOGLE_APPLICATION_CREDENTIALS"] = Write("key.json", {{"type", "service_account"},
                                                                            {"client_email", "me@project"},
                                                                            {"private_key", key.Pem()},
                                                                            {"private_key_id", "k1"},
                                                                            {"token_uri", server_.url() + "/token"}});
  server_.Answer([&](const ServedRequest& request) {
    if (request.target != "/token") {
      EXPECT_EQ(request.Header("authorization"), "Bearer of-service");
      return ServedAnswer{.body = "rows"};
    }
    const std::string assertion = Field(request.body, "assertion");
    const std::size_t dot = assertion.rfind('.');
    EXPECT_TRUE(key.Verifies(assertion.substr(0, dot), FromBase64Url(assertion.substr(dot + 1))));
    const Json claims =
        Json::parse(FromBase64Url(assertion.substr(assertion.find('.') + 1, dot - assertion.find('.') - 1)));
    EXPECT_EQ(claims["iss"], "me@project");
    EXPECT_EQ(claims["aud"], server_.url() + "/token");
    EXPECT_EQ(claims["exp"].get<int>() - claims["iat"].get<int>(), 3600);
    return ServedAnswer{.body = "{\"access_token\":\"of-service\",\"expires_in\":3600}"};
  });
  const auto store = Open();
  EXPECT_EQ(store->Read("k").value_or("?"), "rows");
  EXPECT_EQ(store->Read("l").value_or("?"), "rows");
  EXPECT_EQ(server_.requests().size(), 3U) << "one token for all";
}

TEST_F(GcsStoreTest, AUsersSignInIsRenewed) {
  tools_.environment["CLOUDSDK_CONFIG"] = folder_.path();
  Write("application_default_credentials.json", {{"type", "authorized_user"},
                                                 {"client_id", "c"},
                                                 {"client_secret", "hush"},
                                                 {"refresh_token", "r/1"},
                                                 {"token_uri", server_.url() + "/token"}});
  server_.Answer([&](const ServedRequest& request) {
    if (request.target != "/token") return ServedAnswer{.body = "rows"};
    EXPECT_EQ(Field(request.body, "refresh_token"), "r/1");
    EXPECT_EQ(Field(request.body, "grant_type"), "refresh_token");
    return ServedAnswer{.body = "{\"access_token\":\"u\",\"expires_in\":3600}"};
  });
  EXPECT_EQ(Open()->Read("k").value_or("?"), "rows");
  server_.Answer([](const ServedRequest&) {
    return ServedAnswer{.status = 400,
                        .body = "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been revoked.\"}"};
  });
  const auto read = Open()->Read("k");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kPermission);
  EXPECT_NE(read.error().message.find("Token has been revoked"), std::string::npos) << read.error().message;
  EXPECT_EQ(read.error().ToString().find("hush"), std::string::npos);
}

TEST_F(GcsStoreTest, AWorkloadIdentityIsExchangedAndActsForAnAccount) {
  std::ofstream(folder_ / "subject") << "{\"token\":\"the.jwt\"}";
  tools_.environment["GOOGLE_APPLICATION_CREDENTIALS"] =
      Write("wif.json",
            {{"type", "external_account"},
             {"audience", "//iam/pools/p"},
             {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
             {"token_url", server_.url() + "/sts"},
             {"service_account_impersonation_url", server_.url() + "/impersonate"},
             {"credential_source",
              {{"file", folder_ / "subject"}, {"format", {{"type", "json"}, {"subject_token_field_name", "token"}}}}}});
  server_.Answer([](const ServedRequest& request) {
    if (request.target == "/sts") {
      EXPECT_EQ(Field(request.body, "subject_token"), "the.jwt");
      EXPECT_EQ(Field(request.body, "audience"), "//iam/pools/p");
      return ServedAnswer{.body = "{\"access_token\":\"federated\",\"expires_in\":3600}"};
    }
    if (request.target == "/impersonate") {
      EXPECT_EQ(request.Header("authorization"), "Bearer federated");
      return ServedAnswer{.body = "{\"accessToken\":\"of-account\",\"expireTime\":\"2024-01-04T01:00:00Z\"}"};
    }
    EXPECT_EQ(request.Header("authorization"), "Bearer of-account");
    return ServedAnswer{.body = "rows"};
  });
  EXPECT_EQ(Open()->Read("k").value_or("?"), "rows");
}

TEST_F(GcsStoreTest, AnInstancesAccountComesLast) {
  tools_.environment["HOME"] = folder_.path();
  tools_.environment["GCE_METADATA_HOST"] = std::string(http::HostOf(server_.url()));
  server_.Answer([](const ServedRequest& request) {
    if (!request.target.starts_with("/computeMetadata")) return ServedAnswer{.body = "rows"};
    EXPECT_EQ(request.Header("metadata-flavor"), "Google");
    return ServedAnswer{.body = "{\"access_token\":\"i\",\"expires_in\":3600}"};
  });
  EXPECT_EQ(Open()->Read("k").value_or("?"), "rows");
}

TEST_F(GcsStoreTest, CredentialsThatCannotBeUsedAreSaidSo) {
  const struct {
    Json file;
    ErrorKind kind;
    const char* says;
  } cases[] = {
      {{{"type", "external_account_authorized_user"}}, ErrorKind::kUnsupported, "external_account_authorized_user"},
      {{{"type", "service_account"}, {"private_key", "hush"}}, ErrorKind::kInvalidArgument, "no RSA key"},
      {{{"type", "external_account"}, {"credential_source", {{"environment_id", "aws1"}, {"url", "x"}}}},
       ErrorKind::kUnsupported,
       "workload identity"},
      {Json("text"), ErrorKind::kInvalidFile, "no JSON file"}};
  for (const auto& one : cases) {
    tools_.environment["GOOGLE_APPLICATION_CREDENTIALS"] = Write("bad.json", one.file);
    const auto read = Open()->Read("k");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, one.kind) << one.says;
    EXPECT_NE(read.error().message.find(one.says), std::string::npos) << read.error().message;
    EXPECT_EQ(read.error().ToString().find("hush"), std::string::npos);
  }
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(GcsStoreTest, EachErrorSaysWhatIsWrong) {
  tools_.environment["STORAGE_EMULATOR_HOST"] = std::string(http::HostOf(server_.url()));
  const auto store = OpenGcsStore(GcsAccess::Make(tools_.Make()).value(), "gs://bucket/a/table").value();
  const struct {
    int status;
    const char* message;
    ErrorKind kind;
    const char* says;
  } cases[] = {
      {404, "The specified bucket does not exist.", ErrorKind::kNotFound, "no such bucket"},
      {404, "No such object: bucket/k", ErrorKind::kNotFound, "no such object"},
      {401, "Invalid Credentials", ErrorKind::kPermission, "doesn't take the credentials"},
      {403, "me@p does not have storage.objects.get access.", ErrorKind::kPermission,
       "me@p does not have storage.objects.get"},
      {400, "Odd.", ErrorKind::kIo, "status 400: Odd"},
  };
  for (const auto& one : cases) {
    server_.Answer([&](const ServedRequest& request) {
      EXPECT_EQ(request.Header("authorization"), "");
      return ServedAnswer{.status = one.status,
                          .body = Json{{"error", {{"code", one.status}, {"message", one.message}}}}.dump()};
    });
    const auto read = store->Read("k");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, one.kind) << one.message;
    EXPECT_NE(read.error().message.find(one.says), std::string::npos) << read.error().message;
  }
}

// A session that keeps only half of what comes, once.
TEST_F(GcsStoreTest, WhatASessionDidNotKeepIsSentAgain) {
  tools_.environment["STORAGE_EMULATOR_HOST"] = server_.url();
  const auto store = OpenGcsStore(GcsAccess::Make(tools_.Make()).value(), "gs://bucket").value();
  std::string kept;
  bool halved = false;
  server_.Answer([&](const ServedRequest& request) {
    if (request.method == "POST") {
      EXPECT_NE(request.target.find("ifGenerationMatch=0"), std::string::npos);
      return ServedAnswer{.headers = {{"Location", server_.url() + "/session"}}};
    }
    const std::string range = request.Header("content-range");
    EXPECT_TRUE(range.starts_with("bytes " + std::to_string(kept.size()) + "-")) << range;
    const bool half = !std::exchange(halved, true);
    kept += half ? request.body.substr(0, request.body.size() / 2) : request.body;
    if (!range.ends_with("/*")) return ServedAnswer{};
    return ServedAnswer{.status = 308, .headers = {{"Range", "bytes=0-" + std::to_string(kept.size() - 1)}}};
  });
  std::string content((std::size_t{9} << 20) + 5, 'x');
  for (std::size_t i = 0; i < content.size(); i += 1000) content[i] = static_cast<char>('a' + i / 1000 % 26);
  const auto writer = store->OpenForWrite("large").value();
  ASSERT_TRUE(writer->Write(content));
  const Status closed = writer->Close();
  ASSERT_TRUE(closed) << closed.error().ToString();
  EXPECT_TRUE(kept == content);
}

TEST_F(GcsStoreTest, ASessionElsewhereIsNotFollowed) {
  tools_.environment["STORAGE_EMULATOR_HOST"] = server_.url();
  const auto store = OpenGcsStore(GcsAccess::Make(tools_.Make()).value(), "gs://bucket").value();
  server_.Answer([](const ServedRequest&) {
    return ServedAnswer{.headers = {{"Location", "http://127.0.0.1:1/session"}}};
  });
  const auto writer = store->OpenForWrite("large").value();
  EXPECT_FALSE(writer->Write(std::string(std::size_t{9} << 20, 'x')));
}

}  // namespace
}  // namespace latecomer::storage
