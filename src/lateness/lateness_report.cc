#include "lateness/lateness_report.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "lateness/lookback.h"
#include "lateness/reasons.h"

namespace latecomer::lateness {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// What a late change counts: its rows, or 1 when rows are not known everywhere.
std::int64_t WeightOf(const LateChange& change, bool by_rows) {
  return by_rows ? std::max<std::int64_t>(change.rows.value_or(0), 0) : 1;
}

Percentiles PercentilesOf(std::vector<LateChange> late, bool by_rows) {
  Percentiles result;
  if (late.empty()) return result;
  std::sort(late.begin(), late.end(), [](const auto& a, const auto& b) { return a.lateness < b.lateness; });
  std::int64_t total = 0;
  for (const LateChange& change : late) total += WeightOf(change, by_rows);
  const auto at = [&](double share) {
    const auto rank = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(total)));
    std::int64_t sum = 0;
    for (const LateChange& change : late) {
      sum += WeightOf(change, by_rows);
      if (sum >= rank) return change.lateness;
    }
    return late.back().lateness;
  };
  result.p50 = at(0.50);
  result.p90 = at(0.90);
  result.p95 = at(0.95);
  result.p99 = at(0.99);
  result.max = late.back().lateness;
  return result;
}

std::vector<Bucket> HistogramOf(const std::vector<LateChange>& late) {
  std::vector<Bucket> buckets;
  for (const Duration up_to :
       std::initializer_list<Duration>{minutes(10), hours(1), hours(6), days(1), days(2), days(3), days(7), days(14),
                                       days(30), days(90), days(365)}) {
    buckets.push_back({.up_to = up_to});
  }
  buckets.push_back({});
  for (const LateChange& change : late) {
    const auto bucket = std::find_if(buckets.begin(), buckets.end(),
                                     [&](const Bucket& one) { return !one.up_to || change.lateness <= *one.up_to; });
    ++bucket->changes;
    bucket->rows += std::max<std::int64_t>(change.rows.value_or(0), 0);
  }
  const auto filled = [](const Bucket& bucket) { return bucket.changes > 0; };
  const auto first = std::find_if(buckets.begin(), buckets.end(), filled);
  const auto last = std::find_if(buckets.rbegin(), buckets.rend(), filled).base();
  if (first == buckets.end()) return {};
  return {first, last};
}

LocalTime MonthOf(LocalTime start) {
  const std::chrono::year_month_day date{std::chrono::floor<days>(start)};
  return LocalTime{std::chrono::local_days{date.year() / date.month() / 1}};
}

void AddLate(Group& group, const LateChange& change) {
  ++group.late_changes;
  group.late_rows += std::max<std::int64_t>(change.rows.value_or(0), 0);
  group.max_lateness = std::max(group.max_lateness, change.lateness);
}

void FillGroups(const Arrivals& arrivals, LatenessReport& report) {
  std::map<LocalTime, Group> intervals;
  std::map<LocalTime, Group> months;
  for (const auto& [start, total] : arrivals.arrived) months[MonthOf(start)].arrived_rows += total.rows;
  for (const LateChange& change : arrivals.late) {
    AddLate(intervals[change.start], change);
    AddLate(months[MonthOf(change.start)], change);
  }
  for (auto& [start, group] : intervals) {
    group.start = start;
    group.arrived_rows = arrivals.arrived.at(start).rows;
    report.by_interval.push_back(group);
  }
  for (auto& [start, group] : months) {
    group.start = start;
    report.by_month.push_back(group);
  }
}

double ShareOf(const Arrivals& arrivals, bool by_rows) {
  std::int64_t all = 0;
  for (const Arrival arrival : {Arrival::kOnTime, Arrival::kFirstDelivery, Arrival::kLate}) {
    all += by_rows ? arrivals.total(arrival).rows : arrivals.total(arrival).changes;
  }
  const ArrivalTotal& late = arrivals.total(Arrival::kLate);
  return all == 0 ? 0.0 : static_cast<double>(by_rows ? late.rows : late.changes) / static_cast<double>(all);
}

