#include "pipeline/cascade.h"

#include <gtest/gtest.h>

namespace latecomer::pipeline {
namespace {

Pipeline Make(const std::string& id, const std::vector<std::string>& reads, const std::vector<std::string>& writes) {
  Pipeline pipeline;
  pipeline.id = id;
  pipeline.file = "/p/" + id + ".yaml";
  for (const std::string& table : reads) {
    pipeline.sources.push_back(
        {.name = "s" + table, .table = table, .location = "/t/" + table, .partition = {}, .cadence = {}});
  }
  for (const std::string& table : writes) {
    pipeline.steps.push_back(
        {.id = "w" + table,
         .needs = {},
         .action = SqlStep{.query = "", .file = "", .into = table, .into_location = "/t/" + table}});
  }
  return pipeline;
}

TEST(Cascade, OneReadsWhatAnotherWrites) {
  const auto edges = CascadeOf({Make("raw", {"a"}, {"b"}), Make("join", {"x", "b"}, {"c"})});
  ASSERT_EQ(edges.size(), 1U);
  EXPECT_EQ(edges[0].upstream, 0U);
  EXPECT_EQ(edges[0].downstream, 1U);
  EXPECT_EQ(edges[0].source, 1U);
  EXPECT_EQ(edges[0].step, "wb");
}

TEST(Cascade, ADiamondIsNoRing) {
  const std::vector<Pipeline> diamond{Make("top", {"a"}, {"b"}), Make("left", {"b"}, {"c"}),
                                      Make("right", {"b"}, {"d"}), Make("bottom", {"c", "d"}, {"e"})};
  EXPECT_EQ(CascadeOf(diamond).size(), 4U);
  EXPECT_TRUE(CheckCascade(diamond));
  EXPECT_TRUE(CascadeWarnings(diamond).empty());
}

TEST(Cascade, ARingIsRefusedAndNamesAllThatAreInIt) {
  const Status ring =
      CheckCascade({Make("before", {"z"}, {"a"}), Make("one", {"a", "c"}, {"b"}), Make("two", {"b"}, {"c"})});
  ASSERT_FALSE(ring);
  EXPECT_EQ(ring.error().kind, ErrorKind::kInvalidFile);
  EXPECT_NE(ring.error().message.find("one → two → one"), std::string::npos) << ring.error().message;
  EXPECT_EQ(ring.error().message.find("before"), std::string::npos);
  EXPECT_FALSE(CheckCascade({Make("self", {"a"}, {"a"})}));
}

TEST(Cascade, TwoPipelinesOfOneIdAreRefused) {
  const Status twice = CheckCascade({Make("same", {"a"}, {"b"}), Make("same", {"c"}, {"d"})});
  EXPECT_EQ(twice.error().kind, ErrorKind::kInvalidFile);
}

TEST(Cascade, TwoThatWriteOneTableAreWarnedAbout) {
  const auto warnings = CascadeWarnings({Make("one", {"a"}, {"c"}), Make("two", {"b"}, {"c"})});
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("one and two"), std::string::npos);
  // Two steps of one pipeline are that file's own business.
  EXPECT_TRUE(CascadeWarnings({Make("one", {"a"}, {"c", "c"})}).empty());
}

}  // namespace
}  // namespace latecomer::pipeline
