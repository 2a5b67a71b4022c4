#include "lateness/statistics.h"

#include <gtest/gtest.h>

#include "lateness/find_time_columns.h"
#include "lateness/lateness_report.h"
#include "lateness/plan_builder.h"

namespace latecomer::lateness {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Rows and files of one partition in one commit.
struct Part {
  std::string date;
  std::optional<std::int64_t> added = 0;
  std::optional<std::int64_t> removed = 0;
  int files_removed = 0;
};

class Log {
 public:
  explicit Log(const std::string& cadence = "day", const std::string& zone = "UTC")
      : calendar_(ParseCadence(cadence).value(), TimeZone::Load(zone).value()),
        collector_({{"event_time"}, ""}, calendar_) {}

  Log& Commit(const std::string& when, const std::vector<Part>& parts, const std::string& operation = "WRITE",
              std::map<std::string, std::int64_t> metrics = {}) {
    table::Commit commit;
    commit.version = version_ = version_.Next();
    commit.timestamp = At(when);
    commit.timestamp_source = table::TimestampSource::kCommitInfo;
    commit.operation = operation;
    commit.operation_metrics = std::move(metrics);
    for (const Part& part : parts) {
      table::PartitionChange change;
      change.key = DayKey(part.date);
      change.data_change = true;
      change.counts.files_added = part.added == 0 ? 0 : 1;
      change.counts.files_removed = part.files_removed;
      change.counts.rows_added = part.added;
      change.counts.rows_removed = part.removed;
      commit.partitions.push_back(change);
    }
    collector_.Take(commit);
    return *this;
  }
  Log& Known(const std::string& date) {
    collector_.Known(DayKey(date));
    return *this;
  }
  // Day after day at noon, while the day lasts.
  Log& OnTime(int from, int to) {
    for (int day = from; day <= to; ++day) {
      const std::string date = std::string("2024-01-") + (day < 10 ? "0" : "") + std::to_string(day);
      Commit(date + "T12:00:00Z", {{date, 100}});
    }
    return *this;
  }
  const Arrivals& arrivals() const { return collector_.arrivals(); }
  LatenessReport Report() const { return MakeReport(arrivals(), calendar_); }
  ArrivalTotal Total(Arrival arrival) const { return arrivals().total(arrival); }

