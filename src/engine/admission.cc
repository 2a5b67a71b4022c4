#include "engine/admission.h"

#include <algorithm>
#include <tuple>

#include "lateness/key_interval.h"

namespace latecomer::engine {
namespace {

using ledger::RunKind;
using ledger::RunState;

std::string Names(const std::vector<const PlacedRun*>& runs) {
  std::string names;
  for (const PlacedRun* run : runs) names += (names.empty() ? "" : ", ") + run->run.run_id;
  return names;
}

Wait SlotWait(const std::string& rule, int limit, const std::vector<const PlacedRun*>& active) {
  return {WaitKind::kSlot, "a slot: " + std::to_string(active.size()) + " of " + std::to_string(limit) + " (" + rule +
                               ") active: " + Names(active)};
}

// The newest run of the nearest earlier partition that has any.
const PlacedRun* RunBefore(const PlacedRun& run, const std::vector<PlacedRun>& all) {
  const PlacedRun* before = nullptr;
  if (!run.start) return nullptr;
  for (const PlacedRun& other : all) {
    if (!other.start || *other.start >= *run.start || other.run.state == RunState::kSkipped) continue;
    if (other.series != run.series) continue;
    const bool nearer = before == nullptr || *other.start > *before->start ||
                        (*other.start == *before->start && other.run.id > before->run.id);
    if (nearer) before = &other;
  }
  return before;
}

// The nearest earlier partition of the series that is planned.
const PlannedPartition* PlannedBefore(const PlacedRun& run, const Gate& gate) {
  const PlannedPartition* before = nullptr;
  if (!run.start || gate.planned == nullptr) return nullptr;
  for (const PlannedPartition& one : *gate.planned) {
    if (one.start >= *run.start || one.series != run.series) continue;
    if (before == nullptr || one.start > before->start) before = &one;
  }
  return before;
}

Wait PastWait(const PlacedRun& run, const Gate& gate, const std::vector<PlacedRun>& all) {
  const PlacedRun* before = RunBefore(run, all);
  const PlannedPartition* planned = PlannedBefore(run, gate);
  const bool by_run = before != nullptr && (planned == nullptr || planned->start <= *before->start);
  if (by_run && before->run.state != RunState::kSuccess) {
    return {WaitKind::kPast,
            before->run.run_id + ", the run of the partition before, which is " + std::string(Name(before->run.state))};
  }
  if (planned != nullptr && (!by_run || planned->start == *before->start)) {
    return {WaitKind::kPast, "the partition before: " + planned->what};
  }
  return {};
}

}  // namespace

std::string SeriesOf(const pipeline::Pipeline& pipeline, const table::PartitionKey& key) {
  std::string series;
  const auto& time = pipeline.output.partition.columns;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (std::find(time.begin(), time.end(), key.name(i)) != time.end()) continue;
    const std::string value = key.value(i).IsNull() ? "null" : "=" + key.value(i).text();
    series += key.name(i) + value + "\n";
  }
  return series;
}

Result<Gate> ReadGate(ledger::Reader& reader, const std::string& pipeline) {
  Gate gate;
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<ledger::PipelineRecord> record, reader.FindPipeline(pipeline));
  gate.paused = record && record->paused;
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::HoldRecord> holds, reader.Holds(pipeline));
  for (ledger::HoldRecord& hold : holds) {
    const std::string partition = hold.partition;
    gate.holds.emplace(partition, std::move(hold));
  }
  return gate;
}

std::vector<PlacedRun> PlaceRuns(const pipeline::Pipeline& pipeline, const table::PartitionSchema& schema,
                                 std::vector<ledger::RunRecord> runs) {
  std::vector<PlacedRun> placed;
  placed.reserve(runs.size());
  for (ledger::RunRecord& run : runs) {
    PlacedRun& one = placed.emplace_back();
    if (auto key = table::ParseCanonicalKey(schema, run.partition); key) {
      one.start = lateness::StartOfKey(*key, pipeline.output.partition, pipeline.rules.calendar);
      one.series = SeriesOf(pipeline, *key);
      one.key = std::move(*key);
    }
    one.run = std::move(run);
  }
  return placed;
}

Wait WhatItWaitsFor(const pipeline::Pipeline& pipeline, const Gate& gate, const PlacedRun& run,
                    const std::vector<PlacedRun>& all) {
  if (gate.paused) return {WaitKind::kPaused, "the pipeline to be resumed (latecomer pause --resume)"};
  if (const auto hold = gate.holds.find(run.run.partition); hold != gate.holds.end()) {
    const std::string by = hold->second.by.empty() ? "a person" : hold->second.by;
    return {WaitKind::kHold, "its partition to be released, which " + by + " holds back: " + hold->second.reason};
  }
  // An output is built on the one before it as it stands when its run begins: which of two was recorded later tells
  // what it was built on only if they never were at work together.
  const bool follows = pipeline.rules.propagate == lateness::Propagate::kFollowing && run.start;
  std::vector<const PlacedRun*> active;
  std::vector<const PlacedRun*> active_backfills;
  for (const PlacedRun& other : all) {
    if (other.run.state != RunState::kRunning) continue;
    if (other.run.partition == run.run.partition) {
      return {WaitKind::kSamePartition, other.run.run_id + ", which processes the same partition"};
    }
    if (follows && other.start && other.series == run.series) {
      return {WaitKind::kSlot,
              other.run.run_id + ", which is at work on an output that it follows, or that follows it"};
    }
    active.push_back(&other);
    if (other.run.kind == RunKind::kBackfill) active_backfills.push_back(&other);
  }
  if (pipeline.depends_on_past) {
    Wait past = PastWait(run, gate, all);
    if (past.kind != WaitKind::kNone) return past;
  }
  if (gate.upstream != nullptr) {
    std::string upstream = gate.upstream->Of(pipeline, run.key);
    if (!upstream.empty()) return {WaitKind::kUpstream, std::move(upstream)};
  }
  if (static_cast<int>(active.size()) >= pipeline.max_active_runs) {
    return SlotWait("max_active_runs", pipeline.max_active_runs, active);
  }
  if (run.run.kind == RunKind::kBackfill && static_cast<int>(active_backfills.size()) >= pipeline.concurrency) {
    return SlotWait("concurrency", pipeline.concurrency, active_backfills);
  }
  return {};
}

std::vector<PlacedRun> InStartOrder(const pipeline::Pipeline& pipeline, const std::vector<PlacedRun>& all,
                                    Instant now) {
  std::vector<PlacedRun> queued;
  for (const PlacedRun& run : all) {
    if (run.run.state == RunState::kQueued) queued.push_back(run);
  }
  const auto rank = [&](const PlacedRun& run) {
    const bool backfill = run.run.kind == RunKind::kBackfill;
    const bool waited = backfill && now - run.run.created >= pipeline.max_wait;
    const int group = waited ? 0 : backfill ? 2 : 1;
    // Backfills were inserted in the plan's order, so their ids keep it.
    const LocalTime start = backfill ? LocalTime::min() : run.start.value_or(LocalTime::min());
    return std::make_tuple(group, start, run.run.id);
  };
  std::sort(queued.begin(), queued.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return queued;
}

}  // namespace latecomer::engine
