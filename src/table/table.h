// The seam for table formats: what any of them offers to the rest of latecomer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/version.h"
#include "table/commit.h"
#include "table/partition_key.h"
#include "table/table_writer.h"

namespace latecomer::table {

// A column of the table's schema, for readers of its data files.
struct Column {
  std::string name;           // logical
  std::string physical_name;  // in the data files; equal to `name` without column mapping
  std::string type_json;      // the type as JSON text of the Delta schema: "\"string\"", "{\"type\":\"struct\",…}"
  std::optional<std::int32_t> field_id{};
};

struct TableInfo {
  std::string id;  // the format's table id (metaData.id)
  Version version;
  PartitionSchema partition_columns;
  std::vector<Column> columns;  // all, partition columns included, in schema order
  std::map<std::string, std::string> configuration;
};

// Identity of one log file as it was when it was read, to notice a log that was replaced.
struct CommitIdentity {
  Version version;
  std::string etag;  // of the store; may be empty
  std::int64_t size_bytes = 0;
  std::uint64_t content_hash = 0;
  friend bool operator==(const CommitIdentity&, const CommitIdentity&) = default;
};

struct PartitionState {
  PartitionKey key;
  std::int64_t files = 0;
  std::optional<std::int64_t> rows = 0;
  std::int64_t bytes = 0;
  std::uint64_t fingerprint = 0;
  // The newest version that changed data here, as far as the log still tells; nullopt when only a
  // checkpoint vouches for the files.
  std::optional<Version> last_changed{};
};

struct Snapshot {
  TableInfo info;
  Instant timestamp{};                     // of the commit that made it
  std::vector<PartitionState> partitions;  // ordered by key; those with at least one live file
};

struct DataFile {
  std::string path;  // absolute local path or URI, decoded, ready to open
  PartitionKey key;
  std::int64_t size_bytes = 0;
  std::optional<std::int64_t> rows{};        // of the file, deleted ones included
  std::vector<std::int64_t> deleted_rows{};  // positions a deletion vector hides, ascending
};

// What the last look at the log ended with; the next look continues from there.
struct SeenCommit {
  CommitIdentity identity;
  std::string table_id;
};

// Reads a table's history. Calls never change the table. Safe to call from several threads.
class TableHistory {
 public:
  virtual ~TableHistory() = default;

  virtual const std::string& location() const = 0;

  // The newest version, by listing. kNotFound when there is no table.
  virtual Result<Version> LatestVersion() const = 0;
  virtual Result<Version> OldestCommit() const = 0;

  // Ranges of consecutive commits that are there, oldest first: one, unless a commit between them is
  // missing and a checkpoint bridges the gap. kDamaged when nothing bridges it.
  virtual Result<std::vector<VersionRange>> CommitRanges() const {
    LATECOMER_ASSIGN_OR_RETURN(const Version oldest, OldestCommit());
    LATECOMER_ASSIGN_OR_RETURN(const Version latest, LatestVersion());
    if (latest < oldest) return std::vector<VersionRange>{};
    return std::vector<VersionRange>{{Version{oldest.value - 1}, latest}};
  }

  // The newest version, without listing where that is safe: probes the commit after `seen`, and checks
  // first that `seen` is still the same file. kHistoryGone when it isn't, or when versions after it are
  // missing (design, section 4).
  virtual Result<Version> LatestVersionAfter(const SeenCommit& seen) const = 0;

  virtual Result<CommitIdentity> IdentityOf(Version version) const = 0;

  // Each commit of the range, oldest first. kHistoryGone when a version is not there any more,
  // kDamaged when one can't be read. The sink may end the walk by returning an error.
  using CommitSink = std::function<Status(Commit&&)>;
  virtual Status ReadCommits(VersionRange range, const CommitSink& sink) const = 0;

  // The same for a caller that knows the table as of range.base, so that the cost follows the commits of
  // the range and not the length of the log before them.
  struct KnownBase {
    std::string table_id;
    PartitionSchema partition_columns;
  };
  virtual Status ReadCommitsAfter(const KnownBase& /*base*/, VersionRange range, const CommitSink& sink) const {
    return ReadCommits(range, sink);
  }

  // State at a version (the newest when none is given).
  virtual Result<TableInfo> ReadInfo(std::optional<Version> at) const = 0;
  virtual Result<Snapshot> ReadSnapshot(std::optional<Version> at) const = 0;

  // Live data files at `at` of the partitions that `wanted` accepts, ordered by path.
  virtual Result<std::vector<DataFile>> ReadFiles(Version at,
                                                  const std::function<bool(const PartitionKey&)>& wanted) const = 0;

  // The newest transaction version recorded for an application id, at the newest version; nullopt when
  // there is none.
  struct Transaction {
    std::int64_t version = 0;
    Version recorded_at;
  };
  virtual Result<std::optional<Transaction>> FindTransaction(const std::string& app_id) const = 0;

  // For each application id that begins with `prefix` its newest write; in no particular order. Reads the whole
  // log that is there.
  virtual Result<std::vector<RecordedWrite>> ReadRecordedWrites(const std::string& prefix) const = 0;

  // commitInfo of a version as JSON text; "{}" when it has none.
  virtual Result<std::string> ReadCommitInfo(Version version) const = 0;
};

}  // namespace latecomer::table