 private:
  Calendar calendar_;
  ArrivalCollector collector_;
  Version version_;
};

TEST(Arrivals, TheStory) {
  Log log;
  log.Commit("2024-01-04T10:00:00Z", {{"2024-01-01", 100}})
      .Commit("2024-01-04T10:01:00Z", {{"2024-01-02", 100}})
      .Commit("2024-01-04T10:02:00Z", {{"2024-01-03", 100}})
      .Commit("2024-01-04T10:03:00Z", {{"2024-01-01", 100}});
  EXPECT_EQ(log.Total(Arrival::kInitialLoad).rows, 100);
  EXPECT_EQ(log.Total(Arrival::kFirstDelivery).rows, 200);
  ASSERT_EQ(log.arrivals().late.size(), 1u);
  EXPECT_EQ(log.arrivals().late[0].version, Version{3});
  EXPECT_EQ(log.arrivals().late[0].rows, 100);
  EXPECT_EQ(log.arrivals().late[0].lateness, hours(58) + minutes(3));
}

TEST(Arrivals, InitialLoadsAreNotLate) {
  Log log;
  log.Commit("2024-02-01T00:00:00Z", {{"2024-01-01", 10}, {"2024-01-02", 10}, {"2024-01-03", 10}});
  // Later again: a whole month of history at once, older than what is there.
  log.Commit("2024-02-02T00:00:00Z", {{"2023-12-01", 10}, {"2023-12-02", 10}, {"2023-12-03", 10}, {"2024-01-02", 5}});
  EXPECT_EQ(log.Total(Arrival::kInitialLoad).rows, 60);
  EXPECT_EQ(log.Total(Arrival::kLate).rows, 5);  // that one was there before
}

TEST(Arrivals, AGapThatIsFilledIsLate) {
  Log log;
  log.OnTime(1, 1).OnTime(3, 3).Commit("2024-01-04T12:00:00Z", {{"2024-01-02", 7}});
  ASSERT_EQ(log.arrivals().late.size(), 1u);
  EXPECT_EQ(log.arrivals().late[0].lateness, hours(36));
}

TEST(Arrivals, RewritesAreNotLate) {
  Log log;
  log.OnTime(1, 3)
      .Commit("2024-01-05T00:00:00Z", {{"2024-01-01", 100, 100, 1}})
      .Commit("2024-01-05T01:00:00Z", {{"2024-01-01", 40, 100, 1}})
      .Commit("2024-01-05T02:00:00Z", {{"2024-01-02", 0, 100, 1}}, "DELETE")
      .Commit("2024-01-05T03:00:00Z", {{"2024-01-03", std::nullopt, std::nullopt, 3}}, "OPTIMIZE");
  EXPECT_TRUE(log.arrivals().late.empty());
  EXPECT_EQ(log.Total(Arrival::kRewrite).changes, 4);
}

TEST(Arrivals, AnOverwriteWithMoreRowsIsAnEstimate) {
  Log log;
  log.OnTime(1, 2).Commit("2024-01-05T00:00:00Z", {{"2024-01-01", 150, 100, 1}});
  ASSERT_EQ(log.arrivals().late.size(), 1u);
  EXPECT_EQ(log.arrivals().late[0].rows, 50);
  EXPECT_TRUE(log.arrivals().late[0].estimate);
}

TEST(Arrivals, MergeSaysWhatItInsertedAndUpdated) {
  const std::map<std::string, std::int64_t> metrics = {
      {"numTargetRowsInserted", 20}, {"numTargetRowsUpdated", 10}, {"numTargetRowsCopied", 70}};
  Log one;
  one.OnTime(1, 2).Commit("2024-01-05T00:00:00Z", {{"2024-01-01", 120, 100, 1}}, "MERGE", metrics);
  EXPECT_EQ(one.arrivals().late.at(0).rows, 30);
  EXPECT_FALSE(one.arrivals().late.at(0).estimate);
  Log two;
  two.OnTime(1, 2).Commit("2024-01-05T00:00:00Z", {{"2024-01-01", 100, 90, 1}, {"2024-01-02", 200, 180, 1}}, "MERGE",
                          metrics);
  EXPECT_EQ(two.arrivals().late.at(0).rows, 10);
  EXPECT_EQ(two.arrivals().late.at(1).rows, 20);
  EXPECT_TRUE(two.arrivals().late.at(1).estimate);
}

TEST(Arrivals, UnreadableKeysAreCountedApart) {
  Log log;
  log.OnTime(1, 2).Commit("2024-01-05T00:00:00Z", {{"", 9}});
  EXPECT_EQ(log.Total(Arrival::kNoInterval).rows, 9);
  EXPECT_TRUE(log.arrivals().late.empty());
}

TEST(Arrivals, WhatWasThereBeforeTheLogBegins) {
  Log log;
  log.Known("2024-01-01").Known("2024-01-05").Commit("2024-01-07T00:00:00Z", {{"2024-01-01", 3}});
  EXPECT_EQ(log.arrivals().late.size(), 1u);
  log.Commit("2024-01-07T00:00:00Z", {{"2024-01-06", 3}});
  EXPECT_EQ(log.Total(Arrival::kOnTime).rows, 3);  // exactly at the interval's end
}

TEST(Arrivals, IntervalsEndWhereTheirZoneSaysSo) {
  Log berlin("day", "Europe/Berlin");  // 2024-03-31 has 23 hours and ends at 22:00 UTC
  berlin.Commit("2024-03-31T12:00:00Z", {{"2024-03-31", 1}}).Commit("2024-03-31T22:30:00Z", {{"2024-03-31", 1}});
  ASSERT_EQ(berlin.arrivals().late.size(), 1u);
  EXPECT_EQ(berlin.arrivals().late[0].lateness, minutes(30));
  Log new_york("day", "America/New_York");  // 2024-11-03 has 25 hours and ends at 05:00 UTC
  new_york.Commit("2024-11-03T12:00:00Z", {{"2024-11-03", 1}}).Commit("2024-11-04T05:00:00Z", {{"2024-11-03", 1}});
  EXPECT_TRUE(new_york.arrivals().late.empty());
}

// ----- the report

TEST(LatenessReport, PercentilesCountRows) {
  Log log;
  log.OnTime(1, 1);
  log.Commit("2024-01-02T01:00:00Z", {{"2024-01-01", 90}}).Commit("2024-01-02T02:00:00Z", {{"2024-01-01", 9}});
  log.Commit("2024-01-05T00:00:00Z", {{"2024-01-01", 1}});
  const LatenessReport report = log.Report();
  EXPECT_TRUE(report.by_rows);
  EXPECT_EQ(report.percentiles.p50, hours(1));
  EXPECT_EQ(report.percentiles.p90, hours(1));
  EXPECT_EQ(report.percentiles.p95, hours(2));
  EXPECT_EQ(report.percentiles.p99, hours(2));
  EXPECT_EQ(report.percentiles.max, hours(72));
  EXPECT_DOUBLE_EQ(report.share, 0.5);
  ASSERT_EQ(report.histogram.size(), 5u);  // up to 1 h, 6 h, 1 d, 2 d, 3 d; without the empty ones at the ends
  EXPECT_EQ(report.histogram.front().rows, 90);
  EXPECT_EQ(report.histogram.back().rows, 1);
}

TEST(LatenessReport, UnknownRowsMakeChangesTheWeight) {
  Log log;
  log.OnTime(1, 1).Commit("2024-01-02T01:00:00Z", {{"2024-01-01", std::nullopt}});
  log.Commit("2024-01-02T03:00:00Z", {{"2024-01-01", 1000}});
  const LatenessReport report = log.Report();
  EXPECT_FALSE(report.by_rows);
  EXPECT_EQ(report.late.unknown_changes, 1);
  EXPECT_EQ(report.percentiles.p50, hours(1));
  EXPECT_DOUBLE_EQ(report.share, 2.0 / 3);
}

TEST(LatenessReport, GroupsByPartitionAndMonth) {
  Log log;
  log.Commit("2024-01-31T12:00:00Z", {{"2024-01-31", 100}}).Commit("2024-02-01T12:00:00Z", {{"2024-02-01", 50}});
  log.Commit("2024-02-02T12:00:00Z", {{"2024-01-31", 25}});
  const LatenessReport report = log.Report();
  ASSERT_EQ(report.by_interval.size(), 1u);
  EXPECT_EQ(report.by_interval[0].arrived_rows, 125);
  ASSERT_EQ(report.by_month.size(), 2u);
  EXPECT_EQ(report.by_month[0].late_rows, 25);
  EXPECT_EQ(report.by_month[1].late_rows, 0);
}

TEST(LatenessReport, LookbackTradeOff) {
  Log log;
  // Runs: day 1 when day 2 appears, and so on; day 5's is still to come.
  log.OnTime(1, 3).Commit("2024-01-03T18:00:00Z", {{"2024-01-01", 10}}).OnTime(4, 5);
  log.Commit("2024-01-05T18:00:00Z", {{"2024-01-04", 5}});
  const std::vector<LookbackRow> rows = log.Report().lookback;
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].missed_rows, 15);
  EXPECT_EQ(rows[0].processed_again, 0);
  EXPECT_EQ(rows[1].missed_rows, 10);  // day 5's run will look at day 4
  EXPECT_EQ(rows[1].processed_again, 3);
  EXPECT_EQ(rows[1].for_nothing, 3);
  EXPECT_EQ(rows[2].missed_changes, 0);  // the run of day 3 looks two back at day 1
  EXPECT_EQ(rows[2].processed_again, 5);
  EXPECT_EQ(rows[2].for_nothing, 4);
}

