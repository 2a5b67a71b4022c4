#include "pipeline/pipeline.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace latecomer::pipeline {
namespace {

using lateness::Detect;
using lateness::EmptyPartitions;
using lateness::HoldOrProcess;
using lateness::Order;
using lateness::Propagate;
using lateness::Ready;
using std::chrono::hours;
using std::chrono::minutes;

constexpr const char* kSources = R"(pipeline: p
sources:
  devices:
    table: dataset/devices
    partition: event_time
)";
constexpr const char* kSteps = R"(steps:
  - id: go
    command: [/bin/true]
)";

// A small right file with one section of one's own between sources and steps.
std::string With(const std::string& section) {
  return kSources + section + kSteps;
}

Pipeline Parsed(const std::string& text) {
  Result<Pipeline> pipeline = ParsePipeline(text, "/pipelines/p.yaml");
  if (!pipeline) throw std::runtime_error(pipeline.error().ToString() + " | " + pipeline.error().hint);
  return std::move(*pipeline);
}

// "line:column: message | hint", with "unsupported " before it for that kind.
std::string Problem(const std::string& text) {
  const Result<Pipeline> pipeline = ParsePipeline(text, "/pipelines/p.yaml");
  if (pipeline) return "none";
  const Error& error = pipeline.error();
  std::string problem = error.ToString();
  if (problem.starts_with("/pipelines/p.yaml:")) problem = problem.substr(18);
  if (!error.hint.empty()) problem += " | " + error.hint;
  return (error.kind == ErrorKind::kUnsupported ? "unsupported " : "") + problem;
}

// A folder of the test's own, gone with it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "pipeline_test_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(Pipeline, DefaultsAreThoseOfTheDocs) {
  const Pipeline pipeline = Parsed(With(""));
  EXPECT_EQ(pipeline.name, "p");
  EXPECT_EQ(pipeline.id, "p");
  EXPECT_EQ(pipeline.folder, "/pipelines");
  ASSERT_EQ(pipeline.sources.size(), 1u);
  EXPECT_EQ(pipeline.sources[0].location, "/pipelines/dataset/devices");
  EXPECT_EQ(pipeline.sources[0].cadence, (Cadence{CadenceUnit::kDay, 1}));
  EXPECT_EQ(pipeline.output.columns, std::vector<std::string>{"event_time"});
  EXPECT_EQ(pipeline.output.time_zone.name(), "UTC");
  EXPECT_FALSE(pipeline.rules.start || pipeline.rules.end || pipeline.rules.allowed_lateness ||
               pipeline.rules.frozen_before);
  EXPECT_EQ(pipeline.rules.ready.kind, Ready::Kind::kNextPartition);
  EXPECT_EQ(pipeline.rules.detect, Detect::kChanges);
  EXPECT_EQ(pipeline.rules.min_rows, 1);
  EXPECT_EQ(pipeline.rules.emptied, HoldOrProcess::kHold);
  EXPECT_EQ(pipeline.rules.max_backfills, 50);
  EXPECT_EQ(pipeline.rules.order, Order::kOldestFirst);
  EXPECT_TRUE(pipeline.rules.catch_up);
  EXPECT_EQ(pipeline.max_active_runs, 1);
  EXPECT_FALSE(pipeline.depends_on_past);
  EXPECT_EQ(pipeline.workers, Workers::kOwn);
  EXPECT_FALSE(pipeline.sources[0].watch_every);
  EXPECT_EQ(pipeline.concurrency, 1);
  EXPECT_EQ(pipeline.max_wait, hours(6));
  EXPECT_EQ(pipeline.steps[0].retries, 0);
  EXPECT_EQ(pipeline.steps[0].retry_delay, minutes(1));
  EXPECT_FALSE(pipeline.steps[0].timeout);
  EXPECT_TRUE(Warnings(pipeline).empty());
}

constexpr const char* kEverything = R"(
pipeline: Devices, by type
id: devices_loader
sources:
  devices:
    table: file:///data/dev%20ices/
    partition: {columns: [year, month, day], format: "%Y %m %d"}
    cadence: day
    time_zone: Europe/Berlin
    mapping: identity
    watch_every: 5m
output:
  partition: [country, year, month, day]
  cadence: day
  time_zone: Europe/Berlin
schedule:
  start: 2024-01-01
  end: 2024-01-02T00:00
  ready: {next_partition: {at_latest: 26h}}
  empty_partitions: run
  max_active_runs: 3
  depends_on_past: true
  catch_up: false
  workers: outside
