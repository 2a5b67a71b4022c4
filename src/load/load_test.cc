#include "load/load.h"

#include <arrow/api.h>
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "base/ids.h"
#include "delta/delta_table.h"
#include "storage/local_store.h"
#include "testing/fake_clock.h"
#include "testing/memory_store.h"
#include "testing/temporary_folder.h"

namespace latecomer::load {
namespace {

using latecomer::testing::FakeClock;
using latecomer::testing::MemoryStore;
using latecomer::testing::Operation;
using ::testing::HasSubstr;

class LoadTest : public ::testing::Test {
 protected:
  LoadTest()
      : clock_(std::make_shared<FakeClock>()),
        store_(std::make_shared<MemoryStore>(clock_)),
        history_(*delta::OpenDeltaTable(store_, {})),
        writer_(*delta::OpenDeltaWriter(store_, {}, *clock_, random_)) {}

  std::string Input(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  Result<LoadReport> LoadFile(const std::string& path, Partitioning partitioning) {
    LoadRequest request;
    request.inputs = {path};
    request.partitioning = std::move(partitioning);
    request.threads = 2;
    return Load(*writer_, request);
  }
  Result<LoadReport> LoadText(const std::string& name, const std::string& text, Partitioning partitioning) {
    return LoadFile(Input(name, text), std::move(partitioning));
  }
  static Partitioning Fixed(const std::string& fixed) { return {fixed, {}, {}}; }
  static Partitioning By(const std::string& column) { return {"", {column}, {}}; }

  // "kind place: message" of a failed load, which must have left nothing.
  std::string Problem(const std::string& name, const std::string& text, Partitioning partitioning) {
    const auto before = store_->Keys();
    const auto report = LoadText(name, text, std::move(partitioning));
    EXPECT_FALSE(report);
    EXPECT_EQ(store_->Keys(), before);
    if (report) return "";
    const Error& error = report.error();
    return std::string(ErrorKindName(error.kind)) + " " + std::to_string(error.line.value_or(0)) + ":" +
           std::to_string(error.column.value_or(0)) + ": " + error.message;
  }
  std::string ColumnTypes() {
    std::string text;
    const auto info = history_->ReadInfo(std::nullopt);
    EXPECT_TRUE(info) << info.error().ToString();
    for (const auto& column : info->columns) text += column.name + " " + column.type_json + " ";
    return text;
  }
  // Values of all files, as text, rows sorted.
  std::vector<std::string> Values() {
    std::vector<std::string> out;
    for (const std::string& key : store_->Keys()) {
      if (!key.ends_with(".parquet")) continue;
      const auto file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(*store_->Read(key)));
      const auto reader = *parquet::arrow::OpenFile(file, arrow::default_memory_pool());
      std::shared_ptr<arrow::Table> table = *reader->ReadTable();
      for (std::int64_t row = 0; row < table->num_rows(); ++row) {
        std::string& text = out.emplace_back();
        for (const auto& column : table->columns()) text += (*column->GetScalar(row))->ToString() + "|";
      }
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  latecomer::testing::TemporaryFolder folder_;
  std::shared_ptr<FakeClock> clock_;
  std::shared_ptr<MemoryStore> store_;
  std::shared_ptr<table::TableHistory> history_;
  SeededRandom random_{1};
  std::shared_ptr<delta::DeltaWriter> writer_;
};

TEST_F(LoadTest, JsonLinesMakeATableOfTheirTypes) {
  const auto report = LoadText("a.json",
                               "\xEF\xBB\xBF{\"s\":\"x\",\"n\":1,\"d\":1.5,\"b\":true,\"nothing\":null}\r\n"
                               "\n"
                               "{\"b\":false,\"s\":\"\\u00fc\\\"\",\"late\":7}",
                               Fixed("day=2024-01-01"));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->rows, 2);
  EXPECT_EQ(report->files, 1);
  EXPECT_TRUE(report->created);
  EXPECT_EQ(ColumnTypes(),
            "s \"string\" n \"long\" d \"double\" b \"boolean\" nothing \"string\" late \"long\" day \"string\" ");
  EXPECT_EQ(Values(), (std::vector<std::string>{"x|1|1.5|true|null|null|", "ü\"|null|null|false|null|7|"}));
}

TEST_F(LoadTest, ALaterRowOfAnotherTypeWidensTheColumn) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "{\"n\":1,\"m\":1}\n";  // more than the rows the columns are guessed from
  text += "{\"n\":2.5,\"m\":\"text\",\"new\":true}\n";
  const auto report = LoadText("a.json", text, Fixed("day=1"));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->rows, 200'001);
  EXPECT_EQ(ColumnTypes(), "n \"double\" m \"string\" new \"boolean\" day \"string\" ");
  EXPECT_EQ(history_->LatestVersion()->value, 0);
  EXPECT_EQ(store_->Keys().size(), 2U);  // the first try's file is gone
}

TEST_F(LoadTest, RowsThatArentJsonNameTheirPlace) {
  const auto problem = [&](const std::string& row) {
    return Problem("a.json", "{\"a\":1}\n" + row + "\n", Fixed("day=1"));
  };
  EXPECT_THAT(problem("{\"a\":1,}"), HasSubstr("invalid_file 2:"));
  EXPECT_THAT(problem("{\"a\":1"), HasSubstr("invalid_file 2:"));
  EXPECT_THAT(problem("{\"a\":tru}"), HasSubstr("invalid_file 2:6"));
  EXPECT_THAT(problem("{\"a\":01}"), HasSubstr("invalid_file 2:6"));
  EXPECT_THAT(problem("{\"a\":1} {\"a\":2}"), HasSubstr("2:9: text after the row's JSON object"));
  EXPECT_THAT(problem("[1]"), HasSubstr("2:1: a row must be a JSON object"));
  EXPECT_THAT(problem("\"x\""), HasSubstr("2:1: a row must be a JSON object"));
  EXPECT_THAT(problem("nonsense"), HasSubstr("invalid_file 2:1"));
  EXPECT_THAT(problem("{\"a\":\"\xff\"}"), HasSubstr("invalid_file 2:"));
  EXPECT_THAT(problem("{\"a\":{\"b\":1}}"), HasSubstr("2:6: column 'a' holds an object or a list"));
  EXPECT_THAT(problem("{\"a\":1,\"a\":2}"), HasSubstr("2:12: the row has 'a' twice"));
  EXPECT_FALSE(history_->LatestVersion());
}

TEST_F(LoadTest, RowsThatDontFitTheTableNameTheirPlace) {
  ASSERT_TRUE(LoadText("a.json", "{\"type\":\"x\",\"n\":1}\n", Fixed("day=1")));
  EXPECT_THAT(Problem("b.json", "{\"n\":1}\n{\"n\":1.5}\n", Fixed("day=1")),
              HasSubstr("2:6: column 'n' is of type long, and '1.5' is no such value"));
  EXPECT_THAT(Problem("b.json", "{\"n\":99999999999999999999}\n", Fixed("day=1")), HasSubstr("1:6: column 'n'"));
  EXPECT_THAT(Problem("b.json", "{\"typ\":\"x\"}\n", Fixed("day=1")), HasSubstr("1:8: the table has no column 'typ'"));
  EXPECT_THAT(Problem("b.json", "{\"day\":\"x\"}\n", Fixed("day=1")), HasSubstr("--partition gives it too"));
  EXPECT_THAT(Problem("b.json", "{\"type\":\"x\"}\n", By("n")), HasSubstr("invalid_argument"));
  EXPECT_THAT(Problem("b.json", "{\"type\":\"x\"}\n", {}),
              HasSubstr("the table is partitioned by day, and 'day' isn't given"));
  EXPECT_THAT(Problem("b.json", "\n", Fixed("day=1")), HasSubstr("the input has no rows"));
  const auto fewer = LoadText("b.json", "{\"type\":\"y\"}\n", Fixed("day=2"));  // missing columns are null
  ASSERT_TRUE(fewer) << fewer.error().ToString();
  EXPECT_EQ(Values(), (std::vector<std::string>{"x|1|", "y|null|"}));
}

TEST_F(LoadTest, CsvFollowsRfc4180) {
  const auto report = LoadText("a.csv",
                               "id,name,zip\r\n"
                               "1,\"a \"\"quoted\"\", name\nof two lines\",01234\r\n"
                               "2,,\"\"\n"
                               "\n"
                               "3,plain,5",
                               Fixed("day=1"));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(ColumnTypes(), "id \"long\" name \"string\" zip \"string\" day \"string\" ");
  EXPECT_EQ(Values(),
            (std::vector<std::string>{"1|a \"quoted\", name\nof two lines|01234|", "2|null||", "3|plain|5|"}));
}

TEST_F(LoadTest, CsvProblemsNameTheirPlace) {
  const auto problem = [&](const std::string& text) { return Problem("a.csv", text, Fixed("day=1")); };
  EXPECT_THAT(problem("a,b\n1,2\n1\n"), HasSubstr("invalid_file 3:"));
  EXPECT_THAT(problem("a,b\n1,x\"y\"\n"), HasSubstr("invalid_file 2:"));
  EXPECT_THAT(problem("a,b\n1,\"y\"z\n"), HasSubstr("2:6: text after a field's closing quote"));
  EXPECT_THAT(problem("a,b\n1,\"y\n"), HasSubstr("a quoted field doesn't end"));
  EXPECT_THAT(problem("a,a\n1,2\n"), HasSubstr("invalid_file 1:"));
  EXPECT_THAT(problem(""), HasSubstr("there is no header line"));
  EXPECT_THAT(problem("a\n1\n\xff\n"), HasSubstr("invalid_file 3:"));
}

TEST_F(LoadTest, RowsAreSplitByAColumnInOneCommit) {
  const auto report = LoadText("a.json",
                               "{\"day\":\"2024-01-02\",\"n\":1}\n{\"day\":\"2024-01-01\",\"n\":2}\n"
                               "{\"day\":\"2024-01-02\",\"n\":3}\n{\"n\":4}\n",
                               {"", {"day"}, {{"day", "date"}}});
  ASSERT_TRUE(report) << report.error().ToString();
  ASSERT_EQ(report->partitions.size(), 3U);
  EXPECT_EQ(report->partitions[0].key.Display(), "day=null");
  EXPECT_EQ(report->partitions[1].rows, 1);
  EXPECT_EQ(report->partitions[2].rows, 2);
  EXPECT_EQ(history_->LatestVersion()->value, 0);
  EXPECT_EQ(ColumnTypes(), "day \"date\" n \"long\" ");
  EXPECT_EQ(Values(), (std::vector<std::string>{"1|", "2|", "3|", "4|"}));
  EXPECT_THAT(Problem("b.json", "{\"day\":\"2024-01-02\"}\n{\"day\":\"2024-02-30\"}\n", By("day")),
              HasSubstr("invalid_file 2:0: '2024-02-30'"));
  EXPECT_THAT(Problem("b.json", "{\"n\":1}\n", Fixed("day=2024-02-30")), HasSubstr("2024-02-30"));
}

TEST_F(LoadTest, GzipIsUnpackedAndItsDamageSeen) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "{\"n\":" + std::to_string(i) + "}\n";
  const auto codec = *arrow::util::Codec::Create(arrow::Compression::GZIP);
  std::string packed(static_cast<std::size_t>(codec->MaxCompressedLen(
                         static_cast<std::int64_t>(text.size()), reinterpret_cast<const std::uint8_t*>(text.data()))),
                     '\0');
  packed.resize(static_cast<std::size_t>(
      *codec->Compress(static_cast<std::int64_t>(text.size()), reinterpret_cast<const std::uint8_t*>(text.data()),
                       static_cast<std::int64_t>(packed.size()), reinterpret_cast<std::uint8_t*>(packed.data()))));
  const auto report = LoadText("a.json.gz", packed, Fixed("day=1"));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->rows, 10'000);
  EXPECT_THAT(Problem("b.json.gz", packed.substr(0, packed.size() / 2), Fixed("day=1")), HasSubstr("invalid_file"));
  EXPECT_THAT(Problem("c.json.gz", text, Fixed("day=1")), HasSubstr("invalid_file"));
}

TEST_F(LoadTest, ParquetKeepsItsTypes) {
  arrow::Int32Builder ids;
  arrow::StringBuilder days;
  ASSERT_TRUE(ids.AppendValues({1, 2, 3}).ok());
  ASSERT_TRUE(days.AppendValues({"a", "b", "a"}).ok());
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int32()), arrow::field("day", arrow::utf8())}),
                         {*ids.Finish(), *days.Finish()});
  const std::string path = folder_ / "a.parquet";
  const auto out = *arrow::io::FileOutputStream::Open(path);
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 2).ok());
  ASSERT_TRUE(out->Close().ok());
  const auto report = LoadFile(path, By("day"));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->files, 2);
  EXPECT_EQ(ColumnTypes(), "id \"integer\" day \"string\" ");
  EXPECT_EQ(Values(), (std::vector<std::string>{"1|", "2|", "3|"}));
  EXPECT_THAT(Problem("b.parquet", "this is no Parquet file", By("day")), HasSubstr("invalid_file"));
}

