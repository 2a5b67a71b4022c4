// Connections that are lost, deadlocks, commits whose answer never comes.
#include <filesystem>

#include "ledger/ledger_contract.h"
#include "ledger/postgres_proxy.h"
#include "ledger/postgres_test_schema.h"
#include "ledger/sql_ledger.h"
#include "testing/temporary_folder.h"

namespace latecomer::ledger {
namespace {

std::string Parameter(const PostgresAddress& address, const std::string& keyword) {
  for (const auto& [name, value] : address.parameters) {
    if (name == keyword) return value;
  }
  return "";
}

// As a message of the protocol, with the zero at its end: not the READ COMMITTED of a beginning.
constexpr std::string_view kCommit("COMMIT\0", 7);

class OnPostgresFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    ledger_ = schema_.Open();
    ASSERT_NE(ledger_, nullptr);
  }
  // Ends the ledger's session, as an administrator or a crash of the server would.
  void EndSession(Ledger& ledger) {
    std::string pid;
    ASSERT_TRUE(static_cast<SqlLedger&>(ledger).database().Execute("SELECT pg_backend_pid()", {},
                                                                   [&](const Row& row) -> Status {
                                                                     pid = row.Text(0);
                                                                     return {};
                                                                   }));
    schema_.Query("SELECT pg_terminate_backend(" + pid + ", 10000)");
  }
  std::size_t Runs() {
    std::size_t count = 0;
    EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({}));
      count = runs.size();
      return {};
    }));
    return count;
  }

  TestSchema schema_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(OnPostgresFaults, ASessionThatEndedBetweenTransactionsIsMadeAnew) {
  EndSession(*ledger_);
  const Status done = ledger_->Write([](Writer& writer) { return writer.PutPredecessor({.ledger_id = "x"}); });
  EXPECT_TRUE(done) << done.error().ToString();
  EndSession(*ledger_);
  EXPECT_EQ(Runs(), 0U);
}

TEST_F(OnPostgresFaults, ASessionThatEndsInsideATransactionHasItRunAgain) {
  int goes = 0;
  const Status done = ledger_->Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun("r" + std::to_string(goes), "a", "c")));
    if (++goes < 3) EndSession(*ledger_);
    return writer.AppendEvent({.pipeline = "devices", .what = "made"});
  });
  EXPECT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(goes, 3);
  EXPECT_EQ(Runs(), 1U);

  goes = 0;
  ASSERT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
    if (++goes < 2) EndSession(*ledger_);
    return reader.LastEvent().map([](std::int64_t last) { EXPECT_EQ(last, 1); });
  }));
  EXPECT_EQ(goes, 2);
}

TEST_F(OnPostgresFaults, WhatTheBodySaysOfItselfIsNotRunAgain) {
  int goes = 0;
  const Status done = ledger_->Write([&](Writer&) -> Status {
    ++goes;
    return Fail(ErrorKind::kConflict, "no");
  });
  EXPECT_EQ(done.error().message, "no");
  EXPECT_EQ(goes, 1);
}

