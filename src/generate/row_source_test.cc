#include "generate/row_source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "generate/builtin.h"

namespace latecomer::generate {
namespace {

Spec SpecOf(const std::string& yaml) {
  auto spec = ParseSpec(yaml, "spec.yaml");
  EXPECT_TRUE(spec) << spec.error().ToString();
  return spec.value_or(Spec{});
}

std::vector<std::vector<Cell>> RowsOf(const Spec& spec, std::uint64_t seed) {
  RowSource source(spec, seed);
  std::vector<std::vector<Cell>> rows;
  std::vector<Cell> row;
  while (source.Next(row)) rows.push_back(row);
  return rows;
}

std::int64_t DayOf(const char* date) {
  return std::chrono::floor<std::chrono::days>(*ParseLocal(date)).time_since_epoch().count();
}

// Pearson's statistic of counts against expected shares.
double ChiSquare(const std::map<std::int64_t, double>& shares, const std::map<std::int64_t, std::int64_t>& counts,
                 double total) {
  double sum = 0;
  for (const auto& [value, share] : shares) {
    const auto found = counts.find(value);
    const double seen = found == counts.end() ? 0 : static_cast<double>(found->second);
    const double expected = share * total;
    sum += (seen - expected) * (seen - expected) / expected;
  }
  return sum;
}

TEST(RowSourceTest, TheSeedDecides) {
  const Spec spec = SpecOf(std::string(*BuiltinSpec("devices")));
  const auto texts = [&](std::uint64_t seed) {
    std::string all;
    for (const auto& row : RowsOf(spec, seed)) {
      for (const Cell& cell : row) all += cell.text + "|";
    }
    return all;
  };
  EXPECT_EQ(texts(7), texts(7));
  EXPECT_NE(texts(7), texts(8));
}

TEST(RowSourceTest, CorrelatedFieldsAgree) {
  Spec spec = SpecOf(std::string(*BuiltinSpec("devices")));
  spec.rows = 5000;
  const auto& names = std::get<CorrelatedValues>(spec.fields[1].values).by_parent_text;
  for (const auto& row : RowsOf(spec, 1)) {
    bool found = false;
    for (const Choice& choice : names.at(row[0].text)) found = found || choice.value.text == row[1].text;
    ASSERT_TRUE(found) << row[0].text << " " << row[1].text;
  }
}

TEST(RowSourceTest, WeightsAreKept) {
  const Spec spec = SpecOf(
      "entity: x\nrows: 20000\nfields: [{name: a, values: [{value: 1, weight: 6}, {value: 2, weight: 3}, {value: 3}, "
      "{value: 4, weight: 0}]}]");
  std::map<std::int64_t, std::int64_t> counts;
  for (const auto& row : RowsOf(spec, 11)) ++counts[row[0].integer];
  EXPECT_FALSE(counts.contains(4));
  EXPECT_LT(ChiSquare({{1, 0.6}, {2, 0.3}, {3, 0.1}}, counts, 20000), 13.8) << "p = 0.001 at 2 degrees";
}

constexpr const char* kTimed =
    "entity: x\nrows: 20000\nfields: [{name: a, values: [1]}]\nlate_rows: 70%\nevent_time: {current: 2024-01-02}\n";

std::map<std::int64_t, std::int64_t> LagsOf(const Spec& spec, std::uint64_t seed) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const auto& row : RowsOf(spec, seed)) ++counts[DayOf("2024-01-02") - row.back().integer];
  return counts;
}

TEST(RowSourceTest, ExactlyTheShareOfRowsIsLate) {
  Spec spec = SpecOf(kTimed);
  for (const std::int64_t rows : {0, 1, 3, 10, 99, 100, 1001}) {
    spec.rows = rows;
    const auto counts = LagsOf(spec, 3);
    const std::int64_t on_time = counts.contains(0) ? counts.at(0) : 0;
    EXPECT_EQ(rows - on_time, std::llround(static_cast<double>(rows) * 0.7)) << rows;
    EXPECT_EQ(RowSource(spec, 3).late_rows(), rows - on_time);
  }
  spec.rows = 100;
  spec.late_rows = 1;
  EXPECT_FALSE(LagsOf(spec, 3).contains(0));
  spec.late_rows = 0;
  EXPECT_EQ(LagsOf(spec, 3).at(0), 100);
}

TEST(RowSourceTest, LateRowsAreNotAllAtOneEnd) {
  const Spec spec = SpecOf(kTimed);
  std::int64_t late = 0;
  std::int64_t n = 0;
  for (const auto& row : RowsOf(spec, 5)) {
    if (n++ == 10000) break;
    late += row.back().integer < DayOf("2024-01-02") ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(late), 7000, 4 * 32);
}

TEST(RowSourceTest, UniformLags) {
  const auto counts = LagsOf(SpecOf(std::string(kTimed) + "lateness: {most: 4}"), 17);
  EXPECT_EQ(counts.rbegin()->first, 4);
  EXPECT_LT(ChiSquare({{1, .25}, {2, .25}, {3, .25}, {4, .25}}, counts, 14000), 16.3) << "p = 0.001 at 3 degrees";
}

TEST(RowSourceTest, ExponentialLagsFallOffAndEndAtMost) {
  const auto counts =
      LagsOf(SpecOf(std::string(kTimed) + "lateness: {distribution: exponential, mean: 2, most: 5}"), 19);
  std::map<std::int64_t, double> shares;
  const double within = 1 - std::exp(-2.5);
  for (int lag = 1; lag <= 5; ++lag) shares[lag] = (std::exp(-(lag - 1) / 2.0) - std::exp(-lag / 2.0)) / within;
  EXPECT_EQ(counts.rbegin()->first, 5);
  EXPECT_LT(ChiSquare(shares, counts, 14000), 18.5) << "p = 0.001 at 4 degrees";
}

