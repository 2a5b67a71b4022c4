#include "delta/commit_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace latecomer::delta {
namespace {

// Writes down what it is given.
class Recorder final : public ActionSink {
 public:
  std::vector<std::string> seen;
  CommitInfo info;

  Status OnAdd(const FileAction& file) override { return Note("add", file); }
  Status OnRemove(const FileAction& file) override { return Note("remove", file); }
  Status OnMetadata(Metadata&& metadata) override {
    seen.push_back("metaData " + metadata.id);
    return {};
  }
  Status OnProtocol(Protocol&& protocol) override {
    seen.push_back("protocol " + std::to_string(protocol.min_reader_version));
    return {};
  }
  Status OnTransaction(Transaction&& txn) override {
    seen.push_back("txn " + txn.app_id + " " + std::to_string(txn.version));
    return {};
  }
  Status OnCommitInfo(CommitInfo&& given) override {
    info = std::move(given);
    return {};
  }

 private:
  Status Note(const std::string& action, const FileAction& file) {
    std::string text = action + " " + std::string(file.path) + " " + std::string(file.partition_values.value_or("-"));
    text += " " + (file.records ? std::to_string(*file.records) : "?");
    if (file.deletion_vector != nullptr) text += " " + DeletionVectorId(*file.deletion_vector);
    seen.push_back(text);
    return {};
  }
};

struct Outcome {
  std::vector<std::string> seen;
  std::optional<Error> error;
  CommitInfo info;
};

Outcome Parse(std::string text) {
  const std::size_t size = text.size();
  text.append(kParserPadding, '}');  // what follows must not matter, least of all a brace
  CommitParser parser;
  Recorder recorder;
  const Status status = parser.Parse(std::string_view(text).substr(0, size), "f.json", Wanted{}, recorder);
  return {recorder.seen, status ? std::nullopt : std::optional(status.error()), recorder.info};
}

constexpr char kAdd[] =
    R"({"add":{"path":"a","partitionValues":{"d":"1"},"size":5,"modificationTime":1,"dataChange":true,"stats":"{\"numRecords\":7}"}})";
const std::string kSeen = R"(add a {"d":"1"} 7)";

void ExpectDamaged(const std::string& text, std::int64_t line, const std::string& message = "") {
  const Outcome outcome = Parse(text);
  ASSERT_TRUE(outcome.error) << text;
  EXPECT_EQ(outcome.error->kind, ErrorKind::kDamaged) << text;
  EXPECT_EQ(outcome.error->file, "f.json");
  EXPECT_EQ(outcome.error->line, line) << text << ": " << outcome.error->message;
  EXPECT_THAT(outcome.error->message, ::testing::HasSubstr(message));
}

TEST(CommitParser, ReadsAnAdd) {
  EXPECT_THAT(Parse(kAdd).seen, ::testing::ElementsAre(kSeen));
  EXPECT_THAT(Parse(std::string(kAdd) + "\n").seen, ::testing::ElementsAre(kSeen));
}

TEST(CommitParser, AcceptsHarmlessOddities) {
  const std::string add = kAdd;
  EXPECT_THAT(Parse("\xEF\xBB\xBF" + add + "\n").seen, ::testing::ElementsAre(kSeen));
  EXPECT_THAT(Parse(add + "\r\n" + add + "\r\n").seen, ::testing::ElementsAre(kSeen, kSeen));
  EXPECT_THAT(Parse("\n\n  \n" + add + "\n\n\t\n").seen, ::testing::ElementsAre(kSeen));
  EXPECT_THAT(Parse("").seen, ::testing::IsEmpty());
  EXPECT_FALSE(Parse("{}\n{\"newAction\":{\"x\":[1,{}]}}\n{\"add\":null,\"remove\":null}\n").error);
}

TEST(CommitParser, EscapedKeysDoNotHideAnAction) {
  EXPECT_THAT(Parse(R"({"\u0061dd":{"p\u0061th":"a","partitionValues":{},"size":1,"dataChange":true}})").seen,
              ::testing::ElementsAre("add a {} ?"));
}

TEST(CommitParser, OfAKeyThatIsThereTwiceTheLastCounts) {
  EXPECT_THAT(Parse(R"({"add":{"path":"b","path":"a","partitionValues":{},"size":1,"size":2,"dataChange":true}})").seen,
              ::testing::ElementsAre("add a {} ?"));
}

TEST(CommitParser, TwoActionsInOneObjectAreBothSeen) {
  const auto seen = Parse(R"({"txn":{"appId":"x","version":1},"remove":{"path":"a","dataChange":false}})").seen;
  EXPECT_THAT(seen, ::testing::ElementsAre("txn x 1", "remove a - ?"));
}

TEST(CommitParser, DamagedLinesAreNamed) {
  const std::string add = kAdd;
  const std::string cut = add.substr(0, add.size() - 1);
  ExpectDamaged(cut, 1);
  ExpectDamaged(add + "\n" + cut + "\n" + add, 2);  // a brace missing in the middle must not eat the next line
  ExpectDamaged(add + "\n" + add.substr(0, 40), 2);
  ExpectDamaged(add + add, 1);
  ExpectDamaged(add + "x", 1);
  ExpectDamaged(add + "}", 1);
  ExpectDamaged(add + "\n\n[1]\n", 3, "no JSON object");
  ExpectDamaged("{\n  \"add\": {}\n}\n", 1);  // pretty-printed
  ExpectDamaged(add + "\n\xEF\xBB\xBF" + add, 2);
  ExpectDamaged(add + "\n" + std::string(8, '\0'), 2);
  ExpectDamaged("{\"add\":{\"path\":\"\xFF\",\"partitionValues\":{},\"size\":1,\"dataChange\":true}}", 1);
}

