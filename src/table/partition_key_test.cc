#include "table/partition_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace latecomer::table {
namespace {

using ::testing::HasSubstr;
using Texts = std::map<std::string, std::optional<std::string>>;

PartitionSchema Schema(std::initializer_list<std::pair<const char*, const char*>> columns) {
  PartitionSchema schema;
  for (const auto& [name, type] : columns) schema.push_back({name, ParseDataType(type).value()});
  return schema;
}

const PartitionSchema kDay = Schema({{"event_time", "date"}});
const PartitionSchema kMonthAndCountry = Schema({{"year", "integer"}, {"month", "integer"}, {"country", "string"}});

PartitionKey Key(const PartitionSchema& schema, const Texts& texts) {
  auto key = PartitionKey::FromTexts(schema, texts);
  if (!key) ADD_FAILURE() << key.error().ToString();
  return key.value_or(PartitionKey());
}

PartitionKey Path(const PartitionSchema& schema, std::string_view path) {
  auto key = PartitionKey::ParsePath(schema, path);
  if (!key) ADD_FAILURE() << path << ": " << key.error().ToString();
  return key.value_or(PartitionKey());
}

TEST(PartitionKey, OfTheLog) {
  const PartitionKey key = Key(kMonthAndCountry, {{"country", "de"}, {"month", "09"}, {"year", "2024"}});
  ASSERT_EQ(key.size(), 3U);
  EXPECT_EQ(key.name(0), "year");
  EXPECT_EQ(key.value(1).AsInteger(), 9);
  EXPECT_EQ(key.Display(), "year=2024/month=09/country=de");
  EXPECT_EQ(key.Canonical(), R"({"year":"2024","month":"9","country":"de"})");
  EXPECT_EQ(key.LogJson(), R"({"year":"2024","month":"09","country":"de"})");
  ASSERT_NE(key.Find("country"), nullptr);
  EXPECT_EQ(key.Find("country")->text(), "de");
  EXPECT_EQ(key.Find("Country"), nullptr);
}

TEST(PartitionKey, WhatTheLogLeavesOutIsNull) {
  const PartitionKey key = Key(kMonthAndCountry, {{"year", "2024"}, {"month", std::nullopt}});
  EXPECT_TRUE(key.value(1).IsNull());
  EXPECT_TRUE(key.value(2).IsNull());
  EXPECT_EQ(key.Display(), "year=2024/month=null/country=null");
  EXPECT_EQ(key.Canonical(), R"({"year":"2024","month":null,"country":null})");
}

TEST(PartitionKey, LogJsonTellsNullFromLeftOut) {
  const PartitionKey key({"a", "b"}, {PartitionValue::Null(), PartitionValue::Absent()});
  EXPECT_EQ(key.LogJson(), R"({"a":null})");
  EXPECT_EQ(key.Canonical(), R"({"a":null,"b":null})");
}

TEST(PartitionKey, OfTheLogWithAnUnknownColumn) {
  const auto key = PartitionKey::FromTexts(kDay, {{"event_time", "2024-01-01"}, {"oops", "1"}});
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().kind, ErrorKind::kDamaged);
  EXPECT_THAT(key.error().message, HasSubstr("oops"));
  EXPECT_FALSE(PartitionKey::FromTexts(kDay, {{"event_time", "2024-02-30"}}));
}

TEST(PartitionKey, OfAnUnpartitionedTable) {
  const PartitionKey key = Key({}, {});
  EXPECT_TRUE(key.Empty());
  EXPECT_EQ(key.Display(), "(whole table)");
  EXPECT_EQ(key.Canonical(), "{}");
  EXPECT_EQ(key.LogJson(), "{}");
  EXPECT_EQ(HivePath(key), "");
  EXPECT_EQ(key, PartitionKey());
  EXPECT_EQ(Path({}, ""), key);
  EXPECT_EQ(ParseCanonicalKey({}, "{}").value(), key);
}

TEST(PartitionKey, OrderIsThatOfTheValues) {
  const auto key = [](const char* year, const char* month) {
    return Key(kMonthAndCountry, {{"year", year}, {"month", month}, {"country", "de"}});
  };
  EXPECT_LT(key("2024", "9"), key("2024", "10"));
  EXPECT_LT(key("2023", "12"), key("2024", "1"));
  EXPECT_EQ(key("2024", "09"), key("2024", "9"));
  std::vector<PartitionKey> keys{key("2024", "10"), key("2024", "9"), key("2024", "1"), key("2023", "12")};
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(keys.front().Display(), "year=2023/month=12/country=de");
  EXPECT_EQ(keys.back().Display(), "year=2024/month=10/country=de");
}

