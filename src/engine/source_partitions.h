// The partitions of one source: those of the ledger, found by index, and over them what was read from the table's log
// and isn't stored.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/observed_table.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// A source partition with the start of its interval in the source's calendar; nullopt when it belongs to none.
struct PlacedSource {
  const ledger::SourcePartitionRecord* record = nullptr;
  table::PartitionKey key;
  std::optional<LocalTime> start;
};

// How the partition columns of a source's table are read as time. Sources with equal texts share what the ledger keeps
// of it.
std::string ReadingOf(const pipeline::Source& source);

// Not for two transactions: what it gives is as of the reader's moment.
class SourcePartitions {
 public:
  // All of them must outlive this object, and this object what it gives.
  SourcePartitions(ledger::Reader& reader, const pipeline::Source& source, const ObservedTable& table);
  SourcePartitions(SourcePartitions&&) = default;

  // Call first. False: the table's partitions are in memory, because the ledger doesn't keep this reading of it (yet).
  Result<bool> Open();

  // By key.
  Result<std::vector<PlacedSource>> All();
  // Those whose newest data-changing commit is newer, in any order.
  Result<std::vector<PlacedSource>> ChangedAfter(Version version);
  // Both ends included; by start and key.
  Result<std::vector<PlacedSource>> Between(LocalTime first, LocalTime last);
  Result<std::vector<PlacedSource>> WithoutInterval();
  // The newest start at all, or before `before`.
  Result<std::optional<LocalTime>> NewestStart(std::optional<LocalTime> before);
  // The oldest start at all, or after `after`.
  Result<std::optional<LocalTime>> OldestStart(std::optional<LocalTime> after);

  const pipeline::Source& source() const { return *source_; }
  const ObservedTable& table() const { return *table_; }
  // Are there partitions in the ledger that nobody has placed yet?
  bool not_placed() const { return not_placed_; }

 private:
  Result<PlacedSource> Place(const ledger::SourcePartitionRecord& record) const;
  // Keeps a record of the ledger, unless a newer one lies over it.
  const ledger::SourcePartitionRecord* Keep(ledger::SourcePartitionRecord&& record);
  Result<PlacedSource> KeepPlaced(ledger::PlacedPartition&& placed);
  Result<std::vector<PlacedSource>> Merge(Result<std::vector<ledger::PlacedPartition>> of_ledger,
                                          const std::function<bool(const PlacedSource&)>& wanted);

  ledger::Reader* reader_;
  const pipeline::Source* source_;
  const ObservedTable* table_;
  Calendar calendar_;
  std::optional<ledger::ReadingId> reading_;
  std::map<std::string, ledger::SourcePartitionRecord> kept_;
  std::map<std::string, PlacedSource> over_;  // by key: not stored, or not placed
  bool in_memory_ = false;
  bool not_placed_ = false;
};

}  // namespace latecomer::engine
