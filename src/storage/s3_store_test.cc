// How the S3 store takes what a server may do to it. What it does right is the contract's to say, against a real one.
#include "storage/s3_store.h"

#include <gtest/gtest.h>

#include <atomic>

#include "storage/cloud_test_support.h"

namespace latecomer::storage {
namespace {

constexpr const char* kSecret = "the-secret-key-itself";
constexpr const char* kToken = "the-session-token-itself";

ServedAnswer S3Error(int status, const std::string& code, const std::string& message = "It says why.") {
  return {.status = status,
          .body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>" + message +
                  "</Message><StringToSign>" + kSecret + "</StringToSign></Error>",
          .headers = {{"Date", "Thu, 04 Jan 2024 00:20:00 GMT"}}};
}

// A store of one object that keeps to the condition and loses answers when told to.
struct OneObject {
  std::optional<std::string> mark;
  int lose_answers = 0;
  int conflicts = 0;

  static bool IsProbe(const ServedRequest& request) {
    return request.target.find("_latecomer_probe_") != std::string::npos;
  }

  ServedAnswer operator()(const ServedRequest& request) {
    if (IsProbe(request) && request.method == "PUT") return {.status = ++probes_ == 1 ? 200 : 412};
    if (IsProbe(request)) return {.status = 204};
    if (request.method == "HEAD") {
      if (!mark) return {.status = 404};
      return {.headers = {{"x-amz-meta-latecomer-put", *mark}, {"ETag", "\"1\""}}};
    }
    if (request.method != "PUT") return {.status = 400};
    EXPECT_EQ(request.Header("if-none-match"), "*");
    if (conflicts-- > 0) return S3Error(409, "ConditionalRequestConflict");
    const bool exists = mark.has_value();
    if (!exists) mark = request.Header("x-amz-meta-latecomer-put");
    if (lose_answers-- > 0) return Dropped();
    return exists ? S3Error(412, "PreconditionFailed") : ServedAnswer{};
  }

 private:
  int probes_ = 0;
};

class S3StoreTest : public ::testing::Test {
 protected:
  S3StoreTest() {
    tools_.environment = {{"AWS_ENDPOINT_URL", server_.url() + "/"},
                          {"AWS_ACCESS_KEY_ID", "AKIAKEY"},
                          {"AWS_SECRET_ACCESS_KEY", kSecret},
                          {"AWS_SESSION_TOKEN", kToken},
                          {"AWS_REGION", "eu-west-1"}};
    access_ = S3Access::Make(tools_.Make()).value();
    store_ = OpenS3Store(access_, "s3://bucket/a/table").value();
  }

  // Answers in their order, the last one again and again.
  void Script(std::vector<ServedAnswer> answers) {
    next_ = 0;
    server_.Answer([this, answers = std::move(answers)](const ServedRequest&) {
      return answers[std::min(next_++, answers.size() - 1)];
    });
  }
  std::size_t Asked() const { return server_.requests().size(); }
  static std::string All(const Error& error) { return error.ToString() + "\n" + error.hint; }

