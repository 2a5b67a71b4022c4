// The ledger's schema as numbered migrations. docs/formats/ledger.md describes the tables.
#pragma once

#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "ledger/database.h"

namespace latecomer::ledger {

// The schema that this program reads and writes.
int CurrentSchema();

// Brings the schema up to date, in the transaction that is open: from nothing (`from` 0; then the
// ledger gets its id) or from any older schema.
Status Migrate(Database& database, int from, Random& random);

struct LedgerHead {
  std::string id;
  int schema = 0;
};
// kDamaged when there is none.
Result<LedgerHead> ReadHead(Database& database);

// For who opens a ledger; `where` is for people.
Error NoLedger(const std::string& where);
// kUnsupported when a newer program made it.
Status CheckNotTooNew(const LedgerHead& head, const std::string& where);
// The same, and when it is older than what can be read without bringing it up to date.
Status CheckReadable(const LedgerHead& head, const std::string& where);

}  // namespace latecomer::ledger