TEST(RowSourceTest, FixedLags) {
  const auto counts = LagsOf(SpecOf(std::string(kTimed) + "lateness: {lags: {1: 50%, 30: 50%, 90: 0}}"), 23);
  EXPECT_EQ(counts.size(), 3u) << "on time, 1 and 30";
  EXPECT_LT(ChiSquare({{1, .5}, {30, .5}}, counts, 14000), 10.8) << "p = 0.001 at 1 degree";
}

TEST(RowSourceTest, TimesLieInThePartitionOfTheirZone) {
  // 2024-03-31 has 23 hours in Berlin, and begins at 23:00 UTC the day before.
  const Spec spec = SpecOf(
      "entity: x\nrows: 4000\nfields: [{name: a, values: [1]}]\nevent_time: {current: 2024-03-31T12:00:00, time_zone: "
      "Europe/Berlin, type: timestamp}\n");
  const auto begin = ParseInstant("2024-03-30T23:00:00Z")->time_since_epoch().count() * 1000;
  const auto end = ParseInstant("2024-03-31T22:00:00Z")->time_since_epoch().count() * 1000;
  std::int64_t least = end;
  std::int64_t most = begin;
  for (const auto& row : RowsOf(spec, 29)) {
    least = std::min(least, row.back().integer);
    most = std::max(most, row.back().integer);
  }
  EXPECT_GE(least, begin);
  EXPECT_LT(most, end);
  EXPECT_LT(least, begin + 120'000'000);
  EXPECT_GT(most, end - 120'000'000);
}

TEST(RowSourceTest, AWeekHoldsAllItsDays) {
  const Spec spec = SpecOf(
      "entity: x\nrows: 1000\nlate_rows: 100%\nfields: [{name: a, values: [1]}]\n"
      "event_time: {current: 2024-01-10, cadence: week}\nlateness: {most: 1}");
  std::set<std::int64_t> days;
  for (const auto& row : RowsOf(spec, 31)) days.insert(row.back().integer);
  EXPECT_EQ(days.size(), 7u);
  EXPECT_EQ(*days.begin(), DayOf("2024-01-01"));
  EXPECT_EQ(*days.rbegin(), DayOf("2024-01-07"));
}

TEST(RowSourceTest, KindsKeepToTheirRange) {
  const Spec spec = SpecOf(R"(
entity: x
rows: 20000
fields:
  - {name: i, kind: integer, min: -2, max: 2}
  - {name: u, kind: number, min: 1, max: 2, decimals: 1}
  - {name: n, kind: number, distribution: normal, mean: 10, deviation: 3}
  - {name: e, kind: number, distribution: exponential, mean: 4}
  - {name: b, kind: boolean, true_share: 25%}
  - {name: s, kind: sequence, start: 10, step: 5}
  - {name: id, kind: uuid}
  - {name: d, kind: date, from: 2024-01-01, to: 2024-01-03}
  - {name: z, values: [1], null_share: 40%}
)");
  std::map<std::int64_t, std::int64_t> integers;
  std::set<std::string> ids;
  double normal = 0, squares = 0, exponential = 0, truths = 0, nulls = 0;
  std::int64_t row_number = 0;
  for (const auto& row : RowsOf(spec, 37)) {
    ++integers[row[0].integer];
    ASSERT_GE(row[1].number, 1);
    ASSERT_LE(row[1].number, 2);
    ASSERT_NEAR(row[1].number * 10, std::round(row[1].number * 10), 1e-9);
    normal += row[2].number;
    squares += (row[2].number - 10) * (row[2].number - 10);
    exponential += row[3].number;
    truths += static_cast<double>(row[4].integer);
    ASSERT_EQ(row[5].integer, 10 + 5 * row_number++);
    ids.insert(row[6].text);
    ASSERT_TRUE(row[7].integer == DayOf("2024-01-01") || row[7].integer == DayOf("2024-01-02"));
    nulls += row[8].kind == CellKind::kNull ? 1 : 0;
  }
  EXPECT_LT(ChiSquare({{-2, .2}, {-1, .2}, {0, .2}, {1, .2}, {2, .2}}, integers, 20000), 18.5);
  EXPECT_EQ(ids.size(), 20000u);
  EXPECT_NEAR(normal / 20000, 10, 0.1);
  EXPECT_NEAR(std::sqrt(squares / 20000), 3, 0.1);
  EXPECT_NEAR(exponential / 20000, 4, 0.15);
  EXPECT_NEAR(truths / 20000, 0.25, 0.013);
  EXPECT_NEAR(nulls / 20000, 0.4, 0.015);
}

TEST(RowSourceTest, TheWidestRangesDoNotOverflow) {
  const Spec spec = SpecOf(
      "entity: x\nrows: 1000\nfields: [{name: i, kind: integer, min: -9223372036854775808, max: 9223372036854775807}, "
      "{name: s, kind: sequence, start: 9223372036854775807, step: 1}]");
  bool negative = false;
  bool positive = false;
  for (const auto& row : RowsOf(spec, 41)) {
    negative = negative || row[0].integer < 0;
    positive = positive || row[0].integer > 0;
  }
  EXPECT_TRUE(negative && positive);
}

}  // namespace
}  // namespace latecomer::generate
