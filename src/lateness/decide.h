// What becomes of one output partition, given what all of them together say.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lateness/plan.h"

namespace latecomer::lateness {

using SourceVersion = std::pair<std::string, Version>;

// What has to be known of all output partitions before one of them can be judged.
struct Situation {
  const Rules& rules;
  Instant now{};
  // The newest interval of which some partition was processed or has a run that started.
  std::optional<LocalTime> newest_started{};
  // The newest interval that has come; its existence proves that those before it are complete.
  std::optional<LocalTime> newest_proof{};
  // The same by source, where there are several or their intervals are others; the earliest of them counts.
  std::map<std::string, std::optional<LocalTime>> proofs{};
  // With `catch_up: false`: the newest interval that is due and was never processed.
  std::optional<LocalTime> newest_due{};
  // With `catch_up: false`: by start, per source the oldest version that an output of this or a later
  // interval was built from.
  std::map<LocalTime, VersionVector> built_from{};
  // Commits that made more partitions late than `max_backfills`.
  std::set<SourceVersion> mass_changes{};
  // With `propagate: following`: outputs that were built before one that they follow, and that one.
  std::map<const OutputFacts*, const OutputFacts*> outdated{};
};

// A partition whose interval hadn't nearly begun when its newest data came: a bad clock. It proves
// nothing, whatever the time is now.
bool CameTooEarly(const OutputFacts& facts, Instant now);
// Does it hold or has it ever held anything? A gap doesn't, nor what a person holds before it has data.
bool Exists(const OutputFacts& facts);
// Was it processed, or is there a run that began to?
bool WasStarted(const OutputFacts& facts);

// Has the interval of a partition that was never processed come to its end, as `ready` sees it?
bool IsReady(const OutputFacts& facts, const Situation& situation);

// Inside the schedule: not before `start`, not after `end`.
bool InSchedule(const Rules& rules, LocalTime start);

bool IsReleased(const OutputFacts& facts, const Change& change);
// A person let go something of it that isn't processed yet.
bool IsLetGo(const OutputFacts& facts);

PlanEntry Decide(const OutputFacts& facts, const Situation& situation);

}  // namespace latecomer::lateness
