// Random files end in a pipeline or an error, never in a crash, and every error has a place.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "pipeline/pipeline.h"
#include "yaml/tree.h"

namespace latecomer::pipeline {
namespace {

int Pick(int below) {
  return *rc::gen::inRange(0, below);
}

const std::vector<std::string> kWords = {
    "pipeline", "sources", "devices", "table",   "partition", "cadence", "day",   "schedule",  "start", "2024-02-30",
    "ready",    "steps",   "id",      "command", "sql",       "into",    "needs", "late_data", "010",   "{{ x",
    "true",     "~",       "null",    "",        "*a",        "&a b",    "1e9",   "-1",        "\"",    "'",
    "!!int 3",  "- ",      "[",       "]",       "{",         "}",       ": ",    "\n",        "\n  ",  "#",
    "|\n  x",   "<<",      "%",       "@",       "`",         "? ",      "---\n", "...\n",     "\t",    "é"};

std::string AnyText() {
  std::string text;
  for (int i = Pick(60); i > 0; --i)
    text += kWords[static_cast<std::size_t>(Pick(static_cast<int>(kWords.size())))] + (Pick(3) == 0 ? " " : "");
  return text;
}

// A right file with one piece cut out, doubled or overwritten.
std::string Damaged(std::string text) {
  const auto at = static_cast<std::size_t>(Pick(static_cast<int>(text.size())));
  const auto length = static_cast<std::size_t>(Pick(20));
  switch (Pick(3)) {
    case 0: return text.erase(at, length);
    case 1: return text.insert(at, text.substr(at, length));
    default: return text.replace(at, length, AnyText());
  }
}

constexpr const char* kRight = R"(pipeline: p
sources:
  devices:
    table: t
    partition: {columns: [year, month], format: "%Y %m"}
    cadence: month
schedule:
  start: 2024-01-01
  ready: {next_partition: {at_latest: 26h}}
steps:
  - id: one
    command: [echo, "{{ partition.year }}"]
    retries: 3
  - id: two
    needs: [one]
    sql: {query: "SELECT 1", into: out}
late_data:
  allowed_lateness: 90d
  settle: {quiet: 10m, at_most: 1h}
)";

void CheckOne(const std::string& text) {
  const Result<Pipeline> pipeline = ParsePipeline(text, "/x/p.yaml");
  if (pipeline) {
    RC_ASSERT(!pipeline->steps.empty());
    RC_ASSERT(pipeline->sources.size() == 1u);
    Warnings(*pipeline);
    return;
  }
  const ErrorKind kind = pipeline.error().kind;
  RC_ASSERT(kind == ErrorKind::kInvalidFile || kind == ErrorKind::kUnsupported);
  RC_ASSERT(!pipeline.error().message.empty());
  RC_ASSERT(pipeline.error().file == "/x/p.yaml");
}

TEST(YamlProperty, RandomTextNeverCrashes) {
  EXPECT_TRUE(rc::check([] { CheckOne(AnyText()); }));
}

TEST(YamlProperty, DamagedFilesNeverCrash) {
  ASSERT_TRUE(ParsePipeline(kRight, "/x/p.yaml"));
  EXPECT_TRUE(rc::check([] { CheckOne(Damaged(kRight)); }));
}

TEST(YamlProperty, RandomBytesNeverCrash) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) { CheckOne(bytes); }));
}

TEST(YamlTree, CanonicalTextTellsStructuresApart) {
  const auto canonical = [](const std::string& text) { return CanonicalYaml(ParseYaml(text, "f").value()); };
  EXPECT_EQ(canonical("{a: 1, b: [x, y]}"), canonical("b:\n- x\n- 'y'\na: \"1\"\n"));
  EXPECT_NE(canonical("[a, b]"), canonical("[b, a]"));
  EXPECT_NE(canonical("[a, b]"), canonical("[\"a, b\"]"));
  EXPECT_NE(canonical("a: "), canonical("a: ''"));
  EXPECT_NE(canonical("a: {b: c}"), canonical("a: [b, c]"));
}

TEST(YamlTree, PlacesAreOneBased) {
  const YamlNode root = ParseYaml("a:\n  b: [1,\n   22]\n  c:\n", "f").value();
  const YamlNode& list = *root.Find("a")->Find("b");
  EXPECT_EQ(list.items[1].line, 3);
  EXPECT_EQ(list.items[1].column, 4);
  EXPECT_EQ(root.Find("a")->Find("c")->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(root.Find("none"), nullptr);
}

}  // namespace
}  // namespace latecomer::pipeline
