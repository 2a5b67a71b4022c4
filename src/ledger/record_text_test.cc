#include "ledger/record_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace latecomer::ledger {
namespace {

TEST(VersionVectors, RoundTrip) {
  for (const VersionVector& vector : std::vector<VersionVector>{
           {},
           {{"devices", Version{3}}},
           {{"a", Version{-1}}, {"b", Version{std::numeric_limits<std::int64_t>::max()}}},
           {{"with \"quotes\"", Version{1}}, {"back\\slash", Version{2}}, {"", Version{3}}},
           {{"line\nbreak", Version{1}}, {"l\xc3\xa4nge", Version{2}}, {"a\":5,\"b", Version{3}}},
       }) {
    const std::string json = VectorToJson(vector);
    const auto back = VectorFromJson(json);
    ASSERT_TRUE(back) << json;
    EXPECT_EQ(*back, vector) << json;
  }
  EXPECT_EQ(VectorToJson({{"devices", Version{3}}}), R"({"devices":3})");
}

TEST(VersionVectors, OtherSpellingsOfTheSameAreTaken) {
  const VersionVector expected{{"a", Version{1}}, {"b", Version{2}}};
  for (const char* json : {R"({"a": 1, "b": 2})", R"({"a":1,"b":2} )", R"({"\u0061":1,"b":2})"}) {
    const auto vector = VectorFromJson(json);
    ASSERT_TRUE(vector) << json;
    EXPECT_EQ(*vector, expected) << json;
  }
}

TEST(VersionVectors, DamageIsSaid) {
  for (const char* json : {"", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1.5}", "{\"a\":\"1\"}",
                           "{\"a\":1 \"b\":2}", "[1]", "null", "{\"a\":1}{", "{a:1}", "{\":1}"}) {
    const auto vector = VectorFromJson(json);
    ASSERT_FALSE(vector) << json;
    EXPECT_EQ(vector.error().kind, ErrorKind::kDamaged);
  }
}

TEST(Schemas, RoundTripAndDamage) {
  const table::PartitionSchema schema{
      {.name = "a \"b\"", .type = {.kind = table::TypeKind::kDecimal, .precision = 5, .scale = 1}},
      {.name = "d", .type = {.kind = table::TypeKind::kDate}}};
  EXPECT_EQ(*SchemaFromJson(SchemaToJson(schema)), schema);
  EXPECT_TRUE(SchemaFromJson("[]")->empty());
  for (const char* json : {R"([{"name":"a","type":"date"},{"name":"b","type":"integer"}])",
                           R"([ {"type":"date","name":"a"}, {"name":"b", "type":"integer"} ])"}) {
    const auto read = SchemaFromJson(json);
    ASSERT_TRUE(read) << json;
    EXPECT_EQ(*read, (table::PartitionSchema{{.name = "a", .type = {.kind = table::TypeKind::kDate}},
                                             {.name = "b", .type = {.kind = table::TypeKind::kInteger}}}));
  }
  for (const char* json :
       {"", "{}", "[", "[1]", R"([{"name":"a"}])", R"([{"name":1,"type":"date"}])", R"([{"name":"a","type":"date"})",
        R"([{"name":"a","type":"date"},])", R"([{"name":"a","type":"dat"}])"}) {
    EXPECT_FALSE(SchemaFromJson(json)) << json;
  }
}

}  // namespace
}  // namespace latecomer::ledger
