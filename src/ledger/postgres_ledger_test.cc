// What is PostgreSQL's own: opening, refusing, and writers side by side.
#include "ledger/postgres_ledger.h"

#include <future>
#include <set>
#include <thread>

#include "ledger/ledger_contract.h"
#include "ledger/pipeline_writes.h"
#include "ledger/postgres_test_schema.h"
#include "ledger/sql_ledger.h"

namespace latecomer::ledger {
namespace {

using std::chrono::milliseconds;

ErrorKind OpenFails(const PostgresAddress& address, OpenMode mode) {
  SystemRandom random;
  const auto ledger = OpenPostgresLedger(address, mode, random);
  EXPECT_FALSE(ledger);
  return ledger ? ErrorKind::kUnexpected : ledger.error().kind;
}

Status AddRun(Ledger& ledger, const std::string& name) {
  return ledger.Write(
      [&](Writer& writer) { return writer.InsertRun(SomeRun(name, name, name)).map([](std::int64_t) {}); });
}

TEST(OnPostgresLedger, ManyStartersAtOnceMakeOneLedger) {
  const TestSchema schema;
  std::vector<std::future<std::string>> ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(std::async(std::launch::async, [&] {
      const auto ledger = schema.Open();
      return ledger ? ledger->id() : "";
    }));
  }
  std::set<std::string> different;
  for (auto& id : ids) different.insert(id.get());
  EXPECT_EQ(different.size(), 1U);
  EXPECT_EQ(different.begin()->size(), 36U);
}

TEST(OnPostgresLedger, NobodyButWhoMayCreateItMakesOne) {
  const TestSchema schema;
  EXPECT_EQ(OpenFails(schema.address(), OpenMode::kReadOnly), ErrorKind::kNotFound);
  EXPECT_EQ(OpenFails(schema.address(), OpenMode::kExisting), ErrorKind::kNotFound);
  EXPECT_TRUE(
      schema.Query("SELECT nspname FROM pg_namespace WHERE nspname = '" + schema.address().schema + "'").empty());
  const auto ledger = schema.Open();
  EXPECT_EQ(schema.Open(OpenMode::kReadOnly)->id(), ledger->id());
  EXPECT_EQ(schema.Open(OpenMode::kExisting)->id(), ledger->id());
}

TEST(OnPostgresLedger, WhatIsNoLedgerOrANewerOneIsLeftAlone) {
  const TestSchema schema;
  const std::string& name = schema.address().schema;
  schema.Query("CREATE SCHEMA " + name);
  schema.Query("CREATE TABLE ledger (entry TEXT)");
  EXPECT_EQ(OpenFails(schema.address(), OpenMode::kCreate), ErrorKind::kDamaged);
  EXPECT_EQ(schema.Query("SELECT count(*) FROM pg_tables WHERE schemaname = '" + name + "'"),
            std::vector<std::string>{"1"});

  schema.Query("DROP SCHEMA " + name + " CASCADE");
  schema.Open();
  schema.Query("UPDATE ledger SET schema_version = 999");
  EXPECT_EQ(OpenFails(schema.address(), OpenMode::kCreate), ErrorKind::kUnsupported);
  EXPECT_EQ(OpenFails(schema.address(), OpenMode::kReadOnly), ErrorKind::kUnsupported);
}

// The address with one of its parameters replaced.
PostgresAddress With(PostgresAddress address, const std::string& keyword, const std::string& value) {
  for (auto& [name, old] : address.parameters) {
    if (name == keyword) old = value;
  }
  return address;
}

TEST(OnPostgresLedger, WhyItCannotBeReachedIsSaidWithoutAnyPassword) {
  const TestSchema schema;
  struct Case {
    const char* keyword;
    std::string value;
    ErrorKind kind;
  };
  for (const Case& one :
       {Case{"password", "hunter2", ErrorKind::kPermission}, Case{"user", "nobody2", ErrorKind::kPermission},
        Case{"password", "", ErrorKind::kPermission}, Case{"dbname", "nowhere", ErrorKind::kNotFound},
        Case{"port", "1", ErrorKind::kIo}, Case{"host", "/nonexistent", ErrorKind::kIo}}) {
    SystemRandom random;
    const auto ledger = OpenPostgresLedger(With(schema.address(), one.keyword, one.value), OpenMode::kCreate, random);
    ASSERT_FALSE(ledger) << one.keyword;
    const Error& error = ledger.error();
    EXPECT_EQ(error.kind, one.kind) << error.ToString();
    EXPECT_FALSE(error.hint.empty()) << error.ToString();
    EXPECT_EQ(error.file, schema.address().shown);
    const std::string all = error.ToString() + error.hint;
    EXPECT_EQ(all.find("hunter2"), std::string::npos) << all;
    EXPECT_EQ(all.find("of the tests"), std::string::npos) << all;
    EXPECT_EQ(all.find('\n'), std::string::npos) << all;
  }
}

TEST(OnPostgresLedger, LedgersInSchemasOfOneDatabaseKnowNothingOfEachOther) {
  const TestSchema one, other;
  const auto first = one.Open();
  const auto second = other.Open();
  EXPECT_NE(first->id(), second->id());
  ASSERT_TRUE(AddRun(*first, "r"));
  ASSERT_TRUE(second->Read([](Reader& reader) -> Status {
    EXPECT_TRUE(reader.Runs({})->empty());
    return {};
  }));
}

TEST(OnPostgresLedger, TheCheckFindsContentThatMakesNoSense) {
  const TestSchema schema;
  ASSERT_TRUE(AddRun(*schema.Open(), "r"));
  auto check = CheckPostgresLedger(schema.address());
  ASSERT_TRUE(check) << check.error().ToString();
  EXPECT_EQ(check->runs, 1);
  EXPECT_TRUE(check->problems.empty());
  schema.Query("UPDATE runs SET state = 'dancing'");
  check = CheckPostgresLedger(schema.address());
  ASSERT_TRUE(check);
  ASSERT_EQ(check->problems.size(), 1U);
  EXPECT_NE(check->problems.front().find("dancing"), std::string::npos);
}

// Plans are made once for a connection, with a ledger that may be new then and large later.
TEST(OnPostgresLedger, FrequentQueriesUseIndicesFromTheStart) {
  const TestSchema schema;
  const auto ledger = schema.Open();
  ASSERT_NE(ledger, nullptr);
  for (const std::string query :
       {"runs WHERE pipeline = 'p' ORDER BY id DESC LIMIT 500",
        "runs WHERE pipeline = 'p' AND state IN ('queued', 'running') ORDER BY id DESC",
        "runs WHERE pipeline = 'p' AND (created, id) < (5, 6) ORDER BY created DESC, id DESC LIMIT 500",
        "runs WHERE pipeline = 'p' AND kind = 'k' AND state = 's' AND created >= 5 ORDER BY created DESC, id DESC",
        "runs WHERE pipeline = 'p' AND partition_key = 'k' ORDER BY +id DESC",
        "runs WHERE pipeline = 'p' AND run_id = 'r'", "runs WHERE id = 7",
        "processed WHERE pipeline = 'p' AND partition_key IN ('a', 'b')",
        "changes WHERE table_key = 1 AND version > 5 AND partition_key = 'k' ORDER BY version",
        "events WHERE sequence > 5 ORDER BY sequence LIMIT 500",
        "events WHERE pipeline = 'p' AND run_id = 'r' ORDER BY sequence",
        "claims WHERE pipeline = 'p' AND released = 0 ORDER BY partition_key",
        "steps WHERE run = 1 AND try_number = 1 ORDER BY position", "tries WHERE run = 1 ORDER BY number",
        "source_partitions WHERE table_key = 1 AND last_changed > 5",
        "partition_starts WHERE reading = 1 AND start >= 5 AND start <= 6 ORDER BY start, part",
        "runs WHERE pipeline = 'p' AND interval_start IS NULL ORDER BY id"}) {
    std::string plan;
    for (const std::string& line : schema.Query("EXPLAIN SELECT * FROM " + query)) plan += line + "\n";
    EXPECT_NE(plan.find("Index"), std::string::npos) << query << "\n" << plan;
    EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << query << "\n" << plan;
  }
}

class OnPostgresWriters : public testing::Test {
 protected:
  void SetUp() override {
    first_ = schema_.Open();
    second_ = schema_.Open();
    ASSERT_TRUE(first_ && second_);
    for (const char* id : {"devices", "other"}) {
      ASSERT_TRUE(first_->Write([&](Writer& writer) { return writer.PutPipeline({.id = id, .name = id}); }));
    }
  }
  static Status Nothing(Writer& /*writer*/) { return {}; }

