// Pipeline files that come, change, break and go.
#include "server/fleet.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "testing/temporary_folder.h"

namespace latecomer::server {
namespace {

class FleetTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(folder_ / name).parent_path());
    // Another file in its place, as editors do it: the time alone might be the same.
    std::ofstream(folder_ / (name + ".new")) << text;
    std::filesystem::rename(folder_ / (name + ".new"), folder_ / name);
  }
  static std::string Pipeline(const std::string& id, const std::string& more = "") {
    return "pipeline: " + id + "\nsources: {a: {table: t, partition: day}}\n" +
           "steps: [{id: one, command: [\"true\"]}]\n" + more;
  }
  std::vector<std::string> Scan() { return fleet_.Scan(Instant{}); }
  std::vector<std::string> Ids() {
    std::vector<std::string> ids;
    for (const auto& [id, loaded] : fleet_.View()->pipelines) ids.push_back(id);
    return ids;
  }

  testing::TemporaryFolder folder_;
  Fleet fleet_{folder_.path()};
};

TEST_F(FleetTest, FindsFilesBelowAndLeavesOtherYamlAlone) {
  Write("a.yaml", Pipeline("a"));
  Write("deep/er/b.yml", Pipeline("b"));
  Write("spec.yaml", "columns: []\n");
  Write(".hidden/c.yaml", Pipeline("c"));
  Write("notes.txt", Pipeline("d"));
  EXPECT_EQ(Scan(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Scan(), std::vector<std::string>());
  EXPECT_EQ(Ids(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(fleet_.View()->files.empty());
}

TEST_F(FleetTest, ABrokenFileKeepsTheLastGoodDefinition) {
  Write("a.yaml", Pipeline("a"));
  Scan();
  const std::string before = fleet_.Find("a")->pipeline->definition_hash;
  Write("a.yaml", Pipeline("a", "nonsense: 1\n"));
  EXPECT_EQ(Scan(), std::vector<std::string>{"a"});
  const Loaded broken = *fleet_.Find("a");
  ASSERT_TRUE(broken.file_problem);
  EXPECT_EQ(broken.file_problem->line, 4);
  EXPECT_EQ(broken.pipeline->definition_hash, before);
  Write("a.yaml", Pipeline("a", "schedule: {max_active_runs: 2}\n"));
  EXPECT_EQ(Scan(), std::vector<std::string>{"a"});
  EXPECT_FALSE(fleet_.Find("a")->file_problem);
  EXPECT_NE(fleet_.Find("a")->pipeline->definition_hash, before);
}

TEST_F(FleetTest, AFileThatNeverWorkedIsShownUntilItDoesOrGoes) {
  Write("a.yaml", "pipeline: a\n");
  Scan();
  ASSERT_EQ(fleet_.View()->files.size(), 1U);
  EXPECT_EQ(fleet_.View()->files[0].file, folder_ / "a.yaml");
  Write("a.yaml", Pipeline("a"));
  Scan();
  EXPECT_TRUE(fleet_.View()->files.empty());
  std::filesystem::remove(folder_ / "a.yaml");
  EXPECT_EQ(Scan(), std::vector<std::string>{"a"});
  EXPECT_EQ(Ids(), std::vector<std::string>());
  EXPECT_EQ(fleet_.Find("a").error().kind, ErrorKind::kNotFound);
}

TEST_F(FleetTest, TwoFilesCannotHaveOneId) {
  Write("a.yaml", Pipeline("same"));
  Write("b.yaml", Pipeline("same"));
  Scan();
  EXPECT_EQ(Ids(), std::vector<std::string>{"same"});
  ASSERT_EQ(fleet_.View()->files.size(), 1U);
  EXPECT_NE(fleet_.View()->files[0].message.find("a.yaml"), std::string::npos);
}

TEST_F(FleetTest, AChangedQueryFileIsAChange) {
  Write("q.sql", "SELECT 1");
  Write("a.yaml",
        "pipeline: a\nsources: {a: {table: t, partition: day}}\n"
        "steps: [{id: one, sql: {file: q.sql, into: out}}]\n");
  Scan();
  const std::string before = fleet_.Find("a")->pipeline->definition_hash;
  Write("q.sql", "SELECT 2 AS two");
  EXPECT_EQ(Scan(), std::vector<std::string>{"a"});
  EXPECT_NE(fleet_.Find("a")->pipeline->definition_hash, before);
}

}  // namespace
}  // namespace latecomer::server
