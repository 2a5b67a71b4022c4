#include "lateness/statistics.h"

#include <algorithm>
#include <string_view>

namespace latecomer::lateness {

// What a commit did to one interval.
struct ArrivalCollector::Added {
  std::int64_t files_added = 0;
  std::int64_t files_removed = 0;
  std::optional<std::int64_t> rows_added = 0;
  std::optional<std::int64_t> rows_removed = 0;
  std::optional<std::int64_t> from_metrics{};  // inserted and updated rows, as the writer counted them
  bool metrics_shared = false;                 // its part of a count for several intervals

  // Rows that came; nullopt when unknown. Negative or 0: nothing came.
  std::optional<std::int64_t> Rows() const {
    if (from_metrics) return from_metrics;
    if (!rows_added || !rows_removed) return std::nullopt;
    return *rows_added - *rows_removed;
  }
  bool IsEstimate() const { return from_metrics ? metrics_shared : files_removed > 0; }
};

namespace {

// An initial load creates at least so many past intervals at once.
constexpr int kMany = 3;

bool RewritesByName(std::string_view operation) {
  constexpr std::array<std::string_view, 6> kRewriting = {"OPTIMIZE",  "REORG",      "RESTORE",
                                                          "ZORDER BY", "CLUSTER BY", "VACUUM"};
  return std::any_of(kRewriting.begin(), kRewriting.end(), [&](auto name) { return operation.starts_with(name); });
}

void AddTo(std::optional<std::int64_t>& sum, const std::optional<std::int64_t>& more) {
  if (sum && more) {
    *sum += *more;
  } else {
    sum.reset();
  }
}

// Rows that MERGE and UPDATE say they inserted or updated.
std::optional<std::int64_t> InsertedOrUpdated(const table::Commit& commit) {
  std::optional<std::int64_t> rows;
  for (const char* name : {"numTargetRowsInserted", "numTargetRowsUpdated", "numUpdatedRows"}) {
    const auto metric = commit.operation_metrics.find(name);
    if (metric != commit.operation_metrics.end()) rows = rows.value_or(0) + metric->second;
  }
  return rows;
}

}  // namespace

void ArrivalCollector::Known(const table::PartitionKey& key) {
  const std::optional<LocalTime> start = StartOfKey(key, columns_, calendar_);
  if (!start) return;
  arrivals_.intervals.emplace(*start, true);
  auto& advances = arrivals_.advances;
  if (advances.empty()) advances.emplace_back(*start, Instant::min());
  advances.front().first = std::max(advances.front().first, *start);
}

void ArrivalCollector::Count(Arrival arrival, const std::optional<std::int64_t>& rows, bool estimate) {
  ArrivalTotal& total = arrivals_.totals[static_cast<std::size_t>(arrival)];
  ++total.changes;
  if (rows) total.rows += std::max<std::int64_t>(*rows, 0);
  if (!rows) ++total.unknown_changes;
  total.estimate = total.estimate || estimate;
}

Arrival ArrivalCollector::Classify(const table::Commit& commit, LocalTime start, const Added& added,
                                   bool many_new) const {
  const std::optional<std::int64_t> rows = added.Rows();
  const bool nothing_came = (rows && *rows <= 0 && (added.files_removed > 0 || *rows < 0)) || added.files_added == 0;
  if (nothing_came || RewritesByName(commit.operation)) return Arrival::kRewrite;
  if (commit.timestamp <= calendar_.IntervalAt(start).end) return Arrival::kOnTime;
  if (arrivals_.intervals.contains(start)) return Arrival::kLate;
  if (many_new || arrivals_.intervals.empty()) return Arrival::kInitialLoad;
  return start > arrivals_.intervals.rbegin()->first ? Arrival::kFirstDelivery : Arrival::kLate;
}

void ArrivalCollector::TakeInterval(const table::Commit& commit, LocalTime start, const Added& added, bool many_new) {
  const Arrival arrival = Classify(commit, start, added, many_new);
  const std::optional<std::int64_t> rows = added.Rows();
  Count(arrival, rows, added.IsEstimate());
  if (arrival == Arrival::kOnTime || arrival == Arrival::kFirstDelivery || arrival == Arrival::kLate) {
    ArrivalTotal& total = arrivals_.arrived[start];
    ++total.changes;
    if (rows) total.rows += std::max<std::int64_t>(*rows, 0);
    if (!rows) ++total.unknown_changes;
  }
  if (arrival != Arrival::kLate) return;
  arrivals_.late.push_back({.start = start,
                            .version = commit.version,
                            .at = commit.timestamp,
                            .lateness = commit.timestamp - calendar_.IntervalAt(start).end,
                            .rows = rows,
                            .estimate = added.IsEstimate()});
}

void ArrivalCollector::Take(const table::Commit& commit) {
  ++arrivals_.commits;
  if (commit.timestamp_source == table::TimestampSource::kFile) ++arrivals_.commits_with_file_time;
  std::map<LocalTime, Added> by_interval;
  for (const table::PartitionChange& change : commit.partitions) {
    if (!change.data_change) continue;
    const std::optional<LocalTime> start = StartOfKey(change.key, columns_, calendar_);
    if (!start) {
      Count(Arrival::kNoInterval, change.counts.rows_added, false);
      continue;
    }
    Added& added = by_interval[*start];
    added.files_added += change.counts.files_added;
    added.files_removed += change.counts.files_removed;
    AddTo(added.rows_added, change.counts.rows_added);
    AddTo(added.rows_removed, change.counts.rows_removed);
  }
  if (const auto metrics = InsertedOrUpdated(commit)) {
    // One count for the whole commit: shared by the rows written to each interval.
    std::int64_t written = 0;
    for (const auto& [start, added] : by_interval) written += added.rows_added.value_or(0);
    for (auto& [start, added] : by_interval) {
      added.metrics_shared = by_interval.size() > 1;
      const double share = written > 0
                               ? static_cast<double>(added.rows_added.value_or(0)) / static_cast<double>(written)
                               : 1.0 / static_cast<double>(by_interval.size());
      added.from_metrics = static_cast<std::int64_t>(share * static_cast<double>(*metrics) + 0.5);
    }
  }
  const auto is_new_and_past = [&](const auto& one) {
    return !arrivals_.intervals.contains(one.first) && one.second.files_added > 0 &&
           commit.timestamp > calendar_.IntervalAt(one.first).end;
  };
  const bool many_new = std::count_if(by_interval.begin(), by_interval.end(), is_new_and_past) >= kMany;
  const std::size_t late_before = arrivals_.late.size();
  std::map<LocalTime, bool> new_intervals;
  for (const auto& [start, added] : by_interval) {
    TakeInterval(commit, start, added, many_new);
    const bool initial = many_new || (arrivals_.intervals.empty() && is_new_and_past(std::make_pair(start, added)));
    if (added.files_added > 0) new_intervals.emplace(start, initial);
  }
  // Only now: what a commit creates itself doesn't make its other intervals late.
  arrivals_.intervals.merge(new_intervals);
  arrivals_.most_late_at_once =
      std::max(arrivals_.most_late_at_once, static_cast<int>(arrivals_.late.size() - late_before));
  if (arrivals_.intervals.empty()) return;
  const LocalTime newest = arrivals_.intervals.rbegin()->first;
  if (arrivals_.advances.empty() || newest > arrivals_.advances.back().first) {
    arrivals_.advances.emplace_back(newest, commit.timestamp);
  }
}

}  // namespace latecomer::lateness