steps:
  - id: one
    command: "echo {{ partition.country }} > log"
    shell: true
    environment: {WHERE: "{{ sources.devices.table }}"}
    retries: 3
    retry_delay: 10s
    timeout: 1h30m
  - id: two
    sql:
      query: SELECT 1 AS x
      into: out
    needs: one
late_data:
  detect: lookback
  lookback: 2
  allowed_lateness: 90d
  frozen_before: 2023-01-01
  settle: {quiet: 10m, at_most: 1h}
  min_rows: 5
  emptied: process
  no_interval: process
  retry_failed_after: 6h
  max_backfills: 7
  concurrency: 2
  order: most_rows
  max_wait: 2h
  propagate: none
)";

TEST(Pipeline, EverythingThatCanBeSaid) {
  const Pipeline pipeline = Parsed(kEverything);
  EXPECT_EQ(pipeline.name, "Devices, by type");
  EXPECT_EQ(pipeline.id, "devices_loader");
  EXPECT_EQ(pipeline.sources[0].location, "/data/dev ices");
  EXPECT_EQ(pipeline.sources[0].partition.format, "%Y %m %d");
  EXPECT_EQ(pipeline.output.columns, (std::vector<std::string>{"year", "month", "day", "country"}));
  EXPECT_EQ(pipeline.output.partition.columns, (std::vector<std::string>{"year", "month", "day"}));
  EXPECT_EQ(pipeline.rules.calendar.zone().name(), "Europe/Berlin");
  EXPECT_EQ(FormatLocal(*pipeline.rules.end), "2024-01-02");
  EXPECT_EQ(pipeline.rules.ready.at_latest, hours(26));
  EXPECT_EQ(pipeline.max_active_runs, 3);
  EXPECT_TRUE(pipeline.depends_on_past);
  EXPECT_FALSE(pipeline.rules.catch_up);
  EXPECT_EQ(pipeline.workers, Workers::kOutside);
  EXPECT_EQ(pipeline.sources[0].watch_every, minutes(5));
  const auto& command = std::get<CommandStep>(pipeline.steps[0].action);
  EXPECT_TRUE(command.shell);
  EXPECT_EQ(command.argv, std::vector<std::string>{"echo {{ partition.country }} > log"});
  EXPECT_EQ(command.environment.at("WHERE"), "{{ sources.devices.table }}");
  EXPECT_EQ(pipeline.steps[0].timeout, minutes(90));
  EXPECT_EQ(std::get<SqlStep>(pipeline.steps[1].action).into_location, "/pipelines/out");
  EXPECT_EQ(pipeline.steps[1].needs, std::vector<std::string>{"one"});
  EXPECT_EQ(pipeline.rules.detect, Detect::kLookback);
  EXPECT_EQ(pipeline.rules.lookback, 2);
  EXPECT_EQ(pipeline.rules.allowed_lateness, hours(24 * 90));
  EXPECT_EQ(pipeline.rules.settle_at_most, hours(1));
  EXPECT_EQ(pipeline.rules.emptied, HoldOrProcess::kProcess);
  EXPECT_EQ(pipeline.rules.no_interval, HoldOrProcess::kProcess);
  EXPECT_EQ(pipeline.rules.retry_failed_after, hours(6));
  EXPECT_EQ(pipeline.rules.propagate, Propagate::kNone);
  EXPECT_EQ(pipeline.rules.empty_partitions, EmptyPartitions::kRun);
  EXPECT_EQ(pipeline.rules.order, Order::kMostRows);
  EXPECT_EQ(pipeline.max_wait, hours(2));
}

TEST(Pipeline, ACronLineTellsWhenAnIntervalIsComplete) {
  const Pipeline pipeline = Parsed(With("schedule:\n  ready: \"0 5 * * mon-fri\"\n"));
  EXPECT_EQ(pipeline.rules.ready.kind, Ready::Kind::kCron);
  EXPECT_EQ(pipeline.rules.ready.cron->text(), "0 5 * * mon-fri");
  EXPECT_EQ(Problem(With("schedule:\n  ready: \"0 25 * * *\"\n")), "7:10: `25` is no hour of a cron line: 0 to 23");
  EXPECT_EQ(Problem(With("schedule:\n  ready: \"0 0 30 2 *\"\n")),
            "7:10: the times of the cron line `0 0 30 2 *` never come");
  EXPECT_NE(Problem(With("schedule:\n  ready: \"@reboot\"\n")).find("is no cron line"), std::string::npos);
}

