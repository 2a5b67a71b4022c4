// The ledger in one SQLite file (WAL mode, synchronous=FULL).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "ledger/ledger.h"

namespace latecomer::ledger {

enum class OpenMode {
  kCreate,    // make the file and its folder when missing, migrate an older schema
  kExisting,  // kNotFound when there is none; still migrates
  kReadOnly,  // kNotFound when there is none; never writes
};

// `path` is a file, or ":memory:". kDamaged when it is no latecomer ledger or fails SQLite's checks,
// kUnsupported when a newer latecomer made it.
Result<std::unique_ptr<Ledger>> OpenSqliteLedger(const std::string& path, OpenMode mode, Random& random);

// A consistent copy while others write. kConflict when `target` exists.
Status BackupSqliteLedger(const std::string& path, const std::string& target);

// Puts a copy that BackupSqliteLedger made in the ledger's place, in one transaction, so that whoever has it open goes
// on with the copy. What was there is kept in `aside` first (moved, when it is too damaged to be copied).
// kDamaged when the copy isn't sound, kConflict when it is of another ledger, when `aside` exists, or while a claim
// that hasn't run out at `now` is held.
Status RestoreSqliteLedger(const std::string& path, const std::string& copy, const std::string& aside, Instant now);

struct LedgerCheck {
  std::int64_t runs = 0, tries = 0, events = 0, partitions = 0;
  std::vector<std::string> problems;  // empty: sound
};
// SQLite's integrity check, foreign keys, legal states, one claim per partition, processed entries that
// name known tries.
Result<LedgerCheck> CheckSqliteLedger(const std::string& path);

// Every record, at one moment, as one JSON object per line (docs/formats/ledger.md, "Export"). The sink
// gets lines without their ends and may stop by returning an error.
Status ExportSqliteLedger(const std::string& path, const std::function<Status(std::string_view line)>& sink);

}  // namespace latecomer::ledger
