#include "lateness/decide.h"

#include <algorithm>

#include "lateness/reasons.h"

namespace latecomer::lateness {
namespace {

constexpr const char* kScheduledCause = "interval";

// Per source the newest version that changed the partition: "devices@3", "devices@3,users@7".
std::string CauseOf(const std::vector<Change>& changes) {
  VersionVector newest;
  for (const Change& change : changes) {
    Version& version = newest.try_emplace(change.source, change.version).first->second;
    version = std::max(version, change.version);
  }
  std::string cause;
  for (const auto& [source, version] : newest) {
    if (!cause.empty()) cause += ',';
    cause += source + "@" + std::to_string(version.value);
  }
  return cause.empty() ? kScheduledCause : cause;
}

const RunFact* OpenRun(const OutputFacts& facts) {
  for (auto run = facts.runs.rbegin(); run != facts.runs.rend(); ++run) {
    if (run->state == RunFact::State::kOpen) return &*run;
  }
  return nullptr;
}

// The run of this cause, when it ended without success.
const RunFact* FailedRun(const OutputFacts& facts, const std::string& cause) {
  for (auto run = facts.runs.rbegin(); run != facts.runs.rend(); ++run) {
    if (run->cause != cause) continue;
    const bool failed = run->state == RunFact::State::kFailed || run->state == RunFact::State::kCancelled;
    return failed ? &*run : nullptr;
  }
  return nullptr;
}

// A run of this cause may have done its work, and the partition may have gone back to older versions since:
// built again at kept ones, or its record withdrawn. Then the same cause counts again: "devices@3~2".
std::string FreshCause(const OutputFacts& facts, const std::string& cause) {
  const auto done = [&](const std::string& candidate) {
    return std::any_of(facts.runs.begin(), facts.runs.end(), [&](const RunFact& run) {
      const bool ended_well = run.state == RunFact::State::kSucceeded || run.state == RunFact::State::kSkipped;
      return ended_well && run.cause == candidate;
    });
  };
  std::string fresh = cause;
  for (int time = 2; done(fresh); ++time) fresh = cause + "~" + std::to_string(time);
  return fresh;
}

std::optional<std::int64_t> RowsOf(const std::vector<Change>& changes) {
  std::int64_t rows = 0;
  for (const Change& change : changes) {
    if (!change.counts.rows_added || !change.counts.rows_removed) return std::nullopt;
    rows += *change.counts.rows_added + *change.counts.rows_removed;
  }
  return rows;
}

const Change* NewestChange(const std::vector<Change>& changes) {
  const auto newest = std::max_element(changes.begin(), changes.end(),
                                       [](const Change& a, const Change& b) { return a.timestamp < b.timestamp; });
  return newest == changes.end() ? nullptr : &*newest;
}

PlanEntry NewEntry(const OutputFacts& facts) {
  PlanEntry entry;
  entry.key = facts.key;
  entry.interval = facts.interval;
  entry.changes = facts.unseen;
  entry.cause = kScheduledCause;
  entry.rows = RowsOf(facts.unseen);
  const Change* newest = NewestChange(facts.unseen);
  if (newest != nullptr && facts.interval) entry.lateness = newest->timestamp - facts.interval->end;
  return entry;
}

PlanEntry& Settle(PlanEntry& entry, Decision decision, std::string rule, std::string reason) {
  entry.decision = decision;
  entry.rule = std::move(rule);
  entry.reason = std::move(reason);
  return entry;
}

bool IsLateNeverProcessed(const OutputFacts& facts, const Situation& situation) {
  return facts.start && !facts.processed && situation.newest_started && *facts.start < *situation.newest_started &&
         InSchedule(situation.rules, *facts.start);
}

void DecideOpen(PlanEntry& entry, const OutputFacts& facts, const Situation& situation, const RunFact& open) {
  entry.kind = open.kind;
  entry.cause = open.cause;
  entry.late = facts.processed.has_value() || IsLateNeverProcessed(facts, situation);
  entry.blocking_run = open.run_id;
  // One that was started may have gone back to the queue, and gets new versions there.
  const std::string work = open.with.empty() ? " is at work on it" : " waits for " + open.with;
  const std::string wait = open.with.empty() ? "" : ", waits for " + open.with;
  Settle(entry, Decision::kOpen, "",
         open.running ? open.run_id + work + "; what came after its pinned versions is planned once it has ended"
                      : open.run_id + " is queued for it" + wait + " and will read the newest versions when it starts");
}

// When a failed run starts again by itself; nullopt: when a person says so. A cancelled one was ended by a person.
std::optional<Instant> StartsAgainAt(const RunFact& failed, const Rules& rules) {
  if (!rules.retry_failed_after || failed.state != RunFact::State::kFailed || !failed.ended) return std::nullopt;
  return *failed.ended + *rules.retry_failed_after;
}

void DecideFailed(PlanEntry& entry, const RunFact& failed, const Rules& rules) {
  entry.blocking_run = failed.run_id;
  const bool cancelled = failed.state == RunFact::State::kCancelled;
  std::string reason = failed.run_id + (cancelled ? " was cancelled" : " failed") + "; `latecomer clear PIPELINE " +
                       failed.run_id + "` starts it again";
  if (const auto at = StartsAgainAt(failed, rules)) reason += ", or retry_failed_after at " + FormatInstant(*at);
  Settle(entry, Decision::kFailed, "", std::move(reason));
}

// Of a cause that failed: false when it stays so, and that is decided.
bool GoesOn(PlanEntry& entry, const OutputFacts& facts, const Situation& situation) {
  const RunFact* failed = FailedRun(facts, entry.cause);
  if (failed == nullptr) return true;
  const std::optional<Instant> at = StartsAgainAt(*failed, situation.rules);
  if (!at || situation.now < *at) {
    DecideFailed(entry, *failed, situation.rules);
    return false;
  }
  entry.starts_again = failed->run_id;
  return true;
}

std::string Again(const PlanEntry& entry, const Rules& rules) {
  if (entry.starts_again.empty()) return "";
  return entry.starts_again + " failed, and retry_failed_after " + FormatDuration(*rules.retry_failed_after) +
         " is over; ";
}

// ----- rules that hold

// Why this single change doesn't count; empty when it does.
std::string HoldRuleOf(const Change& change, const OutputFacts& facts, const Situation& situation) {
  const Rules& rules = situation.rules;
  if (IsReleased(facts, change)) return "";
  if (rules.frozen_before && facts.start && *facts.start < *rules.frozen_before) return "frozen_before";
  if (rules.allowed_lateness && facts.interval && change.timestamp - facts.interval->end > *rules.allowed_lateness) {
    return "allowed_lateness";
  }
  if (situation.mass_changes.contains({change.source, change.version})) return "mass_change";
  return "";
}

// The rule that holds all changes of the partition; a single change that is free takes the others along.
std::string HoldRule(const OutputFacts& facts, const Situation& situation, const PlanEntry& entry) {
  const Rules& rules = situation.rules;
  const auto released = [&](const Change& change) { return IsReleased(facts, change); };
  const bool all_released = std::all_of(facts.unseen.begin(), facts.unseen.end(), released);
  // Emptying can't be undone by what comes with it, so each change has to be released. A gap never had rows.
  if (!facts.has_rows && !facts.gap && rules.emptied == HoldOrProcess::kHold && !all_released) return "emptied";
  if (facts.unseen.empty() && rules.frozen_before && facts.start && *facts.start < *rules.frozen_before) {
    return IsLetGo(facts) ? "" : "frozen_before";
  }
  std::string rule;
  for (const Change& change : facts.unseen) {
    rule = HoldRuleOf(change, facts, situation);
    if (rule.empty()) break;
  }
  if (!rule.empty()) return rule;
  const bool any_released = std::any_of(facts.unseen.begin(), facts.unseen.end(), released);
  const bool too_few = !facts.unseen.empty() && entry.rows && *entry.rows < rules.min_rows;
  return too_few && !any_released ? "min_rows" : "";
}

std::string HoldReason(const std::string& rule, const PlanEntry& entry, const OutputFacts& facts, const Rules& rules) {
  const std::string what = DescribeChanges(entry.changes, entry.interval);
  if (rule == "frozen_before") {
    return "held: begins before frozen_before " + FormatLocal(*rules.frozen_before) + "; " + what;
  }
  if (rule == "allowed_lateness") {
    return "held: " + what + ", more than allowed_lateness " + FormatDuration(*rules.allowed_lateness);
  }
  if (rule == "mass_change") {
    return "held: one commit made more than max_backfills (" + std::to_string(rules.max_backfills) +
           ") partitions late; " + what;
  }
  if (rule == "min_rows") {
    return "held: fewer than min_rows " + std::to_string(rules.min_rows) + " changed; " + what;
  }
  if (rule == "emptied" && !facts.processed) return "held: never processed, and without rows by now; " + what;
  if (rule == "emptied") return "held: left without rows by " + what;
  return "held by " + rule;
}

// When the partition has been quiet long enough; nullopt when it has already.
std::optional<Instant> SettlesAt(const OutputFacts& facts, const Situation& situation) {
  const Rules& rules = situation.rules;
  if (rules.settle_quiet == Duration::zero() || facts.unseen.empty()) return std::nullopt;
  const auto by_time = [](const Change& a, const Change& b) { return a.timestamp < b.timestamp; };
  const auto [first, last] = std::minmax_element(facts.unseen.begin(), facts.unseen.end(), by_time);
  Instant at = last->timestamp + rules.settle_quiet;
  if (rules.settle_at_most > Duration::zero()) at = std::min(at, first->timestamp + rules.settle_at_most);
  if (at <= situation.now) return std::nullopt;
  return at;
}

// ----- late partitions

std::string DetectReason(const Rules& rules, const std::string& what) {
  if (rules.detect == Detect::kOff) return "late because of " + what + "; detect: off leaves late data alone";
  return "late because of " + what + "; detect: lookback processes only the " + std::to_string(rules.lookback) +
         " before each scheduled run again";
}

void DecideLate(PlanEntry& entry, const OutputFacts& facts, const Situation& situation) {
  const Rules& rules = situation.rules;
  entry.kind = RunFact::Kind::kBackfill;
  entry.late = true;
  entry.cause = FreshCause(facts, CauseOf(facts.unseen));
  if (!GoesOn(entry, facts, situation)) return;
  const std::string what = DescribeChanges(facts.unseen, facts.interval);
  if (rules.detect != Detect::kChanges && !IsLetGo(facts)) {
    Settle(entry, Decision::kHeld, "detect", DetectReason(rules, what));
    return;
  }
  if (const std::string rule = HoldRule(facts, situation, entry); !rule.empty()) {
    Settle(entry, Decision::kHeld, rule, HoldReason(rule, entry, facts, rules));
    return;
  }
  const std::optional<Instant> at = SettlesAt(facts, situation);
  if (at && !IsLetGo(facts)) {
    Settle(entry, Decision::kWaiting, "settle",
           "waits until " + FormatInstant(*at) + " for the partition to settle; " + what);
    return;
  }
  Settle(entry, Decision::kProcess, "",
         Again(entry, rules) +
             (facts.processed ? "late because of " : "late: never processed, although a later partition was; ") + what);
}

// The release was given after the output that it follows was built.
bool CoversReleased(const OutputFacts& facts, const OutputFacts& base) {
  if (!facts.released) return false;
  return std::all_of(base.processed->vector.begin(), base.processed->vector.end(), [&](const auto& built) {
    const auto up_to = facts.released->find(built.first);
    return up_to != facts.released->end() && up_to->second >= built.second;
  });
}

// Nothing it is made from changed, or not enough to count, but what it follows was built after it.
void DecideFollowing(PlanEntry& entry, const OutputFacts& facts, const OutputFacts& base, const Situation& situation) {
  const Rules& rules = situation.rules;
  entry.kind = RunFact::Kind::kBackfill;
  entry.late = true;
  entry.starts_again.clear();
  entry.cause = FreshCause(facts, "following:" + base.processed->run_id);
  if (!GoesOn(entry, facts, situation)) return;
  const std::string what =
      base.key.Display() + ", which it follows, was processed after it (" + base.processed->run_id + ")";
  if (rules.frozen_before && facts.start && *facts.start < *rules.frozen_before && !CoversReleased(facts, base)) {
    Settle(entry, Decision::kHeld, "frozen_before",
           "held: begins before frozen_before " + FormatLocal(*rules.frozen_before) + "; " + what);
    return;
  }
  Settle(entry, Decision::kProcess, "", Again(entry, rules) + "late: " + what);
}

// A partition that was processed before, and is late.
void DecideProcessed(PlanEntry& entry, const OutputFacts& facts, const Situation& situation) {
  const auto base = situation.outdated.find(&facts);
  if (!facts.unseen.empty()) DecideLate(entry, facts, situation);
  if (base == situation.outdated.end()) return;
  const bool held = entry.decision == Decision::kHeld && entry.rule != "emptied" && entry.rule != "frozen_before";
  if (facts.unseen.empty() || held) DecideFollowing(entry, facts, *base->second, situation);
}

// ----- partitions that were never processed

// With `catch_up: false`, an interval that was passed over; a change that came after a later interval was
// built is late data all the same. One that was begun wasn't passed over: its output may hold something.
bool PassedOver(const OutputFacts& facts, const Situation& situation) {
  if (situation.rules.catch_up || IsLetGo(facts) || WasStarted(facts)) return false;
  const bool before_due = situation.newest_due && *facts.start < *situation.newest_due;
  if (!IsLateNeverProcessed(facts, situation)) return before_due;
  const auto later = situation.built_from.upper_bound(*facts.start);
  if (later == situation.built_from.end()) return true;  // a later one started, none was processed yet
  return std::none_of(facts.unseen.begin(), facts.unseen.end(), [&](const Change& change) {
    const auto built = later->second.find(change.source);
    return built != later->second.end() && change.version > built->second;
  });
}

// With a cron line.
Instant CronTime(const OutputFacts& facts, const Rules& rules) {
  const TimeZone& zone = rules.calendar.zone();
  const Instant end = facts.interval->end;
  // What the end lies in may be an hour that the clock shows twice.
  return std::max(end, zone.ToInstant(rules.ready.cron->NextFrom(zone.ToLocal(end))));
}

std::string WaitReason(const OutputFacts& facts, const Situation& situation) {
  const Ready& ready = situation.rules.ready;
  if (ready.kind == Ready::Kind::kManual) return "waits for `latecomer run --partition`: ready is manual";
  if (ready.kind == Ready::Kind::kDelay) {
    return "waits until " + FormatInstant(facts.interval->end + ready.delay) + ", " + FormatDuration(ready.delay) +
           " after the interval's end";
  }
  if (ready.kind == Ready::Kind::kCron) {
    return "waits until " + FormatInstant(CronTime(facts, situation.rules)) + ", the first time of `" +
           ready.cron->text() + "` after the interval's end";
  }
  std::string reason = "waits until a later partition exists";
  std::string lacking;
  for (const auto& [source, proof] : situation.proofs) {
    if (!proof || *proof <= *facts.start) lacking += (lacking.empty() ? " in " : " and in ") + source;
  }
  reason += lacking;
  if (ready.at_latest) reason += ", at latest until " + FormatInstant(facts.interval->end + *ready.at_latest);
  return reason;
}

std::string ReadyReason(const Ready& ready, bool by_proof) {
  if (ready.kind == Ready::Kind::kDelay)
    return "due: its interval ended " + FormatDuration(ready.delay) + " ago or more";
  if (ready.kind == Ready::Kind::kCron) return "due: a time of `" + ready.cron->text() + "` came after its end";
  if (by_proof) return "due: a later partition exists, so this one is complete";
  return "due: at_latest " + FormatDuration(ready.at_latest.value_or(Duration::zero())) +
         " after the interval's end is over";
}

// A clock that went wrong wrote it, and its time hasn't come.
bool IsInTheFuture(const OutputFacts& facts, Instant now) {
  return facts.interval && facts.interval->start > now && CameTooEarly(facts, now);
}

void DecideScheduled(PlanEntry& entry, const OutputFacts& facts, const Situation& situation) {
  const Rules& rules = situation.rules;
  if (HoldRule(facts, situation, entry) == "emptied") {
    Settle(entry, Decision::kHeld, "emptied", HoldReason("emptied", entry, facts, rules));
    return;
  }
  if (rules.frozen_before && *facts.start < *rules.frozen_before && !IsLetGo(facts)) {
    Settle(entry, Decision::kHeld, "frozen_before", HoldReason("frozen_before", entry, facts, rules));
    return;
  }
  if (IsInTheFuture(facts, situation.now)) {  // only what was let go comes here
    Settle(entry, Decision::kProcess, "", "due: it was released, although it begins on " + FormatLocal(*facts.start));
    return;
  }
  if (!IsReady(facts, situation)) {
    Settle(entry, Decision::kWaiting, "ready", WaitReason(facts, situation));
    return;
  }
  const bool by_proof = situation.newest_proof && *facts.start < *situation.newest_proof;
  std::string reason = Again(entry, rules) + ReadyReason(rules.ready, by_proof);
  if (facts.gap) reason += "; there is no partition of it, and empty_partitions is run";
  Settle(entry, Decision::kProcess, "", std::move(reason));
}

void DecideNeverProcessed(PlanEntry& entry, const OutputFacts& facts, const Situation& situation) {
  if (facts.unseen.empty() && !facts.has_rows && !facts.gap) {
    Settle(entry, Decision::kIgnored, "", "has no rows, and nothing changed it");
    return;
  }
  entry.cause = FreshCause(facts, kScheduledCause);
  const bool late = IsLateNeverProcessed(facts, situation);
  if (!GoesOn(entry, facts, situation)) {
    entry.late = late;
    return;
  }
  if (!entry.starts_again.empty()) return DecideScheduled(entry, facts, situation);
  if (IsInTheFuture(facts, situation.now) && !IsLetGo(facts)) {
    Settle(entry, Decision::kWaiting, "future",
           "begins on " + FormatLocal(*facts.start) +
               ", long after its data came; it proves nothing for the ones before it");
    return;
  }
  if (PassedOver(facts, situation)) {
    Settle(entry, Decision::kIgnored, "catch_up", "passed over: catch_up is false and a later interval was due");
    return;
  }
  // No commit made a gap late. What failed as late, while a later one counted as begun, stays so without that.
  const bool failed_late =
      !facts.unseen.empty() && FailedRun(facts, FreshCause(facts, CauseOf(facts.unseen))) != nullptr;
  if ((late || failed_late) && !facts.gap) return DecideLate(entry, facts, situation);
  DecideScheduled(entry, facts, situation);
}

// ----- held by a person

void DecideHold(PlanEntry& entry, const OutputFacts& facts, const Situation& situation) {
  const bool changed = !facts.unseen.empty();
  entry.late = changed && (facts.processed || IsLateNeverProcessed(facts, situation));
  if (facts.processed && changed) {
    entry.kind = RunFact::Kind::kBackfill;
    entry.cause = FreshCause(facts, CauseOf(facts.unseen));
  }
  std::string reason =
      "held by " + (facts.hold->by.empty() ? std::string("a person") : facts.hold->by) + ": " + facts.hold->reason;
  if (const RunFact* open = OpenRun(facts)) {
    entry.blocking_run = open->run_id;
    reason += "; " + open->run_id + " is queued and waits for that";
  }
  reason += changed           ? "; " + DescribeChanges(facts.unseen, facts.interval)
            : facts.processed ? std::string("; nothing newer changed it so far")
                              : std::string();
  Settle(entry, Decision::kHeld, "hold", std::move(reason));
}

// ----- outside the schedule

// There are rows, and no commit on record that brought them: the log's beginning was cleaned away before.
constexpr const char* kOlderRows = "its rows are older than the first look at the table";

void DecideWithoutInterval(PlanEntry& entry, const OutputFacts& facts, const Situation& situation) {
  const Rules& rules = situation.rules;
  const bool process = rules.no_interval == HoldOrProcess::kProcess || IsLetGo(facts);
  if (facts.unseen.empty() && !facts.has_rows) {
    Settle(entry, Decision::kIgnored, "no_interval", "has no interval, and nothing changed it");
    return;
  }
  if (!process) {
    Settle(entry, Decision::kHeld, "no_interval",
           "held: its time columns are null or unreadable, so it belongs to no interval; " +
               (facts.unseen.empty() ? kOlderRows : DescribeChanges(facts.unseen, std::nullopt)));
    return;
  }
  if (facts.processed) return DecideLate(entry, facts, situation);
  entry.cause = FreshCause(facts, kScheduledCause);
  if (!GoesOn(entry, facts, situation)) return;
  if (HoldRule(facts, situation, entry) == "emptied") {
    Settle(entry, Decision::kHeld, "emptied", HoldReason("emptied", entry, facts, rules));
  } else if (rules.ready.kind == Ready::Kind::kManual && !IsLetGo(facts)) {
    Settle(entry, Decision::kWaiting, "ready", WaitReason(facts, situation));
  } else {
    Settle(entry, Decision::kProcess, "", Again(entry, rules) + "due: it belongs to no interval that could end");
  }
}

void DecideBeforeStart(PlanEntry& entry, const OutputFacts& facts, const Rules& rules) {
  const std::string start = FormatLocal(*rules.start);
  if (facts.unseen.empty() && !facts.has_rows) {
    Settle(entry, Decision::kIgnored, "before_start", "begins before the schedule's start " + start);
    return;
  }
  const std::string what = facts.unseen.empty() ? kOlderRows : DescribeChanges(facts.unseen, facts.interval);
  Settle(entry, Decision::kHeld, "before_start", "held: begins before the schedule's start " + start + "; " + what);
}

void DecideAfterEnd(PlanEntry& entry, const OutputFacts& facts, const Rules& rules) {
  const std::string end = FormatLocal(*rules.end);
  if (!facts.processed) {
    Settle(entry, Decision::kIgnored, "after_end", "begins after the schedule's end " + end);
    return;
  }
  Settle(entry, Decision::kHeld, "after_end",
         "held: processed once, but it begins after the schedule's end " + end + "; " +
             DescribeChanges(facts.unseen, facts.interval));
}

}  // namespace

bool InSchedule(const Rules& rules, LocalTime start) {
  return !(rules.start && start < *rules.start) && !(rules.end && start > *rules.end);
}

bool IsReleased(const OutputFacts& facts, const Change& change) {
  if (!facts.released) return false;
  const auto upto = facts.released->find(change.source);
  return upto != facts.released->end() && change.version <= upto->second;
}

bool IsLetGo(const OutputFacts& facts) {
  if (!facts.released || facts.released->empty()) return false;
  // What was released of a partition that was never processed is to be processed yet.
  const auto released = [&](const Change& change) { return IsReleased(facts, change); };
  return !facts.processed || std::any_of(facts.unseen.begin(), facts.unseen.end(), released);
}

bool MayBeReleased(const PlanEntry& entry) {
  if (entry.decision == Decision::kHeld) return true;
  if (entry.decision != Decision::kWaiting) return false;
  return entry.rule == "settle" || entry.rule == "max_backfills" || entry.rule == "future";
}

bool CameTooEarly(const OutputFacts& facts, Instant now) {
  if (!facts.interval) return false;
  Instant came = facts.first_seen.value_or(now);
  if (facts.last_seen) came = std::max(came, *facts.last_seen);
  for (const Change& change : facts.unseen) came = std::max(came, change.timestamp);
  return facts.interval->start > came + (facts.interval->end - facts.interval->start);
}

bool Exists(const OutputFacts& facts) {
  return facts.has_rows || !facts.unseen.empty() || facts.processed;
}

bool WasStarted(const OutputFacts& facts) {
  return facts.processed ||
         std::any_of(facts.runs.begin(), facts.runs.end(), [](const RunFact& run) { return run.started; });
}

bool IsReady(const OutputFacts& facts, const Situation& situation) {
  const Ready& ready = situation.rules.ready;
  switch (ready.kind) {
    case Ready::Kind::kManual: return false;
    case Ready::Kind::kDelay: return situation.now >= facts.interval->end + ready.delay;
    case Ready::Kind::kCron: return situation.now >= CronTime(facts, situation.rules);
    case Ready::Kind::kNextPartition:
      if (situation.newest_proof && *facts.start < *situation.newest_proof) return true;
      return ready.at_latest && situation.now >= facts.interval->end + *ready.at_latest;
  }
  return false;
}

PlanEntry Decide(const OutputFacts& facts, const Situation& situation) {
  PlanEntry entry = NewEntry(facts);
  const Rules& rules = situation.rules;
  const RunFact* open = OpenRun(facts);
  if (facts.hold && !(open != nullptr && open->running)) {
    DecideHold(entry, facts, situation);
    return entry;
  }
  if (facts.processed && facts.unseen.empty() && !situation.outdated.contains(&facts)) {
    return Settle(entry, Decision::kUpToDate, "",
                  "up to date: built from " + DescribeVector(facts.processed->vector) + ", nothing newer changed it");
  }
  if (open != nullptr) {
    DecideOpen(entry, facts, situation, *open);
  } else if (!facts.start || !facts.interval) {
    DecideWithoutInterval(entry, facts, situation);
  } else if (rules.start && *facts.start < *rules.start && !IsLetGo(facts)) {
    DecideBeforeStart(entry, facts, rules);
  } else if (rules.end && *facts.start > *rules.end && !IsLetGo(facts)) {
    DecideAfterEnd(entry, facts, rules);
  } else if (facts.processed) {
    DecideProcessed(entry, facts, situation);
  } else {
    DecideNeverProcessed(entry, facts, situation);
  }
  if (entry.decision == Decision::kProcess && !facts.waits_for.empty()) {
    Settle(entry, Decision::kWaiting, "wait_for_upstream", "waits for " + facts.waits_for + "; " + entry.reason);
  }
  return entry;
}

}  // namespace latecomer::lateness
