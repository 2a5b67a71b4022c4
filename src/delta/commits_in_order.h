// The bytes of commits one after the other, read ahead where each read waits for a network.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "base/version.h"
#include "delta/log_folder.h"
#include "delta/ordered_work.h"

namespace latecomer::delta {

// Calls take(version, Status of the read, buffer) → Status for the `count` versions that version_at(i) gives, in that
// order, on the calling thread; ends at the first error of `take`. version_at is called from several threads.
template <typename VersionAt, typename Take>
Status ReadCommitsInOrder(const LogFolder& folder, std::size_t count, VersionAt&& version_at, Take&& take) {
  if (folder.is_local()) {
    LogBuffer buffer;
    for (std::size_t i = 0; i < count; ++i) {
      Status read = folder.ReadCommit(version_at(i), buffer);
      LATECOMER_RETURN_IF_ERROR(take(version_at(i), std::move(read), buffer));
    }
    return {};
  }
  struct Piece {
    LogBuffer buffer;
    Status read;
    Version version;
  };
  const auto make = [&](std::size_t /*thread*/, std::size_t i, Piece& piece) {
    piece.version = version_at(i);
    piece.read = folder.ReadCommit(piece.version, piece.buffer);
  };
  const auto consume = [&](Piece& piece) { return take(piece.version, std::move(piece.read), piece.buffer); };
  return RunInOrder<Piece>(count, kStoreReads, make, consume);
}

}  // namespace latecomer::delta
