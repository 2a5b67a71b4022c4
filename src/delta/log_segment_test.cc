#include "delta/log_segment.h"

#include <gtest/gtest.h>

namespace latecomer::delta {
namespace {

LogListing Listing(std::initializer_list<std::int64_t> commits, std::initializer_list<const char*> checkpoints) {
  LogListing listing;
  for (const std::int64_t version : commits) listing.commits.push_back(Version{version});
  for (const char* name : checkpoints) {
    const auto file = ParseLogFile(name);
    EXPECT_TRUE(file) << name;
    if (file) listing.checkpoints.push_back(*file);
  }
  return listing;
}

TEST(LogSegment, CheckpointsWithMissingPartsDoNotCount) {
  const LogListing listing = Listing({10, 11}, {"00000000000000000009.checkpoint.parquet",
                                                "00000000000000000010.checkpoint.0000000001.0000000002.parquet"});
  const auto checkpoints = CheckpointsUpTo(listing, Version{11});
  ASSERT_EQ(checkpoints.size(), 1U);
  EXPECT_EQ(checkpoints[0].version, Version{9});
  EXPECT_EQ(NewestVersion(listing), Version{11});
}

TEST(LogSegment, NewestCheckpointFirst) {
  const LogListing listing = Listing(
      {}, {"00000000000000000001.checkpoint.parquet", "00000000000000000002.checkpoint.0000000001.0000000002.parquet",
           "00000000000000000002.checkpoint.0000000002.0000000002.parquet", "00000000000000000003.checkpoint.parquet"});
  const auto checkpoints = CheckpointsUpTo(listing, Version{2});
  ASSERT_EQ(checkpoints.size(), 2U);
  EXPECT_EQ(checkpoints[0].files.size(), 2U);
  EXPECT_EQ(checkpoints[1].version, Version{1});
  EXPECT_EQ(NewestVersion(listing), Version{3});
}

TEST(LogSegment, MissingVersionsAndRanges) {
  const LogListing listing = Listing({2, 3, 5, 6}, {});
  EXPECT_EQ(FirstMissing(listing, {Version{1}, Version{3}}), std::nullopt);
  EXPECT_EQ(FirstMissing(listing, {Version{1}, Version{6}}), Version{4});
  EXPECT_EQ(FirstMissing(listing, {kBeforeFirst, Version{3}}), Version{0});
  EXPECT_EQ(FirstMissing(listing, {Version{6}, Version{7}}), Version{7});
  const auto ranges = ConsecutiveCommits(listing);
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].base, Version{1});
  EXPECT_EQ(ranges[0].target, Version{3});
  EXPECT_EQ(ranges[1].base, Version{4});
  EXPECT_EQ(ranges[1].target, Version{6});
}

TEST(LastCheckpoint, IsOnlyAHint) {
  const auto last = ParseLastCheckpoint(R"({"version":10,"size":5,"parts":3,"v2Checkpoint":{"path":"x.json"}})");
  ASSERT_TRUE(last);
  EXPECT_EQ(last->version, Version{10});
  EXPECT_EQ(last->parts, 3);
  EXPECT_EQ(last->v2_path, "x.json");
  for (const char* damaged : {"", "{", "[]", "null", "10", R"({"size":1})", R"({"version":"10"})", R"({"version":-1})",
                              R"({"version":99999999999999999999})", "\x01\x02",
                              // Damage after the version: a reader that goes on behind an error reads freed memory.
                              R"({"version":1,"parts":[})", R"({"version":1,"parts":tru,"size":1})",
                              R"({"version":1 "parts":3})", R"({"version":1,"v2Checkpoint":{"path")"}) {
    EXPECT_EQ(ParseLastCheckpoint(damaged), std::nullopt) << damaged;
  }
}

}  // namespace
}  // namespace latecomer::delta