// A sequence isn't rolled back: the first tries fail, as in a deadlock, and then no more.
TEST_F(OnPostgresFaults, ADeadlockOrASerializationFailureIsRunAgainUntilItDoes) {
  for (const std::string code : {"40P01", "40001"}) {
    schema_.Query("CREATE SEQUENCE fails_" + code);
    schema_.Query("CREATE FUNCTION fail_" + code + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " +
                  "IF nextval('fails_" + code + "') < 4 THEN RAISE EXCEPTION 'in the way' USING ERRCODE = '" + code +
                  "'; END IF; RETURN NEW; END $$");
    schema_.Query("CREATE TRIGGER t BEFORE INSERT ON predecessors FOR EACH ROW EXECUTE FUNCTION fail_" + code + "()");
    int goes = 0;
    const Status done = ledger_->Write([&](Writer& writer) {
      ++goes;
      return writer.PutPredecessor({.ledger_id = code});
    });
    EXPECT_TRUE(done) << done.error().ToString();
    EXPECT_EQ(goes, 4);
    schema_.Query("DROP TRIGGER t ON predecessors");
  }
  schema_.Query(
      "CREATE FUNCTION always() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "RAISE EXCEPTION 'in the way' USING ERRCODE = '40001'; END $$");
  schema_.Query("CREATE TRIGGER t BEFORE INSERT ON predecessors FOR EACH ROW EXECUTE FUNCTION always()");
  const Status never = ledger_->Write([&](Writer& writer) { return writer.PutPredecessor({.ledger_id = "never"}); });
  EXPECT_EQ(never.error().kind, ErrorKind::kConflict) << never.error().ToString();
}

// A commit and its answer, cut on either side: what was written is there once.
TEST_F(OnPostgresFaults, ACommitWithoutAnAnswerTookEffectOnceOrIsRunAgain) {
  const testing::TemporaryFolder folder;
  CuttingProxy proxy(folder.path(), Parameter(schema_.address(), "host"));
  PostgresAddress through = schema_.address();
  for (auto& [name, value] : through.parameters) {
    if (name == "host") value = folder.path();
  }
  SystemRandom random;
  auto ledger = OpenPostgresLedger(through, OpenMode::kExisting, random);
  ASSERT_TRUE(ledger) << ledger.error().ToString();
  int goes = 0;
  const auto add = [&](const std::string& name) {
    goes = 0;
    return (*ledger)->Write([&](Writer& writer) -> Status {
      ++goes;
      LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun(name, name, name)));
      return writer.AppendEvent({.pipeline = "devices", .run_id = name, .what = "made"});
    });
  };
  ASSERT_TRUE(add("whole"));
  proxy.CutAt(kCommit, CuttingProxy::When::kAfterTheAnswer);
  Status done = add("answer lost");
  EXPECT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(proxy.cuts(), 1);
  EXPECT_EQ(goes, 1) << "it had taken effect";
  EXPECT_EQ(Runs(), 2U);
  proxy.CutAt(kCommit, CuttingProxy::When::kBefore);
  done = add("never arrived");
  EXPECT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(proxy.cuts(), 2);
  EXPECT_EQ(goes, 2) << "it had not";
  EXPECT_EQ(Runs(), 3U);
}

TEST_F(OnPostgresFaults, AServerThatStaysAwayIsGivenUpAfterAWhile) {
  PostgresPatience hasty;
  hasty.reconnect = std::chrono::milliseconds(100);
  auto database = schema_.Connect(hasty);
  const testing::TemporaryFolder folder;
  PostgresAddress through = schema_.address();
  for (auto& [name, value] : through.parameters) {
    if (name == "host") value = folder.path();
  }
  std::unique_ptr<Ledger> ledger;
  {
    CuttingProxy proxy(folder.path(), Parameter(schema_.address(), "host"));
    SystemRandom random;
    ledger = std::move(*OpenPostgresLedger(through, OpenMode::kExisting, random, hasty));
    ASSERT_TRUE(ledger->Write([](Writer& writer) { return writer.PutPredecessor({.ledger_id = "before"}); }));
    proxy.CutAt(kCommit, CuttingProxy::When::kBefore);
    std::filesystem::remove(folder / ".s.PGSQL.5432");  // nobody comes through again
    const Status lost = ledger->Write([](Writer& writer) { return writer.PutPredecessor({.ledger_id = "x"}); });
    EXPECT_EQ(lost.error().kind, ErrorKind::kUnknownOutcome) << lost.error().ToString();
  }
  const Status gone = ledger->Write([](Writer& writer) { return writer.PutPredecessor({.ledger_id = "y"}); });
  EXPECT_EQ(gone.error().kind, ErrorKind::kIo) << gone.error().ToString();
}

}  // namespace
}  // namespace latecomer::ledger
