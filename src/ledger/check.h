// What `latecomer ledger check` looks for in any ledger: content that makes no sense.
#pragma once

#include "base/result.h"
#include "ledger/database.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::ledger {

// Legal states, one claim per partition, processed entries that name known tries, and counts; in the transaction that
// is open.
Status CheckContent(Database& database, LedgerCheck& check);

}  // namespace latecomer::ledger
