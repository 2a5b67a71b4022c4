// Names of the files in a table's _delta_log folder (Delta protocol, "File Types").
//
// Only names of exactly this form are log files; everything else there is ignored: names with 19 or 21
// digits, temporary files, .crc files, folders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/version.h"

namespace latecomer::delta {

inline constexpr std::string_view kLogFolder = "_delta_log/";
inline constexpr std::string_view kLastCheckpointKey = "_delta_log/_last_checkpoint";
inline constexpr std::string_view kSidecarFolder = "_delta_log/_sidecars/";

// "00000000000000000003": 20 digits.
std::string VersionDigits(Version version);

// Keys relative to the table's root.
std::string CommitKey(Version version);             // "_delta_log/00000000000000000003.json"
std::string ClassicCheckpointKey(Version version);  // "_delta_log/00000000000000000003.checkpoint.parquet"
// Part `part` (1-based) of `parts`: "_delta_log/….checkpoint.0000000001.0000000003.parquet"
std::string MultiPartCheckpointKey(Version version, int part, int parts);
// A sidecar's key from the `path` of a sidecar action (a bare name, or an absolute URI, which is given
// back as it is).
std::string SidecarKey(std::string_view path);

// Writes the bare name "00000000000000000003.json" and a final NUL into `out` (26 bytes), for openat(2).
inline constexpr std::size_t kCommitNameSize = 26;
void WriteCommitName(Version version, char (&out)[kCommitNameSize]);

enum class LogFileKind {
  kCommit,               // <version>.json
  kClassicCheckpoint,    // <version>.checkpoint.parquet
  kMultiPartCheckpoint,  // <version>.checkpoint.<part>.<parts>.parquet
  kUuidCheckpoint,       // <version>.checkpoint.<uuid>.parquet or .json
  kCompaction,           // <version>.<last>.compacted.json
};

struct LogFile {
  LogFileKind kind = LogFileKind::kCommit;
  Version version;         // of a compaction: the first it covers
  Version last;            // compaction only: the last it covers
  std::int64_t part = 0;   // multi-part only, 1-based
  std::int64_t parts = 0;  // multi-part only
  std::string uuid;        // UUID-named checkpoints only
  bool is_json = false;    // UUID-named checkpoints only
  friend bool operator==(const LogFile&, const LogFile&) = default;
};

// What a key ("_delta_log/…") or a bare name stands for; nullopt when it is no log file.
std::optional<LogFile> ParseLogFile(std::string_view key_or_name);
// The version of the bare name of a commit; nullopt for anything else. Quick, for long listings.
std::optional<Version> ParseCommitName(std::string_view name);
// The version of a commit file; nullopt for anything else.
std::optional<Version> ParseCommitKey(std::string_view key_or_name);

}  // namespace latecomer::delta
