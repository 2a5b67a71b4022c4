// What one commit did to a table, partition by partition.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/version.h"
#include "table/partition_key.h"

namespace latecomer::table {

// Counters of one change. Rows are records less those a deletion vector hides; nullopt when a file's
// count is not known.
struct ChangeCounts {
  std::int64_t files_added = 0;
  std::int64_t files_removed = 0;
  std::optional<std::int64_t> rows_added = 0;
  std::optional<std::int64_t> rows_removed = 0;
  std::int64_t bytes_added = 0;
  std::int64_t bytes_removed = 0;
  std::int64_t deletion_vector_updates = 0;  // files removed and added again with another vector
};

// What one commit did to one partition.
struct PartitionChange {
  PartitionKey key;
  ChangeCounts counts;
  bool data_change = false;  // at least one of its actions changed data
  // Sum over added minus sum over removed files of FileIdentity::fingerprint(), modulo 2^64.
  std::uint64_t fingerprint_delta = 0;
};

enum class TimestampSource {
  kInCommit,    // inCommitTimestamp
  kCommitInfo,  // commitInfo.timestamp
  kFile,        // modification time of the log file: may lie, so it is said
};

struct Commit {
  Version version;
  Instant timestamp{};
  TimestampSource timestamp_source = TimestampSource::kFile;
  std::string operation;  // "WRITE", "OPTIMIZE", …; empty when the commit has no commitInfo
  bool metadata_changed = false;
  bool protocol_changed = false;
  bool partitioning_changed = false;                      // metadata with other partition columns or another table id
  std::vector<PartitionChange> partitions;                // ordered by key
  std::map<std::string, std::int64_t> operation_metrics;  // numeric ones: numOutputRows, numTargetRowsInserted, …
};

// A logical file: its path, with the id of its deletion vector (empty without one). 128 bits of XXH3, the same on every
// machine and in every release, because ledgers keep sums of them.
struct FileIdentity {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  // Sums of these, in any order, tell whether two states hold the same files.
  std::uint64_t fingerprint() const { return low; }
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
FileIdentity IdentityOfFile(std::string_view path, std::string_view deletion_vector_id);

}  // namespace latecomer::table
