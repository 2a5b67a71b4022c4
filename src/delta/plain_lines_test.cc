#include "delta/plain_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <random>

#include "delta/commit_parser.h"

namespace latecomer::delta {
namespace {

// Writes down all that it is given.
class Recorder final : public ActionSink {
 public:
  std::string seen;

  Status OnAdd(const FileAction& file) override { return Note("add", file); }
  Status OnRemove(const FileAction& file) override { return Note("remove", file); }
  Status OnMetadata(Metadata&& metadata) override {
    seen += "metaData " + metadata.id + "\n";
    return {};
  }
  Status OnProtocol(Protocol&& protocol) override {
    seen += "protocol " + std::to_string(protocol.min_reader_version) + "\n";
    return {};
  }
  Status OnTransaction(Transaction&& txn) override {
    seen += "txn " + txn.app_id + " " + std::to_string(txn.version) + "\n";
    return {};
  }
  Status OnCommitInfo(CommitInfo&& info) override {
    seen += "info " + Text(info.timestamp) + " " + Text(info.in_commit_timestamp) + " " + info.operation;
    for (const auto& [name, number] : info.operation_metrics) seen += " " + name + "=" + std::to_string(number);
    seen += "\n";
    return {};
  }

 private:
  static std::string Text(const std::optional<std::int64_t>& number) { return number ? std::to_string(*number) : "?"; }
  Status Note(const std::string& action, const FileAction& file) {
    seen += action + " " + std::string(file.path) + " " + std::string(file.partition_values.value_or("-")) + " " +
            Text(file.size_bytes) + " " + Text(file.records) + (file.data_change ? " changes" : " rearranges");
    if (file.deletion_vector != nullptr) seen += " " + DeletionVectorId(*file.deletion_vector);
    seen += "\n";
    return {};
  }
};

// All that reading a text gives: its actions up to the first problem, and that.
std::string Told(std::string text, const Wanted& wanted, LineReading reading) {
  const std::size_t size = text.size();
  text.append(kParserPadding, '}');  // what follows must not matter, least of all a brace
  CommitParser parser(reading);
  Recorder recorder;
  const Status status = parser.Parse(std::string_view(text).substr(0, size), "f.json", wanted, recorder);
  return recorder.seen + (status ? "all" : status.error().ToString());
}

std::vector<Wanted> WaysToRead() {
  std::vector<Wanted> ways(4);
  ways[1].commit_info = ways[1].transactions = false;
  ways[2].files = false;
  ways[3].operation_metrics = false;
  return ways;
}

void ExpectTheSame(const std::string& text) {
  for (const Wanted& wanted : WaysToRead()) {
    EXPECT_EQ(Told(text, wanted, LineReading::kTogether), Told(text, wanted, LineReading::kOneByOne)) << text;
  }
}

const std::string kAdd =
    R"({"add":{"path":"d=1/a","partitionValues":{"d":"1"},"size":5,"modificationTime":1,"dataChange":true,)"
    R"("stats":"{\"numRecords\":7,\"minValues\":{\"a\":\"[{\"}}","tags":{"k":["v",{"w":null}]}}})";
const std::string kRemove =
    R"({"remove":{"path":"a","deletionTimestamp":3,"dataChange":false,"extendedFileMetadata":true,"partitionValues":{},"size":0}})";
const std::string kInfo =
    R"({"commitInfo":{"timestamp":1700000000000,"operation":"WRITE","operationParameters":{"mode":"Append","by":"[]"},)"
    R"("inCommitTimestamp":1700000000001,"operationMetrics":{"numFiles":"2"},"isBlindAppend":true}})";

