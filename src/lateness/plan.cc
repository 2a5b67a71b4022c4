#include "lateness/plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "lateness/decide.h"
#include "lateness/reasons.h"

namespace latecomer::lateness {
namespace {

// An output partition and what was decided about it.
struct Judged {
  const OutputFacts* facts;
  PlanEntry entry;
};

bool Earlier(const OutputFacts& a, const OutputFacts& b) {
  // Those without an interval come last.
  const auto rank = [](const OutputFacts& facts) {
    return std::make_pair(!facts.start.has_value(), facts.start.value_or(LocalTime{}));
  };
  const auto left = rank(a);
  const auto right = rank(b);
  return left != right ? left < right : a.key < b.key;
}

void RaiseTo(std::optional<LocalTime>& newest, LocalTime start) {
  newest = newest ? std::max(*newest, start) : start;
}

// `outputs` are in the order of Earlier.
std::map<LocalTime, VersionVector> BuiltFrom(const std::vector<const OutputFacts*>& outputs) {
  std::map<LocalTime, VersionVector> built;
  VersionVector oldest;
  for (auto facts = outputs.rbegin(); facts != outputs.rend(); ++facts) {
    if (!(*facts)->start || !(*facts)->processed) continue;
    for (const auto& [source, version] : (*facts)->processed->vector) {
      Version& lowest = oldest.try_emplace(source, version).first->second;
      lowest = std::min(lowest, version);
    }
    built[*(*facts)->start] = oldest;
  }
  return built;
}

// Due means: never processed, complete, and inside the schedule.
std::optional<LocalTime> NewestDue(const std::vector<const OutputFacts*>& outputs, const Situation& situation) {
  std::optional<LocalTime> newest;
  for (const OutputFacts* facts : outputs) {
    if (!facts->start || !facts->interval || facts->processed || !InSchedule(situation.rules, *facts->start)) continue;
    if (!facts->has_rows && facts->unseen.empty() && !facts->gap) continue;
    if (IsReady(*facts, situation)) RaiseTo(newest, *facts->start);
  }
  return newest;
}

// Complete is what every source proves.
std::optional<LocalTime> WeakestProof(const std::map<std::string, std::optional<LocalTime>>& proofs) {
  std::optional<LocalTime> weakest;
  for (const auto& [source, proof] : proofs) {
    if (!proof) return std::nullopt;
    weakest = std::min(weakest.value_or(*proof), *proof);
  }
  return weakest;
}

// What of a key is not time; outputs that differ in nothing else follow each other.
std::string SeriesOf(const Rules& rules, const table::PartitionKey& key) {
  std::string series;
  const auto& time = rules.time_columns;
  for (std::size_t i = 0; i < key.size() && !time.empty(); ++i) {
    if (std::find(time.begin(), time.end(), key.name(i)) != time.end()) continue;
    series += key.name(i) + (key.value(i).IsNull() ? " null" : "=" + key.value(i).text()) + "\n";
  }
  return series;
}

// Each output that was built before an earlier one of its series, with the one of those that was built last.
// `outputs` are in the order of time.
std::map<const OutputFacts*, const OutputFacts*> Outdated(const Rules& rules,
                                                          const std::vector<const OutputFacts*>& outputs) {
  std::map<const OutputFacts*, const OutputFacts*> outdated;
  std::map<std::string, const OutputFacts*> newest;
  for (const OutputFacts* facts : outputs) {
    if (!facts->start || !facts->processed) continue;
    const OutputFacts*& base = newest[SeriesOf(rules, facts->key)];
    if (base != nullptr && base->processed->at > facts->processed->at) outdated[facts] = base;
    if (base == nullptr || facts->processed->at > base->processed->at) base = facts;
  }
  return outdated;
}

Situation Survey(const Rules& rules, const std::vector<const OutputFacts*>& outputs, const PlanInput& input) {
  const Instant now = input.now;
  Situation situation{.rules = rules, .now = now, .proofs = input.proofs};
  for (const OutputFacts* facts : outputs) {
    if (!facts->start || CameTooEarly(*facts, now)) continue;
    if (WasStarted(*facts)) RaiseTo(situation.newest_started, *facts->start);
    if (Exists(*facts)) RaiseTo(situation.newest_proof, *facts->start);
  }
  if (!input.proofs.empty()) situation.newest_proof = WeakestProof(input.proofs);
  if (rules.propagate == Propagate::kFollowing) situation.outdated = Outdated(rules, outputs);
  if (!rules.catch_up) {
    situation.built_from = BuiltFrom(outputs);
    situation.newest_due = NewestDue(outputs, situation);
  }
  return situation;
}

// Commits that made more partitions late than `max_backfills`. A partition that was released for such a
// commit and is processed by now counts on: releasing some must not let the rest go.
std::set<SourceVersion> MassChanges(const Rules& rules, const std::vector<Judged>& judged) {
  std::map<SourceVersion, int> counts;
  for (const Judged& one : judged) {
    if (!one.entry.late) continue;
    std::set<SourceVersion> mine;
    for (const Change& change : one.entry.changes) mine.emplace(change.source, change.version);
    for (const SourceVersion& version : mine) ++counts[version];
  }
  for (const Judged& one : judged) {
    if (one.entry.decision != Decision::kUpToDate || !one.facts->released) continue;
    for (const auto& [source, up_to] : *one.facts->released) {
      for (auto it = counts.lower_bound({source, kBeforeFirst}); it != counts.end(); ++it) {
        if (it->first.first != source || it->first.second > up_to) break;
        ++it->second;
      }
    }
  }
  std::set<SourceVersion> mass;
  for (const auto& [version, count] : counts) {
    if (count > rules.max_backfills) mass.insert(version);
  }
  return mass;
}

bool IsBackfillNow(const PlanEntry& entry) {
  return entry.decision == Decision::kProcess && entry.kind == RunFact::Kind::kBackfill;
}

bool BeforeInOrder(Order order, const Judged& a, const Judged& b) {
  switch (order) {
    case Order::kNewestFirst: return Earlier(*b.facts, *a.facts);
    case Order::kMostRows:
      if (a.entry.rows != b.entry.rows) return a.entry.rows > b.entry.rows;  // unknown ones last
      break;
    case Order::kOldestFirst: break;
  }
  return Earlier(*a.facts, *b.facts);
}

// `judged` is in the plan's order. What a person released isn't counted: it was asked for.
void LimitBackfills(const Rules& rules, std::vector<Judged>& judged) {
  int room = rules.max_backfills;
  std::optional<LocalTime> last_open;
  for (const Judged& one : judged) {
    const auto is_open = [](const RunFact& run) {
      return run.state == RunFact::State::kOpen && run.kind == RunFact::Kind::kBackfill;
    };
    const auto open = std::count_if(one.facts->runs.begin(), one.facts->runs.end(), is_open);
    room -= static_cast<int>(open);
    if (open > 0 && one.facts->start) RaiseTo(last_open, *one.facts->start);
  }
  for (Judged& one : judged) {
    if (!IsBackfillNow(one.entry)) continue;
    const auto released = [&](const Change& change) { return IsReleased(*one.facts, change); };
    if (std::any_of(one.entry.changes.begin(), one.entry.changes.end(), released)) continue;
    // What is open waits for those before it, so these can't wait for its room.
    const bool waited_for = rules.depends_on_past && last_open && one.facts->start && *one.facts->start < *last_open;
    if (waited_for) continue;
    if (room-- > 0) continue;
    one.entry.decision = Decision::kWaiting;
    one.entry.rule = "max_backfills";
    one.entry.reason =
        "waits for its turn: max_backfills is " + std::to_string(rules.max_backfills) + "; " + one.entry.reason;
  }
}

// With `propagate: following` an output is built again only when those that it follows are as they will be: one after
// the other. New intervals don't wait for that; they are built again in their turn.
void WaitForThoseBefore(const Rules& rules, std::vector<Judged>& judged) {
  if (rules.propagate != Propagate::kFollowing) return;
  std::vector<Judged*> by_time;
  for (Judged& one : judged) {
    if (one.facts->start) by_time.push_back(&one);
  }
  std::sort(by_time.begin(), by_time.end(),
            [](const Judged* a, const Judged* b) { return Earlier(*a->facts, *b->facts); });
  std::map<std::string, const Judged*> pending;
  for (Judged* one : by_time) {
    PlanEntry& entry = one->entry;
    const Judged*& before = pending[SeriesOf(rules, entry.key)];
    if (before != nullptr && entry.decision == Decision::kProcess && entry.kind == RunFact::Kind::kBackfill) {
      entry.decision = Decision::kWaiting;
      entry.rule = "propagate";
      entry.reason = "waits for " + before->entry.key.Display() + ", which it follows; " + entry.reason;
      continue;
    }
    const bool comes = entry.decision == Decision::kProcess || entry.decision == Decision::kOpen ||
                       entry.decision == Decision::kFailed;
    if (before == nullptr && comes && entry.late) before = one;
  }
}

// Scheduled ones, then backfills, then the rest.
int GroupOf(const PlanEntry& entry) {
  if (entry.decision != Decision::kProcess) return 2;
  return entry.kind == RunFact::Kind::kBackfill ? 1 : 0;
}

void SortEntries(const Rules& rules, std::vector<Judged>& judged) {
  std::sort(judged.begin(), judged.end(), [&](const Judged& a, const Judged& b) {
    const int left = GroupOf(a.entry);
    const int right = GroupOf(b.entry);
    if (left != right) return left < right;
    const Order order = rules.depends_on_past ? Order::kOldestFirst : rules.order;
    return left == 1 ? BeforeInOrder(order, a, b) : Earlier(*a.facts, *b.facts);
  });
}

}  // namespace

Plan MakePlan(const Rules& rules, const PlanInput& input) {
  std::vector<const OutputFacts*> outputs;
  outputs.reserve(input.outputs.size());
  for (const OutputFacts& facts : input.outputs) outputs.push_back(&facts);
  std::sort(outputs.begin(), outputs.end(), [](const auto* a, const auto* b) { return Earlier(*a, *b); });

  Situation situation = Survey(rules, outputs, input);
  std::vector<Judged> judged;
  judged.reserve(outputs.size());
  for (const OutputFacts* facts : outputs) judged.push_back({facts, Decide(*facts, situation)});
  situation.mass_changes = MassChanges(rules, judged);
  if (!situation.mass_changes.empty()) {
    for (Judged& one : judged) {
      if (one.entry.late) one.entry = Decide(*one.facts, situation);
    }
  }
  WaitForThoseBefore(rules, judged);
  SortEntries(rules, judged);
  LimitBackfills(rules, judged);
  SortEntries(rules, judged);

  Plan plan;
  plan.newest = input.newest;
  plan.entries.reserve(judged.size());
  for (Judged& one : judged) plan.entries.push_back(std::move(one.entry));
  return plan;
}

namespace {

// Only the time differs: partitions of another country are no predecessors.
bool SameBesidesTime(const Rules& rules, const table::PartitionKey& a, const table::PartitionKey& b) {
  if (rules.time_columns.empty()) return true;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto& time = rules.time_columns;
    if (std::find(time.begin(), time.end(), a.name(i)) != time.end()) continue;
    const table::PartitionValue* other = b.Find(a.name(i));
    if (other == nullptr || !(*other == a.value(i))) return false;
  }
  return true;
}

}  // namespace