TEST(PartitionKey, TwoPartitioningsStayApartByName) {
  const PartitionKey a = Key(Schema({{"part", "integer"}}), {{"part", "1"}});
  const PartitionKey b = Key(Schema({{"day", "integer"}}), {{"day", "1"}});
  const NamesThenValues before;
  EXPECT_EQ(a, b) << "operator== looks at values only";
  EXPECT_TRUE(before(b, a));
  EXPECT_FALSE(before(a, b));
  EXPECT_FALSE(before(a, a));
  EXPECT_TRUE(before(PartitionKey(), a));
}

TEST(PartitionPath, AsPeopleWriteIt) {
  EXPECT_EQ(Path(kDay, "event_time=2024-01-01").Canonical(), R"({"event_time":"2024-01-01"})");
  EXPECT_EQ(Path(kMonthAndCountry, "country=de/month=9/year=2024").Display(), "year=2024/month=9/country=de");
  EXPECT_EQ(Path(kMonthAndCountry, "year=2024/month=9/country=a%2Fb").value(2).text(), "a/b");
  EXPECT_EQ(Path(kMonthAndCountry, "year=2024/month=9/country=a=b").value(2).text(), "a=b");
  EXPECT_TRUE(Path(kMonthAndCountry, "year=2024/month=9/country=__HIVE_DEFAULT_PARTITION__").value(2).IsNull());
  EXPECT_TRUE(Path(kMonthAndCountry, "year=2024/month=9/country=").value(2).IsNull());
}

TEST(PartitionPath, Errors) {
  const auto error = [](const PartitionSchema& schema, std::string_view path) {
    const auto key = PartitionKey::ParsePath(schema, path);
    if (key) {
      ADD_FAILURE() << path << " is taken for " << key->Display();
      return Error();
    }
    EXPECT_EQ(key.error().kind, ErrorKind::kInvalidArgument) << path;
    return key.error();
  };
  EXPECT_THAT(error(kDay, "2024-01-01").hint, HasSubstr("column=value"));
  EXPECT_THAT(error(kDay, "event_tme=2024-01-01").hint, HasSubstr("event_time"));
  EXPECT_THAT(error(kDay, "event_time=2024-02-30").message, HasSubstr("2024-02-30"));
  EXPECT_THAT(error(kDay, "event_time=2024-01-01/event_time=2024-01-01").message, HasSubstr("twice"));
  EXPECT_THAT(error(kMonthAndCountry, "year=2024/country=de").message, HasSubstr("month"));
  error(kDay, "");
  error(kDay, "event_time=2024-01-01/");
  error(kDay, "/event_time=2024-01-01");
  error({}, "event_time=2024-01-01");
}

// As Spark 3.5 names the folders of these values; its log shows them once more URI-encoded.
TEST(HivePath, IsThatOfSpark) {
  const auto path = [](const std::string& value) { return HivePath(Key(Schema({{"k", "string"}}), {{"k", value}})); };
  EXPECT_EQ(path("2024 01 01"), "k=2024 01 01");
  EXPECT_EQ(path("2024/01/01"), "k=2024%2F01%2F01");
  EXPECT_EQ(path("%2F"), "k=%252F");
  EXPECT_EQ(path("{curly}[sq]"), "k=%7Bcurly}%5Bsq%5D");
  EXPECT_EQ(path("\x7f"), "k=%7F");
  EXPECT_EQ(path("100%"), "k=100%25");
  EXPECT_EQ(path("a\"b'c"), "k=a%22b%27c");
  EXPECT_EQ(path("a:b"), "k=a%3Ab");
  EXPECT_EQ(path("a=b"), "k=a%3Db");
  EXPECT_EQ(path("back\\slash"), "k=back%5Cslash");
  EXPECT_EQ(path("caf\xc3\xa9 \xf0\x9f\x98\x80"), "k=caf\xc3\xa9 \xf0\x9f\x98\x80");
  EXPECT_EQ(path("tab\there"), "k=tab%09here");
  EXPECT_EQ(path("trailing "), "k=trailing ");
  EXPECT_EQ(path("x+y&z?#"), "k=x+y&z%3F%23");
  EXPECT_EQ(path("\x01\x1f*^"), "k=%01%1F%2A%5E");
  EXPECT_EQ(path("<|>~!@$(),;`"), "k=<|>~!@$(),;`");
  EXPECT_EQ(path(""), "k=__HIVE_DEFAULT_PARTITION__");
  EXPECT_EQ(HivePath(Key(kMonthAndCountry, {{"year", "2024"}, {"month", "09"}})),
            "year=2024/month=09/country=__HIVE_DEFAULT_PARTITION__");
  EXPECT_EQ(HivePath(Key(Schema({{"a b:c", "timestamp"}}), {{"a b:c", "2024-01-01 00:00:00"}})),
            "a b%3Ac=2024-01-01 00%3A00%3A00");
}