TEST(LatenessReport, WhatTheOwnRunSeesNeedsNoLookback) {
  Log log;
  log.Commit("2024-01-01T12:00:00Z", {{"2024-01-01", 10}})
      .Commit("2024-01-02T00:30:00Z", {{"2024-01-01", 10}})  // late, but day 2 hasn't appeared
      .OnTime(2, 3);
  EXPECT_EQ(log.Report().late.rows, 10);
  ASSERT_EQ(log.Report().lookback.size(), 1u);
  EXPECT_EQ(log.Report().lookback[0].missed_changes, 0);
}

TEST(LatenessReport, SuggestsWhatCoversTheLatest) {
  Log log;
  log.OnTime(1, 9).Commit("2024-01-10T00:00:00Z", {{"2024-01-04", 10}});
  const std::string suggestion = log.Report().suggestion;
  EXPECT_NE(suggestion.find("late_data:\n  detect: changes"), std::string::npos);
  EXPECT_NE(suggestion.find("allowed_lateness: 14d"), std::string::npos) << suggestion;  // 5 d and half as much again
  EXPECT_NE(Log().OnTime(1, 3).Report().suggestion.find("nothing came late"), std::string::npos);
}

TEST(LatenessReport, AnEmptyLogIsNoTrouble) {
  const LatenessReport report = Log().Report();
  EXPECT_EQ(report.late.changes, 0);
  EXPECT_TRUE(report.histogram.empty());
  EXPECT_EQ(report.share, 0);
}

