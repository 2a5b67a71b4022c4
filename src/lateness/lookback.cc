#include "lateness/lookback.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>

namespace latecomer::lateness {
namespace {

// Position of an interval in the sequence of all intervals.
std::int64_t IndexOf(LocalTime start, const Cadence& cadence) {
  using namespace std::chrono;
  const std::int64_t count = std::max(cadence.count, 1);
  const auto floor_div = [](std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); };
  const std::int64_t day = floor<days>(start).time_since_epoch().count();
  switch (cadence.unit) {
    case CadenceUnit::kHour: return floor_div(floor<hours>(start).time_since_epoch().count(), count);
    case CadenceUnit::kDay: return floor_div(day, count);
    case CadenceUnit::kWeek: return floor_div(floor_div(day + 3, 7), count);  // 1969-12-29 was a Monday
    case CadenceUnit::kMonth: break;
  }
  const year_month_day date{floor<days>(start)};
  const std::int64_t month = int{date.year()} * 12 + static_cast<int>(unsigned{date.month()}) - 1;
  return floor_div(month, count);
}

struct ScheduledRun {
  std::int64_t index = 0;
  Instant at{};          // when the interval was complete
  bool happened = true;  // false for the newest interval, whose run is still to come
};

// The run of an interval is due when a later one appears. Intervals of an initial load have none of their own.
std::vector<ScheduledRun> RunsOf(const Arrivals& arrivals, const Cadence& cadence) {
  std::vector<ScheduledRun> runs;
  auto advance = arrivals.advances.begin();
  for (const auto& [start, initial] : arrivals.intervals) {
    while (advance != arrivals.advances.end() && advance->first <= start) ++advance;
    const bool newest = advance == arrivals.advances.end();
    if (initial && !newest) continue;
    runs.push_back({IndexOf(start, cadence), newest ? Instant::max() : advance->second, !newest});
  }
  return runs;
}

// How far back the first run after the change has to look; 0: the interval's own run sees it.
struct Needed {
  std::int64_t n = 0;
  std::int64_t run = 0;  // index of that run's interval
  bool run_happened = true;
};

Needed LookbackFor(const LateChange& change, const std::vector<ScheduledRun>& runs, const Cadence& cadence) {
  const std::int64_t mine = IndexOf(change.start, cadence);
  const auto first = std::lower_bound(runs.begin(), runs.end(), mine,
                                      [](const ScheduledRun& run, std::int64_t index) { return run.index < index; });
  const auto run =
      std::lower_bound(first, runs.end(), change.at, [](const ScheduledRun& one, Instant at) { return one.at < at; });
  if (run == runs.end()) return {std::numeric_limits<std::int64_t>::max(), 0, false};
  return {run->index - mine, run->index, run->happened};
}

// Existing intervals that the runs would process again with a look-back of n.
std::int64_t ProcessedAgain(const std::vector<std::int64_t>& intervals, const std::vector<ScheduledRun>& runs, int n) {
  std::int64_t total = 0;
  for (const ScheduledRun& run : runs) {
    if (!run.happened) continue;
    const auto from = std::lower_bound(intervals.begin(), intervals.end(), run.index - n);
    const auto to = std::lower_bound(from, intervals.end(), run.index);
    total += to - from;
  }
  return total;
}

}  // namespace

std::vector<LookbackRow> TryLookbacks(const Arrivals& arrivals, const Calendar& calendar) {
  const Cadence& cadence = calendar.cadence();
  const std::vector<ScheduledRun> runs = RunsOf(arrivals, cadence);
  std::vector<std::int64_t> intervals;
  for (const auto& [start, initial] : arrivals.intervals) intervals.push_back(IndexOf(start, cadence));
  std::vector<std::pair<Needed, std::int64_t>> needed;  // with the rows
  for (const LateChange& change : arrivals.late) {
    needed.emplace_back(LookbackFor(change, runs, cadence), std::max<std::int64_t>(change.rows.value_or(0), 0));
  }
  std::vector<LookbackRow> rows;
  for (int n = 0; n <= kMostLookback; ++n) {
    LookbackRow row;
    row.n = n;
    std::set<std::pair<std::int64_t, std::int64_t>> useful;  // (interval, run)
    for (const auto& [need, late_rows] : needed) {
      if (need.n > n) {
        ++row.missed_changes;
        row.missed_rows += late_rows;
      } else if (need.n > 0 && need.run_happened) {
        useful.emplace(need.run - need.n, need.run);
      }
    }
    row.processed_again = ProcessedAgain(intervals, runs, n);
    row.for_nothing = row.processed_again - static_cast<std::int64_t>(useful.size());
    rows.push_back(row);
    if (row.missed_changes == 0) break;
  }
  return rows;
}

}  // namespace latecomer::lateness