TEST_F(LoadTest, TypedColumnsTakeTextAndRefuseTheImpossible) {
  delta::AppendRequest create;
  create.schema = {
      {{"d", "\"date\""}, {"t", "\"timestamp\""}, {"m", "\"decimal(5,2)\""}, {"i", "\"integer\""}, {"p", "\"string\""}},
      {"p"}};
  ASSERT_TRUE(writer_->Append(create));
  ASSERT_TRUE(LoadText(
      "a.json", "{\"d\":\"2024-02-29\",\"t\":\"2024-01-01T00:00:00.123456+01:00\",\"m\":1.5,\"i\":7}\n", Fixed("p=1")));
  EXPECT_EQ(Values(), (std::vector<std::string>{"2024-02-29|2023-12-31 23:00:00.123456Z|1.50|7|"}));
  for (const char* row : {"{\"d\":\"2023-02-29\"}", "{\"t\":\"2024-01-01T25:00:00Z\"}", "{\"m\":1.555}",
                          "{\"m\":12345}", "{\"i\":2147483648}", "{\"d\":5}"}) {
    EXPECT_THAT(Problem("b.json", std::string(row) + "\n", Fixed("p=1")), HasSubstr("is no such value")) << row;
  }
}

TEST_F(LoadTest, AFullDiskCommitsNothingAndLeavesNothing) {
  ASSERT_TRUE(LoadText("a.json", "{\"s\":\"x\"}\n", By("s")).error().kind ==
              ErrorKind::kInvalidArgument);  // no column is left
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += "{\"s\":\"" + std::to_string(i * 7919) + "\",\"p\":\"" + std::to_string(i % 3) + "\"}\n";
  const auto before = store_->Keys();
  for (const std::int64_t space : {0, 100, 20'000, 40'000}) {
    store_->LimitSpace(space);
    const auto report = LoadText("b.json", text, By("p"));
    store_->LimitSpace(std::nullopt);
    ASSERT_FALSE(report) << space;
    EXPECT_EQ(report.error().kind, ErrorKind::kIo);
    EXPECT_EQ(store_->Keys(), before) << space;
  }
  ASSERT_TRUE(LoadText("b.json", text, By("p")));
}

