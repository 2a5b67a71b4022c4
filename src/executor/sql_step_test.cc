// SQL steps with the real duckdb program, on tables that exist only as lists of Parquet files.
#include "executor/sql_step.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "executor/duckdb_text.h"
#include "executor/executor_test_support.h"
#include "executor/local_executor.h"
#include "executor/sql_inputs.h"
#include "executor/sql_script.h"

namespace latecomer::executor {
namespace {

using table::Column;
using table::DataFile;
using table::PartitionKey;
using table::PartitionSchema;

Error Unused() {
  return Error(ErrorKind::kUnexpected, "a SQL step doesn't ask this");
}

struct FakeTable {
  table::TableInfo info;
  std::vector<DataFile> files;
};

// Only what a SQL step asks for.
class FakeHistory final : public table::TableHistory {
 public:
  FakeHistory(std::string location, const FakeTable* content) : location_(std::move(location)), content_(content) {}
  const std::string& location() const override { return location_; }
  Result<table::TableInfo> ReadInfo(std::optional<Version> at) const override {
    if (content_ == nullptr) return Fail(Error(ErrorKind::kNotFound, "no table").In(location_));
    EXPECT_TRUE(!at || *at == content_->info.version) << "not the pinned version";
    return content_->info;
  }
  Result<std::vector<DataFile>> ReadFiles(Version at,
                                          const std::function<bool(const PartitionKey&)>& wanted) const override {
    EXPECT_EQ(at, content_->info.version);
    std::vector<DataFile> files;
    for (const DataFile& file : content_->files) {
      if (wanted(file.key)) files.push_back(file);
    }
    return files;
  }
  Result<Version> LatestVersion() const override { return Fail(Unused()); }
  Result<Version> OldestCommit() const override { return Fail(Unused()); }
  Result<Version> LatestVersionAfter(const table::SeenCommit&) const override { return Fail(Unused()); }
  Result<table::CommitIdentity> IdentityOf(Version) const override { return Fail(Unused()); }
  Status ReadCommits(VersionRange, const CommitSink&) const override { return Fail(Unused()); }
  Result<table::Snapshot> ReadSnapshot(std::optional<Version>) const override { return Fail(Unused()); }
  Result<std::optional<Transaction>> FindTransaction(const std::string&) const override { return Fail(Unused()); }
  Result<std::vector<table::RecordedWrite>> ReadRecordedWrites(const std::string&) const override {
    return Fail(Unused());
  }
  Result<std::string> ReadCommitInfo(Version) const override { return Fail(Unused()); }

 private:
  std::string location_;
  const FakeTable* content_;
};

// Keeps what was to be written, files copied as a real one does.
class FakeWriter final : public table::TableWriter {
 public:
  Result<table::WriteReport> ReplacePartition(const table::ReplaceRequest& request) override {
    requests.push_back(request);
    std::string& file = requests.back().parquet_file;
    std::filesystem::copy_file(file, file + ".copy");
    file += ".copy";
    if (refusal) return Fail(*refusal);
    return table::WriteReport{.outcome = outcome, .version = Version{7}, .rows = 3, .bytes = 100};
  }
  std::vector<table::ReplaceRequest> requests;
  std::optional<Error> refusal;
  table::WriteOutcome outcome = table::WriteOutcome::kCommitted;
};

class FakeCatalog final : public table::Catalog {
 public:
  Result<std::shared_ptr<table::TableHistory>> OpenHistory(const std::string& location) override {
    const auto found = tables.find(location);
    return std::make_shared<FakeHistory>(location, found == tables.end() ? nullptr : &found->second);
  }
  Result<std::shared_ptr<table::TableWriter>> OpenWriter(const std::string& location) override {
    written_to.insert(location);
    return writer;
  }
  std::map<std::string, FakeTable> tables;
  std::set<std::string> written_to;
  std::shared_ptr<FakeWriter> writer = std::make_shared<FakeWriter>();
};

Column ColumnOf(const std::string& name, const std::string& type, const std::string& physical = "") {
  return {.name = name,
          .physical_name = physical.empty() ? name : physical,
          .type_json = type.starts_with("{") ? type : "\"" + type + "\"",
          .field_id = std::nullopt};
}

class SqlStepTest : public testing::Test {
 protected:
  SqlStepTest() : executor_("/nowhere/bin/latecomer", catalog_) {
    FakeTable& devices = catalog_.tables["/devices"];
    devices.info.version = Version{3};
    devices.info.partition_columns = {{.name = "event_time", .type = {table::TypeKind::kDate}}};
    devices.info.columns = {ColumnOf("type", "string"), ColumnOf("n", "integer"), ColumnOf("event_time", "date")};
    work_.query = "SELECT type, count(*) AS devices FROM devices GROUP BY ALL ORDER BY ALL";
    work_.query_file = "devices.sql";
    work_.into = "/out";
    work_.partition_columns = devices.info.partition_columns;
    work_.partition = Day("2024-01-01");
    work_.transaction.app_id = "latecomer/x";
    AddSource("devices", "/devices");
  }

