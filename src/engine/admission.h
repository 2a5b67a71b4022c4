// May a queued run start now, and if not, what does it wait for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/cadence.h"
#include "base/time.h"
#include "engine/upstream.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/partition_key.h"

namespace latecomer::engine {

enum class WaitKind {
  kNone,  // may start
  kPaused,
  kHold,           // a person holds the partition back
  kSlot,           // max_active_runs or concurrency is reached
  kSamePartition,  // another run of the same partition is running
  kPast,           // depends_on_past: the partition before it is open, failed or planned
  kUpstream,       // a pipeline that makes its sources isn't done with what it is made from
};

struct Wait {
  WaitKind kind = WaitKind::kNone;
  std::string for_what;  // for people: "a slot: 1 of 1 runs active (scheduled_2024-01-02)"
};

// A run with the start of its partition's interval; nullopt without one.
struct PlacedRun {
  ledger::RunRecord run;
  std::optional<LocalTime> start;
  table::PartitionKey key{};  // of its partition; empty when that can't be read any more
  std::string series{};       // what of the key is not time; partitions of one series follow each other
};

// A partition that will be processed before later ones of its series, and has no run for that yet.
struct PlannedPartition {
  LocalTime start;
  std::string series;
  std::string what;  // for people: "2024-01-01, which is late"
};

// What besides the runs themselves decides which may start. What it points to may be null, and outlives it.
struct Gate {
  bool paused = false;
  std::map<std::string, ledger::HoldRecord> holds{};  // by partition
  const UpstreamWaits* upstream = nullptr;
  const std::vector<PlannedPartition>* planned = nullptr;  // by start; with depends_on_past
};

// What of an output's key is not time.
std::string SeriesOf(const pipeline::Pipeline& pipeline, const table::PartitionKey& key);

Result<Gate> ReadGate(ledger::Reader& reader, const std::string& pipeline);

// All runs of the pipeline with their places; `schema` has the output's partition columns.
std::vector<PlacedRun> PlaceRuns(const pipeline::Pipeline& pipeline, const table::PartitionSchema& schema,
                                 std::vector<ledger::RunRecord> runs);

Wait WhatItWaitsFor(const pipeline::Pipeline& pipeline, const Gate& gate, const PlacedRun& run,
                    const std::vector<PlacedRun>& all);

// Queued runs in the order they should get slots: scheduled and manual ones by interval, then backfills in
// the order they were planned; a backfill that waited `max_wait` goes first.
std::vector<PlacedRun> InStartOrder(const pipeline::Pipeline& pipeline, const std::vector<PlacedRun>& all, Instant now);

}  // namespace latecomer::engine