TEST(Pipeline, FollowingOutputsNeedChangesAndADependsOnPast) {
  const std::string following = "late_data:\n  propagate: following\n";
  EXPECT_EQ(Parsed(With(following)).rules.propagate, Propagate::kFollowing);
  EXPECT_EQ(Warnings(Parsed(With(following))).size(), 1U);
  EXPECT_TRUE(Warnings(Parsed(With("schedule: {depends_on_past: true}\n" + following))).empty());
  EXPECT_EQ(Problem(With("late_data:\n  propagate: following\n  detect: off\n")),
            "7:14: propagate: following goes with detect: changes only");
}

TEST(PipelineErrors, WhatMakesThousandsOfRunsOrNoneIsRefused) {
  EXPECT_EQ(Problem(With("schedule:\n  empty_partitions: run\n")),
            "7:21: empty_partitions: run needs schedule.start | one partition with a date of long ago would make "
            "thousands of intervals due");
  EXPECT_EQ(Problem(With("late_data:\n  retry_failed_after: 0\n")), "7:23: retry_failed_after must be longer than 0");
}

// ----- problems, with their places

TEST(PipelineErrors, UnknownKeysComeWithTheNearest) {
  EXPECT_EQ(Problem(With("schedul:\n  start: 2024-01-01\n")),
            "6:1: unknown key `schedul` in the file | did you mean `schedule`?");
  EXPECT_EQ(Problem(With("late_data:\n  alowed_lateness: 90d\n")),
            "7:3: unknown key `alowed_lateness` in late_data | did you mean `allowed_lateness`?");
  EXPECT_EQ(Problem(With("schedule: {start: 2024-01-01, zzzzzz: 1}\n")).substr(0, 45),
            "6:31: unknown key `zzzzzz` in schedule | it h");
}

TEST(PipelineErrors, DuplicateKeys) {
  EXPECT_EQ(Problem(With("schedule:\n  start: 2024-01-01\n  start: 2024-01-02\n")),
            "8:3: the key `start` stands here twice, first on line 7");
}

TEST(PipelineErrors, AliasRingsAndBombs) {
  EXPECT_EQ(Problem("a: &x [*x]\n"), "1:4: an alias stands inside the value it names");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_NE(Problem(bomb).find("counting aliases"), std::string::npos);
  EXPECT_NE(Problem(std::string(100, '[') + std::string(100, ']')).find("nested more than"), std::string::npos);
  EXPECT_NE(Problem(std::string(100000, '[')), "none");
  EXPECT_NE(Problem(std::string(2 << 20, ' ')).find("larger than 1 MiB"), std::string::npos);
}

TEST(PipelineErrors, WhatIsNoYaml) {
  EXPECT_NE(Problem("pipeline: [a").find("this is no valid YAML"), std::string::npos);
  EXPECT_EQ(Problem(""), " the file is empty");
  EXPECT_NE(Problem("a: 1\n---\nb: 2\n").find("more than one YAML document"), std::string::npos);
  EXPECT_NE(Problem("pipeline: \xff\n").find("not UTF-8"), std::string::npos);
  EXPECT_EQ(Problem("- a\n"), "1:1: the file must be a map (key: value), not a list");
  EXPECT_EQ(Problem("pipeline: !!binary aGk=\n").substr(0, 20), "1:11: the tag `tag:y");
  EXPECT_EQ(Problem("[a]: 1\n"), "1:1: a key must be plain text");
}

TEST(PipelineErrors, NumbersAndTruths) {
  EXPECT_EQ(Problem(With("schedule:\n  max_active_runs: 010\n")),
            "7:20: schedule.max_active_runs can't begin with 0: YAML readers disagree whether `010` is octal");
  EXPECT_EQ(Problem(With("schedule:\n  max_active_runs: 0\n")),
            "7:20: schedule.max_active_runs must be a whole number from 1 to 1000000, not 0");
  EXPECT_EQ(Problem(With("schedule:\n  max_active_runs: \"3\"\n")),
            "7:20: schedule.max_active_runs must be a whole number from 1 to 1000000, not text in quotes");
  EXPECT_EQ(Problem(With("schedule:\n  max_active_runs: 1.5\n")),
            "7:20: schedule.max_active_runs must be a whole number from 1 to 1000000, not `1.5`");
  EXPECT_EQ(Problem(With("late_data:\n  min_rows: 99999999999999999999\n")).substr(0, 5), "7:13:");
  EXPECT_EQ(Problem(With("schedule:\n  catch_up: yes\n")), "7:13: schedule.catch_up must be true or false, not `yes`");
}

