#include "delta/write_rules.h"

#include <gtest/gtest.h>

#include "delta/column_types.h"
#include "delta/parquet_stats.h"

namespace latecomer::delta {
namespace {

Metadata Plain() {
  Metadata metadata;
  metadata.id = "t";
  metadata.format_provider = "parquet";
  metadata.schema_json = R"({"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":{}}]})";
  return metadata;
}

Protocol Features(std::vector<std::string> features) {
  return {3, 7, {}, std::move(features)};
}

TEST(WriteRules, FeaturesThatAskNothingOfAnAppendAreTaken) {
  EXPECT_TRUE(CheckWritable({1, 2, {}, {}}, Plain(), WriteKind::kAppend));
  EXPECT_TRUE(CheckWritable(
      Features({"deletionVectors", "changeDataFeed", "checkConstraints", "v2Checkpoint", "domainMetadata"}), Plain(),
      WriteKind::kReplace));
}

TEST(WriteRules, WhatAWriterWouldHaveToDoIsRefusedByName) {
  const auto message = [](const Protocol& protocol, const Metadata& metadata) {
    const Status status = CheckWritable(protocol, metadata, WriteKind::kAppend);
    return status ? std::string() : status.error().message;
  };
  EXPECT_NE(message(Features({"rowTracking"}), Plain()).find("rowTracking"), std::string::npos);
  EXPECT_NE(message(Features({"someday"}), Plain()).find("someday"), std::string::npos);
  EXPECT_NE(message({1, 8, {}, {}}, Plain()).find("writer version 8"), std::string::npos);
  Metadata constrained = Plain();
  constrained.configuration["delta.constraints.positive"] = "a > 0";
  EXPECT_NE(message({1, 3, {}, {}}, constrained).find("'positive'"), std::string::npos);
  Metadata mapped = Plain();
  mapped.configuration["delta.columnMapping.mode"] = "name";
  EXPECT_NE(message({2, 5, {}, {}}, mapped).find("column mapping"), std::string::npos);
  Metadata generated = Plain();
  generated.schema_json =
      R"({"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":{"delta.generationExpression":"b+1"}}]})";
  EXPECT_NE(message({1, 4, {}, {}}, generated).find("generated columns"), std::string::npos);
}

TEST(ColumnTypes, OneTextPerType) {
  EXPECT_EQ(TypeText("\"long\""), "long");
  EXPECT_EQ(TypeText(R"({"type":"array","elementType":"string","containsNull":false})"), "array<string>");
  EXPECT_EQ(
      TypeText(
          R"({"type":"struct","fields":[{"name":"a","type":{"type":"map","keyType":"string","valueType":"long"}}]})"),
      "struct<a:map<string,long>>");
}

TEST(ColumnTypes, NewTablesNeedNamesThatEveryReaderTakes) {
  EXPECT_TRUE(CheckNewSchema({{{"a", "\"long\""}, {"day", "\"string\""}}, {"day"}}));
  EXPECT_FALSE(CheckNewSchema({{{"a b", "\"long\""}}, {}}));
  EXPECT_FALSE(CheckNewSchema({{{"a", "\"long\""}, {"A", "\"long\""}}, {}}));
  EXPECT_FALSE(CheckNewSchema({{{"day", "\"string\""}}, {"day"}}));
}

TEST(ColumnTypes, ADamagedSchemaIsAnError) {
  Metadata metadata = Plain();
  for (const char* text : {"", "{}", "[]", R"({"type":"struct","fields":[{"name":"a"}]})",
                           R"({"fields":[{"name":1,"type":"long"}]})", R"({"fields":[{"name":"a","type":7}]})"}) {
    metadata.schema_json = text;
    EXPECT_FALSE(ReadWriteSchema(metadata)) << text;
  }
}

TEST(ParquetStats, LongTextsAreCutSoThatTheyStayBounds) {
  const std::string text(40, 'm');
  EXPECT_EQ(LowerBound(text), std::string(32, 'm'));
  EXPECT_GT(UpperBound(text), text);
  EXPECT_LE(UpperBound(text).size(), 33U);
  EXPECT_EQ(UpperBound("short"), "short");
  const std::string umlauts = [] {
    std::string out;
    for (int i = 0; i < 40; ++i) out += "ü";
    return out;
  }();
  EXPECT_EQ(LowerBound(umlauts).size(), 64U);
  EXPECT_GT(UpperBound(umlauts), umlauts);
  EXPECT_EQ(UpperBound(std::string(32, 'a') + "\xF4\x8F\xBF\xBF"), "");  // nothing is larger
}

}  // namespace
}  // namespace latecomer::delta
