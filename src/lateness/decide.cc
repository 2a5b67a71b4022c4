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
  const std::string work = open.with.empty() ? " is at work on it" : " waits for " + open.with;
  Settle(entry, Decision::kOpen, "",
         open.started ? open.run_id + work + "; what came after its pinned versions is planned once it has ended"
                      : open.run_id + " is queued for it and will read the newest versions when it starts");
}

void DecideFailed(PlanEntry& entry, const RunFact& failed) {
  entry.blocking_run = failed.run_id;
  const bool cancelled = failed.state == RunFact::State::kCancelled;
  Settle(entry, Decision::kFailed, "",
         failed.run_id + (cancelled ? " was cancelled" : " failed") + "; `latecomer clear PIPELINE " + failed.run_id +
             "` starts it again");
}

// ----- rules that hold

// Why this single change doesn't count; empty when it does.
std::string HoldRuleOf(const Change& change, const OutputFacts& facts, const Situation& situation) {
  const Rules& rules = situation.rules;
  if (IsReleased(facts, change)) return "";
  if (rules.frozen_before && *facts.start < *rules.frozen_before) return "frozen_before";
  if (rules.allowed_lateness && change.timestamp - facts.interval->end > *rules.allowed_lateness) {
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
  // Emptying can't be undone by what comes with it, so each change has to be released.
  if (!facts.has_rows && rules.emptied == HoldOrProcess::kHold && !all_released) return "emptied";
  if (facts.unseen.empty() && rules.frozen_before && *facts.start < *rules.frozen_before) return "frozen_before";
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
  if (const RunFact* failed = FailedRun(facts, entry.cause)) return DecideFailed(entry, *failed);
  const std::string what = DescribeChanges(facts.unseen, facts.interval);
  if (rules.detect != Detect::kChanges) {
    Settle(entry, Decision::kHeld, "detect", DetectReason(rules, what));
    return;
  }
  if (const std::string rule = HoldRule(facts, situation, entry); !rule.empty()) {
    Settle(entry, Decision::kHeld, rule, HoldReason(rule, entry, facts, rules));
    return;
  }
  if (const std::optional<Instant> at = SettlesAt(facts, situation)) {
    Settle(entry, Decision::kWaiting, "settle",
           "waits until " + FormatInstant(*at) + " for the partition to settle; " + what);
    return;
  }
  std::string reason =
      facts.processed ? "late because of " + what : "late: never processed, although a later partition was; " + what;
  Settle(entry, Decision::kProcess, "", std::move(reason));
}

// ----- partitions that were never processed

// With `catch_up: false`, an interval that was passed over; a change that came after a later interval was
// built is late data all the same.
bool PassedOver(const OutputFacts& facts, const Situation& situation) {
  if (situation.rules.catch_up) return false;
  const bool before_due = situation.newest_due && *facts.start < *situation.newest_due;
  if (!IsLateNeverProcessed(facts, situation)) return before_due;
  const auto later = situation.built_from.upper_bound(*facts.start);
  if (later == situation.built_from.end()) return true;  // a later one started, none was processed yet
  return std::none_of(facts.unseen.begin(), facts.unseen.end(), [&](const Change& change) {
    const auto built = later->second.find(change.source);
    return built != later->second.end() && change.version > built->second;
  });
}

std::string WaitReason(const OutputFacts& facts, const Situation& situation) {
  const Ready& ready = situation.rules.ready;
  if (ready.kind == Ready::Kind::kManual) return "waits for `latecomer run --partition`: ready is manual";
  if (ready.kind == Ready::Kind::kDelay) {
    return "waits until " + FormatInstant(facts.interval->end + ready.delay) + ", " + FormatDuration(ready.delay) +
           " after the interval's end";
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
  if (by_proof) return "due: a later partition exists, so this one is complete";
  return "due: at_latest " + FormatDuration(ready.at_latest.value_or(Duration::zero())) +
         " after the interval's end is over";
}

void DecideScheduled(PlanEntry& entry, const OutputFacts& facts, const Situation& situation) {
  const Rules& rules = situation.rules;
  if (HoldRule(facts, situation, entry) == "emptied") {
    Settle(entry, Decision::kHeld, "emptied", HoldReason("emptied", entry, facts, rules));
    return;
  }
  if (rules.frozen_before && *facts.start < *rules.frozen_before) {
    const auto released = [&](const Change& change) { return IsReleased(facts, change); };
    if (std::none_of(facts.unseen.begin(), facts.unseen.end(), released)) {
      Settle(entry, Decision::kHeld, "frozen_before", HoldReason("frozen_before", entry, facts, rules));
      return;
    }
  }
  if (!IsReady(facts, situation)) {
    Settle(entry, Decision::kWaiting, "ready", WaitReason(facts, situation));
    return;
  }
  const bool by_proof = situation.newest_proof && *facts.start < *situation.newest_proof;
  Settle(entry, Decision::kProcess, "", ReadyReason(rules.ready, by_proof));
}

void DecideNeverProcessed(PlanEntry& entry, const OutputFacts& facts, const Situation& situation) {
  if (facts.unseen.empty() && !facts.has_rows) {
    Settle(entry, Decision::kIgnored, "", "has no rows, and nothing changed it");
    return;
  }
  entry.cause = FreshCause(facts, kScheduledCause);
  if (const RunFact* failed = FailedRun(facts, entry.cause)) {
    entry.late = IsLateNeverProcessed(facts, situation);
    return DecideFailed(entry, *failed);
  }
  if (CameTooEarly(facts, situation.now) && facts.interval->start > situation.now) {
    Settle(entry, Decision::kWaiting, "future",
           "begins on " + FormatLocal(*facts.start) +
               ", long after its data came; it proves nothing for the ones before it");
    return;
  }
  if (PassedOver(facts, situation)) {
    Settle(entry, Decision::kIgnored, "catch_up", "passed over: catch_up is false and a later interval was due");
    return;
  }
  if (IsLateNeverProcessed(facts, situation)) return DecideLate(entry, facts, situation);
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

void DecideWithoutInterval(PlanEntry& entry, const OutputFacts& facts) {
  if (facts.unseen.empty()) {
    Settle(entry, Decision::kIgnored, "no_interval", "has no interval, and nothing changed it");
    return;
  }
  Settle(entry, Decision::kHeld, "no_interval",
         "held: its time columns are null or unreadable, so it belongs to no interval; " +
             DescribeChanges(facts.unseen, std::nullopt));
}

void DecideBeforeStart(PlanEntry& entry, const OutputFacts& facts, const Rules& rules) {
  const std::string start = FormatLocal(*rules.start);
  if (facts.unseen.empty() && !facts.has_rows) {
    Settle(entry, Decision::kIgnored, "before_start", "begins before the schedule's start " + start);
    return;
  }
  const std::string what = facts.unseen.empty() ? "its rows are older than the first look at the table"
                                                : DescribeChanges(facts.unseen, facts.interval);
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

bool CameTooEarly(const OutputFacts& facts, Instant now) {
  if (!facts.interval) return false;
  Instant came = facts.first_seen.value_or(now);
  if (facts.last_seen) came = std::max(came, *facts.last_seen);
  for (const Change& change : facts.unseen) came = std::max(came, change.timestamp);
  return facts.interval->start > came + (facts.interval->end - facts.interval->start);
}

bool IsReady(const OutputFacts& facts, const Situation& situation) {
  const Ready& ready = situation.rules.ready;
  switch (ready.kind) {
    case Ready::Kind::kManual: return false;
    case Ready::Kind::kDelay: return situation.now >= facts.interval->end + ready.delay;
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
  if (facts.processed && facts.unseen.empty()) {
    return Settle(entry, Decision::kUpToDate, "",
                  "up to date: built from " + DescribeVector(facts.processed->vector) + ", nothing newer changed it");
  }
  if (open != nullptr) {
    DecideOpen(entry, facts, situation, *open);
  } else if (!facts.start || !facts.interval) {
    DecideWithoutInterval(entry, facts);
  } else if (rules.start && *facts.start < *rules.start) {
    DecideBeforeStart(entry, facts, rules);
  } else if (rules.end && *facts.start > *rules.end) {
    DecideAfterEnd(entry, facts, rules);
  } else if (facts.processed) {
    DecideLate(entry, facts, situation);
  } else {
    DecideNeverProcessed(entry, facts, situation);
  }
  if (entry.decision == Decision::kProcess && !facts.waits_for.empty()) {
    Settle(entry, Decision::kWaiting, "wait_for_upstream", "waits for " + facts.waits_for + "; " + entry.reason);
  }
  return entry;
}

}  // namespace latecomer::lateness
