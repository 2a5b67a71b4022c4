// Builds planner input for tests: daily partitions `event_time=2024-01-DD`, commits ten hours into the
// day after unless told otherwise.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lateness/key_interval.h"
#include "lateness/plan.h"

namespace latecomer::lateness {

inline Instant At(const std::string& text) {
  return ParseInstant(text).value();
}

inline LocalTime Day(const std::string& text) {
  return LocalTime(std::chrono::floor<std::chrono::seconds>(At(text)).time_since_epoch());
}

inline table::PartitionKey DayKey(const std::string& date) {
  const table::DataType type{table::TypeKind::kDate};
  if (date.empty()) return table::PartitionKey({"event_time"}, {table::PartitionValue::Null()});
  return table::PartitionKey({"event_time"}, {table::PartitionValue::Parse(type, date).value()});
}

// One output partition in the making.
class FactsBuilder {
 public:
  explicit FactsBuilder(const std::string& date) : date_(date) {
    facts_.key = DayKey(date);
    facts_.start = StartOfKey(facts_.key, {{"event_time"}, ""}, Calendar());
    if (!facts_.start) return;
    facts_.interval = Calendar().IntervalAt(*facts_.start);
    facts_.first_seen = facts_.interval->start;
  }
  FactsBuilder&& Processed(std::int64_t version, const std::string& run = "") && {
    facts_.processed = ProcessedFact{{{"devices", Version{version}}}, run.empty() ? "scheduled_" + date_ : run, {}};
    return std::move(*this);
  }
  FactsBuilder&& Changed(std::int64_t version, const std::string& when, std::optional<std::int64_t> rows = 100) && {
    Change change;
    change.source = "devices";
    change.version = Version{version};
    change.timestamp = At(when);
    change.operation = "WRITE";
    change.source_partition = facts_.key;
    change.counts.files_added = 1;
    change.counts.rows_added = rows;
    facts_.unseen.push_back(std::move(change));
    return std::move(*this);
  }
  FactsBuilder&& Run(const std::string& id, const std::string& cause, RunFact::State state, bool started = true) && {
    const auto kind = cause == "interval" ? RunFact::Kind::kScheduled : RunFact::Kind::kBackfill;
    const bool running = started && state == RunFact::State::kOpen;
    facts_.runs.push_back({id, kind, state, cause, started, running});
    return std::move(*this);
  }
  // A run of the interval that failed, or was cancelled.
  FactsBuilder&& Ended(const std::string& id, const std::string& cause, RunFact::State state,
                       const std::string& when) && {
    facts_.runs.push_back({id, RunFact::Kind::kScheduled, state, cause, true});
    facts_.runs.back().ended = At(when);
    return std::move(*this);
  }
  FactsBuilder&& ProcessedAt(std::int64_t version, const std::string& when) && {
    facts_.processed = ProcessedFact{{{"devices", Version{version}}}, "scheduled_" + date_, At(when)};
    return std::move(*this);
  }
  FactsBuilder&& Gap() && {
    facts_.gap = true;
    facts_.has_rows = false;
    facts_.first_seen.reset();
    return std::move(*this);
  }
  FactsBuilder&& Released(std::int64_t version) && {
    facts_.released = VersionVector{{"devices", Version{version}}};
    return std::move(*this);
  }
  FactsBuilder&& Empty() && {
    facts_.has_rows = false;
    return std::move(*this);
  }
  FactsBuilder&& FirstSeen(const std::string& when) && {
    facts_.first_seen = At(when);
    return std::move(*this);
  }
  operator OutputFacts() && { return std::move(facts_); }  // NOLINT: a builder becomes what it built

 private:
  std::string date_;
  OutputFacts facts_;
};

inline FactsBuilder Partition(const std::string& date) {
  return FactsBuilder(date);
}

inline PlanInput Input(std::vector<OutputFacts> outputs, const std::string& now = "2024-01-10T12:00:00Z") {
  PlanInput input;
  input.outputs = std::move(outputs);
  input.now = At(now);
  for (const OutputFacts& facts : input.outputs) {
    for (const Change& change : facts.unseen) {
      Version& newest = input.newest.try_emplace(change.source, change.version).first->second;
      newest = std::max(newest, change.version);
    }
  }
  return input;
}

// The entry of a date ("" for the partition without one); the test fails by exception when it isn't there once.
inline const PlanEntry& EntryOf(const Plan& plan, const std::string& date) {
  const PlanEntry* found = nullptr;
  for (const PlanEntry& entry : plan.entries) {
    if (!(entry.key == DayKey(date))) continue;
    if (found != nullptr) throw std::logic_error("two entries for " + date);
    found = &entry;
  }
  if (found == nullptr) throw std::logic_error("no entry for " + date);
  return *found;
}

}  // namespace latecomer::lateness
