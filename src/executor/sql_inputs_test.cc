// Bringing a step's inputs from a store to the disk.
#include "executor/sql_inputs.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "executor/executor_test_support.h"
#include "testing/fake_clock.h"
#include "testing/memory_store.h"

namespace latecomer::executor {
namespace {

class SqlInputsTest : public ::testing::Test {
 protected:
  RemoteInput Input(const std::string& key, std::int64_t size) {
    return {"memory://bucket/" + key, folder_ / ("inputs/" + std::to_string(placed_++) + ".parquet"), size};
  }
  Status Fetch(const std::vector<RemoteInput>& inputs) {
    return FetchInputs(inputs, [this](const std::string& location) -> Result<std::shared_ptr<storage::ObjectStore>> {
      opened_.push_back(location);
      return store_;
    });
  }

  TemporaryFolder folder_;
  int placed_ = 0;
  std::vector<std::string> opened_;
  std::shared_ptr<testing::MemoryStore> store_ =
      std::make_shared<testing::MemoryStore>(std::make_shared<testing::FakeClock>(), "memory://bucket");
};

TEST_F(SqlInputsTest, FilesOfSeveralPartsComeWhole) {
  std::string large;
  while (large.size() < (std::size_t{20} << 20) + 7) large += std::to_string(large.size()) + ",";
  store_->Replace("large", large);
  store_->Replace("small", "abc");
  store_->Replace("part", large.substr(0, std::size_t{8} << 20));  // ends where a part does
  const std::vector<RemoteInput> inputs{Input("large", static_cast<std::int64_t>(large.size())), Input("small", 3),
                                        Input("part", 8 << 20)};
  const Status fetched = Fetch(inputs);
  ASSERT_TRUE(fetched) << fetched.error().ToString();
  EXPECT_EQ(ReadAll(inputs[0].to), large);
  EXPECT_EQ(ReadAll(inputs[1].to), "abc");
  EXPECT_EQ(ReadAll(inputs[2].to), large.substr(0, std::size_t{8} << 20));
  EXPECT_EQ(opened_, std::vector<std::string>{"memory://bucket"}) << "one store for a folder";
}

TEST_F(SqlInputsTest, AFileThatIsGoneOrAnotherIsSaid) {
  store_->Replace("shorter", "ab");
  store_->Replace("longer", "abcd");
  for (const char* key : {"gone", "shorter", "longer"}) {
    const Status fetched = Fetch({Input(key, 3)});
    ASSERT_FALSE(fetched) << key;
    EXPECT_EQ(fetched.error().kind, ErrorKind::kHistoryGone) << key;
    EXPECT_EQ(fetched.error().file, std::string("memory://bucket/") + key);
    EXPECT_NE(fetched.error().message.find(kSqlInputError), std::string::npos) << fetched.error().ToString();
  }
}

TEST_F(SqlInputsTest, TheStoresOwnErrorIsKept) {
  store_->Replace("a", "abc");
  store_->FailCall(testing::Operation::kReadRange, 1, Error(ErrorKind::kPermission, "not for you"));
  const Status fetched = Fetch({Input("a", 3)});
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, ErrorKind::kPermission);
  EXPECT_NE(fetched.error().message.find("not for you"), std::string::npos);
}

TEST_F(SqlInputsTest, AFileOfTwoSourcesHasOnePlace) {
  std::vector<SqlSource> sources(2);
  sources[0].files = {{.path = "/local/a.parquet"}, {.path = "s3://b/x.parquet", .size_bytes = 5}};
  sources[1].files = {{.path = "s3://b/x.parquet", .size_bytes = 5}, {.path = "s3://b/y.parquet", .size_bytes = 6}};
  const auto inputs = PlaceRemoteInputs("/attempt", sources);
  ASSERT_EQ(inputs.size(), 2U);
  EXPECT_EQ(sources[0].files[0].path, "/local/a.parquet");
  EXPECT_EQ(sources[0].files[1].path, inputs[0].to);
  EXPECT_EQ(sources[1].files[0].path, inputs[0].to);
  EXPECT_EQ(sources[1].files[1].path, inputs[1].to);
}

TEST_F(SqlInputsTest, TheListIsReadAsItWasWritten) {
  const std::vector<RemoteInput> inputs{{"s3://b/it's \"a\"\n\xc3\xa4.parquet", "/x/0.parquet", 1LL << 40}};
  const auto list = ParseInputList(InputListText(inputs, {"/bin/duckdb", "-f", "a b"}));
  ASSERT_TRUE(list);
  ASSERT_EQ(list->inputs.size(), 1U);
  EXPECT_EQ(list->inputs[0].from, inputs[0].from);
  EXPECT_EQ(list->inputs[0].to, inputs[0].to);
  EXPECT_EQ(list->inputs[0].size_bytes, 1LL << 40);
  EXPECT_EQ(list->then_run, (std::vector<std::string>{"/bin/duckdb", "-f", "a b"}));
  for (const char* text :
       {"", "[]", "{}", "{\"inputs\":[],\"then_run\":[]}", "{\"inputs\":[1],\"then_run\":[\"a\"]}",
        "{\"inputs\":[],\"then_run\":[1]}", "{\"inputs\":[{\"size\":\"1\"}],\"then_run\":[\"a\"]}"}) {
    EXPECT_FALSE(ParseInputList(text)) << text;
  }
}

TEST_F(SqlInputsTest, WhatHoldsSecretsIsKnownByItsName) {
  for (const char* name :
       {"AWS_SECRET_ACCESS_KEY=x", "AZURE_STORAGE_KEY", "GOOGLE_APPLICATION_CREDENTIALS=/x", "LATECOMER_LEDGER=y"}) {
    EXPECT_TRUE(HoldsSecrets(name)) << name;
  }
  for (const char* name : {"PATH=/bin", "HOME", "LAWS_X=1", ""}) EXPECT_FALSE(HoldsSecrets(name)) << name;
}

}  // namespace
}  // namespace latecomer::executor
