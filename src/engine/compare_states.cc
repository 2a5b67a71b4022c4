#include "engine/compare_states.h"

#include <set>
#include <utility>

namespace latecomer::engine {

using ledger::ChangeRecord;
using ledger::SourcePartitionRecord;

SourcePartitionRecord ToSourcePartition(const table::PartitionState& state, Version fallback) {
  return SourcePartitionRecord{.key = state.key.Canonical(),
                               .log_json = state.key.LogJson(),
                               .files = state.files,
                               .rows = state.rows,
                               .bytes = state.bytes,
                               .fingerprint = state.fingerprint,
                               .last_changed = state.last_changed.value_or(fallback),
                               .first_seen = std::nullopt};
}

ChangeRecord AssumedChange(const std::string& key, const table::Snapshot& now_there, std::string note) {
  ChangeRecord change;
  change.version = now_there.info.version;
  change.key = key;
  change.timestamp = now_there.timestamp;
  change.counts.rows_added = std::nullopt;
  change.counts.rows_removed = std::nullopt;
  change.assumed = true;
  change.note = std::move(note);
  return change;
}

void CompareStates(const table::Snapshot& now_there, const std::string& why, ObservedTable& table) {
  const Version newest = now_there.info.version;
  std::set<std::string> live;
  for (const table::PartitionState& state : now_there.partitions) {
    SourcePartitionRecord record = ToSourcePartition(state, newest);
    live.insert(record.key);
    auto it = table.partitions.find(record.key);
    if (it != table.partitions.end() && it->second.fingerprint == record.fingerprint &&
        it->second.files == record.files) {
      continue;
    }
    record.last_changed = newest;
    record.first_seen = it != table.partitions.end() ? it->second.first_seen : now_there.timestamp;
    table.new_changes.push_back(AssumedChange(record.key, now_there, why + "; its files differ from those seen then"));
    table.touched.insert(record.key);
    table.partitions.insert_or_assign(record.key, std::move(record));
  }
  for (auto& [key, partition] : table.partitions) {
    if (live.contains(key) || partition.files == 0) continue;
    partition.files = 0;
    partition.rows = 0;
    partition.bytes = 0;
    partition.fingerprint = 0;
    partition.last_changed = newest;
    table.new_changes.push_back(AssumedChange(key, now_there, why + "; it has no files any more"));
    table.touched.insert(key);
  }
}

}  // namespace latecomer::engine
