// What a table's log says about late data, without any pipeline: initial loads and rewrites told apart from
// rows that came late, how late they came, and what a look-back of N partitions would have caught.
//
// Late is a change that adds rows to an interval after the interval's end, unless it is the first delivery
// of a new interval. Rows are counted per interval; partition columns beside the time are folded into it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lateness/key_interval.h"
#include "table/commit.h"

namespace latecomer::lateness {

// What one commit's data change to one interval was.
enum class Arrival {
  kOnTime,         // before the interval's end
  kFirstDelivery,  // the first data of an interval newer than all before it, after its end
  kInitialLoad,    // the first data of an interval in a commit that creates many past ones
  kLate,           // rows added later than that
  kRewrite,        // no rows added on balance: overwrites with as many rows, deletions, compaction as a data change
  kNoInterval,     // null or unreadable time columns
};
inline constexpr int kArrivalKinds = 6;

// A sum over changes whose rows may be unknown.
struct ArrivalTotal {
  std::int64_t changes = 0;
  std::int64_t rows = 0;             // of the changes whose rows are known
  std::int64_t unknown_changes = 0;  // changes whose rows are not known
  bool estimate = false;             // some of the rows are added minus removed
};

struct LateChange {
  LocalTime start{};
  Version version;
  Instant at{};
  Duration lateness{0};
  std::optional<std::int64_t> rows;
  bool estimate = false;
};

// Everything that was gathered from the log.
struct Arrivals {
  std::array<ArrivalTotal, kArrivalKinds> totals;
  std::vector<LateChange> late;               // in the order of the log
  std::map<LocalTime, ArrivalTotal> arrived;  // per interval: all rows that came, initial loads and rewrites apart
  std::map<LocalTime, bool> intervals;        // every interval that ever had data → came with an initial load
  std::vector<std::pair<LocalTime, Instant>> advances;  // a newer interval than all before it appeared, and when
  std::int64_t commits = 0;
  std::int64_t commits_with_file_time = 0;  // whose time is only that of the log file
  int most_late_at_once = 0;                // most intervals that one commit made late

  const ArrivalTotal& total(Arrival arrival) const { return totals[static_cast<std::size_t>(arrival)]; }
};

class ArrivalCollector {
 public:
  ArrivalCollector(TimeColumns columns, Calendar calendar)
      : columns_(std::move(columns)), calendar_(std::move(calendar)) {}

  // A partition that was there before the first commit that is left in the log.
  void Known(const table::PartitionKey& key);
  // Commits in the order of their versions.
  void Take(const table::Commit& commit);
  const Arrivals& arrivals() const { return arrivals_; }

 private:
  struct Added;
  void TakeInterval(const table::Commit& commit, LocalTime start, const Added& added, bool many_new);
  Arrival Classify(const table::Commit& commit, LocalTime start, const Added& added, bool many_new) const;
  void Count(Arrival arrival, const std::optional<std::int64_t>& rows, bool estimate);

  TimeColumns columns_;
  Calendar calendar_;
  Arrivals arrivals_;
};

}  // namespace latecomer::lateness
