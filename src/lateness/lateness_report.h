// From what was gathered to what a person wants to know: how much, how late, where, and what to do.
#pragma once

#include <string>
#include <vector>

#include "lateness/statistics.h"

namespace latecomer::lateness {

// Lateness at these shares of the late rows (of the late changes, when some rows are not known), nearest rank.
struct Percentiles {
  Duration p50{0};
  Duration p90{0};
  Duration p95{0};
  Duration p99{0};
  Duration max{0};
};

// Late data with a lateness in (previous bucket's `up_to`, up_to]; nullopt in the last one: everything above.
struct Bucket {
  std::optional<Duration> up_to;
  std::int64_t changes = 0;
  std::int64_t rows = 0;
};

// One interval, or one month of them.
struct Group {
  LocalTime start{};
  std::int64_t late_changes = 0;
  std::int64_t late_rows = 0;
  std::int64_t arrived_rows = 0;  // late ones included, initial loads and rewrites not
  Duration max_lateness{0};

  // Late rows of those that arrived, 0 to 1; nullopt when nobody said how many arrived.
  std::optional<double> LateShare() const {
    if (arrived_rows <= 0) return std::nullopt;
    return static_cast<double>(late_rows) / static_cast<double>(arrived_rows);
  }
};

// What a look-back of N intervals with each scheduled run would have done.
struct LookbackRow {
  int n = 0;
  std::int64_t missed_changes = 0;
  std::int64_t missed_rows = 0;
  std::int64_t processed_again = 0;  // intervals processed again, all runs together
  std::int64_t for_nothing = 0;      // of these, without anything new
};

struct LatenessReport {
  ArrivalTotal late;
  std::int64_t late_intervals = 0;
  bool by_rows = true;  // rows are known for all late changes, so they are the weights
  double share = 0;     // late among all that came (rows, or changes)
  Percentiles percentiles;
  std::vector<Bucket> histogram;      // without empty ones at both ends
  std::vector<Group> by_interval;     // those with late data, oldest first
  std::vector<Group> by_month;        // every month in which something came, oldest first
  std::vector<LookbackRow> lookback;  // N from 0 up to the first that misses nothing (or kMostLookback)
  std::string suggestion;             // a `late_data` section with comments, ready to paste
};
inline constexpr int kMostLookback = 366;

LatenessReport MakeReport(const Arrivals& arrivals, const Calendar& calendar);

// Which look-backs to show to a person: all small ones, then ever fewer, always the first and the last.
std::vector<LookbackRow> WorthShowing(const std::vector<LookbackRow>& rows);

}  // namespace latecomer::lateness
