// What every ledger promises, as one test suite that each database's test file instantiates:
//   INSTANTIATE_TEST_SUITE_P(Sqlite, LedgerContract, testing::Values(…), NameOfParameter);
// The tests themselves are in ledger_contract_*_test.cc.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "ledger/accounts.h"
#include "ledger/activity.h"
#include "ledger/database.h"
#include "ledger/ledger.h"

namespace latecomer::ledger {

// A place in which a fresh ledger lies, removed with this object.
class LedgerPlace {
 public:
  virtual ~LedgerPlace() = default;
  // A connection of its own to the same ledger. nullptr when there can be only one.
  virtual std::unique_ptr<Ledger> Open() = 0;
  // The database alone, once the ledger was opened. nullptr when there can be only one connection.
  virtual std::unique_ptr<Database> Connect() { return nullptr; }
};

struct LedgerFlavour {
  std::string name;
  bool many_connections = true;
  bool shares_server = false;  // with ledgers of other processes
  std::function<std::unique_ptr<LedgerPlace>()> make;
};

inline void PrintTo(const LedgerFlavour& flavour, std::ostream* out) {
  *out << flavour.name;
}

class LedgerContract : public testing::TestWithParam<LedgerFlavour> {
 protected:
  void SetUp() override {
    place_ = GetParam().make();
    ledger_ = place_->Open();
    ASSERT_NE(ledger_, nullptr);
  }

  void Write(const std::function<Status(Writer&)>& body) {
    const Status done = ledger_->Write(body);
    ASSERT_TRUE(done) << done.error().ToString();
  }
  void Read(const std::function<void(Reader&)>& body) {
    const Status done = ledger_->Read([&](Reader& reader) -> Status {
      body(reader);
      return {};
    });
    ASSERT_TRUE(done) << done.error().ToString();
  }

  std::unique_ptr<LedgerPlace> place_;
  std::unique_ptr<Ledger> ledger_;
};

// Users and what they did, and pages of what happened; on a database that takes several connections.
class AccountsContract : public LedgerContract {
 protected:
  void SetUp() override {
    LedgerContract::SetUp();
    auto first = place_->Connect();
    auto second = place_->Connect();
    ASSERT_TRUE(first && second);
    accounts_ = MakeAccounts(std::move(first));
    activity_ = MakeActivity(std::move(second));
  }
  Status Add(const std::string& name, Role role) {
    return accounts_->InsertUser(
        {.name = name, .role = role, .password_hash = "h", .created = Instant(std::chrono::seconds(1))});
  }

  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<Activity> activity_;
};

inline std::string NameOfParameter(const testing::TestParamInfo<LedgerFlavour>& info) {
  return info.param.name;
}

// Records with every field set, for round trips.
inline Instant At(std::int64_t millis) {
  return Instant(Duration(millis));
}

inline RunRecord SomeRun(const std::string& run_id, const std::string& partition, const std::string& cause) {
  RunRecord run;
  run.pipeline = "devices";
  run.run_id = run_id;
  run.partition = partition;
  run.partition_display = "event_time=" + partition;
  run.kind = RunKind::kBackfill;
  run.cause = cause;
  run.state = RunState::kQueued;
  run.waiting_for = "a slot";
  run.created = At(1704067200000);
  return run;
}

inline TryRecord SomeTry(std::int64_t run, int number) {
  TryRecord record;
  record.run = run;
  record.number = number;
  record.vector = {{"devices", Version{3}}};
  record.token = 7;
  record.definition_hash = "abc";
  record.started = At(1704067201000);
  return record;
}

inline StepRecord SomeStep(std::int64_t run, int try_number, const std::string& name, int map_index = -1) {
  StepRecord step;
  step.run = run;
  step.try_number = try_number;
  step.step = name;
  step.map_index = map_index;
  return step;
}

inline AttemptRecord SomeAttempt(std::int64_t run, int try_number, const std::string& step) {
  AttemptRecord attempt;
  attempt.run = run;
  attempt.try_number = try_number;
  attempt.step = step;
  attempt.number = 1;
  attempt.handle = "41";
  attempt.folder = "/tmp/a";
  attempt.log = "/tmp/a.log";
  attempt.started = At(5);
  return attempt;
}

}  // namespace latecomer::ledger