  static PartitionKey KeyOf(const PartitionSchema& schema, const std::string& name, std::optional<std::string> text) {
    return *PartitionKey::FromTexts(schema, {{name, std::move(text)}});
  }
  PartitionKey Day(const std::string& day) {
    return KeyOf(catalog_.tables["/devices"].info.partition_columns, "event_time", day);
  }

  void AddSource(const std::string& name, const std::string& location) {
    work_.sources.push_back({.name = name,
                             .location = location,
                             .version = catalog_.tables[location].info.version,
                             .mapped = [](const PartitionKey&) { return true; }});
  }

  static std::string Program() {
    const auto program = FindDuckDb("/nowhere/bin/latecomer");
    EXPECT_TRUE(program) << program.error().ToString();
    return program.value_or("");
  }

  // Runs SQL outside of any step, to make inputs and to look at outputs.
  std::string Duck(const std::string& sql) {
    ProcessExecutor processes;
    const std::string name = "duck" + std::to_string(++count_);
    const AttemptSpec spec = AttemptIn(
        folder_, {Program(), "-no-init", "-batch", "-bail", "-csv", "-noheader", "-nullvalue", "", "-c", sql}, name);
    const std::string output_before;
    EXPECT_EQ(RunToEnd(processes, spec).exit_code, 0) << sql << "\n" << ReadAll(spec.log);
    return ReadAll(spec.log);
  }

  std::string MakeParquet(const std::string& name, const std::string& select) {
    const std::string path = folder_ / name;
    Duck("COPY (" + select + ") TO " + QuoteText(path) + " (FORMAT parquet)");
    return path;
  }

  void AddFile(const std::string& location, const std::string& name, const PartitionKey& key, const std::string& select,
               std::vector<std::int64_t> deleted = {}) {
    catalog_.tables[location].files.push_back({.path = MakeParquet(name, select),
                                               .key = key,
                                               .size_bytes = 0,
                                               .rows = std::nullopt,
                                               .deleted_rows = std::move(deleted)});
  }

  AttemptStatus RunStep() {
    AttemptSpec spec = AttemptIn(folder_, {}, "step" + std::to_string(++count_));
    spec.work = work_;
    log_ = spec.log;
    step_folder_ = spec.folder;
    const auto handle = executor_.Start(spec);
    if (handle) return Finish(executor_, *handle);
    AttemptStatus status;
    status.phase = Phase::kFailed;
    status.message = handle.error().ToString();
    return status;
  }

  // Rows of the output as CSV; "" and a failure when the step failed.
  std::string Rows() {
    const AttemptStatus status = RunStep();
    EXPECT_EQ(status.phase, Phase::kSucceeded) << status.message;
    if (status.phase != Phase::kSucceeded) return "";
    return Duck("FROM read_parquet('" + catalog_.writer->requests.back().parquet_file + "')");
  }
  std::string Types() {
    return Duck("SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet('" +
                catalog_.writer->requests.back().parquet_file + "'))");
  }
  std::string FailureOf(const std::string& query) {
    work_.query = query;
    const AttemptStatus status = RunStep();
    EXPECT_EQ(status.phase, Phase::kFailed) << query;
    return status.message;
  }