// Not plain in one way or other; some are damaged.
constexpr const char* kOddAdds[] = {
    R"({"add":{"path":"a b","partitionValues":{"d":"1"} ,"size": 5,"dataChange":true }})",
    R"( { "add" : { "path" : "a" , "partitionValues" : { "d" : null } , "size" : 5 , "dataChange" : true } } )",
    R"({"\u0061dd":{"path":"a","partitionValues":{},"size":5,"dataChange":true}})",
    R"({"add":{"p\u0061th":"b","path":"a","partitionValues":{},"size":5,"dataChange":true}})",
    R"({"add":{"path":"a","p\u0061th":"b","partitionValues":{},"size":5,"dataChange":true}})",
    R"({"add":{"path":"a\\b","partitionValues":{"d":"x\"y"},"size":5,"dataChange":true}})",
    R"({"add":{"path":"a","path":"b","partitionValues":{},"size":5,"size":6,"dataChange":true,"dataChange":false}})",
    R"({"add":{"path":"a","path":null,"partitionValues":{},"partitionValues":null,"size":5,"dataChange":true}})",
    R"({"add":{"path":"","partitionValues":{},"size":5,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":-5,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":05,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5.0,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":9223372036854775807,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":9223372036854775808,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":"true"}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":truely}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5}})",
    R"({"add":{"path":"a","partitionValues":{},"dataChange":true}})",
    R"({"add":{"path":"a","size":5,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":[],"size":5,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{"d":"1"]},"size":5,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true,"stats":"{\"minValues\":{},\"numRecords\":7}"}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true,"stats":"{\"numRecords\":x}"}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true,"stats":null}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true,"deletionVector":null}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true,"deletionVector":{"storageType":"u","pathOrInlineDv":"ab","offset":1,"sizeInBytes":40,"cardinality":2}}})"};
constexpr const char* kOddLines[] = {
    R"({"add":null})",
    R"({"add":[]})",
    R"({"add":{}})",
    R"({})",
    R"([])",
    R"(7)",
    R"("add")",
    R"(})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true},"remove":{"path":"b","dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true}}{"remove":{"path":"b","dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true}} x)",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true)",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true,}})",
    R"({"add":{"path":"a" "partitionValues":{},"size":5,"dataChange":true}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true,"x":}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true,"x":]}})",
    R"({"add":{"path":"a","partitionValues":{},"size":5,"dataChange":true,"x"}})",
    R"({"commitInfo":{"timestamp":"1","operation":7,"inCommitTimestamp":1.5}})",
    R"({"commitInfo":{"timestamp":-1,"operation":"W\u0052ITE"}})",
    R"({"commitInfo":{"operation":null,"operationMetrics":{"a":1,"b":"2","c":"x","d":{}}}})",
    R"({"commitInfo":7})",
    R"({"commitInfo":{"a":[}]}})",
    R"({"commitInfo":{"a":[}})",
    R"({"commitInfo":{"a" 1}})",
    R"({"commitInfo":{"notes":"he said \"{\" and left"}})",
    R"({"txn":{"appId":"a","version":1}})",
    R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})",
    R"({"metaData":{"id":"m","schemaString":"{}","partitionColumns":["d"],"configuration":{}}})",
    R"({"domainMetadata":{"domain":"d","configuration":"","removed":false}})",
    R"({"cdc":null,"other":1})",
    R"({"cdc":{"path":"c","partitionValues":{},"size":1,"dataChange":false}})",
    "",
    " ",
    "\t \r",
    "\r",
    "\x01",
    "{\"add\":{\"path\":\"a\tb\",\"partitionValues\":{},\"size\":5,\"dataChange\":true}}",
    "{\"add\":{\"path\":\"a\xff\",\"partitionValues\":{},\"size\":5,\"dataChange\":true}}",
    "{\"add\":{\"path\":\"\xc3\xa4\",\"partitionValues\":{\"d\":\"\xc3\xb6\"},\"size\":5,\"dataChange\":true}}",
    "\xEF\xBB\xBF{\"txn\":{\"appId\":\"a\",\"version\":1}}",
    "{\"add\":{\"path\":\"a"};

std::vector<std::string> Lines() {
  std::vector<std::string> lines{kAdd, kRemove, kInfo};
  lines.insert(lines.end(), std::begin(kOddAdds), std::end(kOddAdds));
  lines.insert(lines.end(), std::begin(kOddLines), std::end(kOddLines));
  return lines;
}

