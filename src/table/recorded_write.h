// Who made what an output holds, as its log tells: what a write under a token is judged by.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "table/table.h"
#include "table/table_writer.h"

namespace latecomer::table {

// The same ledger's, run's and try's, from the same versions: one is a repeat of the other.
bool SameWrite(const WriteTransaction& a, const WriteTransaction& b);

// A ledger's writes are followed by its own, and by those of a ledger that took over from it.
bool MayFollow(const WriteTransaction& wanted, const std::string& ledger_id);

// Who made the newest write of an application; nothing when the log doesn't tell, because it was cleaned or because the
// writer didn't say. Errors of reading the log.
Result<std::optional<RecordedWrite>> WriteBehind(const TableHistory& output, const std::string& app_id);

}  // namespace latecomer::table
