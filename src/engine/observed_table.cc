#include "engine/observed_table.h"

#include <functional>
#include <utility>

#include "engine/compare_states.h"

namespace latecomer::engine {

Status CheckUnmoved(ledger::Reader& reader, const ObservedTable& table) {
  if (table.whole) return {};
  LATECOMER_ASSIGN_OR_RETURN(const auto there, reader.FindTable(table.record.location));
  if (there && table.base && there->seen == *table.base) return {};
  return Fail(Error(ErrorKind::kConflict, "another process read more of this table just now")
                  .In(table.record.location)
                  .Hint("try again"));
}

namespace {

using ledger::ChangeRecord;
using ledger::SourcePartitionRecord;

// A first look reads single commits only of a log that is whole and no longer than this; of a longer
// one the newest state is enough, because nothing was processed before the first look.
constexpr std::int64_t kFirstContactCommits = 20'000;

constexpr const char* kAcceptHint =
    "`latecomer accept PIPELINE` takes the table as it is now, and compares what each partition held with what it "
    "holds";

std::optional<std::int64_t> Plus(std::optional<std::int64_t> a, std::optional<std::int64_t> b, int sign) {
  if (!a || !b) return std::nullopt;
  return *a + sign * *b;
}

ChangeRecord ToChange(const table::Commit& commit, const table::PartitionChange& change) {
  return ChangeRecord{.version = commit.version,
                      .key = change.key.Canonical(),
                      .timestamp = commit.timestamp,
                      .operation = commit.operation,
                      .counts = change.counts,
                      .assumed = false,
                      .note = {}};
}

void ApplyChange(const table::Commit& commit, const table::PartitionChange& change, ObservedTable& table) {
  const std::string key = change.key.Canonical();
  auto [it, is_new] = table.partitions.try_emplace(key);
  SourcePartitionRecord& state = it->second;
  if (is_new) {
    state.key = key;
    state.log_json = change.key.LogJson();
    state.last_changed = commit.version;
    state.first_seen = commit.timestamp;
  }
  state.files += change.counts.files_added - change.counts.files_removed;
  state.rows = Plus(Plus(state.rows, change.counts.rows_added, 1), change.counts.rows_removed, -1);
  state.bytes += change.counts.bytes_added - change.counts.bytes_removed;
  state.fingerprint += change.fingerprint_delta;
  table.touched.insert(key);
  if (!change.data_change) return;
  state.last_changed = commit.version;
  table.new_changes.push_back(ToChange(commit, change));
}

Status CheckPartitioning(const table::Commit& commit, const ObservedTable& table) {
  if (!commit.partitioning_changed || commit.version == Version{0}) return {};
  return Fail(Error(ErrorKind::kHistoryGone,
                    "version " + std::to_string(commit.version.value) +
                        " changed the table's id or its partition columns; what was processed before can't be "
                        "compared with it")
                  .In(table.record.location)
                  .Hint(kAcceptHint));
}

Status ReadNewCommits(const table::TableHistory& history, VersionRange range, bool apply_states, ObservedTable& table) {
  const auto take = [&](table::Commit&& commit) -> Status {
    if (apply_states) LATECOMER_RETURN_IF_ERROR(CheckPartitioning(commit, table));
    table.new_commits.push_back({commit.version, commit.timestamp, commit.timestamp_source, commit.operation});
    for (const table::PartitionChange& change : commit.partitions) {
      if (apply_states) {
        ApplyChange(commit, change, table);
        continue;
      }
      if (change.data_change) table.new_changes.push_back(ToChange(commit, change));
      auto it = table.partitions.find(change.key.Canonical());
      if (it == table.partitions.end()) continue;
      if (!it->second.first_seen) it->second.first_seen = commit.timestamp;
      if (change.data_change) it->second.last_changed = commit.version;
    }
    return {};
  };
  if (!apply_states) return history.ReadCommits(range, take);
  // What is known of the table's last state spares reading the log before it.
  return history.ReadCommitsAfter({table.record.table_id, table.record.partition_columns}, range, take);
}

Status ReadLedger(ledger::Ledger* ledger, const std::function<Status(ledger::Reader&)>& body) {
  if (ledger == nullptr) return Fail(ErrorKind::kUnexpected, "no ledger to look partitions up in");
  return ledger->Read(body);
}

// The states before the new commits, of those partitions that they touch.
Status ReadAndLookUp(const table::TableHistory& history, VersionRange range, ledger::Ledger* ledger,
                     ObservedTable& table) {
  std::vector<table::Commit> commits;
  const auto take = [&](table::Commit&& commit) -> Status {
    LATECOMER_RETURN_IF_ERROR(CheckPartitioning(commit, table));
    commits.push_back(std::move(commit));
    return {};
  };
  // What is known of the table's last state spares reading the log before it.
  LATECOMER_RETURN_IF_ERROR(
      history.ReadCommitsAfter({table.record.table_id, table.record.partition_columns}, range, take));
  LATECOMER_RETURN_IF_ERROR(ReadLedger(ledger, [&](ledger::Reader& reader) -> Status {
    table.partitions.clear();
    LATECOMER_RETURN_IF_ERROR(CheckUnmoved(reader, table));
    for (const table::Commit& commit : commits) {
      for (const table::PartitionChange& change : commit.partitions) {
        const std::string key = change.key.Canonical();
        if (table.partitions.contains(key)) continue;
        LATECOMER_ASSIGN_OR_RETURN(auto known, reader.FindSourcePartition(table.record.location, key));
        if (known) table.partitions.emplace(key, std::move(*known));
      }
    }
    return {};
  }));
  for (const table::Commit& commit : commits) {
    table.new_commits.push_back({commit.version, commit.timestamp, commit.timestamp_source, commit.operation});
    for (const table::PartitionChange& change : commit.partitions) ApplyChange(commit, change, table);
  }
  return {};
}

Result<ObservedTable> FirstContact(const table::TableHistory& history, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const table::Snapshot snapshot, history.ReadSnapshot(std::nullopt));
  ObservedTable table;
  const Version newest = snapshot.info.version;
  LATECOMER_ASSIGN_OR_RETURN(table::CommitIdentity identity, history.IdentityOf(newest));
  table.record = {.location = history.location(),
                  .table_id = snapshot.info.id,
                  .partition_columns = snapshot.info.partition_columns,
                  .seen = std::move(identity),
                  .first_contact = newest,
                  .observed_at = now};
  for (const table::PartitionState& state : snapshot.partitions) {
    SourcePartitionRecord record = ToSourcePartition(state, newest);
    table.touched.insert(record.key);
    table.partitions.emplace(record.key, std::move(record));
  }
  LATECOMER_ASSIGN_OR_RETURN(const Version oldest, history.OldestCommit());
  if (oldest == Version{0} && newest.value < kFirstContactCommits) {
    LATECOMER_RETURN_IF_ERROR(ReadNewCommits(history, {kBeforeFirst, newest}, false, table));
  } else {
    table.note =
        "first look at a long or cleaned log: started from its state at version " + std::to_string(newest.value);
  }
  for (auto& [key, partition] : table.partitions) {
    if (!partition.first_seen) partition.first_seen = snapshot.timestamp;
  }
  return table;
}

Error AnotherTable(const std::string& location, const std::string& what) {
  return Error(ErrorKind::kHistoryGone, what).In(location).Hint(kAcceptHint);
}

// Why the table isn't the one that was seen; empty when it is, as far as its state tells.
std::string WhyAnother(const ledger::TableRecord& known, const table::Snapshot& now_there) {
  const table::TableInfo& info = now_there.info;
  if (info.id != known.table_id) return "this is another table than the one seen before (its id changed)";
  if (info.partition_columns != known.partition_columns)
    return "its partition columns are others than those seen before";
  if (info.version < known.seen.version) {
    return "the table went backwards: version " + std::to_string(known.seen.version.value) +
           " was seen, the newest is now " + std::to_string(info.version.value);
  }
  return {};
}

// An older copy was put back and has grown as far as what was seen, or past it: versions up to there are others than
// those that outputs were built from. Of a commit that is gone nobody can tell.
Status CheckNotWrittenAnew(const table::TableHistory& history, const ledger::TableRecord& known) {
  const Version version = known.seen.version;
  const auto there = history.IdentityOf(version);
  if (!there && there.error().kind == ErrorKind::kHistoryGone) return {};
  if (!there) return Fail(there.error());
  if (there->size_bytes == known.seen.size_bytes && there->content_hash == known.seen.content_hash) return {};
  return Fail(AnotherTable(known.location, "the table was written anew: its commit of version " +
                                               std::to_string(version.value) + " is not the one that was seen"));
}

// Commits between what was seen and now are gone: compare states instead of reading changes.
Result<ObservedTable> Bridge(const table::TableHistory& history, ObservedTable table, Instant now,
                             ledger::Ledger* ledger) {
  if (!table.whole) {
    LATECOMER_RETURN_IF_ERROR(
        ReadLedger(ledger, [&](ledger::Reader& reader) { return LoadPartitions(reader, table); }));
  }
  LATECOMER_ASSIGN_OR_RETURN(const table::Snapshot snapshot, history.ReadSnapshot(std::nullopt));
  const Version newest = snapshot.info.version;
  const Version seen = table.record.seen.version;
  if (const std::string why = WhyAnother(table.record, snapshot); !why.empty()) {
    return Fail(AnotherTable(table.record.location, why));
  }
  LATECOMER_RETURN_IF_ERROR(CheckNotWrittenAnew(history, table.record));
  const std::string lost = "commits after version " + std::to_string(seen.value) + " are gone";
  CompareStates(snapshot, lost, table);
  LATECOMER_ASSIGN_OR_RETURN(table.record.seen, history.IdentityOf(newest));
  table.record.observed_at = now;
  table.note = lost + "; bridged by comparing what each partition held with what it holds at version " +
               std::to_string(newest.value);
  return table;
}

}  // namespace