TEST(PipelineErrors, DatesAndDurations) {
  EXPECT_EQ(Problem(With("schedule:\n  start: 2023-02-29\n")),
            "7:10: schedule.start: there is no date 2023-02-29 in the calendar");
  EXPECT_EQ(Problem(With("schedule:\n  start: tomorrow\n")),
            "7:10: schedule.start must be a date such as 2024-01-01 or 2024-01-01T05:00, not `tomorrow`");
  EXPECT_EQ(Problem(With("schedule:\n  start: 2024-01-02\n  end: 2024-01-01\n")),
            "8:8: schedule.end lies before schedule.start");
  EXPECT_EQ(Problem(With("late_data:\n  allowed_lateness: 90\n")),
            "7:21: late_data.allowed_lateness must be a duration such as 90d, 2h or 1h30m, not `90` | "
            "add the unit: `90s`, `90m`, `90h` or `90d`");
  EXPECT_EQ(Problem(With("late_data:\n  max_wait: -1h\n")).substr(0, 5), "7:13:");
}

TEST(PipelineErrors, ChoicesAndZones) {
  EXPECT_EQ(Problem(With("schedule:\n  workers: airflow\n")),
            "7:12: schedule.workers can't be `airflow`; it is one of own, outside");
  EXPECT_EQ(Problem("pipeline: p\nsources:\n  d: {table: t, partition: p, watch_every: 10ms}\n" + std::string(kSteps)),
            "3:44: watch_every is at least 50ms");
  EXPECT_EQ(Problem(With("late_data:\n  order: oldest\n")).substr(0, 86),
            "7:10: late_data.order can't be `oldest`; it is one of oldest_first, newest_first, most");
  EXPECT_EQ(Problem(With("late_data:\n  detect: change\n")),
            "7:11: late_data.detect can't be `change`; it is one of changes, lookback, off | did you mean `changes`?");
  EXPECT_EQ(
      Problem("pipeline: p\nsources:\n  d: {table: t, partition: p, time_zone: Mars/Olympus}\n" + std::string(kSteps))
          .substr(0, 45),
      "3:42: there is no time zone `Mars/Olympus` | ");
  EXPECT_EQ(Problem("pipeline: p\nsources:\n  d: {table: t, partition: p, cadence: fortnight}\n" + std::string(kSteps)),
            "3:40: cadence must be hour, day, week, month or a number of them (3 hours), not `fortnight`");
}

TEST(PipelineErrors, LocationsInObjectStoresAreTakenAsTheyAre) {
  EXPECT_EQ(Problem("pipeline: p\nsources:\n  a: {table: \"s3://\", partition: p}\n" + std::string(kSteps)),
            "3:14: this location names no bucket; it has the form s3://bucket/folder");
  const Pipeline pipeline =
      Parsed("pipeline: p\nsources:\n  a: {table: \"abfss://c@a.dfs.core.windows.net/k=%20 x/\", partition: p}\n" +
             std::string(kSteps));
  EXPECT_EQ(pipeline.sources[0].location, "abfss://c@a.dfs.core.windows.net/k=%20 x");
}

TEST(PipelineErrors, WhatDoesNotWorkYetIsRefusedByName) {
  EXPECT_EQ(Problem("pipeline: p\nsources:\n  a: {table: hdfs://b/t, partition: p}\n" + std::string(kSteps)),
            "unsupported 3:14: a table at hdfs:// is not supported yet; use a path on a local disk, or s3://, gs://, "
            "az:// or abfss://");
  for (const char* kind : {"kubernetes_job", "spark_application"}) {
    EXPECT_EQ(
        Problem(std::string(kSources) + "steps:\n  - id: go\n    " + kind + ": {}\n"),
        std::string("unsupported 8:5: `") + kind + "` is not supported yet; use command, sql, spark or airflow_dag");
  }
}

std::string Steps(const std::string& steps) {
  return Problem(kSources + ("steps:\n" + steps));
}