  TemporaryFolder folder_;
  FakeCatalog catalog_;
  SqlWork work_;
  LocalExecutor executor_;
  std::string log_;
  std::string step_folder_;
  int count_ = 0;
};

TEST_F(SqlStepTest, AggregatesTheMappedPartitionAndCommits) {
  AddFile("/devices", "a.parquet", Day("2024-01-01"),
          "SELECT * FROM (VALUES ('galaxy', 1), ('galaxy', 2), ('iphone', 3)) t(type, n)");
  AddFile("/devices", "b.parquet", Day("2024-01-02"), "SELECT 'pixel' AS type, 1 AS n");
  const PartitionKey wanted = Day("2024-01-01");
  work_.sources[0].mapped = [&](const PartitionKey& key) { return key == wanted; };
  EXPECT_EQ(Rows(), "galaxy,2\niphone,1\n");
  ASSERT_EQ(catalog_.writer->requests.size(), 1U);
  const table::ReplaceRequest& request = catalog_.writer->requests[0];
  EXPECT_EQ(request.key, wanted);
  EXPECT_EQ(request.transaction.app_id, "latecomer/x");
  EXPECT_EQ(request.partition_columns, work_.partition_columns);
  EXPECT_EQ(catalog_.written_to, std::set<std::string>{"/out"});
  EXPECT_FALSE(std::filesystem::exists(step_folder_ + "/" + kSqlResultFile));
  EXPECT_NE(ReadAll(log_).find("wrote 3 rows to /out, partition event_time=2024-01-01, as version 7"),
            std::string::npos)
      << ReadAll(log_);
}

TEST_F(SqlStepTest, TheReportIsPassedOn) {
  AddFile("/devices", "a.parquet", Day("2024-01-01"), "SELECT 'x' AS type, 1 AS n");
  catalog_.writer->outcome = table::WriteOutcome::kRepeat;
  const AttemptStatus status = RunStep();
  ASSERT_TRUE(status.written);
  EXPECT_EQ(status.written->version, Version{7});
  EXPECT_EQ(status.written->outcome, table::WriteOutcome::kRepeat);
  EXPECT_NE(ReadAll(log_).find("committed before"), std::string::npos);
}

TEST_F(SqlStepTest, ARefusedCommitFailsTheStep) {
  AddFile("/devices", "a.parquet", Day("2024-01-01"), "SELECT 'x' AS type, 1 AS n");
  catalog_.writer->refusal = Error(ErrorKind::kConflict, "a later claim wrote here");
  const AttemptStatus status = RunStep();
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_NE(status.message.find("a later claim wrote here"), std::string::npos);
  EXPECT_NE(ReadAll(log_).find("a later claim wrote here"), std::string::npos);
}

TEST_F(SqlStepTest, ASourceWithoutFilesIsAnEmptyViewWithItsTypes) {
  work_.query = "SELECT *, 1 AS one FROM devices";
  EXPECT_EQ(Rows(), "");
  EXPECT_EQ(Types(), "type,VARCHAR\nn,INTEGER\none,INTEGER\n");
  work_.query = "SELECT count(*) AS devices, max(event_time) AS newest FROM devices";
  EXPECT_EQ(Rows(), "0,\n");
}

TEST_F(SqlStepTest, PartitionColumnsAreThereTyped) {
  AddFile("/devices", "a.parquet", Day("2024-01-01"), "SELECT 'x' AS type, 1 AS n");
  AddFile("/devices", "b.parquet", Day("2024-02-29"), "SELECT 'x' AS type, 1 AS n");
  work_.query = "SELECT typeof(event_time) AS t, event_time + 1 AS next FROM devices ORDER BY next";
  EXPECT_EQ(Rows(), "DATE,2024-01-02\nDATE,2024-03-01\n");
}

TEST_F(SqlStepTest, PartitionValuesOfEveryType) {
  struct Case {
    const char* type;
    std::optional<std::string> text;
    const char* shown;
  };
  const std::vector<Case> cases{
      {"string", "it's; DROP \"x\" -- \xc3\xa4\n%2F", "\"it's; DROP \"\"x\"\" -- \xc3\xa4\n%2F\""},
      {"string", std::nullopt, ""},
      {"integer", "-7", "-7"},
      {"long", "9007199254740993", "9007199254740993"},
      {"decimal(10,2)", "1.50", "1.50"},
      {"boolean", "true", "true"},
      {"double", "0.5", "0.5"},
      {"date", "2024-01-01", "2024-01-01"},
      {"timestamp", "2024-01-01 10:00:00", "2024-01-01 10:00:00+00"},
      {"timestamp_ntz", "2024-01-01 10:00:00", "2024-01-01 10:00:00"},
      {"date", std::nullopt, ""},
  };
  for (const Case& c : cases) {
    FakeTable& table = catalog_.tables["/typed"];
    table = {};
    table.info.version = Version{1};
    table.info.partition_columns = {{.name = "p'\"q", .type = *table::ParseDataType(c.type)}};
    table.info.columns = {ColumnOf("n", "integer"), ColumnOf("p'\"q", c.type)};
    AddFile("/typed", "t.parquet", KeyOf(table.info.partition_columns, "p'\"q", c.text), "SELECT 1 AS n");
    work_.sources.clear();
    AddSource("so\"urce", "/typed");
    work_.query = "SELECT \"p'\"\"q\" AS v FROM \"so\"\"urce\"";
    EXPECT_EQ(Rows(), std::string(c.shown) + "\n") << c.type;
  }
}

TEST_F(SqlStepTest, ColumnMappingAndColumnsAddedLater) {
  FakeTable& table = catalog_.tables["/devices"];
  table.info.columns = {ColumnOf("kind of", "string", "col-1"), ColumnOf("n", "long", "col-2"),
                        ColumnOf("added", "date", "col-3"),
                        ColumnOf("s", R"({"type":"struct","fields":[
                          {"name":"a","type":"integer","metadata":{"delta.columnMapping.physicalName":"f-1"}},
                          {"name":"l","type":{"type":"array","elementType":"string"},"metadata":{}}]})",
                                 "col-4"),
                        ColumnOf("event_time", "date")};
  AddFile("/devices", "old.parquet", Day("2024-01-01"),
          "SELECT 'x' AS \"col-1\", 1::INTEGER AS \"col-2\", 'gone' AS dropped");
  AddFile("/devices", "new.parquet", Day("2024-01-01"),
          "SELECT 'y' AS \"col-1\", 2::BIGINT AS \"col-2\", DATE '2024-05-05' AS \"col-3\", "
          "{'f-1': 5, 'l': ['q']} AS \"col-4\"");
  work_.query = "SELECT * EXCLUDE (s), s.a, s.l[1] AS l FROM devices ORDER BY n";
  // Column names with blanks can't be written; reading them is fine.
  EXPECT_NE(RunStep().message.find("'kind of'"), std::string::npos);
  work_.query = "SELECT \"kind of\" AS kind, n, added, s.a, s.l[1] AS l FROM devices ORDER BY n";
  EXPECT_EQ(Rows(), "x,1,,,\ny,2,2024-05-05,5,q\n");
  EXPECT_EQ(Types(), "kind,VARCHAR\nn,BIGINT\nadded,DATE\na,INTEGER\nl,VARCHAR\n");
}

