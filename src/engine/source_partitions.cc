#include "engine/source_partitions.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "lateness/key_interval.h"
#include "table/json_text.h"

namespace latecomer::engine {

using ledger::SourcePartitionRecord;

std::string ReadingOf(const pipeline::Source& source) {
  std::string json = "{\"columns\":";
  table::AppendJsonStrings(source.partition.columns, json);
  json += ",\"format\":";
  table::AppendJsonString(source.partition.format, json);
  json += ",\"cadence\":";
  table::AppendJsonString(FormatCadence(source.cadence), json);
  json += ",\"time_zone\":";
  table::AppendJsonString(source.time_zone.name(), json);
  return json + "}";
}

SourcePartitions::SourcePartitions(ledger::Reader& reader, const pipeline::Source& source, const ObservedTable& table)
    : reader_(&reader), source_(&source), table_(&table), calendar_(source.calendar()) {}

Result<PlacedSource> SourcePartitions::Place(const SourcePartitionRecord& record) const {
  PlacedSource placed{.record = &record, .key = {}, .start = {}};
  LATECOMER_ASSIGN_OR_RETURN(placed.key, table::ParseCanonicalKey(table_->record.partition_columns, record.key));
  placed.start = lateness::StartOfKey(placed.key, source_->partition, calendar_);
  return placed;
}

const SourcePartitionRecord* SourcePartitions::Keep(SourcePartitionRecord&& record) {
  if (const auto it = over_.find(record.key); it != over_.end()) return it->second.record;
  std::string key = record.key;
  return &kept_.try_emplace(std::move(key), std::move(record)).first->second;
}

Result<bool> SourcePartitions::Open() {
  for (const auto& [canonical, record] : table_->partitions) {
    LATECOMER_ASSIGN_OR_RETURN(over_[canonical], Place(record));
  }
  in_memory_ = table_->whole;
  if (in_memory_) return false;
  // A source that doesn't go by time is only asked for its changes.
  if (!lateness::GoesByTime(source_->mapping)) return true;
  LATECOMER_ASSIGN_OR_RETURN(reading_, reader_->FindReading(table_->record.location, ReadingOf(*source_)));
  in_memory_ = !reading_;
  LATECOMER_ASSIGN_OR_RETURN(
      std::vector<SourcePartitionRecord> not_placed,
      reading_ ? reader_->NotPlaced(*reading_) : reader_->SourcePartitions(table_->record.location));
  not_placed_ = !not_placed.empty();
  for (SourcePartitionRecord& record : not_placed) {
    const std::string key = record.key;
    if (over_.contains(key)) continue;
    LATECOMER_ASSIGN_OR_RETURN(PlacedSource placed, Place(*Keep(std::move(record))));
    over_.emplace(key, std::move(placed));
  }
  return !in_memory_;
}

Result<PlacedSource> SourcePartitions::KeepPlaced(ledger::PlacedPartition&& placed) {
  PlacedSource kept{.record = Keep(std::move(placed.partition)), .key = {}, .start = placed.start};
  LATECOMER_ASSIGN_OR_RETURN(kept.key, table::ParseCanonicalKey(table_->record.partition_columns, kept.record->key));
  return kept;
}

// What the ledger answered, with what lies over it.
Result<std::vector<PlacedSource>> SourcePartitions::Merge(Result<std::vector<ledger::PlacedPartition>> of_ledger,
                                                          const std::function<bool(const PlacedSource&)>& wanted) {
  if (!of_ledger) return Fail(of_ledger.error());
  std::vector<PlacedSource> merged;
  for (ledger::PlacedPartition& placed : *of_ledger) {
    if (over_.contains(placed.partition.key)) continue;
    LATECOMER_ASSIGN_OR_RETURN(merged.emplace_back(), KeepPlaced(std::move(placed)));
  }
  for (const auto& [key, placed] : over_) {
    if (wanted(placed)) merged.push_back(placed);
  }
  return merged;
}

namespace {

Result<std::vector<ledger::PlacedPartition>> NotPlaced(Result<std::vector<SourcePartitionRecord>> records) {
  if (!records) return Fail(records.error());
  std::vector<ledger::PlacedPartition> placed;
  placed.reserve(records->size());
  for (SourcePartitionRecord& record : *records) placed.push_back({std::move(record), std::nullopt});
  return placed;
}

}  // namespace

Result<std::vector<PlacedSource>> SourcePartitions::All() {
  const auto every = [](const PlacedSource&) { return true; };
  if (in_memory_) return Merge(std::vector<ledger::PlacedPartition>{}, every);
  LATECOMER_ASSIGN_OR_RETURN(std::vector<PlacedSource> all,
                             Merge(NotPlaced(reader_->SourcePartitions(table_->record.location)), every));
  for (PlacedSource& placed : all) {
    if (!over_.contains(placed.record->key)) {
      placed.start = lateness::StartOfKey(placed.key, source_->partition, calendar_);
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.record->key < b.record->key; });
  return all;
}

Result<std::vector<PlacedSource>> SourcePartitions::ChangedAfter(Version version) {
  const auto newer = [&](const PlacedSource& placed) { return placed.record->last_changed > version; };
  if (in_memory_) return Merge(std::vector<ledger::PlacedPartition>{}, newer);
  const std::string& location = table_->record.location;
  LATECOMER_ASSIGN_OR_RETURN(std::vector<PlacedSource> changed,
                             Merge(NotPlaced(reader_->SourcePartitionsChangedAfter(location, version)), newer));
  for (PlacedSource& placed : changed) {
    if (!over_.contains(placed.record->key)) {
      placed.start = lateness::StartOfKey(placed.key, source_->partition, calendar_);
    }
  }
  return changed;
}

Result<std::vector<PlacedSource>> SourcePartitions::Between(LocalTime first, LocalTime last) {
  const auto within = [&](const PlacedSource& placed) {
    return placed.start && *placed.start >= first && *placed.start <= last;
  };
  LATECOMER_ASSIGN_OR_RETURN(std::vector<PlacedSource> found,
                             in_memory_ ? Merge(std::vector<ledger::PlacedPartition>{}, within)
                                        : Merge(reader_->PartitionsBetween(*reading_, first, last), within));
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.start, a.record->key) < std::tie(b.start, b.record->key);
  });
  return found;
}

