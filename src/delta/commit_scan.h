// One commit file reduced to sums per partition text: the part of reading commits that threads share out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/version.h"
#include "delta/actions.h"
#include "delta/commit_parser.h"
#include "delta/log_folder.h"
#include "delta/partition_text.h"
#include "table/commit.h"

namespace latecomer::delta {

// What a commit did to the files under one partitionValues text.
struct PartitionDelta {
  const PartitionText* text = nullptr;  // of the scanner that made it
  table::ChangeCounts counts;
  bool data_change = false;
  std::uint64_t fingerprint_delta = 0;
};

// A remove whose partition or rows its commit doesn't say; not yet counted in any PartitionDelta.
struct OpenRemove {
  std::string path;
  std::optional<DeletionVector> vector;
  std::optional<std::string> raw;
  std::optional<std::int64_t> size_bytes;
  std::optional<std::int64_t> records;
  bool data_change = true;
  std::int64_t line = 0;
};

struct ScannedCommit {
  // Empties it for another version, keeping memory.
  void Reset(Version next);

  Version version;
  CommitInfo info;
  std::optional<Instant> modified{};  // of the file; only when commitInfo has no time
  std::unique_ptr<Metadata> metadata;
  std::unique_ptr<Protocol> protocol;
  std::vector<PartitionDelta> partitions;  // in order of first appearance
  std::vector<OpenRemove> open_removes;
};

// Adds a remove to the sums. `rows` are what the file held, less those its vector hid.
void CountRemove(PartitionDelta& delta, std::uint64_t fingerprint, std::optional<std::int64_t> rows,
                 std::int64_t size_bytes, bool data_change);
// The delta of a text, made when there is none yet; a text that is new is kept in `texts`, which must outlive it.
Result<PartitionDelta*> DeltaFor(std::vector<PartitionDelta>& deltas, std::string_view raw, PartitionTexts& texts);

struct ScanOptions {
  bool commit_info = true;  // else neither the info nor the file's time
  bool operation_metrics = true;
  bool leave_rows_open = true;  // removes without stats become open removes; else their rows are unknown
};

// Keeps its buffers between commits: one per thread. Must outlive what it scanned.
class CommitScanner {
 public:
  CommitScanner(const LogFolder& folder, ScanOptions options);
  ~CommitScanner();
  // kNotFound when there is no such commit; kDamaged with file and line.
  Status Scan(Version version, ScannedCommit& commit);
  // After a piece of work, by the thread that scanned it: the files of the commits are closed now and then.
  void CloseFiles() { files_.Close(); }

 private:
  class Sink;
  const LogFolder& folder_;
  ScanOptions options_;
  LogBuffer buffer_;
  FilesToClose files_;
  CommitParser parser_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace latecomer::delta
