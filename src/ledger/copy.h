// Everything a ledger holds, copied from one database to another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/database.h"

namespace latecomer::ledger {

// A table of the ledger as it is copied.
struct CopiedTable {
  std::string_view name;
  std::string_view columns;   // all, in an order of ours
  std::string_view order;     // rows that others name come first
  std::string_view identity;  // the column that the database counts up; empty: none
};
// In an order in which what is named is there before what names it.
const std::vector<CopiedTable>& CopiedTables();

struct CopiedRows {
  std::string_view table;
  std::int64_t rows = 0;
};

// Into tables that are there and empty but for the ledger's own row, which is replaced: the copy has the same id. In
// the transactions that are open, a reading one on `from` and a writing one on `to`.
Result<std::vector<CopiedRows>> CopyRecords(Database& from, Database& to);

// kConflict when a claim is held at `now`: a run at work would go on writing to the other ledger. In the transaction
// that is open.
Status CheckNobodyWorks(Database& database, const std::string& where, std::int64_t now_millis);

}  // namespace latecomer::ledger
