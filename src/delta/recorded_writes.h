// What commits of this program recorded beside their txn: by which ledger and run, from which versions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/log_folder.h"
#include "delta/log_state.h"
#include "table/table.h"

namespace latecomer::delta {

// The commit that recorded `txn_version` for `app_id`; nullopt when it isn't in the log any more or wasn't written
// by this program. `recorded_at` is its version, or that of a checkpoint which came later.
Result<std::optional<table::RecordedWrite>> FindRecordedWrite(const LogFolder& folder, const std::string& app_id,
                                                              std::int64_t txn_version, Version recorded_at);

// As TableHistory::ReadRecordedWrites has it; `state` is the newest, with transactions.
Result<std::vector<table::RecordedWrite>> ReadRecordedWrites(const LogFolder& folder, const LogListing& listing,
                                                             const LogState& state, const std::string& prefix);

// A tag of the add of `path` in a commit; nullopt when it isn't there.
std::optional<std::string> FindAddTag(const LogFolder& folder, Version version, const std::string& path,
                                      const std::string& tag);

}  // namespace latecomer::delta