TEST(LatenessReport, LookbacksWorthShowingKeepBothEnds) {
  std::vector<LookbackRow> rows(100);
  for (int n = 0; n < 100; ++n) rows[static_cast<std::size_t>(n)].n = n;
  std::vector<int> shown;
  for (const LookbackRow& row : WorthShowing(rows)) shown.push_back(row.n);
  EXPECT_EQ(shown, (std::vector<int>{0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 60, 99}));
}

// ----- guessing

using table::DataType;
using table::PartitionKey;
using table::PartitionSchema;
using table::TypeKind;

std::string Guess(const PartitionSchema& schema, const std::vector<std::vector<std::string>>& rows) {
  std::vector<PartitionKey> keys;
  std::vector<std::string> names;
  for (const auto& column : schema) names.push_back(column.name);
  for (const auto& row : rows) {
    std::vector<table::PartitionValue> values;
    for (std::size_t i = 0; i < row.size(); ++i)
      values.push_back(table::PartitionValue::Parse(schema[i].type, row[i]).value());
    keys.emplace_back(names, std::move(values));
  }
  const auto columns = FindTimeColumns(schema, keys);
  if (!columns) return "none";
  std::string text;
  for (const std::string& name : columns->columns) text += name + " ";
  return text + FormatCadence(GuessCadence(*columns, keys, TimeZone::Utc()));
}

TEST(FindTimeColumns, ByTypeNameAndValue) {
  const DataType string{TypeKind::kString};
  const DataType date{TypeKind::kDate};
  const DataType integer{TypeKind::kInteger};
  EXPECT_EQ(Guess({{"country", string}, {"day", date}}, {{"de", "2024-01-01"}, {"fr", "2024-01-02"}}), "day day");
  EXPECT_EQ(Guess({{"d", date}, {"hour", integer}}, {{"2024-01-01", "5"}}), "d hour hour");
  EXPECT_EQ(Guess({{"Year", integer}, {"Month", integer}}, {{"2024", "9"}, {"2024", "10"}}), "Year Month month");
  EXPECT_EQ(Guess({{"year", string}, {"month", string}, {"day", string}}, {{"2024", "09", "01"}}),
            "year month day day");
  EXPECT_EQ(Guess({{"country", string}, {"p", string}}, {{"de", "2024-01-01"}, {"us", "2024-01-05"}}), "p day");
  EXPECT_EQ(Guess({{"p", string}}, {{"2024-01-01T05"}, {"2024-01-01T06"}}), "p hour");
  EXPECT_EQ(Guess({{"p", string}}, {{"2024-W05"}}), "p week");
  EXPECT_EQ(Guess({{"p", string}}, {{"2024-01"}}), "p month");
  EXPECT_EQ(Guess({{"p", date}}, {{"2024-01-01"}, {"2024-02-01"}, {"2024-03-01"}}), "p month");
  EXPECT_EQ(Guess({{"p", date}}, {{"2024-01-01"}, {"2024-01-08"}, {"2024-01-15"}}), "p week");
  EXPECT_EQ(Guess({{"p", date}}, {{"2024-01-01"}}), "p day");
  EXPECT_EQ(Guess({{"country", string}}, {{"de"}}), "none");
  EXPECT_EQ(Guess({{"bucket", integer}}, {{"1024"}}), "none");
}

}  // namespace
}  // namespace latecomer::lateness