TEST_F(SqlStepTest, RowsThatDeletionVectorsHideAreNotThere) {
  AddFile("/devices", "a.parquet", Day("2024-01-01"), "SELECT 'x' AS type, i::INTEGER AS n FROM range(10) t(i)",
          {0, 3, 9});
  AddFile("/devices", "b.parquet", Day("2024-01-01"), "SELECT 'x' AS type, i::INTEGER AS n FROM range(10, 13) t(i)");
  AddFile("/devices", "c.parquet", Day("2024-01-01"), "SELECT 'x' AS type, i::INTEGER AS n FROM range(13, 16) t(i)",
          {1});
  work_.query = "SELECT string_agg(n, ' ' ORDER BY n) AS ns FROM devices";
  EXPECT_EQ(Rows(), "1 2 4 5 6 7 8 10 11 12 13 15\n");
}

TEST_F(SqlStepTest, TimestampsAreTheSameInstantInEveryZone) {
  FakeTable& table = catalog_.tables["/devices"];
  table.info.columns = {ColumnOf("ts", "timestamp"), ColumnOf("event_time", "date")};
  // The second is written as INT96 readers see it: a UTC time that doesn't say so.
  AddFile("/devices", "a.parquet", Day("2024-01-01"), "SELECT TIMESTAMPTZ '2024-07-01 12:00:00+00' AS ts");
  AddFile("/devices", "b.parquet", Day("2024-01-01"), "SELECT TIMESTAMP '2024-07-01 12:00:00' AS ts");
  work_.query = "SELECT epoch(ts)::BIGINT AS e, hour(ts) AS h FROM devices";
  EXPECT_EQ(Rows(), "1719835200,12\n1719835200,12\n");
  work_.time_zone = "Asia/Kolkata";
  EXPECT_EQ(Rows(), "1719835200,17\n1719835200,17\n");
}

