#include "delta/log_state.h"

#include <utility>

#include "base/text.h"
#include "delta/commits_in_order.h"
#include "delta/load_checkpoint.h"
#include "delta/partition_text.h"
#include "delta/schema.h"

namespace latecomer::delta {
namespace {

// Further than this behind the wanted version, `_last_checkpoint` is taken for stale and a listing is made.
constexpr std::int64_t kHintReach = 1000;
// A hint of more parts isn't believed before the parts were seen.
constexpr std::int64_t kMostHintedParts = 10'000;

// Applies the actions of one commit to a state.
class StateSink final : public ActionSink {
 public:
  StateSink(LogState& state, Version version, PartitionTexts& texts)
      : state_(state), version_(version), texts_(texts) {}

  Status OnAdd(const FileAction& file) override {
    LATECOMER_RETURN_IF_ERROR(texts_.Keep(*file.partition_values));
    state_.files.Add(file, version_);
    return {};
  }
  Status OnRemove(const FileAction& file) override {
    state_.files.Remove(file, version_);
    return {};
  }
  Status OnMetadata(Metadata&& metadata) override {
    state_.metadata = std::move(metadata);
    return {};
  }
  Status OnProtocol(Protocol&& protocol) override {
    state_.protocol = std::move(protocol);
    return {};
  }
  Status OnTransaction(Transaction&& transaction) override {
    state_.transactions[transaction.app_id] = {transaction.version, version_};
    return {};
  }
  Status OnCommitInfo(CommitInfo&& info) override {
    state_.commit_info = std::move(info);
    return {};
  }

 private:
  LogState& state_;
  Version version_;
  PartitionTexts& texts_;  // those that were found to be right
};

Status CheckState(const LogFolder& folder, const LogState& state) {
  if (!state.metadata || !state.protocol) {
    return Fail(Error(ErrorKind::kDamaged, std::string("no ") + (state.metadata ? "protocol" : "metaData") +
                                               " action up to version " + std::to_string(state.version.value))
                    .In(folder.PathOf(kLogFolder)));
  }
  Status supported = CheckProtocol(*state.protocol);
  if (supported) return supported;
  return Fail(std::move(supported.error()).In(folder.store().location()));
}

std::optional<Checkpoint> CheckpointOfHint(const LogFolder& folder, Version target) {
  const auto hint = ReadLastCheckpoint(folder);
  if (!hint || hint->version > target || target.value - hint->version.value > kHintReach) return std::nullopt;
  if (hint->parts > kMostHintedParts) return std::nullopt;
  Checkpoint checkpoint{hint->version, {}};
  if (!hint->v2_path.empty()) {
    const auto file = ParseLogFile(hint->v2_path);
    if (!file || file->version != hint->version || file->kind == LogFileKind::kCommit) return std::nullopt;
    checkpoint.files.push_back(*file);
  } else if (hint->parts > 1) {
    for (std::int64_t part = 1; part <= hint->parts; ++part) {
      LogFile file;
      file.kind = LogFileKind::kMultiPartCheckpoint;
      file.version = hint->version;
      file.part = part;
      file.parts = hint->parts;
      checkpoint.files.push_back(std::move(file));
    }
  } else {
    LogFile file;
    file.kind = LogFileKind::kClassicCheckpoint;
    file.version = hint->version;
    checkpoint.files.push_back(std::move(file));
  }
  return checkpoint;
}

Status LoadAndAdvance(const LogFolder& folder, const storage::StoreOpener& open_store, const Checkpoint& checkpoint,
                      Version target, LogState& state) {
  LATECOMER_RETURN_IF_ERROR(LoadCheckpoint(folder, open_store, checkpoint, state));
  return Advance(folder, target, state);
}

Result<LogState> ReplayListed(const LogFolder& folder, const storage::StoreOpener& open_store, Version target,
                              Depth depth, const LogListing& listing) {
  std::optional<Error> problem;
  for (const Checkpoint& checkpoint : CheckpointsUpTo(listing, target)) {
    if (const auto missing = FirstMissing(listing, {checkpoint.version, target})) {
      if (!problem) problem = MissingCommit(folder, listing, *missing);
      continue;
    }
    LogState state(depth);
    Status loaded = LoadAndAdvance(folder, open_store, checkpoint, target, state);
    if (loaded) return state;
    const bool of_checkpoint = state.version <= checkpoint.version;
    if (!of_checkpoint) return Fail(std::move(loaded).error());
    if (!problem) problem = std::move(loaded).error();
  }
  if (const auto missing = FirstMissing(listing, {kBeforeFirst, target})) {
    if (problem) return Fail(std::move(*problem));
    return Fail(MissingCommit(folder, listing, *missing));
  }
  LogState state(depth);
  LATECOMER_RETURN_IF_ERROR(Advance(folder, target, state));
  return state;
}

}  // namespace

Wanted WantedFor(Depth depth) {
  Wanted wanted;
  wanted.files = depth == Depth::kFiles || depth == Depth::kFilesWithDetails;
  wanted.transactions = depth != Depth::kInfo;
  wanted.operation_metrics = false;
  return wanted;
}

Status Advance(const LogFolder& folder, Version target, LogState& state) {
  const Wanted wanted = WantedFor(state.depth);
  CommitParser parser;
  PartitionTexts texts;
  const Version base = state.version;
  if (target <= base) return {};
  const auto version_at = [&](std::size_t i) { return Version{base.value + 1 + static_cast<std::int64_t>(i)}; };
  const auto apply = [&](Version version, Status read, const LogBuffer& buffer) -> Status {
    LATECOMER_RETURN_IF_ERROR(std::move(read));
    StateSink sink(state, version, texts);
    state.commit_info.reset();
    LATECOMER_RETURN_IF_ERROR(parser.Parse(buffer.text(), folder.PathOf(CommitKey(version)), wanted, sink));
    state.version = version;
    return {};
  };
  return ReadCommitsInOrder(folder, static_cast<std::size_t>(target.value - base.value), version_at, apply);
}

Result<LogState> ReplayTo(const LogFolder& folder, const storage::StoreOpener& open_store, Version target, Depth depth,
                          const LogListing* listing) {
  if (listing == nullptr) {
    if (const auto checkpoint = CheckpointOfHint(folder, target)) {
      LogState state(depth);
      if (LoadAndAdvance(folder, open_store, *checkpoint, target, state)) {
        LATECOMER_RETURN_IF_ERROR(CheckState(folder, state));
        return state;
      }
    }
  }
  LogListing own;
  if (listing == nullptr) {
    LATECOMER_ASSIGN_OR_RETURN(own, folder.List());
    listing = &own;
  }
  if (target > NewestVersion(*listing)) return Fail(MissingCommit(folder, *listing, target));
  LATECOMER_ASSIGN_OR_RETURN(LogState state, ReplayListed(folder, open_store, target, depth, *listing));
  LATECOMER_RETURN_IF_ERROR(CheckState(folder, state));
  return state;
}

}  // namespace latecomer::delta
