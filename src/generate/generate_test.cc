#include "generate/generate.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "generate/builtin.h"

namespace latecomer::generate {
namespace {

namespace fs = std::filesystem;

Spec SpecOf(const std::string& yaml) {
  auto spec = ParseSpec(yaml, "spec.yaml");
  EXPECT_TRUE(spec) << spec.error().ToString();
  return spec.value_or(Spec{});
}

std::string TextOf(const Spec& spec, Format format) {
  std::ostringstream out;
  const auto output = MakeStreamOutput(out);
  const auto report = Generate(spec, 7, format, *output);
  EXPECT_TRUE(report) << report.error().ToString();
  if (report) EXPECT_EQ(report->bytes, static_cast<std::int64_t>(out.str().size()));
  return out.str();
}

class GenerateFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (fs::temp_directory_path() / "latecomer-generate-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::size_t FilesIn(const fs::path& folder) const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
  static std::string Read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  fs::path folder_;
};

const char* const kAwkward = R"(
entity: x
rows: 1
fields:
  - {name: "a\"b", values: ["q\"\\\n\u0001ü"]}
  - {name: empty, values: [""]}
  - {name: none, values: [null]}
  - {name: comma, values: ["a,b"]}
  - {name: whole, kind: number, min: 3, max: 3, decimals: 0}
  - {name: flag, values: [true]}
  - {name: day, kind: date, from: 2024-02-29, to: 2024-03-01}
  - {name: number, values: [-5]}
)";

TEST(GenerateTest, Json) {
  EXPECT_EQ(TextOf(SpecOf(kAwkward), Format::kJson),
            "{\"a\\\"b\":\"q\\\"\\\\\\u000a\\u0001ü\",\"empty\":\"\",\"none\":null,\"comma\":\"a,b\",\"whole\":3.0,"
            "\"flag\":true,\"day\":\"2024-02-29\",\"number\":-5}\n");
}

TEST(GenerateTest, Csv) {
  EXPECT_EQ(TextOf(SpecOf(kAwkward), Format::kCsv),
            "\"a\"\"b\",empty,none,comma,whole,flag,day,number\n"
            "\"q\"\"\\\n\x01ü\",\"\",,\"a,b\",3.0,true,2024-02-29,-5\n");
}

// Changing what a seed gives would break whoever relies on it: that needs a decision, not an accident.
TEST(GenerateTest, TheRowsOfASeedStay) {
  Spec spec = SpecOf(std::string(*BuiltinSpec("devices")));
  spec.rows = 2;
  EXPECT_EQ(TextOf(spec, Format::kJson),
            "{\"type\":\"iphone\",\"full_name\":\"APPLE iPhone 11\",\"version\":\"iOS 17\"}\n"
            "{\"type\":\"iphone\",\"full_name\":\"APPLE iPhone 12\",\"version\":\"iOS 16\"}\n");
}

TEST(GenerateTest, NoRows) {
  Spec spec = SpecOf(std::string(*BuiltinSpec("devices")));
  spec.rows = 0;
  EXPECT_EQ(TextOf(spec, Format::kJson), "");
  EXPECT_EQ(TextOf(spec, Format::kCsv), "type,full_name,version\n");
}

TEST_F(GenerateFileTest, ParquetHasTheSameRows) {
  Spec spec = SpecOf(std::string(*BuiltinSpec("devices")));
  spec.rows = 70'000;  // more than one batch
  spec.event_time.emplace().current = *ParseLocal("2024-01-02");
  const std::string path = (folder_ / "rows.parquet").string();
  auto output = OpenOutputFile(path);
  ASSERT_TRUE(output);
  ASSERT_TRUE(Generate(spec, 7, Format::kParquet, **output));
  auto file = arrow::io::ReadableFile::Open(path);
  ASSERT_TRUE(file.ok());
  auto reader = parquet::arrow::OpenFile(*file, arrow::default_memory_pool());
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  std::shared_ptr<arrow::Table> table;
  ASSERT_TRUE((*reader)->ReadTable(&table).ok());
  ASSERT_EQ(table->num_rows(), 70'000);
  EXPECT_EQ(table->schema()->ToString(), "type: string\nfull_name: string\nversion: string\nevent_time: date32[day]");
  std::istringstream lines(TextOf(spec, Format::kCsv));
  std::string line;
  std::getline(lines, line);
  for (std::int64_t row = 0; row < table->num_rows(); ++row) {
    std::getline(lines, line);
    std::string text;
    for (const auto& column : table->columns()) {
      text += (text.empty() ? "" : ",") + (*column->GetScalar(row))->ToString();
    }
    ASSERT_EQ(text, line) << row;
  }
}

TEST_F(GenerateFileTest, ReplacesAFileAsAWhole) {
  const fs::path path = folder_ / "new" / "rows.json";
  auto first = OpenOutputFile(path.string());
  ASSERT_TRUE(first) << "missing folders are created";
  ASSERT_TRUE((*first)->Write("old"));
  ASSERT_TRUE((*first)->Close());
  {
    auto second = OpenOutputFile(path.string());
    ASSERT_TRUE(second);
    ASSERT_TRUE((*second)->Write("half of the new"));
    EXPECT_EQ(Read(path), "old");
  }
  EXPECT_EQ(Read(path), "old") << "what wasn't closed never appears";
  EXPECT_EQ(FilesIn(path.parent_path()), 1u) << "and leaves nothing";
  auto third = OpenOutputFile(path.string());
  ASSERT_TRUE((*third)->Write("new"));
  ASSERT_TRUE((*third)->Close());
  EXPECT_EQ(Read(path), "new");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  EXPECT_EQ(status.st_mode & 0777, 0666 & ~mask);
}

TEST_F(GenerateFileTest, AFullDiskLeavesNothing) {
  // A limit on the size of files fails a write as a full disk does.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 2 << 20;
  for (const Format format : {Format::kJson, Format::kParquet}) {
    Spec spec = SpecOf("entity: x\nrows: 300000\nfields: [{name: id, kind: uuid}]");
    auto output = OpenOutputFile((folder_ / "rows").string());
    ASSERT_TRUE(output);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto report = Generate(spec, 1, format, **output);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_FALSE(report);
    output->reset();
    EXPECT_EQ(FilesIn(folder_), 0u);
  }
  std::signal(SIGXFSZ, old_handler);
}

TEST_F(GenerateFileTest, AFolderIsNoFile) {
  const auto output = OpenOutputFile(folder_.string());
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, ErrorKind::kInvalidArgument);
}

TEST(GenerateTest, ABrokenStreamIsAnError) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  const auto output = MakeStreamOutput(out);
  EXPECT_FALSE(Generate(SpecOf(std::string(*BuiltinSpec("devices"))), 7, Format::kJson, *output));
}

}  // namespace
}  // namespace latecomer::generate