std::vector<PlanEntry> LookbackBackfills(const Rules& rules, const PlanInput& input, const table::PartitionKey& of,
                                         const std::string& run_id) {
  if (rules.detect != Detect::kLookback || rules.lookback <= 0) return {};
  const auto run = std::find_if(input.outputs.begin(), input.outputs.end(),
                                [&](const OutputFacts& facts) { return facts.key == of; });
  if (run == input.outputs.end() || !run->start) return {};
  const LocalTime first = rules.calendar.Step(*run->start, -rules.lookback);
  std::vector<const OutputFacts*> before;
  for (const OutputFacts& facts : input.outputs) {
    if (!facts.start || *facts.start < first || *facts.start >= *run->start) continue;
    const bool exists = facts.has_rows || facts.processed;
    const bool frozen = rules.frozen_before && *facts.start < *rules.frozen_before;
    if (!exists || frozen || facts.hold || !InSchedule(rules, *facts.start)) continue;
    if (!SameBesidesTime(rules, facts.key, of)) continue;
    // A queued run will read the newest versions anyway.
    const bool queued = std::any_of(facts.runs.begin(), facts.runs.end(), [](const RunFact& one) {
      return one.state == RunFact::State::kOpen && !one.started;
    });
    if (!queued) before.push_back(&facts);
  }
  std::sort(before.begin(), before.end(), [](const auto* a, const auto* b) { return Earlier(*a, *b); });
  std::vector<PlanEntry> entries;
  for (const OutputFacts* facts : before) {
    PlanEntry entry;
    entry.key = facts->key;
    entry.interval = facts->interval;
    entry.kind = RunFact::Kind::kBackfill;
    entry.decision = Decision::kProcess;
    entry.cause = "lookback:" + run_id;
    entry.changes = facts->unseen;
    entry.reason =
        "one of the " + std::to_string(rules.lookback) + " before " + of.Display() + ", which lookback processes again";
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace latecomer::lateness
