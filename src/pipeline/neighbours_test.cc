#include "pipeline/neighbours.h"

#include <gtest/gtest.h>

namespace latecomer::pipeline {
namespace {

using Places = Neighbours::Places;

Pipeline Make(const std::vector<std::string>& reads, const std::vector<std::string>& writes) {
  Pipeline pipeline;
  for (const std::string& table : reads) {
    pipeline.sources.push_back({.name = table, .table = table, .location = table, .partition = {}, .cadence = {}});
  }
  for (const std::string& table : writes) {
    pipeline.steps.push_back(
        {.id = table, .needs = {}, .action = SqlStep{.query = "", .file = "", .into = table, .into_location = table}});
  }
  return pipeline;
}

Neighbours Of(const std::vector<Pipeline>& pipelines) {
  std::vector<const Pipeline*> list;
  for (const Pipeline& pipeline : pipelines) list.push_back(&pipeline);
  return Neighbours(list);
}

TEST(Neighbours, WhoReadsWhatIsWrittenIsDownstreamOverAnyNumberOfOthers) {
  const Neighbours cascade = Of(
      {Make({"raw"}, {"clean"}), Make({"clean"}, {"days"}), Make({"other", "days"}, {}), Make({"other"}, {"apart"})});
  EXPECT_EQ(cascade.Downstream(0), (Places{1, 2}));
  EXPECT_EQ(cascade.Downstream(1), (Places{2}));
  EXPECT_EQ(cascade.Downstream(2), Places{});
  EXPECT_EQ(cascade.Downstream(3), Places{});
}

TEST(Neighbours, ADiamondHasItsEndOnce) {
  const Neighbours diamond = Of({Make({"a"}, {"b"}), Make({"b"}, {"c"}), Make({"b"}, {"d"}), Make({"c", "d"}, {"e"})});
  EXPECT_EQ(diamond.Downstream(0), (Places{1, 2, 3}));
  EXPECT_EQ(diamond.Downstream(2), (Places{3}));
}

TEST(Neighbours, OneThatWritesToSeveralHasAllTheirReaders) {
  const Neighbours fan =
      Of({Make({"a"}, {"b", "c", "unread"}), Make({"b"}, {}), Make({"c"}, {}), Make({"b", "c"}, {})});
  EXPECT_EQ(fan.Downstream(0), (Places{1, 2, 3}));
}

TEST(Neighbours, ARingEndsAndHoldsNobodyItself) {
  const Neighbours ring = Of({Make({"a"}, {"b"}), Make({"b"}, {"a"})});
  EXPECT_EQ(ring.Downstream(0), (Places{1}));
  EXPECT_EQ(ring.Downstream(1), (Places{0}));
}

TEST(Neighbours, ReadersOfOneTableKnowOfEachOther) {
  const Neighbours readers = Of({Make({"a", "b"}, {}), Make({"b", "b"}, {"c"}), Make({"c"}, {}), Make({"a"}, {})});
  EXPECT_EQ(readers.ReadingTheSame(0), (Places{1, 3}));
  EXPECT_EQ(readers.ReadingTheSame(1), (Places{0}));
  EXPECT_EQ(readers.ReadingTheSame(2), Places{});
}

}  // namespace
}  // namespace latecomer::pipeline