// Late changes that are followed by another one of the same interval soon: worth waiting for.
double ShareInBursts(const std::vector<LateChange>& late, Duration within) {
  std::map<LocalTime, Instant> last;
  std::int64_t bursts = 0;
  for (const LateChange& change : late) {
    const auto [it, first] = last.try_emplace(change.start, change.at);
    if (!first && change.at - it->second <= within) ++bursts;
    it->second = change.at;
  }
  return late.empty() ? 0.0 : static_cast<double>(bursts) / static_cast<double>(late.size());
}

// The next of the usual lengths, with half as much again in reserve.
std::string AllowedLatenessFor(Duration max) {
  for (const int length : {1, 2, 3, 7, 14, 30, 60, 90, 180, 365}) {
    if (max + max / 2 <= days(length)) return std::to_string(length) + "d";
  }
  const auto years = std::chrono::ceil<days>(max + max / 2).count() / 365 + 1;
  return std::to_string(years * 365) + "d";
}

std::string Line(const std::string& setting, const std::string& comment) {
  constexpr std::size_t kCommentAt = 36;
  std::string line = "  " + setting;
  line.append(line.size() < kCommentAt ? kCommentAt - line.size() : 1, ' ');
  return line + "# " + comment + "\n";
}

std::string Percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, share > 0 && share < 0.001 ? "%.3f %%" : "%.1f %%", share * 100);
  return text;
}

std::string SuggestionFor(const Arrivals& arrivals, const LatenessReport& report) {
  std::string text = "late_data:\n";
  if (arrivals.late.empty()) {
    return text + Line("detect: changes", "nothing came late so far; it costs nothing until something does");
  }
  const LookbackRow& longest = report.lookback.back();
  const std::string instead = longest.missed_changes > 0
                                  ? "no look-back up to " + std::to_string(longest.n) + " would have caught everything"
                                  : "a look-back of " + std::to_string(longest.n) + " would do " +
                                        std::to_string(longest.for_nothing) + " of " +
                                        std::to_string(longest.processed_again) + " for nothing";
  text += Line("detect: changes", instead);
  text += Line("allowed_lateness: " + AllowedLatenessFor(report.percentiles.max),
               "the latest came after " + HumanDuration(report.percentiles.max) + ", 99 % within " +
                   HumanDuration(report.percentiles.p99));
  if (const double bursts = ShareInBursts(arrivals.late, minutes(10)); bursts >= 0.2) {
    text += Line("settle: {quiet: 10m, at_most: 1h}",
                 Percent(bursts) + " of the late changes follow another within 10 minutes");
  }
  constexpr int kDefaultMaxBackfills = 50;
  if (arrivals.most_late_at_once > kDefaultMaxBackfills / 2) {
    text += Line("max_backfills: " + std::to_string(arrivals.most_late_at_once * 2),
                 "one commit made " + std::to_string(arrivals.most_late_at_once) + " partitions late");
  }
  return text;
}

}  // namespace

LatenessReport MakeReport(const Arrivals& arrivals, const Calendar& calendar) {
  LatenessReport report;
  report.late = arrivals.total(Arrival::kLate);
  report.by_rows = report.late.unknown_changes == 0 && report.late.rows > 0;
  for (const Arrival arrival : {Arrival::kOnTime, Arrival::kFirstDelivery}) {
    report.by_rows = report.by_rows && arrivals.total(arrival).unknown_changes == 0;
  }
  report.share = ShareOf(arrivals, report.by_rows);
  report.percentiles = PercentilesOf(arrivals.late, report.by_rows);
  report.histogram = HistogramOf(arrivals.late);
  FillGroups(arrivals, report);
  report.late_intervals = static_cast<std::int64_t>(report.by_interval.size());
  report.lookback = TryLookbacks(arrivals, calendar);
  report.suggestion = SuggestionFor(arrivals, report);
  return report;
}

std::vector<LookbackRow> WorthShowing(const std::vector<LookbackRow>& rows) {
  std::vector<LookbackRow> shown;
  for (const LookbackRow& row : rows) {
    const bool round = row.n <= 3 || row.n == 5 || row.n == 7 || row.n == 10 || row.n == 14 || row.n == 21 ||
                       row.n == 30 || row.n % 60 == 0;
    if (round || &row == &rows.back()) shown.push_back(row);
  }
  return shown;
}

}  // namespace latecomer::lateness
