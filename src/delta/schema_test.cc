#include "delta/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace latecomer::delta {
namespace {

using ::testing::HasSubstr;

Metadata Mapped(const std::string& mode) {
  Metadata metadata;
  metadata.id = "t";
  metadata.schema_json =
      R"({"type":"struct","fields":[{"name":"day","type":"date","nullable":true,"metadata":{"delta.columnMapping.id":4,)"
      R"("delta.columnMapping.physicalName":"col-1"}},{"name":"x","type":{"type":"array","elementType":"long"},"metadata":{}}]})";
  metadata.partition_columns = {"day"};
  if (!mode.empty()) metadata.configuration["delta.columnMapping.mode"] = mode;
  return metadata;
}

Protocol Reader(std::int64_t version, std::vector<std::string> features = {}) {
  return Protocol{version, version == 3 ? 7 : 5, features, features};
}

TEST(Schema, ColumnMappingCountsOnlyWhenTheProtocolHasIt) {
  for (const Protocol& protocol : {Reader(2), Reader(3, {"columnMapping"})}) {
    const auto schema = ParseSchema(Mapped("name"), protocol);
    ASSERT_TRUE(schema) << schema.error().message;
    EXPECT_EQ(schema->logical_names.at("col-1"), "day");
    EXPECT_EQ(schema->columns[0].physical_name, "col-1");
    EXPECT_EQ(schema->columns[0].field_id, 4);
    EXPECT_EQ(schema->columns[1].type_json, R"({"type":"array","elementType":"long"})");
  }
  EXPECT_EQ(ParseSchema(Mapped("name"), Reader(1))->columns[0].physical_name, "day");
  EXPECT_EQ(ParseSchema(Mapped("none"), Reader(2))->columns[0].physical_name, "day");
  EXPECT_EQ(ParseSchema(Mapped("other"), Reader(2)).error().kind, ErrorKind::kUnsupported);
}

TEST(Schema, PartitionColumnsMustBeInTheSchema) {
  Metadata metadata = Mapped("");
  metadata.partition_columns = {"DAY"};  // names differ by more than case
  EXPECT_EQ(ParseSchema(metadata, Reader(1))->partition_columns[0].name, "day");
  metadata.partition_columns = {"nothing"};
  EXPECT_EQ(ParseSchema(metadata, Reader(1)).error().kind, ErrorKind::kDamaged);
  metadata.partition_columns = {"x"};
  EXPECT_EQ(ParseSchema(metadata, Reader(1)).error().kind, ErrorKind::kUnsupported);
  metadata.partition_columns = {};
  metadata.schema_json = "{\"fields\":[{\"name\":\"x\"}]}";
  EXPECT_EQ(ParseSchema(metadata, Reader(1)).error().kind, ErrorKind::kDamaged);
  metadata.schema_json = "not json";
  EXPECT_EQ(ParseSchema(metadata, Reader(1)).error().kind, ErrorKind::kDamaged);
}

TEST(Protocol, UnknownReaderFeaturesAreRefusedByName) {
  EXPECT_TRUE(CheckProtocol(Reader(1)));
  EXPECT_TRUE(CheckProtocol(Reader(3, {"deletionVectors", "v2Checkpoint", "columnMapping", "timestampNtz"})));
  const Status refused = CheckProtocol(Reader(3, {"deletionVectors", "teleportation"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(refused.error().message, HasSubstr("'teleportation'"));
  EXPECT_THAT(refused.error().message, ::testing::Not(HasSubstr("deletionVectors")));
  EXPECT_EQ(CheckProtocol(Reader(3, {"catalogManaged"})).error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(CheckProtocol(Reader(5)).error().kind, ErrorKind::kUnsupported);
}

TEST(Protocol, WritersFeaturesAreNoConcernOfAReader) {
  EXPECT_TRUE(CheckProtocol(Protocol{1, 7, {}, {"somethingNew"}}));
  EXPECT_TRUE(CheckProtocol(Protocol{1, 99, {}, {}}));
}

}  // namespace
}  // namespace latecomer::delta
