#include "engine/later_changes.h"

#include <algorithm>

namespace latecomer::engine {
namespace {

constexpr std::int64_t kMostCommits = 20'000;

void Take(const table::Commit& commit, const table::PartitionChange& change, LaterChanges& later) {
  if (!change.data_change) return;
  const std::string key = change.key.Canonical();
  later.changes.push_back({.version = commit.version,
                           .key = key,
                           .timestamp = commit.timestamp,
                           .operation = commit.operation,
                           .counts = change.counts,
                           .assumed = false,
                           .note = {}});
  // Keys of other partition columns mean nothing now.
  if (commit.partitioning_changed) return;
  auto [it, is_new] = later.emptied.try_emplace(key);
  ledger::SourcePartitionRecord& left = it->second;
  left.last_changed = std::max(left.last_changed, commit.version);
  if (!is_new) return;
  left.key = key;
  left.log_json = change.key.LogJson();
  left.rows = 0;
  left.first_seen = commit.timestamp;
}

}  // namespace

Result<LaterChangesByTable> ReadLaterChanges(const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                                             const ObservedSources& sources, const VersionVector& after,
                                             bool what_is_left) {
  LaterChangesByTable all;
  for (const pipeline::Source& source : pipeline.sources) {
    const auto from = after.find(source.name);
    if (from == after.end()) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(source.location));
    VersionRange range{from->second, sources.Of(source).record.seen.version};
    if (what_is_left) {
      LATECOMER_ASSIGN_OR_RETURN(const Version oldest, history->OldestCommit());
      range.base = std::max({range.base, Version{oldest.value - 1}, Version{range.target.value - kMostCommits}});
    }
    const auto [entry, is_first] = all.try_emplace(source.location);
    LaterChanges& later = entry->second;
    later.since = is_first ? range.base : std::min(later.since, range.base);
    LATECOMER_RETURN_IF_ERROR(history->ReadCommits(range, [&](table::Commit&& commit) -> Status {
      if (commit.partitioning_changed && commit.version != Version{0}) {
        later.emptied.clear();
        later.since = std::max(later.since, commit.version);
      }
      for (const table::PartitionChange& change : commit.partitions) Take(commit, change, later);
      return {};
    }));
  }
  return all;
}

Status StoreLaterChanges(ledger::Writer& writer, const LaterChangesByTable& later, const IsWanted& is_wanted) {
  for (const auto& [location, one] : later) {
    LATECOMER_RETURN_IF_ERROR(writer.PutChanges(location, one.changes));
    std::vector<ledger::SourcePartitionRecord> changed;
    for (const auto& [key, left] : one.emptied) {
      LATECOMER_ASSIGN_OR_RETURN(auto known, writer.FindSourcePartition(location, key));
      if (!known) {
        if (is_wanted(location, key)) changed.push_back(left);
      } else if (known->last_changed < left.last_changed) {  // it came back to what it was before commits that are gone
        known->last_changed = left.last_changed;
        changed.push_back(std::move(*known));
      }
    }
    LATECOMER_RETURN_IF_ERROR(writer.PutSourcePartitions(location, changed));
  }
  return {};
}

Status DatePartitions(ledger::Writer& writer, const ObservedSources& sources, const LaterChangesByTable& later) {
  for (const auto& [location, one] : later) {
    const Version first_look = sources.tables.at(location).record.first_contact;
    if (one.since >= first_look) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto partitions, writer.SourcePartitions(location));
    std::vector<ledger::SourcePartitionRecord> dated;
    for (ledger::SourcePartitionRecord partition : partitions) {
      if (partition.last_changed != first_look) continue;
      const auto change = one.emptied.find(partition.key);
      partition.last_changed = change == one.emptied.end() ? one.since : change->second.last_changed;
      if (partition.last_changed < first_look) dated.push_back(std::move(partition));
    }
    LATECOMER_RETURN_IF_ERROR(writer.PutSourcePartitions(location, dated));
  }
  return {};
}

}  // namespace latecomer::engine
