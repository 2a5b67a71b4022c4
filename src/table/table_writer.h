// The seam for writing tables: appending files, and replacing one partition in one commit.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/version.h"
#include "table/partition_key.h"

namespace latecomer::table {

// Idempotence of a write: a txn action, and what the last write under this id was.
struct WriteTransaction {
  std::string app_id;        // "latecomer/<pipeline id>/<partition>/<step>"
  std::int64_t version = 0;  // the claim's token
  // Told apart by these (they go into commitInfo): a repeat is equal in all of them, never by token alone.
  std::string ledger_id;
  std::string run_id;
  int try_number = 0;
  std::map<std::string, std::int64_t> vector;  // source name → version
  std::vector<std::string> predecessors{};     // ledgers that this one took over from; not recorded
};

// The newest write that a table's log has of an application id.
struct RecordedWrite {
  Version version;               // of the commit
  Instant at{};                  // commitInfo's time
  WriteTransaction transaction;  // without run id and vector: known by a checkpoint alone, or not written by latecomer
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
};

struct ReplaceRequest {
  PartitionKey key;
  std::string parquet_file;  // local file with the new rows, without the partition columns; empty: no rows
  WriteTransaction transaction;
  PartitionSchema partition_columns;  // of the table to create, when there is none
};

enum class WriteOutcome {
  kCommitted,
  kSameContent,  // the partition already held exactly these rows: only the txn was committed
  kRepeat,       // this very write was committed before
};

struct WriteReport {
  WriteOutcome outcome = WriteOutcome::kCommitted;
  Version version;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
};

class TableWriter {
 public:
  virtual ~TableWriter() = default;

  // One commit that removes the partition's live files and adds one with the new rows (none when
  // `parquet_file` is empty or has no rows). Creates the table when it is missing. Tries again when
  // another commit came first. kConflict when a larger token was committed for this app id
  // (the claim was lost) or when another ledger id owns the output; kUnsupported when the table needs
  // writer features that latecomer hasn't.
  virtual Result<WriteReport> ReplacePartition(const ReplaceRequest& request) = 0;
};

}  // namespace latecomer::table