TEST(CommitParser, FieldsThatMatterMustBeThereAndOfTheirType) {
  ExpectDamaged(R"({"add":{"partitionValues":{},"size":1,"dataChange":true}})", 1, "add without path");
  ExpectDamaged(R"({"add":{"path":"a","size":1,"dataChange":true}})", 1, "partitionValues");
  ExpectDamaged(R"({"add":{"path":"a","partitionValues":{},"dataChange":true}})", 1, "size");
  ExpectDamaged(R"({"add":{"path":"a","partitionValues":{},"size":1}})", 1, "dataChange");
  ExpectDamaged(R"({"add":{"path":7,"partitionValues":{},"size":1,"dataChange":true}})", 1, "add.path is not a string");
  ExpectDamaged(R"({"add":{"path":"a","partitionValues":[],"size":1,"dataChange":true}})", 1, "add.partitionValues");
  ExpectDamaged(R"({"add":{"path":"a","partitionValues":{},"size":"1","dataChange":true}})", 1, "add.size");
  ExpectDamaged(R"({"add":{"path":"a","partitionValues":{},"size":1,"dataChange":"true"}})", 1, "add.dataChange");
  ExpectDamaged(R"({"add":{"path":"a","partitionValues":{},"size":-1,"dataChange":true}})", 1, "negative");
  ExpectDamaged(R"({"add":{"path":"a","partitionValues":{},"size":99999999999999999999999,"dataChange":true}})", 1,
                "add.size");
  ExpectDamaged(R"({"add":{"path":"a","partitionValues":{},"size":1e3,"dataChange":true}})", 1, "add.size");
  ExpectDamaged(R"({"add":7})", 1, "add is not an object");
  ExpectDamaged(R"({"txn":{"appId":"x"}})", 1, "txn without version");
  ExpectDamaged(R"({"metaData":{"id":"x","partitionColumns":[]}})", 1, "schemaString");
  ExpectDamaged(R"({"protocol":{"minReaderVersion":"1","minWriterVersion":2}})", 1, "minReaderVersion");
}

std::string StatsSeen(const std::string& stats) {
  const auto seen =
      Parse(R"({"add":{"path":"a","partitionValues":{},"size":1,"dataChange":true,"stats":)" + stats + "}}").seen;
  return seen.empty() ? "error" : seen.front();
}

TEST(CommitParser, RowsComeFromStatsAndAreNeverGuessed) {
  EXPECT_EQ(StatsSeen(R"("{\"numRecords\":3,\"minValues\":{}}")"), "add a {} 3");
  EXPECT_EQ(StatsSeen(R"("{\"minValues\":{\"numRecords\":9},\"numRecords\":3}")"), "add a {} 3");
  EXPECT_EQ(StatsSeen(R"("{ \"numRecords\" : 3 }")"), "add a {} 3");
  for (const char* unknown :
       {"null", R"("")", R"("{}")", R"("{\"numRecords\":-3}")", R"("{\"numRecords\":3.5}")",
        R"("{\"numRecords\":\"3\"}")", R"("{\"numRecords\":99999999999999999999}")", R"("nonsense")"}) {
    EXPECT_EQ(StatsSeen(unknown), "add a {} ?") << unknown;
  }
  EXPECT_EQ(StatsSeen("{}"), "error");
}

TEST(CommitParser, DeletionVectors) {
  const std::string start = R"({"add":{"path":"a","partitionValues":{},"size":1,"dataChange":true,"deletionVector":)";
  EXPECT_THAT(
      Parse(start + R"({"storageType":"u","pathOrInlineDv":"xyz","offset":1,"sizeInBytes":3,"cardinality":2}}})").seen,
      ::testing::ElementsAre("add a {} ? uxyz@1"));
  EXPECT_THAT(Parse(start + "null}}").seen, ::testing::ElementsAre("add a {} ?"));
  ExpectDamaged(start + R"({"storageType":"u","pathOrInlineDv":"xyz","sizeInBytes":3}}})", 1, "cardinality");
}

TEST(CommitParser, CommitInfoIsProvenanceOnly) {
  const Outcome outcome = Parse(
      R"({"commitInfo":{"timestamp":"soon","inCommitTimestamp":5,"operation":"WRITE","operationMetrics":{"numOutputRows":"7","x":"-","y":8}}})");
  ASSERT_FALSE(outcome.error);
  EXPECT_FALSE(outcome.info.timestamp);
  EXPECT_EQ(outcome.info.in_commit_timestamp, 5);
  EXPECT_EQ(outcome.info.operation, "WRITE");
  EXPECT_EQ(outcome.info.operation_metrics, (std::map<std::string, std::int64_t>{{"numOutputRows", 7}, {"y", 8}}));
}

TEST(ParseStringMap, TakesStringsNullsAndPlainValues) {
  const auto map = ParseStringMap(R"({"a":"1\u00e9","b":null,"c":7,"d":true,"e":""})");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->at("a"), "1é");
  EXPECT_EQ(map->at("b"), std::nullopt);
  EXPECT_EQ(map->at("c"), "7");
  EXPECT_EQ(map->at("d"), "true");
  EXPECT_EQ(map->at("e"), "");
  EXPECT_FALSE(ParseStringMap(R"({"a":{}})"));
  EXPECT_FALSE(ParseStringMap("[]"));
}

}  // namespace
}  // namespace latecomer::delta
