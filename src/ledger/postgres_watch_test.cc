#include "ledger/postgres_watch.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "ledger/ledger_contract.h"
#include "ledger/postgres_test_schema.h"

namespace latecomer::ledger {
namespace {

class OnPostgresWatch : public testing::Test {
 protected:
  void SetUp() override {
    ledger_ = schema_.Open();
    ASSERT_NE(ledger_, nullptr);
    watch_ = WatchPostgresLedger(schema_.address(), ledger_->id(), [this](const std::string& pipeline) {
      const std::lock_guard lock(mutex_);
      heard_.push_back(pipeline);
      changed_.notify_all();
    });
    // It listens once a first message has come through.
    while (!Tell("other warm-up", std::chrono::milliseconds(20))) {
    }
  }
  // Whether something is heard within that time after another process told of it.
  bool Tell(const std::string& payload, std::chrono::milliseconds patience = std::chrono::seconds(30)) {
    schema_.Query("SELECT pg_notify('" + PostgresChannel(ledger_->id()) + "', '" + payload + "')");
    return WaitFor(payload.substr(payload.find(' ') + 1), patience);
  }
  bool WaitFor(const std::string& pipeline, std::chrono::milliseconds patience = std::chrono::seconds(30)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return std::ranges::count(heard_, pipeline) > 0; });
  }

  TestSchema schema_;
  std::unique_ptr<Ledger> ledger_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
  std::unique_ptr<PostgresWatch> watch_;
};

TEST_F(OnPostgresWatch, WhatAnotherProcessCommitsIsHeardAndWhatThisOneDoesIsNot) {
  ASSERT_TRUE(ledger_->Write([](Writer& writer) { return writer.AppendEvent({.pipeline = "own", .what = "made"}); }));
  EXPECT_TRUE(Tell("other devices"));
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(std::ranges::count(heard_, "own"), 0);
}

TEST_F(OnPostgresWatch, APipelineWithBlanksInItsNameIsHeardAsItIs) {
  EXPECT_TRUE(Tell("other we ird"));
}

TEST_F(OnPostgresWatch, AfterItsConnectionWasLostAnythingMayHaveChanged) {
  schema_.Query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%" + ledger_->id() +
                "%'");
  EXPECT_TRUE(WaitFor(""));
  EXPECT_TRUE(Tell("other devices"));
}

}  // namespace
}  // namespace latecomer::ledger
