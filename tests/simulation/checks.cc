#include "checks.h"

#include <algorithm>

#include "engine/outside_claims.h"
#include "sim_keys.h"

namespace latecomer::simulation {
namespace {

constexpr const char* kNothingLost = "1 (nothing lost)";
constexpr const char* kNothingWasted = "2 (nothing wasted)";
constexpr const char* kNothingCollides = "3 (nothing collides)";
constexpr const char* kHeldByAPerson = "(a hold holds)";
constexpr const char* kOnTime = "(an interval begins when it is due)";
constexpr const char* kPinned = "4 (reads are pinned)";

std::string Number(std::int64_t number) {
  return std::to_string(number);
}

std::int64_t VersionIn(const VersionVector& vector, const std::string& source) {
  const auto found = vector.find(source);
  return found == vector.end() ? -1 : found->second.value;
}

Versions VersionsIn(const PipelineFacts& pipeline, const VersionVector& vector) {
  Versions versions;
  for (const SourceFacts& source : pipeline.sources) versions[source.name] = VersionIn(vector, source.name);
  return versions;
}

std::string Text(const Versions& versions) {
  std::string text;
  for (const auto& [source, version] : versions) text += (text.empty() ? "" : ", ") + source + " " + Number(version);
  return text;
}

// Is any of them newer than the same one there?
bool AnyNewer(const Versions& versions, const Versions& there) {
  return std::ranges::any_of(versions, [&](const auto& one) { return one.second > there.at(one.first); });
}

bool AccountsFor(const PipelineFacts& pipeline, const lateness::PlanEntry& entry) {
  switch (entry.decision) {
    case lateness::Decision::kProcess:
    case lateness::Decision::kOpen:
    case lateness::Decision::kWaiting:
    case lateness::Decision::kHeld:
    case lateness::Decision::kFailed: return true;
    case lateness::Decision::kUpToDate: return false;
    case lateness::Decision::kIgnored: return entry.rule == "catch_up" && pipeline.passes_over;
  }
  return false;
}

}  // namespace

const PipelineFacts& Checks::Find(const std::string& id) const {
  return *std::find_if(pipelines_.begin(), pipelines_.end(), [&](const auto& pipeline) { return pipeline.id == id; });
}

void Checks::OnLedgerRestored() {
  restored_ = true;
  marked_.clear();
  claims_.clear();
  seen_.clear();
  causes_.clear();
  followed_.clear();
  held_ = held_at_backup_;
  built_ = built_at_backup_;
  recorded_ = recorded_at_backup_;
  given_up_ = given_up_at_backup_;
  asked_for_.insert(asked_for_at_backup_.begin(), asked_for_at_backup_.end());
}

void Checks::OnLedgerLost() {
  asked_for_at_backup_.clear();
  held_at_backup_.clear();
  built_at_backup_.clear();
  recorded_at_backup_.clear();
  given_up_at_backup_.clear();
  OnLedgerRestored();
}

void Checks::OnAccepted(const PipelineFacts& before, const PipelineFacts& now, bool given_up) {
  ++accepted_[now.id];
  const auto is_its = [&](const auto& entry) { return entry.first.first == now.id; };
  std::erase_if(causes_, is_its);
  std::erase_if(followed_, is_its);
  if (before.by_country != now.by_country) built_.erase(now.id);
  if (given_up) given_up_[now.id] = truth_.Exist(now);
  for (const auto& [place, write] : last_writes_) {
    const bool its = place.first == now.into && before.into == now.into;
    if (its && !IsBuilt(now.id, place.second)) left_over_.insert(place);
  }
}

void Checks::OnTableAccepted(const std::string& location, bool given_up) {
  const SimTable& table = find_table(location);
  truth_.OnAccepted(table);
  seen_[location] = table.newest();
  ++accepted_[location];
  for (const PipelineFacts& pipeline : pipelines_) {
    if (!ReadsOf(pipeline).contains(location)) continue;
    std::erase_if(causes_, [&](const auto& entry) { return entry.first.first == pipeline.id; });
    if (given_up) given_up_[pipeline.id] = truth_.Exist(pipeline);
  }
}

std::map<std::string, int> Checks::ReadsOf(const PipelineFacts& pipeline) const {
  const auto times = [&](const std::string& what) {
    const auto accepted = accepted_.find(what);
    return accepted == accepted_.end() ? 0 : accepted->second;
  };
  std::map<std::string, int> reads{{pipeline.id, times(pipeline.id)}};
  for (const SourceFacts& source : pipeline.sources) reads[source.location] = times(source.location);
  return reads;
}

void Checks::OnLedger(const LedgerEffects& effects, std::int64_t now_ms) {
  for (const auto& seen : effects.seen) {
    const SimTable& table = find_table(seen.record.location);
    const std::int64_t now = seen.record.seen.version.value;
    if (seen.before && seen.before->seen.version.value < table.oldest()) {
      truth_.OnBridged(seen.record.location, seen.before->seen.version.value, now);
    }
    // A ledger that begins anew knows nothing of commits that were gone by then.
    if (restored_ && !seen.before && table.oldest() > 0) truth_.OnBridged(seen.record.location, -1, table.oldest());
    if (truth_.IsReplaced(seen.record.location) && seen.before && now > seen.before->seen.version.value) {
      throw Violation{"6 (history may vanish)", seen.record.location + " is another table, and was read on as if not"};
    }
    seen_[seen.record.location] = now;
  }
  for (const ledger::TryRecord& attempt : effects.tries) CheckTry(attempt, effects);
  std::vector<ledger::ProcessedRecord> rebuilt;
  for (const auto& processed : effects.processed) {
    if (IsLowered(processed, effects)) continue;
    if (marking_) {
      OnVouchedFor(processed.record);
    } else if (undoing_) {
      PutBack(processed.record);
    } else if (processed.record.run_id == "rebuild") {
      rebuilt.push_back(processed.record);
    } else {
      CheckProcessed(processed);
    }
  }
  CheckRebuilt(rebuilt);
  for (const auto& [pipeline, partition] : effects.withdrawn) OnWithdrawn(pipeline, partition);
  for (const ledger::ClaimRecord& claim : effects.claims) CheckClaim(claim, effects, now_ms);
  for (const ledger::RunRecord& run : effects.new_runs) CheckNewRun(run, now_ms);
}

void Checks::CheckClaim(const ledger::ClaimRecord& claim, const LedgerEffects& effects, std::int64_t now_ms) {
  const Partition partition{claim.pipeline, claim.partition};
  const auto known = claims_.find(partition);
  // A try begins with its claim; what was begun before the hold goes on, also under another scheduler.
  const bool granted = std::any_of(effects.tries.begin(), effects.tries.end(), [&](const ledger::TryRecord& one) {
    return one.run == claim.run && one.token == claim.token;
  });
  if (granted && held_.contains(partition)) {
    throw Violation{kHeldByAPerson, claim.pipeline + " " + claim.partition + ": token " + Number(claim.token) +
                                        " was granted although a person holds the partition"};
  }
  if (known != claims_.end()) {
    const ledger::ClaimRecord& before = known->second;
    const std::string which = claim.pipeline + " " + claim.partition + ": token " + Number(claim.token);
    if (claim.token < before.token) {
      throw Violation{kNothingCollides, which + " was granted after " + Number(before.token)};
    }
    const bool held = !before.released && before.expires.time_since_epoch().count() > now_ms;
    if (claim.token > before.token && held) {
      throw Violation{kNothingCollides,
                      which + " was granted while " + before.holder + " held " + Number(before.token)};
    }
  }
  claims_[partition] = claim;
}

// A try reads what was seen when its claim was granted, never something that only came later.
void Checks::CheckTry(const ledger::TryRecord& attempt, const LedgerEffects& effects) {
  const auto run = std::find_if(effects.runs.begin(), effects.runs.end(),
                                [&](const ledger::RunRecord& one) { return one.id == attempt.run; });
  if (run == effects.runs.end()) throw Violation{kPinned, "a try began without its run"};
  const PipelineFacts& pipeline = Find(run->pipeline);
  reads_of_[{run->pipeline, run->run_id, attempt.number}] = ReadsOf(pipeline);
  for (const SourceFacts& source : pipeline.sources) {
    const std::int64_t pin = VersionIn(attempt.vector, source.name);
    if (pin >= 0 && pin <= find_table(source.location).newest()) continue;
    throw Violation{
        kPinned, run->run_id + " is pinned to version " + Number(pin) + " of " + source.name + ", which isn't there"};
  }
}

void Checks::CheckNewRun(const ledger::RunRecord& run, std::int64_t now_ms) {
  if (run.kind == ledger::RunKind::kManual) return;
  // The file asks for it, whatever changed.
  if (run.cause.starts_with("lookback:")) return OnAskedFor(run.pipeline, run.run_id);
  const PipelineFacts& pipeline = Find(run.pipeline);
  Versions seen;
  for (const SourceFacts& source : pipeline.sources) {
    const auto known = seen_.find(source.location);
    if (known == seen_.end()) return;
    seen[source.name] = known->second;
  }
  if (run.cause.starts_with("following:")) return CheckFollower(pipeline, run);
  const Slot slot = SlotOfCanonical(run.partition);
  // What belongs to no day is released, which is a wish, too.
  const bool on_request = pipeline.on_request && !pipeline.changed && HasInterval(slot.day);
  if (on_request && run.kind == ledger::RunKind::kScheduled) {
    throw Violation{kOnTime, run.pipeline + ": " + run.run_id + " was made, and nobody asked for it"};
  }
  const bool timed =
      pipeline.ready && !pipeline.changed && run.kind == ledger::RunKind::kScheduled && HasInterval(slot.day);
  if (timed && now_ms < DueMs(*pipeline.ready, slot.day)) {
    throw Violation{kOnTime, run.pipeline + ": " + run.run_id + " was made before its time"};
  }
  const bool touched = truth_.IsTouched(pipeline, slot, seen);
  const bool fills = (pipeline.fills_gaps || pipeline.filled_gaps) && run.kind == ledger::RunKind::kScheduled;
  PipelineFacts at_any_time = pipeline;
  if (pipeline.changed) at_any_time.start.reset();
  if (!touched && fills && truth_.IsGap(at_any_time, slot, &seen)) return;
  if (!touched && !IsBuilt(pipeline.id, slot))  // a gap that was filled is made from other days, too
    throw Violation{kNothingWasted, run.pipeline + ": " + run.run_id + " was made, and no commit up to " + Text(seen) +
                                        " changed its partition"};
  Versions newest;
  for (const SourceFacts& source : pipeline.sources) {
    // What is read as a whole makes late only what was built before.
    if (source.mapping == SourceFacts::Mapping::kAll && !IsBuilt(pipeline.id, slot)) continue;
    const auto change = truth_.NewestChange(pipeline, source, slot, -1, seen.at(source.name));
    if (!change) continue;
    newest[source.name] = *change;
    // Where commits are gone, a change is dated by the version that was compared with.
    if (truth_.Bridged(source.location, *change - 1, seen.at(source.name))) return;
  }
  if (!causes_[{run.pipeline, run.partition}].insert(newest).second) {
    throw Violation{kNothingWasted,
                    run.run_id + " is a second run for the change of " + Text(newest) + " of its partition"};
  }
}

// One that was made because an earlier day was built again.
void Checks::CheckFollower(const PipelineFacts& pipeline, const ledger::RunRecord& run) {
  const auto earlier = BuiltBefore(pipeline, SlotOfCanonical(run.partition));
  if (earlier && followed_[{run.pipeline, run.partition}].insert(*earlier).second) return;
  throw Violation{kNothingWasted, run.run_id + " was made because of a day before its own, of which " +
                                      (earlier ? "a run was made already" : "none was built after it")};
}

std::optional<std::int64_t> Checks::BuiltBefore(const PipelineFacts& pipeline, const Slot& slot) const {
  std::optional<std::int64_t> newest;
  const auto all = built_.find(pipeline.id);
  if (!pipeline.following || all == built_.end() || !HasInterval(slot.day)) return newest;
  const auto own = all->second.find(slot);
  if (own == all->second.end()) return newest;
  for (const auto& [other, built] : all->second) {
    if (!HasInterval(other.day) || other.country != slot.country || other.day >= slot.day) continue;
    if (built > own->second) newest = std::max(newest.value_or(built), built);
  }
  return newest;
}

// What is built on a day that was built again is to be built again, too.
void Checks::FollowersNotLost(const PipelineFacts& pipeline, const std::map<Slot, VersionVector>& processed,
                              const std::set<Slot>& accounted, const std::map<Slot, std::string>& others) const {
  for (const auto& [slot, versions] : processed) {
    const bool before_start = pipeline.start && slot.day < *pipeline.start;
    if (before_start || accounted.contains(slot) || !BuiltBefore(pipeline, slot)) continue;
    const auto said = others.find(slot);
    throw Violation{kNothingLost, pipeline.id + ": " + SlotText(slot) +
                                      " was built before an earlier day that it follows, and the plan says: " +
                                      (said == others.end() ? "nothing" : said->second)};
  }
}

// A claim is granted for a version that a person wanted, older than what the partition was built from: from now on its
// output may hold that. Nothing but the version changes, and it is the one that the try reads.
bool Checks::IsLowered(const LedgerEffects::Processed& processed, const LedgerEffects& effects) {
  const ledger::ProcessedRecord& record = processed.record;
  const auto claim = std::ranges::find_if(effects.claims, [&](const ledger::ClaimRecord& one) {
    return one.pipeline == record.pipeline && one.partition == record.partition && !one.released;
  });
  if (claim == effects.claims.end() || !processed.before) return false;
  const PipelineFacts& pipeline = Find(record.pipeline);
  const Versions now = VersionsIn(pipeline, record.vector);
  const auto begins = std::ranges::find_if(
      effects.tries, [&](const ledger::TryRecord& one) { return one.run == claim->run && one.token == claim->token; });
  if (begins == effects.tries.end()) return false;
  Versions lower = VersionsIn(pipeline, processed.before->vector);
  for (auto& [source, version] : lower) version = std::min(version, VersionIn(begins->vector, source));
  const ledger::ProcessedRecord& before = *processed.before;
  const bool same = record.run_id == before.run_id && record.try_number == before.try_number &&
                    record.token == before.token && record.at == before.at;
  if (!same || now != lower || record.vector == before.vector) return false;
  recorded_[{pipeline.into, SlotOfCanonical(record.partition)}].versions = now;
  CountAgainAfter(record, now);
  return true;
}

// What lies after older versions counts again.
void Checks::CountAgainAfter(const ledger::ProcessedRecord& record, const Versions& versions) {
  std::erase_if(causes_[{record.pipeline, record.partition}],
                [&](const Versions& cause) { return AnyNewer(cause, versions); });
}

bool Checks::IsBuilt(const std::string& pipeline, const Slot& slot) const {
  const auto built = built_.find(pipeline);
  if (built != built_.end() && built->second.contains(slot)) return true;
  const auto counts = given_up_.find(pipeline);
  return counts != given_up_.end() && counts->second.contains(slot);
}

void Checks::CheckProcessed(const LedgerEffects::Processed& processed) {
  const ledger::ProcessedRecord& record = processed.record;
  const PipelineFacts& pipeline = Find(record.pipeline);
  const Slot slot = SlotOfCanonical(record.partition);
  const std::string which = record.run_id + " recorded with token " + Number(record.token);
  const auto claim = claims_.find({record.pipeline, record.partition});
  // An outside worker may be late: it counts until somebody else is granted the partition.
  const bool gone = claim != claims_.end() && claim->second.released && !engine::IsOutside(claim->second.holder);
  if (claim != claims_.end() && (claim->second.token != record.token || gone)) {
    throw Violation{kNothingCollides, which + ", and the newest claim's is " + Number(claim->second.token)};
  }
  const auto write = last_writes_.find({pipeline.into, slot});
  if (write == last_writes_.end()) throw Violation{kNothingCollides, which + ", and its output was never written"};
  const TokenWrite& written = write->second.write;
  const bool kept = kept_.contains({record.pipeline, record.run_id}) && written.token < record.token &&
                    written.try_number < record.try_number;
  const bool its = written.token == record.token && written.try_number == record.try_number;
  if (written.run_id != record.run_id || !(its || kept)) {
    throw Violation{kNothingCollides, which + ", and its output holds what " + written.run_id + ", try " +
                                          Number(written.try_number) + " wrote with " + Number(written.token)};
  }
  const Versions pins = VersionsIn(pipeline, record.vector);
  const Versions& read = write->second.read_versions;
  if (pins != read) {
    throw Violation{kPinned, which + " for versions " + Text(pins) + ", and the step read " + Text(read)};
  }
  const auto began = reads_of_.find({record.pipeline, record.run_id, record.try_number});
  if (began != reads_of_.end() && began->second != ReadsOf(pipeline)) {
    throw Violation{"6 (history may vanish)",
                    which + ", and began before another definition, or another table that it reads, was accepted"};
  }
  CheckNotWasted(pipeline, processed);
  CountAgainAfter(record, pins);
  built_[record.pipeline][slot] = ++processings_;
  recorded_[{pipeline.into, slot}] = {record.token, pins, record.run_id};
  if (const auto given_up = given_up_.find(record.pipeline); given_up != given_up_.end()) given_up->second.erase(slot);
}

// It may end with something older than what a person vouches for now, or be made for something they withdraw. A worker
// outside may still report when its claim is gone.
void Checks::NoteWhatIsAtWork(const std::string& pipeline) {
  for (const auto& [partition, claim] : claims_) {
    const bool ended = claim.released && !engine::IsOutside(claim.holder);
    if (partition.first == pipeline && !ended) at_work_.insert(partition);
  }
}

// Whatever the output holds, until it is made again.
void Checks::OnVouchedFor(const ledger::ProcessedRecord& record) {
  NoteWhatIsAtWork(record.pipeline);
  const PipelineFacts& pipeline = Find(record.pipeline);
  const Slot slot = SlotOfCanonical(record.partition);
  const Versions versions = VersionsIn(pipeline, record.vector);
  CountAgainAfter(record, versions);
  built_[record.pipeline][slot] = ++processings_;
  recorded_[{pipeline.into, slot}] = {record.token, versions, record.run_id};
  given_up_[record.pipeline].insert(slot);
}

void Checks::OnWithdrawn(const std::string& pipeline, const std::string& partition) {
  const Slot slot = SlotOfCanonical(partition);
  NoteWhatIsAtWork(pipeline);
  built_[pipeline].erase(slot);
  recorded_.erase({Find(pipeline).into, slot});
  causes_.erase({pipeline, partition});
  given_up_[pipeline].erase(slot);
}

void Checks::OnMarking(bool marks) {
  marking_ = marks;
  if (marks) before_mark_ = {built_, given_up_, recorded_};
}

void Checks::OnMarked(std::int64_t event, const std::string& pipeline, const std::string& partition) {
  const Slot slot = SlotOfCanonical(partition);
  Marked& marked = marked_[event];
  if (const auto all = before_mark_.built.find(pipeline); all != before_mark_.built.end()) {
    if (const auto own = all->second.find(slot); own != all->second.end()) marked.built = own->second;
  }
  marked.given_up = before_mark_.given_up[pipeline].contains(slot);
  const auto recorded = before_mark_.recorded.find({Find(pipeline).into, slot});
  if (recorded != before_mark_.recorded.end()) marked.recorded = recorded->second;
}

// As it was before the mark that is undone.
void Checks::PutBack(const ledger::ProcessedRecord& record) {
  const PipelineFacts& pipeline = Find(record.pipeline);
  const Slot slot = SlotOfCanonical(record.partition);
  const auto found = marked_.find(*undoing_);
  if (found == marked_.end() || !found->second.built) {
    throw Violation{kNothingLost, record.pipeline + ": " + SlotText(slot) + " counts as built, as it didn't before"};
  }
  const Marked& marked = found->second;
  NoteWhatIsAtWork(record.pipeline);
  CountAgainAfter(record, VersionsIn(pipeline, record.vector));
  built_[record.pipeline][slot] = *marked.built;
  if (marked.recorded) {
    recorded_[{pipeline.into, slot}] = *marked.recorded;
  } else {
    recorded_.erase({pipeline.into, slot});  // made elsewhere, by a definition before
  }
  if (marked.given_up) {
    given_up_[record.pipeline].insert(slot);
  } else {
    given_up_[record.pipeline].erase(slot);
  }
}

// What was concluded from the outputs is what they hold.
void Checks::CheckRebuilt(const std::vector<ledger::ProcessedRecord>& records) {
  for (const ledger::ProcessedRecord& record : records) {
    const PipelineFacts& pipeline = Find(record.pipeline);
    const Slot slot = SlotOfCanonical(record.partition);
    const Versions versions = VersionsIn(pipeline, record.vector);
    const auto write = last_writes_.find({pipeline.into, slot});
    if (write == last_writes_.end() || write->second.write.token != record.token ||
        write->second.read_versions != versions) {
      throw Violation{kNothingLost, record.pipeline + ": " + SlotText(slot) + " was rebuilt as made with token " +
                                        Number(record.token) + " of " + Text(versions) + ", and its output isn't"};
    }
    CountAgainAfter(record, versions);
    built_[record.pipeline][slot] = ++processings_;
    recorded_[{pipeline.into, slot}] = {record.token, versions, record.run_id};
  }
}

void Checks::CheckNotWasted(const PipelineFacts& pipeline, const LedgerEffects::Processed& processed) {
  const ledger::ProcessedRecord& record = processed.record;
  if (asked_for_.erase({record.pipeline, record.run_id}) > 0 || !processed.before) return;
  if (record.run_id.starts_with("manual_")) return;  // asked for, even if whoever took the wish down died of it
  if (at_work_.erase({record.pipeline, record.partition}) > 0) return;
  const Versions before = VersionsIn(pipeline, processed.before->vector);
  const Versions now = VersionsIn(pipeline, record.vector);
  const Slot slot = SlotOfCanonical(record.partition);
  for (const SourceFacts& source : pipeline.sources) {
    const std::int64_t from = before.at(source.name);
    const std::int64_t to = now.at(source.name);
    if (truth_.NewestChange(pipeline, source, slot, from, to) || truth_.Bridged(source.location, from, to)) return;
  }
  if (BuiltBefore(pipeline, slot)) return;
  throw Violation{kNothingWasted, record.run_id + " processed " + SlotText(slot) + " again at " + Text(now) +
                                      ", and nothing had changed it since " + Text(before)};
}

void Checks::OnWrite(const OutputWrite& write) {
  if (write.write.token < write.newest_token_before) {
    throw Violation{kNothingCollides, "token " + Number(write.write.token) + " overwrote " + SlotText(write.slot) +
                                          " after " + Number(write.newest_token_before)};
  }
  last_writes_[{write.location, write.slot}] = write;
  left_over_.erase({write.location, write.slot});
}

void Checks::NothingLost(const PipelineFacts& pipeline, const lateness::Plan& plan, const Versions& seen,
                         const std::map<Slot, VersionVector>& processed) const {
  std::set<Slot> accounted;
  std::map<Slot, std::string> others;  // what the plan says of them
  for (const lateness::PlanEntry& entry : plan.entries) {
    if (AccountsFor(pipeline, entry)) {
      accounted.insert(SlotOf(entry.key));
    } else {
      others[SlotOf(entry.key)] = entry.reason;
    }
  }
  std::set<Slot> exist = truth_.Touched(pipeline);
  for (const auto& [slot, versions] : processed) {
    if (pipeline.fills_gaps && truth_.IsGap(pipeline, slot)) exist.insert(slot);
  }
  for (const Slot& slot : exist) {
    if (accounted.contains(slot)) continue;
    // A gap that was filled is no output when gaps are filled no more, until its own rows are seen.
    if (!pipeline.fills_gaps && !truth_.IsTouched(pipeline, slot, seen)) continue;
    const auto known = processed.find(slot);
    // What came and went before anything was made of it leaves nothing to do.
    if (known == processed.end() && !HasOwnRows(pipeline, find_table, seen, slot)) continue;
    // A ledger that began anew may know a day only as a gap that was filled then.
    const bool forgotten = restored_ && pipeline.filled_gaps;
    const bool on_request =
        (forgotten || MadeOnRequest(pipeline, slot)) && !HasOwnRows(pipeline, find_table, seen, slot);
    for (const SourceFacts& source : pipeline.sources) {
      const bool own_day = source.mapping == SourceFacts::Mapping::kDay;
      if (!own_day && on_request) continue;
      if (source.mapping == SourceFacts::Mapping::kAll && known == processed.end()) continue;
      const std::int64_t base = known == processed.end() ? -1 : VersionIn(known->second, source.name);
      const auto change = truth_.NewestChange(pipeline, source, slot, base, seen.at(source.name));
      if (!change) continue;
      // A lost commit counts only by what it left behind, and this one may have left nothing.
      if (truth_.Bridged(source.location, *change - 1, *change)) continue;
      const auto said = others.find(slot);
      throw Violation{kNothingLost, pipeline.id + ": version " + Number(*change) + " of " + source.name + " changed " +
                                        SlotText(slot) + ", processed at " + Number(base) +
                                        "; it is neither waiting, held nor failed: " +
                                        (said == others.end() ? "not in the plan" : said->second)};
    }
  }
  FollowersNotLost(pipeline, processed, accounted, others);
}

bool Checks::MadeOnRequest(const PipelineFacts& pipeline, const Slot& slot) const {
  const auto write = last_writes_.find({pipeline.into, slot});
  if (write != last_writes_.end() && write->second.write.run_id.starts_with("manual_")) return true;
  const auto recorded = recorded_.find({pipeline.into, slot});  // or a person vouched for it
  return recorded != recorded_.end() && recorded->second.run_id.starts_with("manual_");
}

// Made after the copy that was put back: of a state that came and went in commits that are gone, too, or of older
// versions than the copy says, which a person wanted.
bool Checks::HoldsWhatNobodyKnows(const PipelineFacts& pipeline, const Slot& slot) const {
  if (!restored_) return false;
  const auto write = last_writes_.find({pipeline.into, slot});
  const auto recorded = recorded_.find({pipeline.into, slot});
  if (write == last_writes_.end() || recorded == recorded_.end()) return false;
  if (write->second.write.token <= recorded->second.token) return false;
  if (AnyNewer(recorded->second.versions, write->second.read_versions)) return true;
  return std::ranges::any_of(pipeline.sources, [&](const SourceFacts& source) {
    const std::int64_t read = write->second.read_versions.at(source.name);
    return truth_.Bridged(source.location, read - 1, read);
  });
}

// Made when one of several sources had a part of it, which was taken away in a commit that is gone: a ledger that began
// anew finds nothing of that.
bool Checks::HoldsAForgottenPart(const PipelineFacts& pipeline, const Slot& slot) const {
  const auto write = last_writes_.find({pipeline.into, slot});
  if (!restored_ || write == last_writes_.end()) return false;
  return std::ranges::any_of(pipeline.sources, [&](const SourceFacts& source) {
    if (source.mapping == SourceFacts::Mapping::kAll) return false;
    const SimTable& table = find_table(source.location);
    PipelineFacts alone = pipeline;
    alone.sources = {source};
    const std::int64_t read = write->second.read_versions.at(source.name);
    const auto change = truth_.NewestChange(pipeline, source, slot, read, table.newest());
    return change && *change < table.oldest() && !HasOwnRows(alone, find_table, {{source.name, table.newest()}}, slot);
  });
}

void Checks::SameAsFromScratch(const PipelineFacts& pipeline, std::int64_t now_ms) const {
  const SimTable& output = find_table(pipeline.into);
  Versions newest;
  std::optional<Day> last;  // of which all sources have something: it waits for the one after it
  for (const SourceFacts& source : pipeline.sources) {
    const SimTable& table = find_table(source.location);
    newest[source.name] = table.newest();
    if (source.mapping == SourceFacts::Mapping::kAll) continue;
    // A day that was written too early, on request, proves nothing until it has come.
    const auto& state = table.Newest();
    const auto newest_begun = std::find_if(state.rbegin(), state.rend(),
                                           [&](const auto& of) { return StartOfDayMs(of.first.day) <= now_ms; });
    if (newest_begun == state.rend()) return;
    const Day its = newest_begun->first.day;
    last = std::min(last.value_or(its), its);
  }
  for (const Slot& slot : truth_.Touched(pipeline)) {
    if (const auto given_up = given_up_.find(pipeline.id);
        given_up != given_up_.end() && given_up->second.contains(slot)) {
      continue;
    }
    if (HasInterval(slot.day)) {
      const bool waits = pipeline.ready ? DueMs(*pipeline.ready, slot.day) > now_ms : slot.day >= *last;
      if (waits || (pipeline.start && slot.day < *pipeline.start)) continue;
    }
    const std::vector<std::int64_t> actual = ActualContent(output, slot);
    if (ExpectedContent(pipeline, find_table, slot) == actual) continue;
    // Passed over, as far as the ledger knows, and no later change came.
    if ((actual.empty() || restored_) && (pipeline.passes_over || pipeline.passed_over)) continue;
    const bool gone = !HasOwnRows(pipeline, find_table, newest, slot);
    // What came and went before anything was made of it; unless somebody asked for it, and it was made of other days.
    if (gone && (actual.empty() || MadeOnRequest(pipeline, slot))) continue;
    // Written by a run that was never recorded, before a definition was accepted by which it is no output: it stays.
    if (gone && left_over_.contains({pipeline.into, slot})) continue;
    // A partition that came and went after the ledger's copy was made: nobody knows of it any more.
    if ((gone && restored_) || HoldsWhatNobodyKnows(pipeline, slot) || HoldsAForgottenPart(pipeline, slot)) continue;
    const auto write = last_writes_.find({pipeline.into, slot});
    const std::string made = write == last_writes_.end()
                                 ? "it was never written"
                                 : write->second.write.run_id + " made it of " + Text(write->second.read_versions) +
                                       (pipeline.following ? " and the day before" : "");
    throw Violation{kNothingLost, pipeline.id + ": " + SlotText(slot) + " is not what the newest versions, " +
                                      Text(newest) + ", make it; " + made};
  }
}

}  // namespace latecomer::simulation