Result<std::vector<PlacedSource>> SourcePartitions::WithoutInterval() {
  const auto without = [](const PlacedSource& placed) { return !placed.start; };
  if (in_memory_) return Merge(std::vector<ledger::PlacedPartition>{}, without);
  return Merge(reader_->PartitionsWithoutInterval(*reading_), without);
}

Result<std::optional<LocalTime>> SourcePartitions::NewestStart(std::optional<LocalTime> before) {
  std::optional<LocalTime> newest;
  if (!in_memory_) {
    LATECOMER_ASSIGN_OR_RETURN(newest, reader_->NewestStart(*reading_, before));
  }
  for (const auto& [key, placed] : over_) {
    if (!placed.start || (before && *placed.start >= *before)) continue;
    newest = std::max(newest.value_or(*placed.start), *placed.start);
  }
  return newest;
}

Result<std::optional<LocalTime>> SourcePartitions::OldestStart(std::optional<LocalTime> after) {
  std::optional<LocalTime> oldest;
  if (!in_memory_) {
    LATECOMER_ASSIGN_OR_RETURN(oldest, reader_->OldestStart(*reading_, after));
  }
  for (const auto& [key, placed] : over_) {
    if (!placed.start || (after && *placed.start <= *after)) continue;
    oldest = std::min(oldest.value_or(*placed.start), *placed.start);
  }
  return oldest;
}

}  // namespace latecomer::engine
