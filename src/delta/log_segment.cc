#include "delta/log_segment.h"

#include <simdjson.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace latecomer::delta {
namespace {

std::size_t IndexFrom(const std::vector<Version>& commits, Version version) {
  return static_cast<std::size_t>(std::lower_bound(commits.begin(), commits.end(), version) - commits.begin());
}

bool CoveredByCheckpoint(const LogListing& listing, Version version) {
  return std::any_of(listing.checkpoints.begin(), listing.checkpoints.end(),
                     [&](const LogFile& file) { return file.version >= version; });
}

}  // namespace

std::vector<Checkpoint> CheckpointsUpTo(const LogListing& listing, Version at) {
  std::vector<Checkpoint> complete;
  std::map<std::tuple<Version, std::int64_t>, std::vector<LogFile>> parts;
  for (const LogFile& file : listing.checkpoints) {
    if (file.version > at) continue;
    if (file.kind != LogFileKind::kMultiPartCheckpoint) {
      complete.push_back(Checkpoint{file.version, {file}});
      continue;
    }
    std::vector<LogFile>& known = parts[{file.version, file.parts}];
    known.push_back(file);
    if (static_cast<std::int64_t>(known.size()) == file.parts) complete.push_back(Checkpoint{file.version, known});
  }
  std::stable_sort(complete.begin(), complete.end(),
                   [](const Checkpoint& a, const Checkpoint& b) { return a.version > b.version; });
  return complete;
}

Version NewestVersion(const LogListing& listing) {
  Version newest = listing.commits.empty() ? kBeforeFirst : listing.commits.back();
  if (listing.checkpoints.empty() || listing.checkpoints.back().version <= newest) return newest;
  const auto checkpoints = CheckpointsUpTo(listing, listing.checkpoints.back().version);
  return checkpoints.empty() ? newest : std::max(newest, checkpoints.front().version);
}

std::optional<Version> FirstMissing(const LogListing& listing, VersionRange range) {
  std::size_t i = IndexFrom(listing.commits, range.base.Next());
  for (Version v = range.base.Next(); v <= range.target; v = v.Next(), ++i) {
    if (i >= listing.commits.size() || listing.commits[i] != v) return v;
  }
  return std::nullopt;
}

std::vector<VersionRange> ConsecutiveCommits(const LogListing& listing) {
  std::vector<VersionRange> ranges;
  for (const Version version : listing.commits) {
    if (!ranges.empty() && ranges.back().target.Next() == version) {
      ranges.back().target = version;
    } else {
      ranges.push_back({Version{version.value - 1}, version});
    }
  }
  return ranges;
}

Error MissingCommit(const LogFolder& folder, const LogListing& listing, Version version) {
  const std::string number = std::to_string(version.value);
  const Version newest = NewestVersion(listing);
  if (version > newest) {
    return Error(ErrorKind::kNotFound,
                 "there is no version " + number + "; the newest is " + std::to_string(newest.value))
        .In(folder.store().location());
  }
  const bool cleaned = listing.commits.empty() || version < listing.commits.front();
  if (cleaned && CoveredByCheckpoint(listing, version)) {
    const std::string oldest =
        listing.commits.empty() ? "" : "; the oldest commit is " + std::to_string(listing.commits.front().value);
    return Error(ErrorKind::kHistoryGone, "version " + number + " is not in the log any more" + oldest)
        .In(folder.PathOf(CommitKey(version)))
        .Hint("log clean-up removes old commits (delta.logRetentionDuration)");
  }
  if (CoveredByCheckpoint(listing, version)) {
    return Error(ErrorKind::kHistoryGone,
                 "the commit of version " + number + " is missing; only a later checkpoint is there")
        .In(folder.PathOf(CommitKey(version)))
        .Hint("restore the file from a backup; the versions around it can be read");
  }
  return Error(ErrorKind::kDamaged, "the commit of version " + number + " is missing, but later ones are there")
      .In(folder.PathOf(CommitKey(version)))
      .Hint("restore the file from a backup; nothing can be said of the table without it");
}

Result<std::vector<VersionRange>> BridgedRanges(const LogFolder& folder, const LogListing& listing) {
  std::vector<VersionRange> ranges = ConsecutiveCommits(listing);
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    // A gap that no checkpoint bridges makes the versions after it meaningless.
    Error missing = MissingCommit(folder, listing, ranges[i - 1].target.Next());
    if (missing.kind == ErrorKind::kDamaged) return Fail(std::move(missing));
  }
  if (!ranges.empty() && ranges.front().base >= Version{0}) {
    Error missing = MissingCommit(folder, listing, ranges.front().base);
    if (missing.kind == ErrorKind::kDamaged) return Fail(std::move(missing));
  }
  return ranges;
}

Error ExplainMissing(const LogFolder& folder, Version version, Error error) {
  if (error.kind != ErrorKind::kNotFound) return error;
  const auto listing = folder.List();
  return listing ? MissingCommit(folder, *listing, version) : listing.error();
}

std::optional<LastCheckpoint> ParseLastCheckpoint(std::string_view json) {
  // The document model, not on-demand: it looks at the whole text first, so a damaged hint is no hint.
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (parser.parse(simdjson::padded_string(json)).get(document) != simdjson::SUCCESS) return std::nullopt;
  LastCheckpoint last;
  if (document["version"].get_int64().get(last.version.value) != simdjson::SUCCESS) return std::nullopt;
  if (last.version.value < 0) return std::nullopt;
  std::int64_t parts = 0;
  if (document["parts"].get_int64().get(parts) == simdjson::SUCCESS) last.parts = parts;
  std::string_view path;
  if (document["v2Checkpoint"]["path"].get_string().get(path) == simdjson::SUCCESS) last.v2_path = path;
  return last;
}

std::optional<LastCheckpoint> ReadLastCheckpoint(const LogFolder& folder) {
  LogBuffer buffer;
  if (!folder.ReadKey(kLastCheckpointKey, buffer)) return std::nullopt;
  return ParseLastCheckpoint(buffer.text());
}

}  // namespace latecomer::delta