TEST(PipelineErrors, StepsAreOneThingEach) {
  EXPECT_EQ(Problem(kSources), "1:1: `steps` is missing");
  EXPECT_EQ(Steps("  []\n"), "7:3: steps is empty; a pipeline has at least one");
  EXPECT_EQ(Steps("  - command: [a]\n"), "7:5: `id` is missing");
  EXPECT_EQ(Steps("  - id: a\n"), "7:5: step `a` needs exactly one of command, sql, spark and airflow_dag");
  EXPECT_EQ(Steps("  - id: a\n    command: [x]\n    sql: {query: SELECT 1, into: o}\n"),
            "7:5: step `a` needs exactly one of command, sql, spark and airflow_dag");
  EXPECT_EQ(Steps("  - id: a\n    sql: {query: q, file: f, into: o}\n"),
            "8:10: sql needs exactly one of file and query");
  EXPECT_EQ(Steps("  - id: a\n    sql: {query: SELECT 1}\n"), "8:10: `into` is missing");
  EXPECT_EQ(Steps("  - id: a\n    command: rm -rf x\n"),
            "8:14: command must be a list of the program and its arguments | write `command: [program, argument]`, or "
            "add `shell: true` to give the text to /bin/sh");
  EXPECT_EQ(Steps("  - id: a\n    shell: true\n    command: [rm]\n"),
            "9:14: with `shell: true` the command must be one text, not a list");
  EXPECT_EQ(Steps("  - id: a\n    shell: true\n    sql: {query: q, into: o}\n"),
            "8:12: `shell` goes with `command` only");
  EXPECT_EQ(Steps("  - id: a\n    command: []\n"), "8:14: command names no program");
  EXPECT_EQ(Steps("  - id: a\n    command: [x]\n    retries: -1\n"),
            "9:14: retries must be a whole number from 0 to 1000, not -1");
  EXPECT_EQ(Steps("  - id: a\n    command: [x]\n    timeout: 0\n"), "9:14: timeout must be longer than 0");
}

// A `spark` part with these lines in place of its body.
std::string Spark(const std::string& body, const std::string& beside = "") {
  return Steps("  - id: a\n" + beside + "    spark:\n" + body);
}

TEST(PipelineErrors, SparkApplications) {
  EXPECT_EQ(Spark("      into: o\n"), "9:7: `application` is missing");
  EXPECT_EQ(Spark("      application: job.R\n"),
            "9:20: spark.application must be a file named .py, .jar or .sql, not `job.R`");
  EXPECT_EQ(Spark("      application: none.py\n").substr(0, 61),
            "9:20: can't read the application /pipelines/none.py: cannot o");
  EXPECT_EQ(Spark("      application: none.jar\n").substr(0, 32), "9:20: can't read the application");
  EXPECT_EQ(Spark("      application: s3a://b/q.sql\n      into: o\n"),
            "unsupported 9:20: a .sql application at a URI is not supported yet; use a file beside the pipeline file");
  EXPECT_EQ(Spark("      application: s3a://b/job.py\n"), "none");
  EXPECT_EQ(Spark("      application: local:/opt/job.jar\n      class: a.B\n      into: o\n"), "none");
  EXPECT_EQ(Spark("      application: s3a://b/job.py\n      class: a.B\n"),
            "10:14: `class` goes with a .jar application");
  EXPECT_EQ(Spark("      application: s3a://b/job.py\n      master: \"\"\n"), "10:15: spark.master is empty");
  EXPECT_EQ(Spark("      application: s3a://b/job.py\n      applicaton: x\n"),
            "10:7: unknown key `applicaton` in spark | did you mean `application`?");
  EXPECT_EQ(Spark("      application: s3a://b/job.py\n      deploy_mode: cluster\n"),
            "unsupported 10:7: `deploy_mode` is not supported yet; leave it out: the driver runs where latecomer runs");
  EXPECT_EQ(Spark("      application: s3a://b/job.py\n      packages: [\"a:b:1,c:d:2\"]\n"),
            "10:18: spark.packages must be a list of names, each without a comma");
  EXPECT_EQ(Spark("      application: s3a://b/job.py\n", "    shell: true\n"),
            "8:12: `shell` goes with `command` only");
  EXPECT_EQ(Steps("  - id: a\n    environment: {X: y}\n    sql: {query: q, into: o}\n"),
            "8:18: `environment` goes with `command` and `spark` only");
}

TEST(PipelineErrors, SparkOutputsAndTemplates) {
  const std::string job = "      application: s3a://b/job.py\n";
  EXPECT_EQ(Spark(job + "      into: dataset/devices\n"),
            "10:13: the output is also the source `devices`; a step can't write what it reads");
  EXPECT_EQ(
      Steps(
          "  - id: a\n    sql: {query: q, into: o}\n  - id: b\n    spark: {application: \"s3a://b/j.py\", into: o}\n"),
      "10:48: step `a` writes into this table already");
  EXPECT_EQ(Spark(job + "      arguments: [--day, \"{{ partition.event_tim }}\"]\n"),
            "10:26: there is no template variable `partition.event_tim` | did you mean `partition.event_time`?");
  EXPECT_EQ(Spark(job + "      conf: {spark.x: \"{{ run.di }}\"}\n"),
            "10:23: there is no template variable `run.di` | did you mean `run.id`?");
  EXPECT_EQ(Spark(job, "    environment: {X: \"{{ nope.nope }}\"}\n").substr(0, 22), "8:22: there is no temp");
}