Result<std::optional<ObservedTable>> LoadKnown(ledger::Reader& reader, const std::string& location) {
  LATECOMER_ASSIGN_OR_RETURN(std::optional<ledger::TableRecord> record, reader.FindTable(location));
  if (!record) return std::optional<ObservedTable>{};
  return std::optional(KnownTable(std::move(*record)));
}

ObservedTable KnownTable(ledger::TableRecord record) {
  ObservedTable table;
  table.base = record.seen;
  table.record = std::move(record);
  table.whole = false;
  return table;
}

Result<std::optional<ObservedTable>> LoadObserved(ledger::Reader& reader, const std::string& location) {
  LATECOMER_ASSIGN_OR_RETURN(std::optional<ObservedTable> table, LoadKnown(reader, location));
  if (table) LATECOMER_RETURN_IF_ERROR(LoadPartitions(reader, *table));
  return table;
}

Status LoadPartitions(ledger::Reader& reader, ObservedTable& table) {
  if (table.whole) return {};
  LATECOMER_RETURN_IF_ERROR(CheckUnmoved(reader, table));
  LATECOMER_ASSIGN_OR_RETURN(std::vector<SourcePartitionRecord> partitions,
                             reader.SourcePartitions(table.record.location));
  for (SourcePartitionRecord& partition : partitions) {
    std::string key = partition.key;
    table.partitions.try_emplace(std::move(key), std::move(partition));  // what is there already is newer
  }
  table.whole = true;
  return {};
}

