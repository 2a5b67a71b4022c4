// What a scheduler knows of a source table: loaded from the ledger, brought up to the newest version,
// stored again. `plan` uses the first two without the third, and so stays read-only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"
#include "table/table.h"

namespace latecomer::engine {

struct ObservedTable {
  ledger::TableRecord record;
  // By canonical key: all of them, or, not `whole`, only those that Advance found to be others than in the ledger.
  std::map<std::string, ledger::SourcePartitionRecord> partitions;
  bool whole = true;

  // What Advance found beyond the ledger; Store writes just this.
  std::optional<table::CommitIdentity> base;  // the seen commit it started from; nullopt: first contact
  std::vector<ledger::CommitRecord> new_commits;
  std::vector<ledger::ChangeRecord> new_changes;
  std::set<std::string> touched;
  std::string note;  // for people: what was unusual (first contact, bridged history); empty otherwise

  bool Changed() const { return !base || !(*base == record.seen); }
};

// With all its partitions. Nullopt when no pipeline has read the table yet.
Result<std::optional<ObservedTable>> LoadObserved(ledger::Reader& reader, const std::string& location);
// Without its partitions: what a look costs doesn't follow their number.
Result<std::optional<ObservedTable>> LoadKnown(ledger::Reader& reader, const std::string& location);
// The same, of a record that was read already.
ObservedTable KnownTable(ledger::TableRecord record);
// Fetches the partitions that `table` lacks; kConflict when the ledger knows another state of the table by now.
Status LoadPartitions(ledger::Reader& reader, ObservedTable& table);

// kConflict when the ledger knows another state of a table that isn't whole than the one it was advanced from.
Status CheckUnmoved(ledger::Reader& reader, const ObservedTable& table);

// Reads the commits after what was seen. First contact reads the whole log when it is there and short,
// else the newest state. Vanished commits of the same table are bridged by comparing what each partition
// held with what it holds now; changes found so are marked `assumed`. kHistoryGone when the table is
// another one, went backwards, was written anew up to the version seen, or got other partition columns; then only
// AcceptTable goes on. Of a table that isn't whole, the partitions that were touched are looked up in `ledger`, which
// must be given then; kConflict when it learned more of the table meanwhile.
Result<ObservedTable> Advance(const table::TableHistory& history, std::optional<ObservedTable> before, Instant now,
                              ledger::Ledger* ledger = nullptr);

// Writes what Advance found. Does nothing when another scheduler stored newer knowledge meanwhile.
Status Store(ledger::Writer& writer, const ObservedTable& table);

}  // namespace latecomer::engine
