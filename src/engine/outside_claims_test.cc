#include "engine/outside_claims.h"

#include <gtest/gtest.h>

#include <memory>

#include "ledger/sqlite_ledger.h"
#include "testing/fake_clock.h"

namespace latecomer::engine {
namespace {

using ledger::ClaimRecord;
using ledger::Reader;
using ledger::RunRecord;
using ledger::RunState;
using ledger::StepState;
using ledger::TryState;
using ledger::Writer;

constexpr Duration kLease = std::chrono::hours(1);
constexpr const char* kPartition = R"({"event_time":"2024-01-01"})";

// Commands write outputs that nobody looks into.
class NoTables final : public table::Catalog {
 public:
  Result<std::shared_ptr<table::TableHistory>> OpenHistory(const std::string& location) override {
    return Fail(ErrorKind::kUnexpected, "opened " + location);
  }
  Result<std::shared_ptr<table::TableWriter>> OpenWriter(const std::string& location) override {
    return Fail(ErrorKind::kUnexpected, "opened " + location);
  }
};

// One run whose first try an outside worker holds with token 5.
class OutsideReports : public ::testing::Test {
 protected:
  void SetUp() override {
    SystemRandom random;
    auto opened = ledger::OpenSqliteLedger(":memory:", ledger::OpenMode::kCreate, random);
    ASSERT_TRUE(opened) << opened.error().ToString();
    ledger_ = std::move(*opened);
    pipeline_.id = "devices";
    pipeline_.sources.push_back({.name = "devices", .table = "t", .location = "/t", .partition = {}, .cadence = {}});
    pipeline_.output.columns = {"event_time"};
    pipeline_.steps.push_back({.id = "work", .needs = {}, .action = pipeline::CommandStep{}});
    Write([&](Writer& writer) -> Status {
      ledger::TableRecord table;
      table.location = "/t";
      table.table_id = "1";
      table.partition_columns = {{"event_time", {.kind = table::TypeKind::kDate}}};
      LATECOMER_RETURN_IF_ERROR(writer.PutTable(table));
      run_.pipeline = "devices";
      run_.run_id = "scheduled_2024-01-01";
      run_.partition = kPartition;
      run_.cause = "interval";
      run_.tries = 1;
      LATECOMER_ASSIGN_OR_RETURN(run_.id, writer.InsertRun(run_));
      run_.state = RunState::kRunning;
      LATECOMER_RETURN_IF_ERROR(writer.UpdateRun(run_));
      ledger::TryRecord attempt;
      attempt.run = run_.id;
      attempt.number = 1;
      attempt.token = 5;
      attempt.vector = {{"devices", Version{2}}};
      LATECOMER_RETURN_IF_ERROR(writer.InsertTry(attempt));
      for (const auto& [step, state] : {std::pair("work", StepState::kDeferred), {"record", StepState::kWaiting}}) {
        ledger::StepRecord record;
        record.run = run_.id;
        record.try_number = 1;
        record.step = step;
        record.state = state;
        LATECOMER_RETURN_IF_ERROR(writer.InsertStep(record));
      }
      return PutClaim(writer, 5, "external:airflow");
    });
  }

  Status PutClaim(Writer& writer, std::int64_t token, const std::string& holder) {
    return writer.PutClaim({.pipeline = "devices",
                            .partition = kPartition,
                            .token = token,
                            .holder = holder,
                            .expires = clock_.Now() + kLease,
                            .run = run_.id,
                            .try_number = 1});
  }

  void Write(const std::function<Status(Writer&)>& body) {
    const Status done = ledger_->Write(body);
    ASSERT_TRUE(done) << done.error().ToString();
  }

  Result<Reported> Done(std::int64_t token = 5) {
    return RecordOutside(*ledger_, tables_, pipeline_, {run_.run_id, token}, clock_.Now());
  }
  Result<Reported> Failed(AfterFailure after = AfterFailure::kStayFailed) {
    return FailOutside(*ledger_, pipeline_, {run_.run_id, 5}, "no disk left", after, clock_.Now());
  }

  std::optional<ledger::ProcessedRecord> Processed() {
    std::optional<ledger::ProcessedRecord> record;
    EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(record, reader.FindProcessed("devices", kPartition));
      return {};
    }));
    return record;
  }

  testing::FakeClock clock_;
  std::unique_ptr<ledger::Ledger> ledger_;
  NoTables tables_;
  pipeline::Pipeline pipeline_;
  RunRecord run_;
};