TEST(PlainLines, EachLineBetweenOthersReadsAsByItself) {
  for (const std::string& line : Lines()) {
    for (const std::string& text :
         {line, line + "\n", line + "\r\n", kAdd + "\n" + line, kAdd + "\n" + line + "\n" + kRemove,
          line + "\n" + line + "\n" + kInfo + "\n\n" + kAdd + "\n", "\n\n" + line + "\n \n" + kRemove + "\r\n"}) {
      ExpectTheSame(text);
    }
  }
}

TEST(PlainLines, TwoLinesThatBelongTogetherDont) {
  const std::vector<std::string> lines = Lines();
  for (const std::string& first : lines) {
    for (const std::string& second : lines) ExpectTheSame(first + "\n" + second);
  }
}

// Each byte of a commit lost, doubled, or another.
TEST(PlainLines, ADamagedByteIsSeenInTheSameWay) {
  const std::string text = kInfo + "\n" + kAdd + "\n" + kRemove + "\n";
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    ExpectTheSame(damaged.erase(i, 1));
    damaged = text;
    ExpectTheSame(damaged.insert(i, 1, text[i]));
    for (const char other : {'{', '}', '[', ']', '"', ',', ':', '\\', '\n', ' ', '0', 'x', '\0', '\x80'}) {
      damaged = text;
      damaged[i] = other;
      ExpectTheSame(damaged);
    }
  }
}

TEST(PlainLines, ManyLinesAndLongOnes) {
  std::mt19937 random(7);
  const std::vector<std::string> plain{kAdd, kRemove, kInfo, ""};
  for (int round = 0; round < 20; ++round) {
    std::string text;
    while (text.size() < 3 * PlainLines::kMostBytes) {
      text += plain[random() % plain.size()] + "\n";
      if (random() % 400 == 0) {  // longer than what is marked at once
        const std::string path(PlainLines::kMostBytes + random() % 100 - 50, 'p');
        text += R"({"add":{"path":")" + path + R"(","partitionValues":{},"size":5,"dataChange":true}})" + "\n";
      }
    }
    ExpectTheSame(text);
    ExpectTheSame(text.substr(0, text.size() - 1));
    ExpectTheSame(text + "{");
    text[random() % text.size()] = '"';
    ExpectTheSame(text);
  }
}

PlainLines::Outcome ReadOne(std::string text) {
  const std::size_t size = text.size();
  text.append(kParserPadding, ' ');
  PlainLines lines;
  Recorder recorder;
  if (!lines.Mark(std::string_view(text).substr(0, size))) return PlainLines::Outcome::kNotPlain;
  return *lines.Read(std::string_view(text).substr(0, size), Wanted{.operation_metrics = false}, recorder);
}

TEST(PlainLines, WhatWritersWriteIsPlain) {
  for (const std::string& line : {kAdd, kRemove, kInfo}) EXPECT_EQ(ReadOne(line), PlainLines::Outcome::kRead) << line;
  EXPECT_EQ(ReadOne(R"({"txn":{"appId":"a","version":1}})"), PlainLines::Outcome::kNotPlain);
}

TEST(PlainLines, AnErrorOfTheSinkEndsTheReading) {
  class Refusing final : public ActionSink {
   public:
    int calls = 0;
    Status OnRemove(const FileAction&) override {
      ++calls;
      return Fail(ErrorKind::kHistoryGone, "refused");
    }
  };
  std::string text = kAdd + "\n" + kRemove + "\n" + kRemove + "\n";
  const std::size_t size = text.size();
  text.append(kParserPadding, ' ');
  CommitParser parser;
  Refusing sink;
  const Status status = parser.Parse(std::string_view(text).substr(0, size), "f.json", Wanted{}, sink);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "refused");
  EXPECT_EQ(status.error().line, 2);
  EXPECT_EQ(sink.calls, 1);
}

}  // namespace
}  // namespace latecomer::delta
