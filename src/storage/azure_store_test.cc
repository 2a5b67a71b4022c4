// How the Azure store signs in and takes what a server may do to it. What it does right is the contract's to say.
#include "storage/azure_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "storage/cloud_test_support.h"
#include "storage/digest.h"
#include "testing/temporary_folder.h"

namespace latecomer::storage {
namespace {

ServedAnswer AzureError(int status, const std::string& code, const std::string& detail = "") {
  return {.status = status,
          .body = "\xef\xbb\xbf<?xml version=\"1.0\"?><Error><Code>" + code +
                  "</Code><Message>It says why.\nRequestId:1</Message><AuthenticationErrorDetail>" + detail +
                  "</AuthenticationErrorDetail></Error>",
          .headers = {{"x-ms-error-code", code}, {"Date", "Thu, 04 Jan 2024 00:20:00 GMT"}}};
}

class AzureStoreTest : public ::testing::Test {
 protected:
  Result<std::shared_ptr<ObjectStore>> Open(const std::string& location = "az://container/a/table") {
    LATECOMER_ASSIGN_OR_RETURN(access_, AzureAccess::Make(tools_.Make()));
    return OpenAzureStore(access_, location);
  }
  void UseTokens() {
    tools_.environment = {{"AZURE_STORAGE_ACCOUNT", "acc"},
                          {"AZURE_STORAGE_BLOB_ENDPOINT", server_.url()},
                          {"AZURE_POD_IDENTITY_AUTHORITY_HOST", server_.url()}};
  }
  // Answers requests for tokens with `token`, others by what token they bear.
  void ServeToken(const std::string& path, const std::string& token, std::vector<ServedRequest>& asked) {
    server_.Answer([&asked, path, token](const ServedRequest& request) {
      if (request.target.starts_with(path)) {
        asked.push_back(request);
        return ServedAnswer{.body = "{\"access_token\":\"" + token + "\",\"expires_in\":\"3600\"}"};
      }
      return request.Header("authorization") == "Bearer " + token ? ServedAnswer{.body = "rows"} : AzureError(401, "X");
    });
  }