TEST_F(OutsideReports, DoneRecordsThePinnedVersionsOnce) {
  const Result<Reported> first = Done();
  ASSERT_TRUE(first) << first.error().ToString();
  EXPECT_FALSE(first->repeated);
  EXPECT_EQ(first->run.state, RunState::kSuccess);
  clock_.Advance(kLease);
  const Result<Reported> second = Done();
  ASSERT_TRUE(second) << second.error().ToString();
  EXPECT_TRUE(second->repeated);
  ASSERT_TRUE(Processed());
  EXPECT_EQ(Processed()->vector, (VersionVector{{"devices", Version{2}}}));
  EXPECT_EQ(Processed()->token, 5);
  EXPECT_EQ(Processed()->at, clock_.Now() - kLease);
}

TEST_F(OutsideReports, ANewerTokenRefusesEverything) {
  Write([&](Writer& writer) { return PutClaim(writer, 6, "external:other"); });
  for (const Error& error : {Done().error(), Failed().error(),
                             RenewClaim(*ledger_, "devices", {run_.run_id, 5}, kLease, clock_.Now()).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::kConflict);
    EXPECT_NE(error.message.find("taken over by outside worker other"), std::string::npos) << error.message;
  }
  EXPECT_FALSE(Processed());
}

TEST_F(OutsideReports, NobodyReportsASchedulersWork) {
  Write([&](Writer& writer) { return PutClaim(writer, 5, "host/boot/1/2/3"); });
  EXPECT_EQ(Done().error().kind, ErrorKind::kConflict);
  EXPECT_EQ(Failed().error().kind, ErrorKind::kConflict);
  EXPECT_FALSE(Processed());
}

TEST_F(OutsideReports, ALateReportCountsWhileNobodyTookIt) {
  clock_.Advance(kLease * 100);
  const Result<Reported> done = Done();
  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_NE(done->note.find("after its lease had run out"), std::string::npos);
  EXPECT_TRUE(Processed());
}

TEST_F(OutsideReports, FailingQueuesAgainOnlyWhenGivenBack) {
  ASSERT_TRUE(Failed(AfterFailure::kQueueAgain));
  const Result<Reported> again = Failed();
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->run.state, RunState::kQueued);
  EXPECT_EQ(Done().error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
    EXPECT_EQ(reader.Tries(run_.id)->back().state, TryState::kFailed);
    EXPECT_EQ(reader.Tries(run_.id)->back().message, "outside worker airflow failed: no disk left");
    EXPECT_TRUE(reader.ClaimsHeld("devices")->empty());
    return {};
  }));
}

TEST_F(OutsideReports, ALeaseNeverGetsShorter) {
  const Ticket ticket{run_.run_id, 5};
  const Instant end = clock_.Now() + kLease;
  EXPECT_EQ(RenewClaim(*ledger_, "devices", ticket, Duration(0), clock_.Now()).value(), end);
  clock_.Advance(kLease / 2);
  EXPECT_EQ(RenewClaim(*ledger_, "devices", ticket, kLease, clock_.Now()).value(), end + kLease / 2);
  EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
    EXPECT_EQ((*reader.FindClaim("devices", kPartition))->expires, end + kLease / 2);
    EXPECT_EQ((*reader.FindRun(run_.id))->waiting_for,
              "outside worker airflow until " + FormatInstant(end + kLease / 2));
    return {};
  }));
}

TEST_F(OutsideReports, UnknownTokensAndRuns) {
  EXPECT_EQ(Done(4).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(Done(6).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(RecordOutside(*ledger_, tables_, pipeline_, {"scheduled_2024-01-09", 5}, clock_.Now()).error().kind,
            ErrorKind::kNotFound);
}

TEST(OutsideClaims, TheLeaseOfThoseWhoDontSay) {
  pipeline::Pipeline pipeline;
  pipeline.steps.push_back({.id = "a", .needs = {}, .action = {}, .timeout = std::chrono::minutes(10)});
  EXPECT_EQ(DefaultLease(pipeline), std::chrono::minutes(10));
  pipeline.steps.push_back({.id = "b", .needs = {}, .action = {}});
  EXPECT_EQ(DefaultLease(pipeline), std::chrono::minutes(70));
}

TEST(OutsideClaims, NamesOfHolders) {
  EXPECT_TRUE(IsOutside("external:airflow"));
  EXPECT_FALSE(IsOutside("host/boot/1/2/3"));
  EXPECT_EQ(OutsideName("external:airflow"), "outside worker airflow");
}

}  // namespace
}  // namespace latecomer::engine