TEST_F(SqlStepTest, TheQueryMayGiveThePartition) {
  AddFile("/devices", "a.parquet", Day("2024-01-01"), "SELECT 'x' AS type, 1 AS n");
  work_.query = "SELECT type, EVENT_TIME, count(*) AS c FROM devices GROUP BY ALL";
  EXPECT_EQ(Rows(), "x,1\n");
  EXPECT_EQ(Types(), "type,VARCHAR\nc,BIGINT\n");
  work_.query = "SELECT type, '2024-01-01' AS event_time FROM devices";
  EXPECT_EQ(Rows(), "x\n");
}

TEST_F(SqlStepTest, AnotherPartitionThanTheRunsIsRefused) {
  AddFile("/devices", "a.parquet", Day("2024-01-01"), "SELECT 'x' AS type, 1 AS n");
  const std::string other = FailureOf("SELECT type, DATE '2024-01-02' AS event_time FROM devices");
  EXPECT_NE(other.find("event_time = 2024-01-02"), std::string::npos) << other;
  EXPECT_NE(other.find("event_time=2024-01-01"), std::string::npos) << other;
  const std::string null = FailureOf("SELECT type, NULL::DATE AS event_time FROM devices");
  EXPECT_NE(null.find("event_time = null"), std::string::npos) << null;
  // A row that the query's own condition takes out may be of any partition.
  AddFile("/devices", "b.parquet", Day("2024-01-02"), "SELECT 'y' AS type, 1 AS n");
  work_.query = "SELECT type, event_time FROM devices WHERE event_time = DATE '2024-01-01'";
  EXPECT_EQ(Rows(), "x\n");
  EXPECT_TRUE(catalog_.writer->requests.size() == 1);
}

TEST_F(SqlStepTest, TheNullPartitionAgreesWithNull) {
  work_.partition = KeyOf(work_.partition_columns, "event_time", std::nullopt);
  work_.query = "SELECT 1 AS a, NULL::DATE AS event_time";
  EXPECT_EQ(Rows(), "1\n");
}

TEST_F(SqlStepTest, IntegersTakeATypeThatTablesHave) {
  work_.query =
      "SELECT sum(i) AS s, count(*) AS c, 1::UTINYINT AS t, 1::UBIGINT AS u, uuid() IS NULL AS b "
      "FROM range(3) r(i)";
  EXPECT_EQ(Rows(), "3,3,1,1,false\n");
  EXPECT_EQ(Types(), "s,BIGINT\nc,BIGINT\nt,SMALLINT\nu,\"DECIMAL(20,0)\"\nb,BOOLEAN\n");
  catalog_.tables["/out"].info.columns = {ColumnOf("S", "integer"), ColumnOf("c", "decimal(5,1)")};
  work_.query = "SELECT sum(i) AS s, count(*) AS c, NULL AS n FROM range(3) r(i)";
  EXPECT_EQ(Rows(), "3,3.0,\n");
  EXPECT_EQ(Types(), "s,INTEGER\nc,\"DECIMAL(5,1)\"\nn,INTEGER\n");
  work_.query = "SELECT 3000000000 AS s";
  EXPECT_NE(RunStep().message.find("3000000000"), std::string::npos);
}

TEST_F(SqlStepTest, WhatATableCannotHoldIsSaid) {
  EXPECT_NE(FailureOf("SELECT INTERVAL 1 DAY AS i").find("INTERVAL"), std::string::npos);
  EXPECT_NE(FailureOf("SELECT count(*) FROM devices").find("'count_star()'"), std::string::npos);
  EXPECT_NE(FailureOf("SELECT event_time FROM devices").find("no column"), std::string::npos);
  EXPECT_TRUE(catalog_.writer->requests.empty());
}