  std::atomic<std::size_t> next_ = 0;
  TestServer server_{[](const ServedRequest&) { return ServedAnswer{}; }};
  TestTools tools_;
  std::shared_ptr<S3Access> access_;
  std::shared_ptr<ObjectStore> store_;
};

TEST_F(S3StoreTest, ServersTroubleIsTriedAgainAfterGrowingPauses) {
  Script({Dropped(), {.status = 503, .body = "busy"}, S3Error(500, "InternalError"), {.status = 200, .body = "rows"}});
  EXPECT_EQ(store_->Read("k").value_or("?"), "rows");
  EXPECT_EQ(Asked(), 4U);
  ASSERT_EQ(tools_.pauses.size(), 3U);
  EXPECT_LE(tools_.pauses[0], std::chrono::milliseconds(50));
  EXPECT_LE(tools_.pauses[2], std::chrono::milliseconds(200));
}

TEST_F(S3StoreTest, TheServersWishToWaitIsMet) {
  Script({{.status = 503, .headers = {{"Retry-After", "2"}}}, {.status = 200, .body = "rows"}});
  EXPECT_TRUE(store_->Read("k"));
  ASSERT_EQ(tools_.pauses.size(), 1U);
  EXPECT_EQ(tools_.pauses[0], std::chrono::seconds(2));
}

TEST_F(S3StoreTest, AtLastItGivesUp) {
  Script({S3Error(503, "SlowDown", "Please reduce your request rate.")});
  const auto read = store_->Read("k");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kIo);
  EXPECT_EQ(read.error().file, "s3://bucket/a/table/k");
  EXPECT_NE(read.error().message.find("SlowDown"), std::string::npos) << read.error().message;
  EXPECT_NE(read.error().message.find("4 attempts"), std::string::npos) << read.error().message;
  EXPECT_EQ(Asked(), 4U);
}

TEST_F(S3StoreTest, AServerThatIsSilentIsLeftInTheEnd) {
  tools_.limits.total = std::chrono::seconds(1);
  CloudTools tools = tools_.Make();
  tools.retry.most_attempts = 1;
  const auto store = OpenS3Store(S3Access::Make(tools).value(), "s3://bucket/a/table").value();
  const auto probed = std::make_shared<OneObject>();
  server_.Answer([probed](const ServedRequest& request) {
    if (OneObject::IsProbe(request)) return (*probed)(request);
    return ServedAnswer{.what = ServedAnswer::What::kNeverAnswer};
  });
  const auto read = store->Read("k");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kIo);
  EXPECT_NE(read.error().message.find("too long"), std::string::npos) << read.error().message;
  const auto put = store->PutIfAbsent("k", "x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind, ErrorKind::kUnknownOutcome);
}

TEST_F(S3StoreTest, NobodyListensIsNoUnknownOutcome) {
  std::string gone;
  {
    const TestServer short_lived([](const ServedRequest&) { return ServedAnswer{}; });
    gone = short_lived.url();
  }
  tools_.environment["AWS_ENDPOINT_URL"] = gone;
  const auto store = OpenS3Store(S3Access::Make(tools_.Make()).value(), "s3://bucket/a").value();
  const auto put = store->PutIfAbsent("k", "x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind, ErrorKind::kIo);
  EXPECT_NE(put.error().message.find("takes no connections"), std::string::npos) << put.error().message;
}

TEST_F(S3StoreTest, APutWhoseAnswerWasLostIsKnownByItsMark) {
  const auto object = std::make_shared<OneObject>();
  object->lose_answers = 1;
  server_.Answer([object](const ServedRequest& request) { return (*object)(request); });
  const auto put = store_->PutIfAbsent("_delta_log/0.json", "x");
  ASSERT_TRUE(put) << put.error().ToString();
  EXPECT_EQ(*put, PutOutcome::kCreated);
  EXPECT_EQ(*store_->PutIfAbsent("_delta_log/0.json", "x"), PutOutcome::kExists) << "the same bytes, by another call";
}

TEST_F(S3StoreTest, AnotherWritersObjectIsNotTakenForOnesOwn) {
  const auto object = std::make_shared<OneObject>();
  object->mark = "of another";
  object->lose_answers = 1;
  server_.Answer([object](const ServedRequest& request) { return (*object)(request); });
  EXPECT_EQ(*store_->PutIfAbsent("_delta_log/0.json", "x"), PutOutcome::kExists);
}

TEST_F(S3StoreTest, AWriteBesideAnotherOneIsTriedAgain) {
  const auto object = std::make_shared<OneObject>();
  object->conflicts = 2;
  server_.Answer([object](const ServedRequest& request) { return (*object)(request); });
  EXPECT_EQ(*store_->PutIfAbsent("k", "x"), PutOutcome::kCreated);
}

TEST_F(S3StoreTest, AStoreThatReplacesObjectsGetsNoCommit) {
  server_.Answer([](const ServedRequest&) { return ServedAnswer{}; });  // takes every put
  const auto put = store_->PutIfAbsent("_delta_log/0.json", "x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind, ErrorKind::kUnsupported);
  for (const ServedRequest& request : server_.requests()) {
    EXPECT_EQ(request.target.find("0.json"), std::string::npos) << request.target;
  }
  EXPECT_EQ(server_.requests().back().method, "DELETE") << "what was tried is removed";
}

TEST_F(S3StoreTest, EachErrorSaysWhatIsWrong) {
  const struct {
    int status;
    const char* code;
    ErrorKind kind;
    const char* says;
  } cases[] = {
      {404, "NoSuchBucket", ErrorKind::kNotFound, "no such bucket"},
      {404, "NoSuchKey", ErrorKind::kNotFound, "no such object"},
      {403, "AccessDenied", ErrorKind::kPermission, "denies access"},
      {400, "ExpiredToken", ErrorKind::kPermission, "expired"},
      {403, "InvalidAccessKeyId", ErrorKind::kPermission, "doesn't know the access key"},
      {403, "SignatureDoesNotMatch", ErrorKind::kPermission, "signature"},
      {403, "RequestTimeTooSkewed", ErrorKind::kPermission, "clock is 20 min behind the store's"},
      {400, "SomethingNew", ErrorKind::kIo, "SomethingNew: It says why"},
  };
  for (const auto& one : cases) {
    Script({S3Error(one.status, one.code)});
    const auto read = store_->Read("k");
    ASSERT_FALSE(read) << one.code;
    EXPECT_EQ(read.error().kind, one.kind) << one.code;
    EXPECT_NE(read.error().message.find(one.says), std::string::npos) << read.error().message;
    EXPECT_EQ(read.error().file, "s3://bucket/a/table/k");
    EXPECT_EQ(All(read.error()).find(kSecret), std::string::npos) << All(read.error());
    EXPECT_EQ(All(read.error()).find(kToken), std::string::npos) << All(read.error());
  }
}

TEST_F(S3StoreTest, WhatAHeadCannotSayIsAskedFor) {
  server_.Answer([](const ServedRequest& request) {
    return request.method == "HEAD" ? ServedAnswer{.status = 403} : S3Error(403, "InvalidAccessKeyId");
  });
  const auto stat = store_->Stat("k");
  ASSERT_FALSE(stat);
  EXPECT_NE(stat.error().message.find("access key"), std::string::npos) << stat.error().message;
}

TEST_F(S3StoreTest, MissingCredentialsAreNoMissingObject) {
  tools_.environment["AWS_ACCESS_KEY_ID"] = "";
  tools_.environment["AWS_ROLE_ARN"] = "arn:x";
  tools_.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/no/such/token";
  const auto store = OpenS3Store(S3Access::Make(tools_.Make()).value(), "s3://bucket/a").value();
  const auto stat = store->Stat("_delta_log/0.json");
  ASSERT_FALSE(stat);
  EXPECT_EQ(stat.error().kind, ErrorKind::kPermission);
  EXPECT_EQ(stat.error().file, "/no/such/token");
}

TEST_F(S3StoreTest, TheBucketsRegionIsLearnt) {
  server_.Answer([](const ServedRequest& request) {
    if (request.Header("authorization").find("/ap-south-1/s3/") != std::string::npos)
      return ServedAnswer{.body = "rows"};
    return ServedAnswer{.status = 301, .headers = {{"x-amz-bucket-region", "ap-south-1"}}};
  });
  EXPECT_EQ(store_->Read("k").value_or("?"), "rows");
  EXPECT_EQ(store_->Read("k").value_or("?"), "rows");
  EXPECT_EQ(Asked(), 3U) << "once is enough";
}

TEST_F(S3StoreTest, ALongListingComesInPages) {
  server_.Answer([](const ServedRequest& request) {
    const bool second = request.target.find("continuation-token=next%2F1") != std::string::npos;
    std::string body = "<ListBucketResult xmlns=\"http://x/\"><EncodingType>url</EncodingType>";
    body += second ? "<IsTruncated>false</IsTruncated>"
                   : "<IsTruncated>true</IsTruncated><NextContinuationToken>next/1</NextContinuationToken>";
    for (const char* key : {"log/", "log/a+b%2Bc", "log/b"}) {
      body += std::string("<Contents><Key>a/table/") + key + (second ? "2" : "") +
              "</Key><Size>3</Size><ETag>&quot;e&quot;</ETag><LastModified>2024-01-02T03:04:05.678Z</LastModified></"
              "Contents>";
    }
    return ServedAnswer{.body = body +
                                "<CommonPrefixes><Prefix>a/table/log/x/</Prefix></CommonPrefixes></ListBucketResult>"};
  });
  const auto listed = store_->List("log/", {});
  ASSERT_TRUE(listed) << listed.error().ToString();
  std::vector<std::string> keys;
  for (const ObjectInfo& info : *listed) keys.push_back(info.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"log/2", "log/a b+c", "log/a b+c2", "log/b", "log/b2"}));
  EXPECT_EQ((*listed)[1].etag, "e");
  EXPECT_EQ((*listed)[1].size_bytes, 3);
  EXPECT_EQ(FormatInstant((*listed)[1].modified), "2024-01-02T03:04:05.000Z");
}

TEST_F(S3StoreTest, DamagedListingsAreErrors) {
  for (const char* body : {"", "<html></html>", "<ListBucketResult>", "{\"a\":1}",
                           "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x"
                           "</NextContinuationToken></ListBucketResult>"}) {  // the last never ends
    Script({{.body = body}});
    EXPECT_FALSE(store_->List("log/", {})) << body;
  }
}

TEST_F(S3StoreTest, ServersWithoutRangesAreHeardToo) {
  Script({{.status = 200, .body = "0123456789"}});
  EXPECT_EQ(store_->ReadRange("k", 2, 3).value_or("?"), "234");
  EXPECT_EQ(store_->ReadRange("k", 20, 3).value_or("?"), "");
  Script({{.status = 206, .body = "0123456789"}});
  EXPECT_FALSE(store_->ReadRange("k", 2, 3)) << "more than was asked for";
}

TEST_F(S3StoreTest, ATruncatedBodyIsNotTakenForTheObject) {
  server_.Answer([this](const ServedRequest&) {
    if (++next_ > 1) return ServedAnswer{.body = "complete"};
    return ServedAnswer{
        .body = "half", .headers = {{"Content-Length", "8"}}, .what = ServedAnswer::What::kAnswerAndDrop};
  });
  EXPECT_EQ(store_->Read("k").value_or("?"), "complete");
}

TEST_F(S3StoreTest, LocationsThatNameNoBucketAreRefused) {
  for (const char* location : {"s3://bucket:9000/a", "s3://user@bucket/a", "s3://", "s3://b/../c"}) {
    const auto store = OpenS3Store(access_, location);
    ASSERT_FALSE(store) << location;
    EXPECT_EQ(store.error().kind, ErrorKind::kInvalidArgument);
  }
  EXPECT_EQ(OpenS3Store(access_, "s3a://bucket/a/").value()->location(), "s3a://bucket/a");
}

}  // namespace
}  // namespace latecomer::storage
