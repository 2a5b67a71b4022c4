#include "executor/spark_text.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

namespace latecomer::executor {
namespace {

using table::PartitionKey;
using table::PartitionSchema;
using table::TypeKind;
using Texts = std::map<std::string, std::optional<std::string>>;

PartitionSchema SchemaOf(const std::string& name, const std::string& type) {
  return {{.name = name, .type = *table::ParseDataType(type)}};
}

std::string Condition(const PartitionSchema& schema, const Texts& texts) {
  const auto key = PartitionKey::FromTexts(schema, texts);
  if (!key) return key.error().ToString();
  const auto condition = SparkCondition(schema, *key);
  return condition ? *condition : condition.error().ToString();
}

std::string OfOne(const std::string& type, const std::string& text) {
  return Condition(SchemaOf("c", type), {{"c", text}});
}

TEST(SparkText, ValuesAreOfTheirColumnsType) {
  EXPECT_EQ(OfOne("date", "2024-01-01"), "`c` = CAST('2024-01-01' AS DATE)");
  EXPECT_EQ(OfOne("string", "2024-01"), "`c` = '2024-01'");
  EXPECT_EQ(OfOne("integer", "07"), "`c` = CAST('7' AS INT)");
  EXPECT_EQ(OfOne("long", "-7"), "`c` = CAST('-7' AS BIGINT)");
  EXPECT_EQ(OfOne("boolean", "true"), "`c` = CAST('true' AS BOOLEAN)");
  EXPECT_EQ(OfOne("decimal(10,2)", "1.50"), "`c` = CAST('1.5' AS DECIMAL(10,2))");
  EXPECT_EQ(OfOne("timestamp", "2024-01-01 05:00:00"), "`c` = CAST('2024-01-01T05:00:00.000000Z' AS TIMESTAMP)");
  EXPECT_EQ(OfOne("timestamp_ntz", "2024-01-01 05:00:00"), "`c` = CAST('2024-01-01T05:00:00.000000' AS TIMESTAMP_NTZ)");
  EXPECT_NE(OfOne("binary", "x").find("binary column 'c'"), std::string::npos);
}

TEST(SparkText, NoTextEndsItsLiteral) {
  EXPECT_EQ(OfOne("string", "a'b"), "`c` = CAST(X'612762' AS STRING)");
  EXPECT_EQ(OfOne("string", "a\\"), "`c` = CAST(X'615C' AS STRING)");
  EXPECT_EQ(OfOne("string", "${env:HOME}"), "`c` = CAST(X'247B656E763A484F4D457D' AS STRING)");
  EXPECT_EQ(OfOne("string", "ä"), "`c` = CAST(X'C3A4' AS STRING)");
  EXPECT_EQ(Condition(SchemaOf("a`b", "string"), {{"a`b", "x"}}), "`a``b` = 'x'");
}

TEST(SparkText, SeveralColumnsAndNulls) {
  PartitionSchema schema = SchemaOf("day", "date");
  schema.push_back(SchemaOf("country", "string").front());
  EXPECT_EQ(Condition(schema, {{"day", "2024-01-01"}, {"country", std::nullopt}}),
            "`day` = CAST('2024-01-01' AS DATE) AND `country` IS NULL");
  EXPECT_EQ(Condition({}, {}), "true");
}

TEST(SparkText, AnyOfSeveralPartitions) {
  const PartitionSchema days = SchemaOf("day", "date");
  std::set<PartitionKey> keys;
  EXPECT_EQ(*SparkCondition(days, keys), "false");
  for (const char* day : {"2024-01-02", "2024-01-01"}) keys.insert(*PartitionKey::FromTexts(days, {{"day", day}}));
  EXPECT_EQ(*SparkCondition(days, keys), "`day` IN (CAST('2024-01-01' AS DATE), CAST('2024-01-02' AS DATE))");
  keys.insert(*PartitionKey::FromTexts(days, {{"day", std::nullopt}}));
  EXPECT_TRUE(SparkCondition(days, keys)->ends_with(" OR `day` IS NULL"));

  PartitionSchema months = SchemaOf("year", "integer");
  months.push_back(SchemaOf("month", "integer").front());
  std::set<PartitionKey> two;
  for (const char* month : {"9", "10"}) {
    two.insert(*PartitionKey::FromTexts(months, {{"year", "2024"}, {"month", month}}));
  }
  EXPECT_EQ(*SparkCondition(months, two),
            "(`year` = CAST('2024' AS INT) AND `month` = CAST('9' AS INT)) OR "
            "(`year` = CAST('2024' AS INT) AND `month` = CAST('10' AS INT))");
}

}  // namespace
}  // namespace latecomer::executor
