// What the ledger keeps beside its records so that a plan costs what there is to plan, not what was ever processed:
// where source partitions and runs lie in time, and which output partitions have to be looked at.
//
// All of it follows from the other records and can be made again from them. The ledger keeps it safe by itself: a new
// source partition or run isn't placed until somebody places it, and a change of `processed` marks the output. So
// whoever reads it and heeds what isn't placed and what is marked can't miss anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cadence.h"
#include "base/result.h"
#include "ledger/records.h"

namespace latecomer::ledger {

// A way to read the partition columns of a table as time (columns, format, cadence, zone); pipelines that read a table
// alike share one.
using ReadingId = std::int64_t;

struct PlacedPartition {
  SourcePartitionRecord partition;
  std::optional<LocalTime> start;  // nullopt: it belongs to no interval
};

// Every output partition of the pipeline that begins no later than `frontier`, or has no interval, and isn't marked was
// processed from versions that cover all changes of its sources up to `up_to`.
struct SettledRecord {
  std::string pipeline;
  std::string shape;                    // of the sources, mappings and output this was found with
  VersionVector up_to;                  // by source
  std::optional<LocalTime> frontier{};  // nullopt: only those without an interval
};

// An output partition that may have something to be planned.
struct MarkRecord {
  std::string partition;
  std::int64_t number = 0;  // another one each time it is marked
};

class PlanIndexReader {
 public:
  virtual ~PlanIndexReader() = default;

  virtual Result<std::optional<SourcePartitionRecord>> FindSourcePartition(const std::string& location,
                                                                           const std::string& key) = 0;
  // Those whose newest data-changing commit is newer; by key.
  virtual Result<std::vector<SourcePartitionRecord>> SourcePartitionsChangedAfter(const std::string& location,
                                                                                  Version after) = 0;

  virtual Result<std::optional<ReadingId>> FindReading(const std::string& location, const std::string& definition) = 0;
  // Partitions that nobody has placed yet; by key. In none of the answers below.
  virtual Result<std::vector<SourcePartitionRecord>> NotPlaced(ReadingId reading) = 0;
  // Both ends included; by start and key.
  virtual Result<std::vector<PlacedPartition>> PartitionsBetween(ReadingId reading, LocalTime first,
                                                                 LocalTime last) = 0;
  virtual Result<std::vector<PlacedPartition>> PartitionsWithoutInterval(ReadingId reading) = 0;
  // The newest start at all, or before `before`; nullopt when there is none.
  virtual Result<std::optional<LocalTime>> NewestStart(ReadingId reading, std::optional<LocalTime> before) = 0;
  // The oldest start at all, or after `after`.
  virtual Result<std::optional<LocalTime>> OldestStart(ReadingId reading, std::optional<LocalTime> after) = 0;

  virtual Result<std::optional<SettledRecord>> FindSettled(const std::string& pipeline) = 0;
  virtual Result<std::vector<MarkRecord>> Marked(const std::string& pipeline) = 0;  // by partition

  // The newest run of the nearest earlier interval that has any; skipped ones and those not placed don't count.
  virtual Result<std::optional<RunRecord>> RunBefore(const std::string& pipeline, LocalTime start) = 0;
  virtual Result<std::vector<RunRecord>> RunsNotPlaced(const std::string& pipeline) = 0;         // oldest first
  virtual Result<std::vector<std::string>> ProcessedNotPlaced(const std::string& pipeline) = 0;  // partitions
  // The newest start that was processed or has a run that started, at all or before `before`; of those placed.
  virtual Result<std::optional<LocalTime>> NewestStarted(const std::string& pipeline,
                                                         std::optional<LocalTime> before) = 0;
};

class PlanIndexWriter {
 public:
  virtual ~PlanIndexWriter() = default;

  // All partitions that the table has are not placed yet; it must be known.
  virtual Result<ReadingId> AddReading(const std::string& location, const std::string& definition) = 0;
  virtual Status PlacePartition(ReadingId reading, const std::string& key, std::optional<LocalTime> start) = 0;
  virtual Status PlaceRun(std::int64_t run, std::optional<LocalTime> start) = 0;
  virtual Status PlaceProcessed(const std::string& pipeline, const std::string& partition,
                                std::optional<LocalTime> start) = 0;

  virtual Status PutSettled(const SettledRecord& record) = 0;
  // Nothing is known to be settled, nothing is placed: everything has to be looked at. Marks stay: they may be newer
  // than the look that asks for this.
  virtual Status ResetSettled(const std::string& pipeline) = 0;
  virtual Status Mark(const std::string& pipeline, const std::string& partition) = 0;
  // One that was set again since it was read stays.
  virtual Status Unmark(const std::string& pipeline, const MarkRecord& mark) = 0;
};

}  // namespace latecomer::ledger