TEST_F(SqlStepTest, MessagesPointIntoTheQuery) {
  EXPECT_EQ(FailureOf("SELECT type\nFROM devices\nWHERE n = = 2"), "devices.sql:3:11: syntax error at or near \"=\"");
  const std::string column = FailureOf("SELECT type,\n  tpye AS x\nFROM devices");
  EXPECT_TRUE(column.starts_with("devices.sql:2:3: Binder Error: Referenced column \"tpye\"")) << column;
  EXPECT_EQ(column.find("LINE"), std::string::npos) << column;
  const std::string table = FailureOf("SELECT *\n\nFROM devizes");
  EXPECT_TRUE(table.starts_with("devices.sql:3:6: Catalog Error: Table with name devizes")) << table;
  const std::string value = FailureOf("SELECT CAST('x' AS INTEGER) AS v");
  EXPECT_TRUE(value.starts_with("devices.sql: Conversion Error: ")) << value;
  work_.query_file.clear();
  EXPECT_EQ(FailureOf("SELECT 1 +"), "the query:1:11: syntax error at end of input");
  // The whole is in the log.
  EXPECT_NE(ReadAll(log_).find("Parser Error"), std::string::npos);
  EXPECT_NE(ReadAll(log_).find("the query:1:11"), std::string::npos);
}

TEST_F(SqlStepTest, TheQueryCannotReachFurtherThanItsSources) {
  WriteAll(folder_ / "secret.txt", "hush");
  const std::string evil = folder_ / "evil";
  const std::vector<std::string> hostile{
      "SELECT 1 AS a; COPY (SELECT 1) TO '" + evil + "'",
      "SELECT 1 AS a'); COPY (SELECT 1) TO '" + evil + "'; --",
      "'; ATTACH '" + evil + "' AS e; --",
      "ATTACH '" + evil + "' AS e",
      "COPY (SELECT 1) TO '" + evil + "'",
      "COPY (SELECT 1) TO '" + evil + "' (FORMAT csv)",
      ".shell touch " + evil,
      "\n.shell touch " + evil + "\n",
      "SELECT 1 AS a\n;\n.shell touch " + evil + "\n",
      "SELECT 1 AS a -- \n') TO '/dev/null';\n.output " + evil + "\nSELECT 1;",
      "SELECT content FROM read_text('" + (folder_ / "secret.txt") + "')",
      "SELECT content FROM read_text('/etc/passwd')",
      "FROM read_csv('/etc/passwd')",
      "FROM '/etc/passwd'",
      "FROM glob('/etc/*')",
      "SELECT * FROM query('COPY (SELECT 1) TO ''" + evil + "''')",
      "INSTALL httpfs",
      "LOAD httpfs",
      "SET enable_external_access = true",
      "PRAGMA enable_external_access",
      "CALL enable_logging()",
      "CREATE TABLE t AS SELECT 1",
      "DROP VIEW devices",
      "EXPORT DATABASE '" + evil + "'",
      "SELECT getvariable('x'); SET lock_configuration = false",
      "",
      "-- nothing",
  };
  for (const std::string& query : hostile) {
    FailureOf(query);
    EXPECT_FALSE(std::filesystem::exists(evil)) << query;
    EXPECT_EQ(ReadAll(log_).find("hush"), std::string::npos) << query;
    EXPECT_EQ(ReadAll(log_).find("root:"), std::string::npos) << query;
  }
  EXPECT_TRUE(catalog_.writer->requests.empty());
}

TEST_F(SqlStepTest, QueriesWithQuotesCommentsAndSemicolonsRun) {
  work_.query =
      "SELECT 'it''s' AS a, $$dollar '$$ AS b, \"type\" AS c -- a comment; with ';'\nFROM (SELECT 'ä' AS type);";
  EXPECT_EQ(Rows(), "\"it's\",\"dollar '\",\"\xc3\xa4\"\n");
  work_.query = "/* ' */ WITH x AS (SELECT 1 AS a) FROM x -- last";
  EXPECT_EQ(Rows(), "1\n");
}

TEST_F(SqlStepTest, FilesWithHostileNamesAreRead) {
  std::filesystem::create_directories(folder_ / "it's [1] *?{a,b} ä");
  AddFile("/devices", "it's [1] *?{a,b} ä/a.parquet", Day("2024-01-01"), "SELECT 'x' AS type, 1 AS n");
  EXPECT_EQ(Rows(), "x,1\n");
}