TEST(Display, IsSafeOnATerminal) {
  EXPECT_EQ(Key(Schema({{"k\n", "string"}}), {{"k\n", "\x1b[2J"}}).Display(), "k\\n=\\x1b[2J");
}

TEST(CanonicalKey, RefusesWhatIsNone) {
  for (const char* json :
       {"", "{", "[]", "null", "1", R"({"event_time":20240101})", R"({"event_time":"2024-02-30"})",
        R"({"other":"2024-01-01"})", R"({"event_time":"2024-01-01","other":"x"})", "{}", R"({"event_time":{}})"}) {
    const auto key = ParseCanonicalKey(kDay, json);
    ASSERT_FALSE(key) << json;
    EXPECT_EQ(key.error().kind, ErrorKind::kDamaged);
  }
}

TEST(CanonicalKey, EqualKeysOfOtherSpellingHaveOne) {
  const PartitionSchema schema = Schema({{"t", "timestamp"}, {"d", "decimal(10,2)"}});
  EXPECT_EQ(Key(schema, {{"t", "2024-01-01 00:00:00"}, {"d", "1.50"}}).Canonical(),
            Key(schema, {{"t", "2024-01-01T01:00:00+01:00"}, {"d", "1.5"}}).Canonical());
}

TEST(CanonicalKey, ReadsOtherSpellingsOfItsJsonAsTheSameKey) {
  const PartitionSchema schema = Schema({{"day", "date"}, {"country", "string"}});
  const PartitionKey key = Key(schema, {{"day", "2024-01-01"}, {"country", "de"}});
  for (const char* json : {R"({"day":"2024-01-01","country":"de"})", R"({"country":"de","day":"2024-01-01"})",
                           R"({ "day": "2024-01-01", "country": "de" })", R"({"day":"2024-01-01","country":"d\u0065"})",
                           R"({"d\u0061y":"2024-01-01","country":"de"})"}) {
    const auto read = ParseCanonicalKey(schema, json);
    ASSERT_TRUE(read) << json;
    EXPECT_EQ(*read, key) << json;
  }
  const auto half = ParseCanonicalKey(schema, R"({"day":null,"country":""})");
  ASSERT_TRUE(half);
  EXPECT_EQ(*half, Key(schema, {}));
  for (const char* json : {R"({"day":"2024-01-01","country":"de")", R"({"day":"2024-01-01","country":"de"}})",
                           R"({"day":"2024-01-01" "country":"de"})", R"({"day":"2024-01-01","country":"de})",
                           "{\"day\":\"2024-01-01\",\"country\":\"d\xff\"}"}) {
    EXPECT_FALSE(ParseCanonicalKey(schema, json)) << json;
  }
}

rc::Gen<std::string> AnyUtf8() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{"a",
                                                                                               "Z",
                                                                                               "0",
                                                                                               " ",
                                                                                               "/",
                                                                                               "=",
                                                                                               "%",
                                                                                               "%2F",
                                                                                               "\"",
                                                                                               "\\",
                                                                                               "\n",
                                                                                               "\x01",
                                                                                               "\x7f",
                                                                                               "{",
                                                                                               "}",
                                                                                               "\xc3\xa9",
                                                                                               "\xf0\x9f\x98\x80",
                                                                                               ".",
                                                                                               "..",
                                                                                               "__HIVE"})),
      [](const std::vector<std::string>& parts) {
        std::string text;
        for (const std::string& part : parts) text += part;
        return text;
      });
}

RC_GTEST_PROP(PartitionKeyProperty, PathAndCanonicalTextLeadBack, ()) {
  std::string name = *AnyUtf8() + "n";
  const PartitionSchema schema{{name, DataType{}}, {"number", ParseDataType("integer").value()}};
  const PartitionKey key =
      PartitionKey::FromTexts(schema, {{name, *AnyUtf8()}, {"number", std::to_string(*rc::gen::arbitrary<int>())}})
          .value();
  RC_LOG() << key.Canonical();
  RC_ASSERT(PartitionKey::ParsePath(schema, HivePath(key)).value() == key);
  RC_ASSERT(ParseCanonicalKey(schema, key.Canonical()).value() == key);
  RC_ASSERT(ParseCanonicalKey(schema, key.Canonical())->Canonical() == key.Canonical());
}

RC_GTEST_PROP(PartitionKeyProperty, AnyPathIsTakenOrRefused, (const std::string& path)) {
  const auto key = PartitionKey::ParsePath(kMonthAndCountry, path);
  RC_ASSERT(key || key.error().kind == ErrorKind::kInvalidArgument);
  const auto canonical = ParseCanonicalKey(kMonthAndCountry, path);
  RC_ASSERT(canonical || canonical.error().kind == ErrorKind::kDamaged);
}

}  // namespace
}  // namespace latecomer::table