TEST(PipelineErrors, SparkSettings) {
  const auto conf = [](const std::string& setting, const std::string& into = "      into: o\n") {
    return Spark("      application: s3a://b/job.py\n" + into + "      conf:\n        " + setting + "\n");
  };
  EXPECT_EQ(conf("hadoop.x: 1"), "12:9: spark.conf: Spark ignores `hadoop.x`; its settings begin with `spark.`");
  EXPECT_EQ(conf("\"spark.a=b\": 1").substr(0, 32), "12:9: spark.conf: Spark ignores ");
  EXPECT_EQ(conf("spark.latecomer.into: x"), "12:9: spark.conf: latecomer itself sets `spark.latecomer.into`");
  EXPECT_EQ(conf("spark.submit.deployMode: cluster"),
            "unsupported 12:34: spark.submit.deployMode: cluster is not supported yet; use client: the driver runs "
            "where latecomer runs, and is ended with its step");
  EXPECT_EQ(conf("spark.submit.deployMode: client"), "none");
  EXPECT_EQ(conf("spark.sql.sources.partitionOverwriteMode: DYNAMIC").substr(0, 96),
            "12:51: spark.conf: `spark.sql.sources.partitionOverwriteMode` can't be `DYNAMIC` in a step with ");
  EXPECT_EQ(conf("spark.sql.sources.partitionOverwriteMode: STATIC"), "none");
  EXPECT_EQ(conf("spark.sql.sources.partitionOverwriteMode: dynamic", ""), "none");
  EXPECT_EQ(conf("spark.ui.enabled: false"), "none");
}

TEST(PipelineErrors, StepIds) {
  for (const char* id : {"ready", "detect", "record", "backfill"}) {
    EXPECT_EQ(Steps(std::string("  - id: ") + id + "\n    command: [x]\n"),
              std::string("7:9: every run has a step `") + id + "` of its own; choose another id");
  }
  EXPECT_EQ(Steps("  - id: a\n    command: [x]\n  - id: a\n    command: [x]\n"), "9:9: two steps have the id `a`");
  for (const char* id : {"../x", "\"\"", ".", "..", "a b", "ä", "a/b"}) {
    EXPECT_EQ(Steps(std::string("  - id: ") + id + "\n    command: [x]\n").substr(0, 21), "7:9: a step's id has ")
        << id;
  }
}

TEST(PipelineErrors, Needs) {
  EXPECT_EQ(Steps("  - id: load\n    command: [x]\n  - id: b\n    command: [x]\n    needs: laod\n"),
            "11:12: needs names `laod`, which is no step of this pipeline | did you mean `load`?");
  EXPECT_EQ(Steps("  - id: a\n    command: [x]\n    needs: [a]\n"), "9:12: the steps wait for each other: a needs a");
  EXPECT_EQ(Steps("  - id: z\n    command: [x]\n    needs: a\n  - id: a\n    command: [x]\n    needs: [b]\n  - id: b\n"
                  "    command: [x]\n    needs: [c]\n  - id: c\n    command: [x]\n    needs: [a]\n"),
            "12:12: the steps wait for each other: a needs b needs c needs a");
  EXPECT_EQ(Steps("  - id: a\n    command: [x]\n  - id: b\n    command: [x]\n    needs: [a, a]\n"),
            "11:12: needs names `a` twice");
}

TEST(PipelineErrors, OutputsAreNoSources) {
  const auto into = [](const std::string& location) {
    return Steps("  - id: a\n    sql:\n      query: SELECT 1\n      into: " + location + "\n");
  };
  EXPECT_EQ(into("dataset/../dataset/devices/"),
            "10:13: the output is also the source `devices`; a step can't write what it reads");
  EXPECT_EQ(into("file:///pipelines/dataset/devices").substr(0, 26), "10:13: the output is also ");
  EXPECT_EQ(into("dataset/devices/sub"), "10:13: the output and the source `devices` lie one inside the other");
  EXPECT_EQ(into("dataset"), "10:13: the output and the source `devices` lie one inside the other");
  EXPECT_EQ(into("dataset/devices2"), "none");
  EXPECT_EQ(Steps("  - id: a\n    sql: {query: q, into: o}\n  - id: b\n    sql: {query: q, into: ./o}\n"),
            "10:27: step `a` writes into this table already");
}