TEST_F(SqlStepTest, MissingFilesAndTablesAreSaidBeforeAnythingRuns) {
  catalog_.tables["/devices"].files.push_back({.path = folder_ / "gone.parquet", .key = Day("2024-01-01")});
  AttemptStatus status = RunStep();
  EXPECT_NE(status.message.find("gone.parquet"), std::string::npos) << status.message;
  work_.sources[0].location = "/not/there";
  status = RunStep();
  EXPECT_NE(status.message.find("no table"), std::string::npos) << status.message;
  EXPECT_NE(ReadAll(log_).find("no table"), std::string::npos);
}

TEST_F(SqlStepTest, FilesOfAStoreAreFetchedFirst) {
  AddFile("/devices", "local.parquet", Day("2024-01-01"), "SELECT 'x' AS type, 1 AS n");
  catalog_.tables["/devices"].files.push_back(
      {.path = "s3://bucket/t/it's.parquet", .key = Day("2024-01-01"), .size_bytes = 7});
  const auto command = PrepareSql(work_, folder_.path(), {"/the/duckdb", "/the/latecomer"}, catalog_);
  ASSERT_TRUE(command) << command.error().ToString();
  const std::string list_file = folder_ / kSqlInputList;
  EXPECT_EQ(command->argv, (std::vector<std::string>{"/the/latecomer", kFetchCommand, list_file}));
  const auto list = ParseInputList(ReadAll(list_file));
  ASSERT_TRUE(list) << list.error().ToString();
  ASSERT_EQ(list->inputs.size(), 1U);
  EXPECT_EQ(list->inputs[0].from, "s3://bucket/t/it's.parquet");
  EXPECT_EQ(list->inputs[0].size_bytes, 7);
  EXPECT_TRUE(list->inputs[0].to.starts_with(folder_.path() + "/")) << list->inputs[0].to;
  EXPECT_EQ(list->then_run.front(), "/the/duckdb");
  const std::string script = ReadAll(folder_ / "script.sql");
  EXPECT_EQ(script.find("s3://"), std::string::npos) << script;
  EXPECT_NE(script.find(list->inputs[0].to), std::string::npos) << script;
}

TEST_F(SqlStepTest, AQueryCannotReadTheEnvironment) {
  ::setenv("AWS_SECRET_ACCESS_KEY", "for-no-query", 1);
  work_.query = "SELECT getenv('AWS_SECRET_ACCESS_KEY') AS secret";
  const AttemptStatus status = RunStep();
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_NE(status.message.find("getenv is disabled"), std::string::npos) << status.message;
  EXPECT_EQ(ReadAll(log_).find("for-no-query"), std::string::npos);
}

TEST_F(SqlStepTest, ADamagedFileFailsTheStep) {
  WriteAll(folder_ / "bad.parquet", "PAR1 this is none");
  catalog_.tables["/devices"].files.push_back({.path = folder_ / "bad.parquet", .key = Day("2024-01-01")});
  const AttemptStatus status = RunStep();
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_NE(status.message.find("bad.parquet"), std::string::npos) << status.message;
  EXPECT_TRUE(catalog_.writer->requests.empty());
}

TEST_F(SqlStepTest, ATimeoutCommitsNothing) {
  work_.query = "SELECT count(*) AS c FROM range(100000000000) a(i), range(1000) b(j)";
  AttemptSpec spec = AttemptIn(folder_, {});
  spec.work = work_;
  spec.timeout = std::chrono::milliseconds(100);
  const auto handle = executor_.Start(spec);
  ASSERT_TRUE(handle) << handle.error().ToString();
  const AttemptStatus status = Finish(executor_, *handle);
  EXPECT_EQ(status.message, "timed out after 100ms");
  EXPECT_TRUE(catalog_.writer->requests.empty());
}

TEST(FindDuckDb, TheEnvironmentComesFirst) {
  ::setenv("LATECOMER_DUCKDB", "/bin/true", 1);
  EXPECT_EQ(*FindDuckDb("/nowhere/bin/latecomer"), "/bin/true");
  ::setenv("LATECOMER_DUCKDB", "/no/such/program", 1);
  const auto none = FindDuckDb("/nowhere/bin/latecomer");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().file, "/no/such/program");
  ::unsetenv("LATECOMER_DUCKDB");
}

}  // namespace
}  // namespace latecomer::executor