  TestSchema schema_;
  std::unique_ptr<Ledger> first_, second_;
};

TEST_F(OnPostgresWriters, OfDifferentPipelinesGoSideBySide) {
  int runs = 0;
  const Status done = WriteFor(*first_, "devices", [&](Writer& writer) -> Status {
    ++runs;
    LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun("r", "a", "c")));
    // While this one is at work:
    LATECOMER_RETURN_IF_ERROR(WriteFor(*second_, "other", Nothing));
    return WriteUnlessBusy(*second_, "other", Nothing);
  });
  EXPECT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(runs, 1);
}

TEST_F(OnPostgresWriters, TheSecondOneAtAPipelineIsToldAtOnce) {
  ASSERT_TRUE(WriteFor(*first_, "devices", [&](Writer&) -> Status {
    const Status busy = WriteUnlessBusy(*second_, "devices", Nothing);
    EXPECT_FALSE(busy);
    EXPECT_EQ(busy.error().kind, ErrorKind::kConflict);
    return {};
  }));
  EXPECT_TRUE(WriteUnlessBusy(*second_, "devices", Nothing));
}

TEST_F(OnPostgresWriters, OfEverythingWaitForThoseOfAPipelineAndTheReverse) {
  PostgresPatience hasty;
  hasty.lock = milliseconds(50);
  const auto third = schema_.Open(OpenMode::kExisting, hasty);
  ASSERT_TRUE(WriteFor(*first_, "devices", [&](Writer&) -> Status {
    EXPECT_EQ(third->Write(Nothing).error().kind, ErrorKind::kConflict);
    EXPECT_EQ(WriteFor(*third, "devices", Nothing).error().kind, ErrorKind::kConflict);
    return {};
  }));
  ASSERT_TRUE(first_->Write([&](Writer&) -> Status {
    const Status busy = WriteFor(*third, "other", Nothing);
    EXPECT_EQ(busy.error().kind, ErrorKind::kConflict);
    EXPECT_NE(busy.error().message.find("too long"), std::string::npos) << busy.error().message;
    EXPECT_FALSE(busy.error().hint.empty());
    return {};
  }));
  EXPECT_TRUE(third->Write(Nothing));
}

