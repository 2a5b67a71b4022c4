#include "delta/log_path.h"

#include <gtest/gtest.h>

namespace latecomer::delta {
namespace {

TEST(LogPath, NamesOfCommits) {
  EXPECT_EQ(CommitKey(Version{3}), "_delta_log/00000000000000000003.json");
  EXPECT_EQ(ParseCommitKey("_delta_log/00000000000000000003.json"), Version{3});
  EXPECT_EQ(ParseCommitKey("00000004294967310123.json"), Version{4294967310123});
  char name[kCommitNameSize];
  WriteCommitName(Version{4294967310123}, name);
  EXPECT_STREQ(name, "00000004294967310123.json");
}

TEST(LogPath, OtherNamesAreNoLogFiles) {
  for (const char* name :
       {"0000000000000000003.json", "000000000000000000003.json", "00000000000000000003.json.tmp",
        "00000000000000000003.crc", ".00000000000000000003.json.crc", "0000000000000000000x.json",
        "99999999999999999999.json", "_last_checkpoint", "_sidecars/00000000000000000003.json", "00000000000000000003.",
        "", "00000000000000000003.checkpoint.json", "00000000000000000005.00000000000000000003.compacted.json",
        "00000000000000000003.checkpoint.0000000004.0000000003.parquet",
        "00000000000000000003.checkpoint.0000000000.0000000003.parquet"}) {
    EXPECT_EQ(ParseLogFile(name), std::nullopt) << name;
  }
}

TEST(LogPath, CheckpointsAndCompactions) {
  auto file = ParseLogFile(ClassicCheckpointKey(Version{10}));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->kind, LogFileKind::kClassicCheckpoint);
  file = ParseLogFile(MultiPartCheckpointKey(Version{10}, 2, 3));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->kind, LogFileKind::kMultiPartCheckpoint);
  EXPECT_EQ(file->part, 2);
  EXPECT_EQ(file->parts, 3);
  file = ParseLogFile("00000000000000000010.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->kind, LogFileKind::kUuidCheckpoint);
  EXPECT_TRUE(file->is_json);
  file = ParseLogFile("00000000000000000004.00000000000000000006.compacted.json");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->kind, LogFileKind::kCompaction);
  EXPECT_EQ(file->last, Version{6});
}

TEST(LogPath, Sidecars) {
  EXPECT_EQ(SidecarKey("a.parquet"), "_delta_log/_sidecars/a.parquet");
  EXPECT_EQ(SidecarKey("s3://b/_delta_log/_sidecars/a.parquet"), "s3://b/_delta_log/_sidecars/a.parquet");
}

}  // namespace
}  // namespace latecomer::delta
