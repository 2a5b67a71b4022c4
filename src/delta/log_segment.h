// Which files of a log make up a version: a checkpoint, and the commits after it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/version.h"
#include "delta/actions.h"
#include "delta/log_folder.h"

namespace latecomer::delta {

// One checkpoint: a single file, or all parts of one.
struct Checkpoint {
  Version version;
  std::vector<LogFile> files;
};

// Complete checkpoints at or before `at`, newest first; multi-part ones with missing parts left out.
std::vector<Checkpoint> CheckpointsUpTo(const LogListing& listing, Version at);

// The newest version of the log. The listing isn't empty.
Version NewestVersion(const LogListing& listing);

// The first version in (base, target] without a commit; nullopt when all are there.
std::optional<Version> FirstMissing(const LogListing& listing, VersionRange range);

// Ranges of consecutive commits, oldest first.
std::vector<VersionRange> ConsecutiveCommits(const LogListing& listing);

// The same, where checkpoints bridge what lies between them; kDamaged when nothing does.
Result<std::vector<VersionRange>> BridgedRanges(const LogFolder& folder, const LogListing& listing);

// The error for a commit that isn't there: kNotFound beyond the newest version, kHistoryGone when log
// clean-up or a checkpoint explains it, else kDamaged.
Error MissingCommit(const LogFolder& folder, const LogListing& listing, Version version);

// `error`, or where it says that the commit of a version is missing, what that means.
Error ExplainMissing(const LogFolder& folder, Version version, Error error);

// What `_last_checkpoint` says; nullopt when it is missing or isn't understood: it is only a hint.
struct LastCheckpoint {
  Version version;
  std::int64_t parts = 0;  // 0: one file
  std::string v2_path;     // name of a UUID-named checkpoint; empty otherwise
};
std::optional<LastCheckpoint> ReadLastCheckpoint(const LogFolder& folder);
std::optional<LastCheckpoint> ParseLastCheckpoint(std::string_view json);

}  // namespace latecomer::delta
