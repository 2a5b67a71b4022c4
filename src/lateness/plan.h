// The one planner: from what changed, what was processed and the rules, to what is processed now, what
// waits, what is held, and why. Pure: no I/O, no clock, no threads; `now` is an argument.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/cadence.h"
#include "base/cron.h"
#include "base/time.h"
#include "base/version.h"
#include "table/commit.h"
#include "table/partition_key.h"

namespace latecomer::lateness {

enum class Detect { kChanges, kLookback, kOff };
enum class Order { kOldestFirst, kNewestFirst, kMostRows };
enum class HoldOrProcess { kHold, kProcess };
enum class EmptyPartitions { kSkip, kRun };
enum class Propagate { kNone, kFollowing };

struct Ready {
  enum class Kind { kNextPartition, kDelay, kCron, kManual } kind = Kind::kNextPartition;
  std::optional<Duration> at_latest;  // with kNextPartition: complete this long after the interval's end anyway
  Duration delay{0};                  // with kDelay: complete this long after the interval's end
  // With kCron: complete at the first of its times, on the clock of the output's zone, at or after the interval's end.
  std::optional<CronLine> cron;
};

// The `schedule` and `late_data` sections of a pipeline, as the planner needs them.
struct Rules {
  Calendar calendar;                      // of the output
  std::vector<std::string> time_columns;  // those of the output's key that hold time; empty: all of them
  std::optional<LocalTime> start;         // partitions that begin earlier are before the start
  std::optional<LocalTime> end;  // exclusive upper bound on starts: the interval that begins at `end` is the last
  Ready ready;
  bool depends_on_past = false;  // a partition isn't started before an earlier one that is planned
  bool catch_up = true;          // false: of the due intervals never processed only the newest is run
  // kRun: an interval without a partition between two that have one is processed, too.
  EmptyPartitions empty_partitions = EmptyPartitions::kSkip;
  Detect detect = Detect::kChanges;
  int lookback = 0;
  std::optional<Duration> allowed_lateness;
  std::optional<LocalTime> frozen_before;
  Duration settle_quiet{0};
  Duration settle_at_most{0};  // 0: no upper bound
  std::int64_t min_rows = 1;
  HoldOrProcess emptied = HoldOrProcess::kHold;
  HoldOrProcess no_interval = HoldOrProcess::kHold;
  std::optional<Duration> retry_failed_after;  // a failed cause starts again this long after it failed
  // kFollowing: when an output was processed again, those that follow it are, too.
  Propagate propagate = Propagate::kNone;
  int max_backfills = 50;
  Order order = Order::kOldestFirst;
};

// A data-changing commit on a source partition of one output partition.
struct Change {
  std::string source;
  Version version;
  Instant timestamp{};
  std::string operation;
  table::PartitionKey source_partition;
  table::ChangeCounts counts;
  bool assumed = false;  // history vanished: taken as changed because the states differ
  std::string note;      // "same rows rewritten", …; may be empty
};

// A run, as far as planning cares.
struct RunFact {
  std::string run_id;
  enum class Kind { kScheduled, kBackfill, kManual } kind = Kind::kScheduled;
  enum class State { kOpen, kSucceeded, kFailed, kSkipped, kCancelled } state = State::kOpen;
  std::string cause;
  bool started = false;  // a claim was granted at least once
  bool running = false;  // one is held now
  std::string with{};    // what it waits for, queued or running, as far as somebody said so
  std::optional<Instant> ended{};
};

// A person holds the partition back.
struct HoldFact {
  std::string reason;
  std::string by;  // may be empty
};

struct ProcessedFact {
  VersionVector vector;
  std::string run_id;
  Instant at{};
};

// All that is known of one output partition when a plan is made.
struct OutputFacts {
  table::PartitionKey key;            // output columns
  bool gap = false;                   // no source has a partition of its own interval; empty_partitions asks for it
  bool has_rows = true;               // some mapped source partition has live files at the newest version
  std::optional<Instant> first_seen;  // commit time of its first data, as far as known
  // Commit time of its newest data, where that matters: when `first_seen` lies long before the interval.
  std::optional<Instant> last_seen;
  std::optional<ProcessedFact> processed;
  std::vector<Change> unseen;             // newer than `processed`; all known ones when never processed; oldest first
  std::vector<RunFact> runs;              // of this partition, oldest first
  std::optional<VersionVector> released;  // changes up to this vector are no longer held
  std::optional<Interval> interval;       // nullopt: no interval
  std::optional<LocalTime> start;
  std::optional<HoldFact> hold{};
  std::string waits_for{};  // what of the pipelines upstream it waits for; empty: nothing
};

struct PlanInput {
  std::vector<OutputFacts> outputs;  // any order
  VersionVector newest;              // what the sources are at
  Instant now{};
  // By source that goes by time: the output interval that its newest partition lies in, whose existence proves that
  // those before it are complete; nullopt when it has none. Empty: the outputs' own starts tell.
  std::map<std::string, std::optional<LocalTime>> proofs{};
};

enum class Decision {
  kUpToDate,
  kProcess,  // to be started now
  kOpen,     // a run of it is queued or running; that run will cover it or be followed by another
  kWaiting,  // will be processed once what it waits for has come
  kHeld,     // a rule holds it back until someone releases it
  kFailed,   // its run of this cause failed: clear it, or a new change starts another
  kIgnored,  // outside the schedule with nothing to do
};

struct PlanEntry {
  table::PartitionKey key;
  std::optional<Interval> interval;
  RunFact::Kind kind = RunFact::Kind::kScheduled;
  bool late = false;
  Decision decision = Decision::kUpToDate;
  // The rule that decided (kRuleNames), in the pipeline file's words: "allowed_lateness", "max_backfills",
  // "mass_change", "frozen_before", "before_start", "after_end", "emptied", "no_interval", "min_rows",
  // "settle", "future", "ready", "detect", "catch_up", "propagate"; "wait_for_upstream"; "hold" when a
  // person does; empty when none did.
  std::string rule;
  std::string reason;  // one sentence for people, without a final dot
  // Unique per (pipeline, output partition): "interval" for scheduled runs, "devices@3" for a backfill (per
  // source the newest unseen version, sources in order, joined by ","), "following:<run id>" for one that
  // follows another output, "lookback:<run id>". All but the last with "~2", "~3", … behind them where runs
  // of that cause succeeded and the partition went back since.
  std::string cause;
  std::vector<Change> changes;       // what made it late, oldest first
  std::optional<Duration> lateness;  // of the newest change: commit time minus the interval's end
  std::optional<std::int64_t> rows;  // added + removed over `changes`; nullopt when unknown
  std::string blocking_run;          // for kOpen and kFailed
  std::string starts_again;          // the failed run of this cause, whose time to start again has come
};

// Is it something that a person may let go: held, or waiting by a rule for late data or for a clock?
bool MayBeReleased(const PlanEntry& entry);

struct Plan {
  std::vector<PlanEntry>
      entries;  // scheduled ones by interval first, then backfills in `order`; then the rest by interval
  VersionVector newest;
};

// Every output partition gets exactly one entry, so nothing is ever in no state (promise 1).
Plan MakePlan(const Rules& rules, const PlanInput& input);

// The backfills a look-back causes for a scheduled run: its N predecessors that exist, oldest first.
std::vector<PlanEntry> LookbackBackfills(const Rules& rules, const PlanInput& input, const table::PartitionKey& of,
                                         const std::string& run_id);

}  // namespace latecomer::lateness