TEST(PipelineErrors, Templates) {
  EXPECT_EQ(Steps("  - id: a\n    command: [echo, \"{{ partition.event_tim }}\"]\n"),
            "8:21: there is no template variable `partition.event_tim` | did you mean `partition.event_time`?");
  EXPECT_EQ(Steps("  - id: a\n    sql:\n      into: o\n      query: |\n        SELECT 1\n        WHERE {{ runid }}\n")
                .substr(0, 46),
            "12: there is no template variable `runid` | di");
  EXPECT_EQ(Steps("  - id: a\n    command: [echo, \"{{ run.id\"]\n").substr(0, 23), "8:21: a template's \"{{\"");
  EXPECT_EQ(Steps("  - id: a\n    command: [echo]\n    environment: {X: \"{{ nope.nope }}\"}\n").substr(0, 22),
            "9:22: there is no temp");
}

TEST(PipelineErrors, NamesAndSources) {
  EXPECT_EQ(Problem("sources: {}\n"), "1:1: `pipeline` is missing");
  EXPECT_NE(Problem("pipeline: a/b\n").find("1:11: `a/b` can't be a pipeline's id"), std::string::npos);
  EXPECT_NE(Problem("pipeline: a/b\n").find("add an `id:` line"), std::string::npos);
  EXPECT_EQ(Problem("pipeline: p\nid: ..\n").substr(0, 33), "2:5: `..` can't be a pipeline's i");
  EXPECT_EQ(Problem("pipeline: p\n"), "1:1: `sources` is missing");
  EXPECT_EQ(Problem("pipeline: p\nsources: {}\n"), "2:10: sources is empty; a pipeline reads at least one table");
  EXPECT_EQ(Problem("pipeline: p\nsources:\n  a b: {table: t, partition: p}\n").substr(0, 28),
            "3:3: `a b` can't name a sour");
  EXPECT_EQ(Problem("pipeline: p\nsources:\n  a: {partition: p}\n"), "3:6: `table` is missing");
  EXPECT_EQ(
      Problem("pipeline: p\nsources:\n  a: {table: t}\n"),
      "3:6: `partition` is missing | name the columns that hold time, or write `mapping: latest` for a table without "
      "them");
  EXPECT_EQ(Problem("pipeline: p\nsources:\n  a: {table: t, partition: [x, x]}\n"),
            "3:28: partition names the column `x` twice");
  EXPECT_EQ(Problem("pipeline: p\nsources:\n  a: {table: t, partition: {columns: x, format: \"%Q\"}}\n").substr(0, 36),
            "3:49: partition.format has `%Q`; the");
  EXPECT_EQ(Problem(With("output:\n  partition: country\n")),
            "7:14: output.partition lacks `event_time`, a time column of devices; with mapping identity the output has "
            "the source's time columns");
  EXPECT_EQ(Problem(With("late_data:\n  detect: lookback\n")).substr(0, 25), "7:3: `lookback` is missin");
}

// ----- files

TEST(PipelineFiles, SqlIsReadBesideTheFile) {
  const Folder folder;
  folder.Write("q.sql", "SELECT 1 AS x -- '{{ partition.event_time }}'\n");
  const std::string path =
      folder.Write("p.yaml", kSources + std::string("steps:\n  - id: a\n    sql: {file: q.sql, into: o}\n"));
  const Result<Pipeline> pipeline = LoadPipeline(path);
  ASSERT_TRUE(pipeline) << pipeline.error().ToString();
  const auto& sql = std::get<SqlStep>(pipeline->steps[0].action);
  EXPECT_EQ(sql.query, "SELECT 1 AS x -- '{{ partition.event_time }}'\n");
  EXPECT_EQ(sql.file, (folder.path() / "q.sql").string());
  EXPECT_EQ(sql.into_location, (folder.path() / "o").string());
  EXPECT_EQ(pipeline->file, path);

  folder.Write("q.sql", "SELECT 1\nFROM {{ oops }}\n");
  const Result<Pipeline> bad = LoadPipeline(path);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().file, (folder.path() / "q.sql").string());
  EXPECT_EQ(bad.error().line, 2);
}

