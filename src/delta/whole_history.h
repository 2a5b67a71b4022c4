// All commits of a table, for a reader that has no need to know first which there are.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/version.h"
#include "delta/delta_table.h"
#include "storage/object_store.h"
#include "table/table.h"

namespace latecomer::delta {

// Called before the first commit of each range of consecutive ones, with the last version of the range before
// (kBeforeFirst when there is none) and the base of this one. An error ends the walk.
using RangeBegin = std::function<Status(Version before, Version base)>;

// What CommitRanges and then ReadCommits of each would give, but a log that begins at version 0 is read while it is
// still being listed: so a gap that nothing bridges is kDamaged after the commits before it were handed on.
Status ReadWholeHistory(const std::shared_ptr<storage::ObjectStore>& store, const storage::StoreOpener& open_store,
                        const ReadOptions& options, const RangeBegin& begin,
                        const table::TableHistory::CommitSink& sink);

}  // namespace latecomer::delta