Result<ObservedTable> Advance(const table::TableHistory& history, std::optional<ObservedTable> before, Instant now,
                              ledger::Ledger* ledger) {
  if (!before) return FirstContact(history, now);
  ObservedTable table = std::move(*before);
  const Result<Version> newest = history.LatestVersionAfter({table.record.seen, table.record.table_id});
  if (!newest) {
    if (newest.error().kind == ErrorKind::kHistoryGone) return Bridge(history, std::move(table), now, ledger);
    return Fail(newest.error());
  }
  if (*newest == table.record.seen.version) return table;
  const Status read = table.whole ? ReadNewCommits(history, {table.record.seen.version, *newest}, true, table)
                                  : ReadAndLookUp(history, {table.record.seen.version, *newest}, ledger, table);
  if (!read) {
    // Cleaned away between the look and the read; without a commit read, `table` is as it was.
    if (read.error().kind == ErrorKind::kHistoryGone && table.new_commits.empty()) {
      return Bridge(history, std::move(table), now, ledger);
    }
    return Fail(read.error());
  }
  LATECOMER_ASSIGN_OR_RETURN(table.record.seen, history.IdentityOf(*newest));
  table.record.observed_at = now;
  return table;
}

Status Store(ledger::Writer& writer, const ObservedTable& table) {
  if (!table.Changed()) return {};
  const std::string& location = table.record.location;
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<ledger::TableRecord> there, writer.FindTable(location));
  const bool same_base = there ? table.base && there->seen == *table.base : !table.base;
  if (!same_base) return {};
  LATECOMER_RETURN_IF_ERROR(writer.PutTable(table.record));
  LATECOMER_RETURN_IF_ERROR(writer.PutCommits(location, table.new_commits));
  LATECOMER_RETURN_IF_ERROR(writer.PutChanges(location, table.new_changes));
  std::vector<SourcePartitionRecord> touched;
  for (const std::string& key : table.touched) touched.push_back(table.partitions.at(key));
  return writer.PutSourcePartitions(location, touched);
}

}  // namespace latecomer::engine
