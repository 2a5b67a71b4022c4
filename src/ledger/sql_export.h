// Every record of a ledger as JSON lines.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "ledger/database.h"

namespace latecomer::ledger {

// In the transaction that is open.
Status ExportRecords(Database& database, const std::function<Status(std::string_view line)>& sink);

}  // namespace latecomer::ledger