  testing::TemporaryFolder folder_;
  TestServer server_{[](const ServedRequest&) { return ServedAnswer{}; }};
  TestTools tools_;
  std::shared_ptr<AzureAccess> access_;
};

TEST_F(AzureStoreTest, ConnectionsAreReadAsAzureWritesThem) {
  const auto account =
      ParseAzureConnection("DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=" + Base64("key=") +
                           ";EndpointSuffix=core.chinacloudapi.cn");
  ASSERT_TRUE(account) << account.error().ToString();
  EXPECT_EQ(account->name, "acc");
  EXPECT_EQ(account->key, "key=");
  EXPECT_EQ(account->blob_endpoint, "https://acc.blob.core.chinacloudapi.cn");
  const auto sas =
      ParseAzureConnection("BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature=?sv=1&sig=a%3D");
  ASSERT_TRUE(sas);
  EXPECT_EQ(sas->name, "acc");
  EXPECT_EQ(sas->sas, "sv=1&sig=a%3D");
  EXPECT_EQ(ParseAzureConnection("UseDevelopmentStorage=true")->name, "devstoreaccount1");
  for (const char* text :
       {"hush", "AccountKey=hush", "AccountName=a;AccountKey=hush!", "BlobEndpoint=ftp://hush/x", "hush=x"}) {
    const auto damaged = ParseAzureConnection(text);
    ASSERT_FALSE(damaged) << text;
    EXPECT_EQ(damaged.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ((damaged.error().ToString() + damaged.error().hint).find("hush"), std::string::npos) << text;
  }
}

TEST_F(AzureStoreTest, AccountsOfLocations) {
  tools_.environment = {{"AZURE_STORAGE_ACCOUNT", "mine"}, {"AZURE_STORAGE_KEY", Base64("key")}};
  EXPECT_TRUE(Open("abfss://c@other.dfs.core.windows.net/t"));
  EXPECT_EQ(Open("abfss://c@mine.dfs.core.windows.net/t/").value()->location(),
            "abfss://c@mine.dfs.core.windows.net/t");
  EXPECT_FALSE(Open("abfss://@mine.dfs.core.windows.net/t"));
  tools_.environment.clear();
  const auto none = Open("az://c/t");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no storage account"), std::string::npos);
}

TEST_F(AzureStoreTest, AnotherAccountGetsNoKeyOfOurs) {
  UseTokens();
  tools_.environment["AZURE_STORAGE_KEY"] = Base64("key");
  tools_.limits.connect = std::chrono::milliseconds(100);
  std::vector<ServedRequest> asked;
  ServeToken("/metadata/identity", "managed", asked);
  const auto store = Open("abfss://c@" + std::string(http::HostOf(server_.url())) + "/t");
  ASSERT_TRUE(store);
  // Reached by https, which the server here doesn't speak: all that counts is that no key was sent.
  EXPECT_FALSE((*store)->Read("k"));
  for (const ServedRequest& request : server_.requests()) {
    EXPECT_EQ(request.Header("authorization").find("SharedKey"), std::string::npos);
  }
  EXPECT_EQ(asked.size(), 1U);
}

TEST_F(AzureStoreTest, ASasTokenGoesIntoTheRequestAndIntoNoMessage) {
  tools_.environment = {{"AZURE_STORAGE_ACCOUNT", "acc"},
                        {"AZURE_STORAGE_BLOB_ENDPOINT", server_.url()},
                        {"AZURE_STORAGE_SAS_TOKEN", "?sv=2021&sig=hush%3D"}};
  const auto store = Open().value();
  server_.Answer([](const ServedRequest& request) {
    EXPECT_TRUE(request.target.ends_with("?sv=2021&sig=hush%3D")) << request.target;
    return ServedAnswer{.body = "rows"};
  });
  EXPECT_EQ(store->Read("k").value_or("?"), "rows");
  server_.Answer([](const ServedRequest&) {
    return AzureError(403, "AuthenticationFailed", "Signature not valid in the specified time frame: sig=hush");
  });
  const auto read = store->Read("k");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("expired"), std::string::npos) << read.error().message;
  server_.Answer([](const ServedRequest&) { return Dropped(); });
  const auto dropped = store->Read("k");
  ASSERT_FALSE(dropped);
  for (const Error& error : {read.error(), dropped.error()}) {
    EXPECT_EQ((error.ToString() + error.hint).find("hush"), std::string::npos) << error.ToString();
  }
}

TEST_F(AzureStoreTest, AManagedIdentityGivesTokens) {
  UseTokens();
  tools_.environment["AZURE_CLIENT_ID"] = "client";
  std::vector<ServedRequest> asked;
  ServeToken("/metadata/identity/oauth2/token", "managed", asked);
  const auto store = Open().value();
  EXPECT_EQ(store->Read("k").value_or("?"), "rows");
  EXPECT_EQ(store->Read("l").value_or("?"), "rows");
  ASSERT_EQ(asked.size(), 1U) << "one token for all";
  EXPECT_EQ(asked[0].Header("metadata"), "true");
  EXPECT_NE(asked[0].target.find("client_id=client"), std::string::npos);
  EXPECT_NE(asked[0].target.find("resource=https%3A%2F%2Fstorage.azure.com%2F"), std::string::npos);
  tools_.clock.Advance(std::chrono::minutes(56));
  EXPECT_TRUE(store->Read("k"));
  EXPECT_EQ(asked.size(), 2U) << "before it expires";
}

TEST_F(AzureStoreTest, AWorkloadIdentityIsExchanged) {
  UseTokens();
  tools_.environment["AZURE_AUTHORITY_HOST"] = server_.url() + "/";
  tools_.environment["AZURE_CLIENT_ID"] = "client";
  tools_.environment["AZURE_TENANT_ID"] = "tenant";
  tools_.environment["AZURE_FEDERATED_TOKEN_FILE"] = folder_ / "token";
  std::ofstream(folder_ / "token") << "the.jwt\n";
  std::vector<ServedRequest> asked;
  ServeToken("/tenant/oauth2/v2.0/token", "workload", asked);
  EXPECT_EQ(Open().value()->Read("k").value_or("?"), "rows");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_NE(asked[0].body.find("client_assertion=the.jwt"), std::string::npos) << asked[0].body;
  EXPECT_NE(asked[0].body.find("scope=https%3A%2F%2Fstorage.azure.com%2F.default"), std::string::npos);
  server_.Answer([](const ServedRequest&) {
    return ServedAnswer{.status = 401,
                        .body = "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS70021: no match\"}"};
  });
  const auto read = Open().value()->Read("k");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kPermission);
  EXPECT_NE(read.error().message.find("AADSTS70021"), std::string::npos) << read.error().message;
  EXPECT_EQ(read.error().message.find("the.jwt"), std::string::npos);
}

TEST_F(AzureStoreTest, ATokenThatIsNoGoodAnyMoreIsRenewedOnce) {
  UseTokens();
  int given = 0;
  server_.Answer([&](const ServedRequest& request) {
    if (request.target.starts_with("/metadata")) {
      return ServedAnswer{.body = "{\"access_token\":\"t" + std::to_string(++given) + "\",\"expires_in\":3600}"};
    }
    return request.Header("authorization") == "Bearer t2" ? ServedAnswer{.body = "rows"}
                                                          : AzureError(401, "InvalidAuthenticationInfo");
  });
  const auto store = Open().value();
  EXPECT_FALSE(store->Read("k")) << "fetched just now";
  tools_.clock.Advance(std::chrono::minutes(1));
  EXPECT_EQ(store->Read("k").value_or("?"), "rows");
  EXPECT_EQ(given, 2);
}

TEST_F(AzureStoreTest, EachErrorSaysWhatIsWrong) {
  tools_.environment = {{"AZURE_STORAGE_ACCOUNT", "acc"},
                        {"AZURE_STORAGE_BLOB_ENDPOINT", server_.url()},
                        {"AZURE_STORAGE_KEY", Base64("the-key-itself")}};
  const auto store = Open().value();
  const struct {
    int status;
    const char* code;
    const char* detail;
    ErrorKind kind;
    const char* says;
  } cases[] = {
      {404, "ContainerNotFound", "", ErrorKind::kNotFound, "no such container"},
      {404, "BlobNotFound", "", ErrorKind::kNotFound, "no such object"},
      {403, "AuthorizationPermissionMismatch", "", ErrorKind::kPermission, "denies access"},
      {403, "AuthenticationFailed", "", ErrorKind::kPermission, "signature"},
      {403, "AuthenticationFailed", "Request date header too old: x", ErrorKind::kPermission, "clock is 20 min behind"},
      {400, "SomethingNew", "", ErrorKind::kIo, "SomethingNew: It says why"},
  };
  for (const auto& one : cases) {
    server_.Answer([&](const ServedRequest&) { return AzureError(one.status, one.code, one.detail); });
    for (const auto& error : {store->Read("k").error(), store->Stat("k").error()}) {
      EXPECT_EQ(error.kind, one.kind) << one.code;
      EXPECT_NE(error.message.find(one.says), std::string::npos) << error.message;
      EXPECT_EQ(error.file, "az://container/a/table/k");
      EXPECT_EQ((error.ToString() + error.hint).find(Base64("the-key-itself")), std::string::npos);
    }
  }
}

TEST_F(AzureStoreTest, ListingsLeaveOutFoldersAndDecodeOddNames) {
  UseTokens();
  server_.Answer([](const ServedRequest& request) {
    if (request.target.starts_with("/metadata"))
      return ServedAnswer{.body = "{\"access_token\":\"t\",\"expires_in\":3600}"};
    std::string body = "\xef\xbb\xbf<?xml version=\"1.0\"?><EnumerationResults><Blobs>";
    for (const char* name : {"<Name>a/table/log/1</Name>", "<Name Encoded=\"true\">a/table/log/%0A2</Name>",
                             "<Name>a/table/log/3%41</Name>"}) {
      body +=
          std::string("<Blob>") + name +
          "<Properties><Content-Length>5</Content-Length><Etag>0x1</Etag><Last-Modified>Thu, 04 Jan 2024 00:00:00 GMT"
          "</Last-Modified></Properties></Blob>";
    }
    body +=
        "<Blob><Name>a/table/log/folder</Name><Properties><ResourceType>directory</ResourceType></Properties></Blob>";
    return ServedAnswer{
        .body =
            body + "<BlobPrefix><Name>a/table/log/x/</Name></BlobPrefix></Blobs><NextMarker/></EnumerationResults>"};
  });
  const auto listed = Open().value()->List("log/", {});
  ASSERT_TRUE(listed) << listed.error().ToString();
  std::vector<std::string> keys;
  for (const ObjectInfo& info : *listed) keys.push_back(info.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"log/\n2", "log/1", "log/3%41"}));
  EXPECT_EQ((*listed)[0].etag, "0x1");
  EXPECT_EQ((*listed)[0].size_bytes, 5);
}

}  // namespace
}  // namespace latecomer::storage
