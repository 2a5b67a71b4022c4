// The state of a table at a version: what replaying a checkpoint and the commits after it gives
// (Delta protocol, "Action Reconciliation").
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/version.h"
#include "delta/actions.h"
#include "delta/commit_parser.h"
#include "delta/live_files.h"
#include "delta/log_folder.h"
#include "delta/log_segment.h"
#include "storage/object_store.h"

namespace latecomer::delta {

// How much of a state is wanted; less is faster.
enum class Depth {
  kInfo,              // metadata and protocol
  kTransactions,      // and txn actions
  kFiles,             // and live files, by hash
  kFilesWithDetails,  // and their paths
};

struct LogState {
  explicit LogState(Depth depth_in)
      : depth(depth_in), files(depth_in == Depth::kFilesWithDetails ? Details::kKeep : Details::kDrop) {}

  struct Recorded {
    std::int64_t version = 0;
    Version at;  // the commit; of a checkpoint its version, so then at or before this one
  };

  Depth depth;
  Version version = kBeforeFirst;
  std::optional<Metadata> metadata;
  std::optional<Protocol> protocol;
  std::map<std::string, Recorded> transactions;
  LiveFiles files;
  std::optional<CommitInfo> commit_info;  // of the newest commit that was replayed
};

// The actions that a state of this depth is made from.
Wanted WantedFor(Depth depth);

// Replays to `target`, from the newest checkpoint that can be read. A damaged checkpoint is passed over
// when older files give the same state. `listing` saves a listing when the caller has one.
// kHistoryGone, kDamaged or kNotFound when the version can't be built; kUnsupported by CheckProtocol.
Result<LogState> ReplayTo(const LogFolder& folder, const storage::StoreOpener& open_store, Version target, Depth depth,
                          const LogListing* listing = nullptr);

// Applies the commits after state.version up to `target`. Errors name the file; a missing commit is
// kNotFound of the store.
Status Advance(const LogFolder& folder, Version target, LogState& state);

}  // namespace latecomer::delta
