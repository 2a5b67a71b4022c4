// Reads Parquet files of a checkpoint: classic, one part, V2 top level, or a sidecar.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/live_files.h"
#include "storage/object_store.h"

namespace latecomer::delta {

// One file whose footer was read. Its pieces, the row groups, can be read by several threads at once, in any order.
class CheckpointFile {
 public:
  CheckpointFile() = default;  // of no use until assigned to

  // `shown` is the file's name in errors; kDamaged when it is no readable Parquet file. `store` must outlive it.
  static Result<CheckpointFile> Open(const storage::ObjectStore& store, const std::string& key,
                                     const std::string& shown, const Wanted& wanted);

  int pieces() const;
  std::int64_t rows() const;  // of all pieces, as the footer claims

  // Puts the adds of one piece into `files` and hands its other actions to `sink`: metaData, protocol, txn, sidecar.
  // remove is left out: a checkpoint keeps it only for VACUUM. kDamaged when the piece can't be read or its columns
  // aren't a checkpoint's.
  Status ReadPiece(int piece, ActionSink& sink, LiveFileBatch& files) const;

 private:
  struct Opened;
  std::shared_ptr<const Opened> opened_;
};

}  // namespace latecomer::delta