TEST_F(LoadTest, VeryManyPartitionsStayWithinTheOpenFiles) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "{\"n\":" + std::to_string(i) + ",\"p\":" + std::to_string(i % 500) + "}\n";
  const auto report = LoadText("a.json", text, {"", {"p"}, {{"p", "integer"}}});
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->partitions.size(), 500U);
  EXPECT_EQ(report->rows, 2000);
}

TEST_F(LoadTest, TwoThatCreateTheTableAtOnceBothLand) {
  const std::string input = Input("a.json", "{\"n\":1}\n{\"n\":2}\n");
  SeededRandom other_random(2);
  const auto other = *delta::OpenDeltaWriter(store_, {}, *clock_, other_random);
  LoadRequest request;
  request.inputs = {input};
  request.partitioning = Fixed("day=1");
  Result<LoadReport> first;
  Result<LoadReport> second;
  {
    std::jthread one([&] { first = Load(*writer_, request); });
    std::jthread two([&] { second = Load(*other, request); });
  }
  ASSERT_TRUE(first) << first.error().ToString();
  ASSERT_TRUE(second) << second.error().ToString();
  EXPECT_NE(first->version.value, second->version.value);
  EXPECT_EQ(history_->ReadSnapshot(std::nullopt)->partitions.front().rows, 4);
}

}  // namespace
}  // namespace latecomer::load