TEST(PipelineFiles, SparkApplicationsAreReadBesideTheFile) {
  const Folder folder;
  folder.Write("q.sql", "SELECT '{{ partition.event_time }}'\n");
  folder.Write("job.py", "print(1)  # {{ not ours }}\n");
  const auto steps = [](const std::string& spark) {
    return kSources + std::string("steps:\n  - id: a\n    environment: {X: y}\n    spark: {") + spark + "}\n";
  };
  const std::string path = folder.Write("p.yaml", steps("application: q.sql, into: o, spark_home: ../spark"));
  const Result<Pipeline> query = LoadPipeline(path);
  ASSERT_TRUE(query) << query.error().ToString();
  const auto& sql = std::get<SparkStep>(query->steps[0].action);
  EXPECT_EQ(sql.kind, SparkStep::Kind::kSql);
  EXPECT_EQ(sql.application, (folder.path() / "q.sql").string());
  EXPECT_EQ(sql.text, "SELECT '{{ partition.event_time }}'\n");
  EXPECT_EQ(sql.home, (folder.path().parent_path() / "spark").string());
  EXPECT_EQ(sql.environment.at("X"), "y");
  EXPECT_EQ(KindOf(query->steps[0]), "spark");
  EXPECT_EQ(*DeclaredOutput(query->steps[0]), (folder.path() / "o").string());
  EXPECT_EQ(FileOf(query->steps[0])->path, sql.application);

  folder.Write("q.sql", "SELECT 1\nFROM {{ oops }}\n");
  const Result<Pipeline> bad = LoadPipeline(path);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().file, (folder.path() / "q.sql").string());
  EXPECT_EQ(bad.error().line, 2);
  folder.Write("q.sql", "SELECT 1\n");
  folder.Write("p.yaml", steps("application: q.sql"));
  EXPECT_EQ(LoadPipeline(path).error().message, "`into` is missing");

  folder.Write("p.yaml", steps("application: job.py"));
  const Result<Pipeline> job = LoadPipeline(path);
  ASSERT_TRUE(job) << job.error().ToString();
  EXPECT_EQ(DeclaredOutput(job->steps[0]), nullptr);
  folder.Write("job.py", "print(2)\n");
  EXPECT_NE(job->definition_hash, LoadPipeline(path)->definition_hash) << "the job is part of the definition";
}

TEST(PipelineFiles, MissingOnesAreNamed) {
  const Folder folder;
  const std::string path =
      folder.Write("p.yaml", kSources + std::string("steps:\n  - id: a\n    sql: {file: q.sql, into: o}\n"));
  const Result<Pipeline> no_sql = LoadPipeline(path);
  ASSERT_FALSE(no_sql);
  EXPECT_EQ(no_sql.error().kind, ErrorKind::kInvalidFile);
  EXPECT_EQ(no_sql.error().line, 8);
  EXPECT_NE(no_sql.error().message.find((folder.path() / "q.sql").string()), std::string::npos);

  const Result<Pipeline> none = LoadPipeline((folder.path() / "none.yaml").string());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kInvalidFile);
  EXPECT_EQ(none.error().message, "there is no such pipeline file");
  EXPECT_FALSE(LoadPipeline(folder.path().string()));
}

TEST(PipelineHash, IsOfTheContent) {
  const std::string plain = Parsed(With("schedule: {start: 2024-01-01, catch_up: true}\n")).definition_hash;
  EXPECT_EQ(plain.size(), 32u);
  EXPECT_EQ(plain,
            Parsed("# note\n" + With("schedule:\n  catch_up: true   # so\n  start: \"2024-01-01\"\n")).definition_hash);
  EXPECT_NE(plain, Parsed(With("schedule: {start: 2024-01-02, catch_up: true}\n")).definition_hash);
  std::string renamed = With("schedule: {start: 2024-01-01, catch_up: true}\n");
  renamed.replace(0, 11, "pipeline: other\nid: p");
  EXPECT_EQ(plain, Parsed(renamed).definition_hash);

  const Folder folder;
  const std::string path =
      folder.Write("p.yaml", kSources + std::string("steps:\n  - id: a\n    sql: {file: q.sql, into: o}\n"));
  folder.Write("q.sql", "SELECT 1");
  const std::string one = LoadPipeline(path)->definition_hash;
  folder.Write("q.sql", "SELECT 2");
  EXPECT_NE(one, LoadPipeline(path)->definition_hash);
}

TEST(PipelineWarnings, SayWhatIsProbablyNotMeant) {
  const Pipeline pipeline =
      Parsed(With("schedule:\n  start: 2024-01-01T05:00\nlate_data:\n  concurrency: 3\n  lookback: 2\n  settle: "
                  "{quiet: 2h, at_most: 1h}\n"
                  "  frozen_before: 2023-01-01\n"));
  std::map<std::int64_t, std::string> by_line;
  for (const Warning& warning : Warnings(pipeline)) by_line[warning.line] = warning.message;
  EXPECT_EQ(by_line.size(), 5u);
  EXPECT_NE(by_line[7].find("lies inside an interval"), std::string::npos);
  EXPECT_NE(by_line[9].find("max_active_runs 1"), std::string::npos);
  EXPECT_NE(by_line[10].find("no effect without detect: lookback"), std::string::npos);
  EXPECT_NE(by_line[11].find("at_most is shorter"), std::string::npos);
  EXPECT_NE(by_line[12].find("before schedule.start"), std::string::npos);
}

}  // namespace
}  // namespace latecomer::pipeline
