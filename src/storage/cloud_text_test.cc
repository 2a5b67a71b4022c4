// What the stores' protocols are made of: locations, XML, dates, hashes, profiles.
#include <gtest/gtest.h>

#include "storage/aws_profile.h"
#include "storage/cloud_location.h"
#include "storage/cloud_request.h"
#include "storage/digest.h"
#include "storage/xml_text.h"

namespace latecomer::storage {
namespace {

TEST(CloudLocation, IsTakenApart) {
  const auto parsed = ParseCloudLocation("S3://bucket//a/k=caf\xc3\xa9 %20#?/");
  ASSERT_TRUE(parsed) << parsed.error().ToString();
  EXPECT_EQ(parsed->scheme, "s3");
  EXPECT_EQ(parsed->authority, "bucket");
  EXPECT_EQ(parsed->path, "a/k=caf\xc3\xa9 %20#?");
  EXPECT_EQ(parsed->Root(), "a/k=caf\xc3\xa9 %20#?/");
  EXPECT_EQ(parsed->Uri(), "s3://bucket/a/k=caf\xc3\xa9 %20#?");
  EXPECT_EQ(ParseCloudLocation("gs://b")->Root(), "");
  EXPECT_EQ(ParseCloudLocation("abfss://c@a.dfs.core.windows.net/t")->authority, "c@a.dfs.core.windows.net");
}

TEST(CloudLocation, WrongOnesAreRefused) {
  for (const char* location :
       {"s3://", "s3:///a", "s3://b/../a", "s3://b/a/./c", "bucket/a", "s3://b?x=1/a", "s3://b b/a", "s3://b%2e/a"}) {
    const auto parsed = ParseCloudLocation(location);
    ASSERT_FALSE(parsed) << location;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidArgument) << location;
  }
  const auto password = ParseCloudLocation("s3://AKIAKEY:hush-hush@bucket/a");
  ASSERT_FALSE(password);
  EXPECT_EQ((password.error().ToString() + password.error().hint).find("hush-hush"), std::string::npos);
}

TEST(XmlText, AListingIsRead) {
  const auto root = ParseXml(
      "<?xml version=\"1.0\"?>\n<!-- x --><r xmlns=\"http://a/b\"><k>a&amp;b&lt;&#x41;&#228;</k><e/><n:i "
      "a='1'><k>2</k></n:i>"
      "</r>");
  ASSERT_TRUE(root) << root.error().ToString();
  EXPECT_EQ(root->name, "r");
  EXPECT_EQ(root->Text("k"), "a&b<A\xc3\xa4");
  ASSERT_NE(root->Find("i"), nullptr);
  EXPECT_EQ(root->Find("i")->Text("k"), "2");
  EXPECT_EQ(root->Text("e"), "");
  EXPECT_EQ(root->Find("none"), nullptr);
  EXPECT_EQ(ParseXml("<a>" + XmlEscape("<&>\"x") + "</a>")->text, "<&>\"x");
}

TEST(XmlText, WhatIsNoneIsRefused) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  for (const std::string& text :
       {std::string(""), std::string("text"), std::string("<a>"), std::string("<a></b>"), std::string("</a>"),
        std::string("<a>&none;</a>"), std::string("<a>&#0;</a>"), std::string("<a>&#x110000;</a>"), std::string("<a>&"),
        std::string("<"), std::string("<>"), std::string("<a"),
        std::string("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), std::string("<!-- "), std::string("<?x "), deep}) {
    const auto root = ParseXml(text);
    ASSERT_FALSE(root) << text;
    EXPECT_EQ(root.error().kind, ErrorKind::kDamaged);
  }
}

TEST(CloudRequest, DatesOfHeaders) {
  const auto at = ParseHttpDate("Wed, 21 Oct 2015 07:28:00 GMT");
  ASSERT_TRUE(at);
  EXPECT_EQ(FormatInstant(*at), "2015-10-21T07:28:00.000Z");
  EXPECT_EQ(FormatHttpDate(*at), "Wed, 21 Oct 2015 07:28:00 GMT");
  for (const char* text : {"", "2015-10-21T07:28:00Z", "Wed, 31 Feb 2015 07:28:00 GMT", "Wed, 21 Okt 2015 07:28:00 GMT",
                           "Wed, 21 Oct 2015 25:28:00 GMT"}) {
    EXPECT_FALSE(ParseHttpDate(text)) << text;
  }
  http::Response response;
  response.headers = {{"date", "Wed, 21 Oct 2015 07:28:00 GMT"}, {"retry-after", "7"}};
  EXPECT_EQ(ClockDifference(response, *at + std::chrono::minutes(20)), "20 min ahead of");
  EXPECT_EQ(ClockDifference(response, *at - std::chrono::hours(2)), "2 h behind");
  EXPECT_EQ(RetryAfter(response, *at), std::chrono::seconds(7));
  response.headers["retry-after"] = "Wed, 21 Oct 2015 07:28:03 GMT";
  EXPECT_EQ(RetryAfter(response, *at), std::chrono::seconds(3));
  response.headers["retry-after"] = "soon";
  EXPECT_EQ(RetryAfter(response, *at), std::nullopt);
}

TEST(Digest, KnownValues) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
  // RFC 4231, test case 2.
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Base64("\xff\xfe\xfd"), "//79");
  EXPECT_EQ(Base64("a"), "YQ==");
  EXPECT_EQ(Base64Url("\xff\xfe\xfd\xfc"), "__79_A");
  EXPECT_EQ(FromBase64("YWI="), "ab");
  EXPECT_EQ(FromBase64("YQ=="), "a");
  EXPECT_FALSE(FromBase64("YQ"));
  EXPECT_FALSE(FromBase64("Y*=="));
  const auto signature = SignRs256("-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n", "x");
  ASSERT_FALSE(signature);
  EXPECT_EQ(signature.error().ToString().find("hush"), std::string::npos);
}

TEST(AwsProfile, BothFilesOfAProfile) {
  std::map<std::string, AwsProfile> profiles;
  AddProfiles(
      "[default]\nregion = eu-west-1\n; note\n[profile work]\nrole_arn=arn:x\ns3 =\n  region = nested\n"
      "[sso-session x]\nsso_start_url = y\n",
      AwsFile::kConfig, profiles);
  AddProfiles("[default]\r\naws_access_key_id = AKIA\r\n# note\n[work]\nAws_Secret_Access_Key=a=b\n",
              AwsFile::kCredentials, profiles);
  EXPECT_EQ(profiles["default"], (AwsProfile{{"region", "eu-west-1"}, {"aws_access_key_id", "AKIA"}}));
  EXPECT_EQ(profiles["work"], (AwsProfile{{"role_arn", "arn:x"}, {"s3", ""}, {"aws_secret_access_key", "a=b"}}));
  EXPECT_EQ(profiles.size(), 2U);
}

}  // namespace
}  // namespace latecomer::storage