TEST_F(OnPostgresWriters, APipelineThatIsNotKnownYetIsWrittenAloneAsWell) {
  PostgresPatience hasty;
  hasty.lock = milliseconds(50);
  const auto third = schema_.Open(OpenMode::kExisting, hasty);
  ASSERT_TRUE(WriteFor(*first_, "new", [&](Writer& writer) -> Status {
    EXPECT_EQ(WriteFor(*third, "new", Nothing).error().kind, ErrorKind::kConflict);
    return writer.PutPipeline({.id = "new", .name = "'; DROP TABLE runs; --"});
  }));
  EXPECT_TRUE(WriteUnlessBusy(*third, "new", Nothing));
  EXPECT_TRUE(WriteFor(*third, "'; DROP TABLE runs; --", Nothing));
  EXPECT_TRUE(AddRun(*first_, "still there"));
}

TEST_F(OnPostgresWriters, OneThatHangsIsPutOutAndDoesItsWorkAgain) {
  PostgresPatience short_one;
  short_one.idle_in_transaction = milliseconds(200);
  const auto hanging = schema_.Open(OpenMode::kExisting, short_one);
  int goes = 0;
  const Status done = hanging->Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun("hung", "a", "c")));
    // The first time it hangs here until the server has given up on it and the other one got its turn.
    if (++goes == 1) EXPECT_TRUE(AddRun(*second_, "other"));
    return writer.RemoveHold("devices", "none");
  });
  EXPECT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(goes, 2);
  ASSERT_TRUE(first_->Read([](Reader& reader) -> Status {
    EXPECT_EQ(reader.Runs({})->size(), 2U);
    return {};
  }));
}

}  // namespace
}  // namespace latecomer::ledger
